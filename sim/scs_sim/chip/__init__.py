"""MicroPython itself on an emulated RP2040: its files, its process, its server."""
