"""The device's own logic: pure, integer-only, the same files on MicroPython and CPython.

Role: everything between the bytes on the link and the 32-bit words that DMA streams.
Invariant: nothing here imports hardware, reads a clock or uses a float.
Next file to read: device.py (the loop), then kernel.py (the judge).
"""

VERSION = "0.1.0"
