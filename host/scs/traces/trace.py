"""Trace: current and voltage at the load over time.

Role: Trace holds three numpy arrays of one length. Rows are joined by straight lines; two rows
of one time are the two sides of a step; a curve has its rows close together where it bends.
Invariant: times begin at 0 and never go back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stimcore import decode, output

from ..errors import Failure
from .waveform_analysis import Floats, Measured, Pulses, measure, pulses

CURVE_HZ = 100_000.0  # how finely curves are looked at
CURVE_ROWS = 2_000_000  # and at most so many looks
THINNED = 1.01  # rows on a curve grow apart by this factor
STRAIGHT = 1e-6  # of the largest value: what bends less is a straight line
EDGE_S = 1e-6  # how far before its beginning a trace is looked at
SAME_S = 1e-10  # two times closer than this are one


@dataclass(frozen=True)
class Trace:
    """Trace: time_s (s), current_a (A; positive: anodic at the cathodes), voltage_v (V)."""

    time_s: Floats
    current_a: Floats
    voltage_v: Floats

    def __len__(self) -> int:
        return len(self.time_s)

    def columns(self) -> tuple[Floats, Floats, Floats]:
        """Return (time_s, current_a, voltage_v)."""
        return self.time_s, self.current_a, self.voltage_v

    @property
    def end_s(self) -> float:
        """Time of the last row in s; 0 if empty."""
        return float(self.time_s[-1]) if len(self) else 0.0

    def blocks(self) -> Iterator[Trace]:
        """Yield the trace as one block, as Store.blocks() does in several."""
        yield self

    def whole(self) -> Trace:
        """Return itself: it is in memory."""
        return self

    def measure(self) -> Measured:
        """Measure the trace; raise ValueError if it has no pulse."""
        return measure(self.time_s, self.current_a)

    def pulses(self) -> Pulses:
        """Return its pulses."""
        return pulses(self.time_s, self.current_a)

    def window(self, start_s: float, end_s: float) -> Trace:
        """Return the part between two times, with times counted from the first.

        On a step it begins with the value after it and ends with the value before it.
        """
        start_s, end_s = self._snapped(start_s), self._snapped(end_s)
        inside = (self.time_s > start_s) & (self.time_s < end_s)
        times = np.concatenate(([start_s], self.time_s[inside], [end_s]))
        columns = []
        for values in (self.current_a, self.voltage_v):
            first = self._value(values, start_s, "right")
            last = self._value(values, end_s, "left")
            columns.append(np.concatenate(([first], values[inside], [last])))
        return Trace(times - start_s, *columns)

    def _snapped(self, at_s: float) -> float:
        """Return the time of a row within SAME_S of `at_s`, else `at_s`."""
        index = int(np.searchsorted(self.time_s, at_s - SAME_S))
        near = index < len(self) and self.time_s[index] - at_s < SAME_S
        return float(self.time_s[index]) if near else at_s

    def _value(self, values: Floats, at_s: float, side: Any) -> float:
        after = int(np.searchsorted(self.time_s, at_s, side=side))
        after = min(max(after, 1), len(self) - 1)
        begin, end = self.time_s[after - 1], self.time_s[after]
        share = (at_s - begin) / (end - begin) if end > begin else 0.0
        share = min(max(share, 0.0), 1.0)
        return float(values[after - 1] + share * (values[after] - values[after - 1]))


def stepped(trace: Trace, rate_hz: float, count: int) -> Trace:
    """Return the first `count` samples of a trace, `rate_hz` per second from time 0.

    On a step, the value after it; between two rows, on the straight line.
    """
    at_s = np.arange(count) / rate_hz
    after = np.searchsorted(trace.time_s, at_s + SAME_S / 2, side="right")
    after = np.clip(after, 1, max(len(trace) - 1, 1))
    begin, end = trace.time_s[after - 1], trace.time_s[after]
    share = np.clip((at_s - begin) / np.where(end > begin, end - begin, 1.0), 0.0, 1.0)
    share = np.where(end > begin, share, 1.0)
    columns = [
        values[after - 1] + share * (values[after] - values[after - 1])
        for values in (trace.current_a, trace.voltage_v)
    ]
    return Trace(at_s, *columns)


def from_bench(bench: Any, start_s: float, end_s: float, rate_hz: float | None = None) -> Trace:
    """Return a simulated bench's oscilloscope trace, evenly sampled if rate_hz is given.

    Raises Failure if the beginning is no longer in its memory.
    """
    scope = bench.scope()
    if scope.start_s() > start_s + SAME_S:
        raise Failure("too long for the simulated oscilloscope's memory: record a shorter time")
    if rate_hz is not None:
        return _counted_from(start_s, scope.sampled(rate_hz, start_s, end_s))
    rate = min(CURVE_HZ, CURVE_ROWS / max(end_s - start_s, 1e-6))
    events = scope.events(start_s, end_s)
    return _counted_from(start_s, _joined(events, scope.sampled(rate, start_s, end_s)))


def _counted_from(start_s: float, samples: Any) -> Trace:
    return Trace(samples[0] - start_s, samples[1] + 0.0, samples[2] + 0.0)


def _joined(events: Any, looks: Any) -> tuple[Floats, Floats, Floats]:
    """Return the ends of all pieces and the thinned samples that lie on curves."""
    kept = _on_curves(events, looks)
    columns = [np.concatenate((one, other[kept])) for one, other in zip(events, looks, strict=True)]
    order = np.argsort(columns[0], kind="stable")
    time, current, voltage = (column[order] for column in columns)
    changed = np.ones(len(time), dtype=bool)
    changed[1:] = (np.diff(time) > 0) | (np.diff(current) != 0) | (np.diff(voltage) != 0)
    return time[changed], current[changed], voltage[changed]


def _on_curves(events: Any, looks: Any) -> NDArray[np.bool_]:
    """Return a mask of the samples to keep: within a curved piece, and not too dense there."""
    begin, end = events[0][0::2], events[0][1::2]
    piece = np.maximum(np.searchsorted(begin, looks[0], side="right") - 1, 0)
    length = np.maximum(end - begin, 1e-15)
    share = (looks[0] - begin[piece]) / length[piece]
    bent = np.zeros(len(share), dtype=bool)
    for ends, values in zip(events[1:], looks[1:], strict=True):
        line = ends[0::2][piece] + share * (ends[1::2] - ends[0::2])[piece]
        fine = STRAIGHT * float(np.max(np.abs(ends), initial=1e-12))
        unfinished = np.abs(values - ends[1::2][piece]) > fine
        bent |= (np.abs(values - line) > fine) & unfinished
    inside: NDArray[np.bool_] = (looks[0] > begin[piece] + SAME_S) & (
        looks[0] < end[piece] - SAME_S
    )
    rank = np.arange(len(piece)) - np.searchsorted(piece, piece)
    return bent & inside & np.isin(rank, _spread(int(rank.max(initial=0))))


def _spread(most: int) -> NDArray[np.int64]:
    """Return 0, 1, 2, … with steps growing by THINNED, up to `most`."""
    found, at = [0], 1.0
    while at <= most:
        found.append(int(at))
        at = max(at + 1, at * THINNED)
    return np.array(found, dtype=np.int64)


def next_period(bench: Any) -> tuple[float, float]:
    """Return (start of the next period, its length) in seconds of a simulated bench's clock.

    The start is that of the SYNC mark, exact to the tick. Raises Failure if nothing runs.
    """
    board, hal = bench.board, bench.hal
    status, _periods, record, ticks_in = hal.stream_state()
    if status != output.RUNNING:
        raise Failure("nothing runs: there is no period to record")
    words = bytes(hal.stream_words())
    ticks = [decode.record(board, words, at)[0][0] for at in range(len(words) // 8)]
    left = sum(ticks[record:]) - ticks_in
    return bench.now_s() + left / board.clock_hz, sum(ticks) / board.clock_hz


def span(
    bench: Any,
    start_s: float,
    end_s: float,
    rate_hz: float | None = None,
    *,
    edge_s: float = EDGE_S,
) -> Trace:
    """Return the bench's trace between two times; a step at either end belongs to what follows.

    edge_s: how far before the start to look for such a step, 0 if there can be none.
    """
    if rate_hz is not None:
        return from_bench(bench, start_s, end_s, rate_hz)
    before_s = min(edge_s, start_s)
    wide = from_bench(bench, start_s - before_s, end_s)
    return wide.window(before_s, before_s + end_s - start_s)
