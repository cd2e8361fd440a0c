"""The device's own logic: pure, integer-only, the same files on MicroPython and CPython.

Role: everything between the bytes on the link and the 32-bit words that DMA streams.
Invariant: nothing here imports hardware, reads a clock or uses a float.
Next file to read: device.py (the loop), then kernel.py (the judge). The rooms:

  wire     frame, packing, commands, dialogue: bytes to a command, in order, and back
  program  program, checks: the group that the host packs, and what its fields may be
           period, ramp, pio_records: the group as phases, levels and 32-bit words
  kernel   kernel, rules: the judge and what it holds the words against
           decode, contact_sums, charge: the words read again, and each contact's charge
  output   output, ledger: streams that start, follow and end, and what they delivered
  sensing  window_monitor, pulse_monitor, capture, capture_queue: measured against commanded
           load_test, impedance, calibration: the dummy load, and the sense path itself
  storage  store: slots that outlast the power
  device   device, handlers, states: the loop and what each command does
  for all  board, limits, errors: parameters, ceilings, codes of refusals
"""

VERSION = "0.1.0"
