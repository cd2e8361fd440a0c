"""A table of words readable by DMA, and the sequencer's possible positions in its records.

Role: Table, and per instruction of the two sequencers the time since the last latch.
Invariant: the tuples have one entry per instruction of pio_programs.py. Requirements: REQ-36.
"""

from array import array

from uctypes import addressof

from . import registers as at
from .pio_programs import sentinel_turns

# Ticks since the end of the hold, by instruction; _HOLDS: X says it; _SHIFTS: the bits left do.
_HOLDS = -1
_SHIFTS = -2
SERIAL_TICKS = (3, 4, 5, 5, 5, 5, 6, 7, 8, -2, -2, 137, 138, 139, -1, 138, 139, -1, 139, -1)
SERIAL_AHEAD = (9, 10, 11, 12, 13, 15, 16, 18)  # a whole record is taken and not yet latched
PARALLEL_TICKS = (3, 4, 5, 5, 5, 5, 5, 5, 5, 6, 7, 8) + (
    (9, 10, 11, 12, -1, 10, 11, 12, -1, 11, 12, -1)  # from the second pull on
)
PARALLEL_AHEAD = (12, 13, 14, 15, 17, 18, 19, 21, 22)


class Table:
    """An admitted stream, and its pair."""

    def __init__(self, stream):
        self.words = stream.words
        self.low = addressof(self.words)
        if self.low & 3:
            raise ValueError
        self.count = len(self.words) // 4
        self.period_ticks = stream.period_ticks
        self.ticks_per_us = stream.board.clock_hz // 1_000_000
        self.pair = array("I", (self.count, self.low))
        self.pointer = addressof(self.pair)
        self.turns = sentinel_turns(stream.max_active_ticks)
        self.since = 0  # the period it begins with

    def ticks_in(self, record: int, after: int, sight) -> int:
        """Return ticks since the latch of a held record; `after`: its instruction's entry above.

        0 where DMA had fetched it and the hold before it was not over.
        """
        hold = int.from_bytes(self.words[8 * record : 8 * record + 4], "little") >> 2
        if after == _HOLDS:
            return max(0, hold + 2 - sight[at.X])
        if after == _SHIFTS:
            return hold + 9 + 8 * (16 - sight[at.PAIRS])
        return hold + after
