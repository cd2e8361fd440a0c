"""Record a trace of any length from a running simulated bench, piece by piece.

Role: Taker.take() is called at every poll and fills a Store, and the pins' edges if requested.
Invariant: the bench's memory is finite, so take() must be called regularly, and the rows do not
show when; a step at the beginning belongs to the trace, one at its end does not.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from . import trace
from .commanded import SAME_S, Command, Strongest
from .pin_edges import Pins, Probe
from .trace import Trace
from .trace_store import Store


class Taker:
    """Recorder from begin_s to end_s (None: no end), at rate_hz or with a row at each change.

    Times are of the bench's clock. For pins, the bench's log_pins() must have been called before
    the run. folder: of the temporary file, None for the system's.
    """

    def __init__(
        self,
        bench: Any,
        begin_s: float,
        end_s: float | None = None,
        *,
        rate_hz: float | None = None,
        pins: bool = False,
        folder: Path | None = None,
    ):
        self.rows = Store(folder)
        self._bench, self._begin_s, self._at_s = bench, begin_s, begin_s
        self._changed_s = begin_s  # up to where there is a row at each change
        self._end_s = math.inf if end_s is None else end_s
        self._rate_hz, self._samples = rate_hz, 0
        self._strongest = Strongest(bench, begin_s, self._end_s - begin_s)
        self._probe = Probe(bench, begin_s) if pins else None

    @property
    def pins(self) -> Pins | None:
        """Edges of the pins, if requested."""
        return self._probe.pins if self._probe else None

    @property
    def command(self) -> Command | None:
        """Whole periods at the highest amplitude in the trace; None if there is none."""
        return self._strongest.command

    @property
    def share(self) -> float:
        """Share recorded so far, 0 to 1, of a trace with an end."""
        return (self._at_s - self._begin_s) / (self._end_s - self._begin_s)

    def take(self, *, last: bool = False) -> None:
        """Record up to now, except the last microsecond, whose edges may still come.

        last: nothing follows; else the piece of the curve that is under way is left for later.
        """
        until_s = min(self._bench.now_s() - trace.EDGE_S, self._end_s)
        if until_s < self._at_s or (until_s == self._at_s and not last):
            return
        if self._rate_hz is not None:
            self._sample(until_s, self._rate_hz)
        else:
            self._change(until_s, last=last or until_s == self._end_s)
        if self._probe is not None:
            self._probe.take(until_s)
        self._at_s = until_s
        self._strongest.look()

    def _change(self, until_s: float, *, last: bool) -> None:
        """Add the rows of the pieces that are complete; if last, of all."""
        begin_s = self._changed_s
        end_s = until_s if last else self._bench.scope().begun_s(until_s)
        if end_s <= begin_s + SAME_S:
            return
        origin_s = self._begin_s
        self.rows.add(
            trace.from_bench(self._bench, begin_s, end_s, origin_s=origin_s, followed=not last)
        )
        self._changed_s = end_s

    def _sample(self, until_s: float, rate_hz: float) -> None:
        """Add the samples up to `until_s`, at exact multiples of the step."""
        count = math.ceil((until_s - self._begin_s) * rate_hz - 1e-9)
        if count <= self._samples:
            return
        first_s = self._begin_s + self._samples / rate_hz
        last_s = self._begin_s + count / rate_hz
        last_s -= 0.5 / rate_hz  # between two samples: no rounding adds one
        piece = trace.from_bench(self._bench, first_s, min(last_s, until_s), rate_hz)
        at_s = (self._samples + np.arange(len(piece))) / rate_hz
        self.rows.add(Trace(at_s, piece.current_a, piece.voltage_v))
        self._samples += len(piece)
