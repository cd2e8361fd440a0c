"""Window monitor: the ADC's extremes held against what the stream should do.

Role: gathers the extremes of current and voltage over windows that contain a whole period, also
while a ramp goes on, and names the deviation. Invariant: the current is measured on its own, never
taken from the program; a window lies within one run of the stream, for periods are counted anew in
each. A polarity that is not commanded may have what a discharge makes of the admitted words'
charge, and no more. Requirements: REQ-54, REQ-55, REQ-63.
"""

from .board import FINE, Board, sensed_mv, sensed_na
from .errors import FAULT_DISCHARGE
from .pulse_monitor import current_row, short_row


class Monitor:
    """Extremes since the last judgement, in nA and mV."""

    def __init__(self, board: Board):
        self.board = board
        self.current_na = (0, 0)
        self.voltage_mv = (0, 0)
        self._anodic: tuple | None = None  # (least, most) peak of the streams in the window, nA
        self._cathodic: tuple | None = None
        self._discharge_na = 0  # the most that any of them makes while it drives nothing
        self._since_periods = 0
        self.is_closed = True
        self._low = self._high = self._v_low = self._v_high = 0
        self._count = 0

    def begin_run(self, stream) -> None:
        """Begin with this stream: its first period is whole from the first sample on.

        So the first window is closed after one period, not after two.
        """
        self.current_na = self.voltage_mv = (0, 0)
        self.begin(-1, (stream,))

    def end_run(self, periods: int) -> tuple:
        """End after so many whole periods; return a row for a deviation, as judge().

        The measured values become 0, for nothing flows.
        """
        row = self.judge((), periods)
        self.is_closed = True
        self.current_na = self.voltage_mv = (0, 0)
        return row

    def feed(self, sample: tuple) -> None:
        """Take one reading of hal.sample()."""
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

    def judge(self, streams: tuple, periods: int) -> tuple:
        """Return a row (code, index, value, limit) for a deviation, else ().

        `streams`: those that may have flowed since the last call, live and staged; None is none.
        `periods`: as they were before the last feed(). The window is closed once two period
        boundaries lie in it, so that it holds a whole period of one of them. Where it
        `is_closed`, begin() opens the next.
        """
        self._permit(streams)
        if self.is_closed or periods - self._since_periods < 2 or self._count == 0:
            return ()
        self.is_closed = True
        board = self.board
        self.current_na = (sensed_na(board, FINE * self._low), sensed_na(board, FINE * self._high))
        self.voltage_mv = (
            sensed_mv(board, FINE * self._v_low),
            sensed_mv(board, FINE * self._v_high),
        )
        return self._verdict()

    def begin(self, periods: int, streams: tuple) -> None:
        """Begin a new window, from the last feed() on; `periods`: as they are after it."""
        self._since_periods = periods
        self._count = 0
        self._anodic = self._cathodic = None
        self._discharge_na = 0
        self._permit(streams)
        self.is_closed = False

    def _permit(self, streams: tuple) -> None:
        """Widen the permitted range by each stream: within a ramp a peak lies between theirs."""
        for stream in streams:
            if stream is not None:
                self._anodic = _widened(self._anodic, stream.peak_max_na)
                self._cathodic = _widened(self._cathodic, -stream.peak_min_na)
                self._discharge_na = max(self._discharge_na, stream.discharge_na)

    def _verdict(self) -> tuple:
        commanded = max(self._cathodic[0], self._anodic[0])
        measured = max(-self.current_na[0], self.current_na[1])
        volts = max(-self.voltage_mv[0], self.voltage_mv[1])
        if measured * 2 > commanded:
            expected = commanded * self.board.load_ohm // 1_000_000
            row = short_row(self.board, 0, expected, volts)
            if row:
                return row
        for sign, na, span in (
            (-1, -self.current_na[0], self._cathodic),
            (1, self.current_na[1], self._anodic),
        ):
            most = max(span[1], self._discharge_na)
            nearest = min(max(na, span[0]), most)
            row = current_row(self.board, 0, sign * na, sign * nearest, volts)
            if row and span[0] == 0:
                row = (FAULT_DISCHARGE, 0, na, most) if na > most else ()
            if row:
                return row
        return ()


def _widened(span: tuple | None, na: int) -> tuple:
    """Return (least, most) with one more value."""
    return (na, na) if span is None else (min(span[0], na), max(span[1], na))
