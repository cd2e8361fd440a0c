"""Taking a trace from a simulated bench while it runs, piece by piece, however long it gets.

Role: a Taker is told now and then to take(); what it took is a Store, and the edges of the pins
where they were asked for. Invariant: the bench forgets what is long past, so take() is called at
every poll; a step at the beginning belongs to the trace, one at its end does not.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from . import commanded, trace
from .commanded import Command
from .pin_edges import Pins, Probe
from .trace import Trace
from .trace_store import Store


class Taker:
    """From begin_s to end_s (None: no end) of a bench's clock, evenly at rate_hz or each change.

    With pins the bench must have had log_pins() called before the run was started. folder: of the
    temporary file, None for the system's.
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
        self.command: Command | None = None  # of the last whole period that was taken
        self._bench, self._begin_s, self._at_s = bench, begin_s, begin_s
        self._end_s = math.inf if end_s is None else end_s
        self._rate_hz, self._samples = rate_hz, 0
        self._commands: list[Command] = []
        self._probe = Probe(bench, begin_s) if pins else None

    @property
    def pins(self) -> Pins | None:
        """The edges, where they were asked for."""
        return self._probe.pins if self._probe else None

    @property
    def share(self) -> float:
        """How much of it was taken: 0 to 1, of a trace that has an end."""
        return (self._at_s - self._begin_s) / (self._end_s - self._begin_s)

    def take(self) -> None:
        """All up to now, but for the last microsecond, whose edges may yet come."""
        until_s = min(self._bench.now_s() - trace.EDGE_S, self._end_s)
        if until_s <= self._at_s:
            return
        if self._rate_hz is None:
            edge_s = 0.0 if len(self.rows) else trace.EDGE_S
            piece = trace.span(self._bench, self._at_s, until_s, edge_s=edge_s)
            self.rows.join(self._moved(piece))
        else:
            self._sample(until_s, self._rate_hz)
        if self._probe is not None:
            self._probe.take(until_s)
        self._at_s = until_s
        self._command()

    def _moved(self, piece: Trace) -> Trace:
        return Trace(piece.time_s + (self._at_s - self._begin_s), piece.current_a, piece.voltage_v)

    def _sample(self, until_s: float, rate_hz: float) -> None:
        """The samples up to an instant, at times that are exact multiples of the step."""
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

    def _command(self) -> None:
        """Remember the period under way; it counts once it is over and was taken whole."""
        under_way = commanded.now(self._bench, self._begin_s)
        if under_way is not None:
            self._commands.append(under_way)
        over = [one for one in self._commands if one.end_s <= self._at_s - self._begin_s]
        for one in over:
            if one.begin_s >= -trace.SAME_S:
                self.command = one
        self._commands = [one for one in self._commands if one not in over][-2:]
