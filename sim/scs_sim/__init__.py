"""The simulated bench: clock, link, PIO, output stage, dummy load and ADC, with faults by name.

Role: runs the firmware's own files and PIO programs with no hardware; the host cannot tell.
Invariant: imports stimcore and rp2_port.pio_programs, never scs; no limit is typed here a second
time. Next file to read: bench/board.py (the bench), then bench/hal.py (the seam).
"""
