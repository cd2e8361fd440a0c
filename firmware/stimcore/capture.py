"""A capture: current and voltage samples that begin with a period of the stream.

Role: the format that hal.capture_take() returns.

A capture is (offset_us, samples): 16-bit ADC codes, current and voltage by turns, that can be
indexed, and that the next capture_arm() may overwrite. The first current was sampled offset_us
after the SYNC it was armed for, within 2 us; the next 8 us later; a voltage 4 us after its current.
"""

PAIR_US = 8  # 250,000 samples a second, two channels in turn
VOLTAGE_LATER_US = 4
PAIRS = 1024
WINDOW_US = PAIRS * PAIR_US
