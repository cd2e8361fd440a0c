"""The simulated board behind a socket or a pseudo-terminal."""
