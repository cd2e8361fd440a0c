"""Rows of a steady train from the simulator's model, computed when they are read.

Role: Modelled is what a Store is for a recorded trace: writers take its blocks, once for each
column, so that an hour needs neither memory nor disk.
Invariant: the rows are those that a bench's oscilloscope has of the same train.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from . import trace, trace_store
from .trace import Trace
from .trace_store import BLOCK_ROWS, check_rows

AT_ONCE = 2_000  # periods whose pieces are held at once


def periods_before(seconds: float, period_s: float) -> int:
    """Return the number of periods before the last one that a time of `seconds` touches."""
    return max(math.ceil(seconds / period_s - 1e-9) - 1, 0)


class Modelled:
    """Trace of end_s seconds of a train (scs_sim's Steady, of periods_before() of them).

    rate_hz: samples a second; None: a row at each change. Raises WrongUsage for too many rows.
    """

    def __init__(self, train: Any, seconds: float, rate_hz: float | None = None):
        self._train, self._rate_hz = train, rate_hz
        self._begin_s = train.tick / train.clock_hz
        self._period_s = train.period_ticks / train.clock_hz
        if rate_hz is None:
            self._last = self._changes(train.periods * self._period_s, seconds, self._begin_s)
            self._rows, self.end_s = len(train) + len(self._last), self._last.end_s
        else:
            self._rows = math.ceil(seconds * rate_hz - 1e-9)
            self.end_s = (self._rows - 1) / rate_hz
        check_rows(self._rows)

    def __len__(self) -> int:
        return self._rows

    def blocks(self) -> Iterator[Trace]:
        """Yield the rows in order, in blocks."""
        if self._rate_hz is not None:
            at_once = AT_ONCE * self._period_s * self._rate_hz
            most = max(1, min(BLOCK_ROWS, int(at_once)))
            for first in range(0, self._rows, most):
                yield self._samples(first, min(first + most, self._rows), self._rate_hz)
            return
        for seconds, current_a, voltage_v in self._train.blocks():
            yield Trace(np.maximum(seconds - self._begin_s, 0.0), current_a + 0.0, voltage_v + 0.0)
        yield self._last

    def window(self, start_s: float, end_s: float) -> Trace:
        """Return the part between two times, as Trace.window."""
        if self._rate_hz is None:
            return self._changes(start_s, end_s, self._begin_s + start_s)
        first, last = math.floor(start_s * self._rate_hz), math.ceil(end_s * self._rate_hz)
        samples = self._samples(first, min(last + 1, self._rows), self._rate_hz)
        return samples.window(start_s, end_s)

    def whole(self) -> Trace:
        """Return all rows in memory; raise WrongUsage if there are too many."""
        return trace_store.whole(self)

    def _scope(self, start_s: float, end_s: float) -> Any:
        first = max(int(start_s / self._period_s) - 1, 0)
        return self._train.pieces(first, int(end_s / self._period_s) + 2 - first)

    def _changes(self, start_s: float, end_s: float, origin_s: float) -> Trace:
        scope = self._scope(start_s, end_s)
        return trace.changes(scope, self._begin_s + start_s, self._begin_s + end_s, origin_s)

    def _samples(self, first: int, until: int, rate_hz: float) -> Trace:
        at_s = np.arange(first, until) / rate_hz
        values = self._scope(at_s[0], at_s[-1]).values(self._begin_s + at_s)
        return Trace(at_s, values.current_a + 0.0, values.voltage_v + 0.0)
