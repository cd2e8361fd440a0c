"""Safety checks of a profile on the host, by the device's own code."""
