"""Codes and integers of the device as text for people."""
