"""RP2040 and RP2350 under MicroPython: the hardware side of the seam."""
