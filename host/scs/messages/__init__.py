"""Text for the device's error codes, commands, verdicts and safety metrics."""
