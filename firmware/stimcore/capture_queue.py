"""Sharing of the hal's one capture between the oscilloscope and the pulse monitor.

Role: shares it between the host's oscilloscope and the judgement pulse by pulse (pulse_monitor.py).
Invariant: what is kept for the host was taken of one and the same stream, and what is not yet
whole is never handed out. A capture lies within one run of the stream: a start drops what the hal
had armed. Requirements: REQ-58.
"""

from .board import Board
from .kernel import Stream
from .pulse_monitor import CALM_MS, EVERY_MS, Watch


class Captures:
    """Share of the capture: the host's if it asked, else the pulse monitor's."""

    def __init__(self, board: Board, hal):
        self.hal = hal
        self.watch = Watch(board)
        self.kept: tuple = ()  # (offset_us, bytes, stream) of the host's capture
        self._asked_us = -1  # delay the host still waits for
        self._armed = False
        self._armed_ms = 0  # when it last was for the judge
        self._live: Stream | None = None  # the live stream …
        self._live_ms = 0  # … and since when
        self._stream: Stream | None = None  # whose periods the armed capture is of

    def ask(self, delay_us: int) -> None:
        """Queue a capture for the host; drop the one that was kept for it."""
        self.kept = ()
        self._asked_us = delay_us
        self._armed = False

    def begin_run(self) -> None:
        """Begin a run with nothing armed; re-arm what the host asked for."""
        self._armed = False
        self._live = None

    def reset(self) -> None:
        """Reset at the end of the output: an incomplete capture is dropped."""
        self.begin_run()
        self._asked_us = -1

    def look(self, stream: Stream, settled: bool, now_ms: int) -> tuple:
        """Judge what was captured of the stream that flows, and capture again while it is settled.

        A row (code, index, value, limit) for a deviation, else ().
        """
        if stream is not self._live:
            self._live, self._live_ms = stream, now_ms
        capture = self._take(stream)
        if capture:  # the next one is for the next turn, that a command need not wait for both
            return self.watch.judge(stream, capture[0], capture[1])
        if settled:
            self._arm(stream, now_ms)
        return ()

    def _take(self, stream: Stream) -> tuple:
        """Return a complete capture of `stream`; else ()."""
        capture = self.hal.capture_take() if self._armed else ()
        if not capture:
            return ()
        self._armed = False
        if stream is not self._stream:
            return ()  # it may hold periods of the stream before
        if self._asked_us >= 0:
            self._asked_us = -1
            self.kept = (capture[0], bytes(capture[1]), stream)
        return tuple(capture)

    def _arm(self, stream: Stream, now_ms: int) -> None:
        """Arm unless a capture is pending: for the host if it asked, else for the pulse monitor."""
        if self._armed and stream is self._stream:
            return
        delay_us = self._asked_us
        if delay_us < 0:
            if now_ms - self._armed_ms < EVERY_MS or now_ms - self._live_ms < CALM_MS:
                return
            self._armed_ms = now_ms
            delay_us = self.watch.delay_us(stream)
        self._stream = stream
        self._armed = True
        self.hal.capture_arm(delay_us)
