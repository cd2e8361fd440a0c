"""One connected device: link, session and the procedures of many commands."""
