"""The simulated board: clock, link, store, stream and faults, around the firmware's own files."""
