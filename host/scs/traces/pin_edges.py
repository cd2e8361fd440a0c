"""Edges of a simulated board's pins over the time of a trace.

Role: Pins is the input of a VCD; Probe fills it from the bench's log during a run.
Invariant: ticks count from the trace's beginning; a level at tick 0 is that of just before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import Failure, WrongUsage
from .trace_store import Table

MOST_EDGES = 20_000_000  # a VCD of some 300 MB; 25 minutes of 50 Hz


@dataclass(frozen=True)
class Pins:
    """Edges of pins. names: by pin number; first: level of each pin before tick 0.

    blocks() gives the edges in order, as arrays of shape (edges, 3): tick, pin, level.
    """

    clock_hz: int
    names: dict[int, str]
    first: dict[int, int]
    table: Table = field(default_factory=lambda: Table(np.int64), repr=False)

    def __len__(self) -> int:
        return len(self.table)

    def blocks(self) -> Iterator[NDArray[np.int64]]:
        """Yield all edges, block by block."""
        return self.table.blocks()


class Probe:
    """Reader of a bench's pin log from `begin_s` on, in seconds of the bench's clock."""

    def __init__(self, bench: Any, begin_s: float):
        self.pins: Pins | None = None  # once the beginning has come
        self._log, self._clock_hz = bench.sequencer.pin_log, bench.board.clock_hz
        self._begin_tick, self._dropped = round(begin_s * self._clock_hz), 0

    def take(self, until_s: float) -> None:
        """Add the edges before `until_s`; the bench must have run that far."""
        if self.pins is None:
            self._log.take(self._begin_tick - 1)
            self._dropped = self._log.dropped
            self.pins = Pins(self._clock_hz, dict(self._log.names), dict(self._log.levels))
        edges = self._log.take(round(until_s * self._clock_hz) - 1)
        if self._log.dropped != self._dropped:
            raise Failure("the simulated board's pin log overflowed: edges were lost")
        if len(self.pins) + len(edges) > MOST_EDGES:
            raise WrongUsage(
                f"more than {MOST_EDGES} pin edges: record a shorter time, such as --for 1s"
            )
        self.pins.table.append(edges - np.array((self._begin_tick, 0, 0)))
