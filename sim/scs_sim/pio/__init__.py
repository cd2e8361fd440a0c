"""PIO programs: assembled, and executed to the tick."""
