"""Measured against commanded: what the ADC saw, held against what the stream should do.

Role: gathers the extremes of current and voltage over windows that contain a whole period of
one stream, and names the deviation. Invariant: the current is measured on its own, never taken
from the program. Only a polarity that is commanded is judged: passive discharge makes a current
of its own. Requirements: REQ-54, REQ-55. Next: device.py.
"""

from .board import Board
from .kernel import Stream
from .watch import current_row, short_row


class Monitor:
    """Extremes since the last judgement, in nA and mV."""

    def __init__(self, board: Board):
        self.board = board
        self.current_na = (0, 0)
        self.voltage_mv = (0, 0)
        self._stream: Stream | None = None
        self._since_periods = 0
        self.is_closed = True
        self._low = self._high = self._v_low = self._v_high = 0
        self._count = 0

    def feed(self, sample: tuple) -> None:
        """Takes one reading of hal.sample()."""
        if sample[4] == 0:
            return
        if self._count == 0:
            self._low, self._high, self._v_low, self._v_high = sample[:4]
        else:
            self._low = min(self._low, sample[0])
            self._high = max(self._high, sample[1])
            self._v_low = min(self._v_low, sample[2])
            self._v_high = max(self._v_high, sample[3])
        self._count += sample[4]

    def judge(self, stream: Stream, periods: int, settled: bool) -> tuple:
        """A row (code, index, value, limit) for a deviation, else ().

        `periods`: as they were before the last feed(). The window is closed once two period
        boundaries of the same stream lie in it, so that it holds a whole period; it is thrown
        away when the stream changes. Where it `is_closed`, begin() opens the next.
        """
        if stream is not self._stream or not settled:
            self._stream = stream
            self.is_closed = True
            return ()
        if periods - self._since_periods < 2 or self._count == 0:
            return ()
        self._close()
        self.is_closed = True
        return self._verdict(stream)

    def begin(self, periods: int) -> None:
        """A new window, from the last feed() on; `periods`: as they are after it."""
        self._since_periods = periods
        self._count = 0
        self.is_closed = False

    def _close(self) -> None:
        board = self.board
        na, uv = board.sense_na_per_lsb, board.sense_uv_per_lsb
        self.current_na = ((self._low - board.adc_zero) * na, (self._high - board.adc_zero) * na)
        self.voltage_mv = (
            (self._v_low - board.adc_zero) * uv // 1000,
            (self._v_high - board.adc_zero) * uv // 1000,
        )

    def _verdict(self, stream: Stream) -> tuple:
        commanded = max(-stream.peak_min_na, stream.peak_max_na)
        measured = max(-self.current_na[0], self.current_na[1])
        volts = max(-self.voltage_mv[0], self.voltage_mv[1])
        if measured * 2 > commanded:
            row = short_row(self.board, 0, commanded, volts)
            if row:
                return row
        pairs = ((self.current_na[0], stream.peak_min_na), (self.current_na[1], stream.peak_max_na))
        for measured, commanded in pairs:
            row = current_row(self.board, 0, measured, commanded, volts) if commanded else ()
            if row:
                return row
        return ()
