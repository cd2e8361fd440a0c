"""What flowed and what stood across the load, kept as exact pieces.

Role: the oscilloscope of the simulated bench. Rows are appended as pieces begin; they are turned
into numpy blocks of a fixed size, and evaluated only when somebody asks.
Invariant: bounded; past `maximum` pieces the oldest block is dropped and counted, never thinned.
Next: load.py, where the pieces come from.
"""

from bisect import bisect_left, bisect_right
from collections import deque
from typing import NamedTuple

import numpy as np

from .load import FloatArray, Piece, growth_array, growth_integral

BLOCK = 4096  # pieces in a numpy block
_Row = tuple[float, float, float, float, float, float]


class Samples(NamedTuple):
    """Three arrays of one length: seconds since power-on, A (positive: anodic at source), V."""

    time_s: FloatArray
    current_a: FloatArray
    voltage_v: FloatArray


class Trace:
    """A growing record of pieces; a piece lasts until the next one, the last until `end_tick`."""

    def __init__(self, clock_hz: int, maximum: int = 1_000_000):
        self.clock_hz = clock_hz
        self.end_tick = 0.0
        self.dropped = 0  # pieces forgotten because there were more than `maximum`
        self._blocks: deque[FloatArray] = deque()
        self._most = max(1, maximum // BLOCK - 1)
        self._rows: list[_Row] = []

    def begin(self, tick: float, piece: Piece) -> None:
        """A new piece begins; one that would have no length is replaced."""
        if self._rows and self._rows[-1][0] == tick:
            self._rows.pop()
        self._rows.append((tick, *piece[1:]))
        self.end_tick = max(self.end_tick, tick)
        if len(self._rows) >= 2 * BLOCK:
            self._pack()

    def _pack(self) -> None:
        self._blocks.append(np.array(self._rows[:BLOCK]))
        del self._rows[:BLOCK]
        if len(self._blocks) > self._most:
            self.dropped += len(self._blocks.popleft())

    def __len__(self) -> int:
        return BLOCK * len(self._blocks) + len(self._rows)

    def start_s(self) -> float:
        """Where the record begins, in seconds: 0 until something was dropped."""
        first = self._blocks[0][0, 0] if self._blocks else self._rows[0][0]
        return float(first) / self.clock_hz

    def end_s(self) -> float:
        """Up to where the simulation was run, in seconds."""
        return self.end_tick / self.clock_hz

    def _table(self, t0_s: float, t1_s: float) -> tuple[FloatArray, FloatArray, FloatArray]:
        """(rows that touch the window, their first and last seconds within it)."""
        blocks = [*self._blocks, np.array(self._rows)]
        begins = [float(block[0, 0]) / self.clock_hz for block in blocks]
        low = max(bisect_right(begins, t0_s) - 1, 0)
        high = max(bisect_left(begins, t1_s), low + 1)
        rows = np.concatenate(blocks[low:high])
        starts = rows[:, 0] / self.clock_hz
        ends = np.append(starts[1:], self.end_s())
        first = max(int(np.searchsorted(starts, t0_s, side="right")) - 1, 0)
        last = int(np.searchsorted(starts, t1_s, side="left"))
        here = slice(first, max(last, first + 1))
        return rows[here], np.maximum(starts[here], t0_s), np.minimum(ends[here], t1_s)

    def _window(self, t0_s: float | None, t1_s: float | None) -> tuple[float, float]:
        held = self.start_s(), self.end_s()
        begin = held[0] if t0_s is None else max(t0_s, held[0])
        end = held[1] if t1_s is None else min(t1_s, held[1])
        if end < begin:
            asked = f"{t0_s} s to {t1_s} s"
            raise ValueError(f"no trace from {asked}: it holds {held[0]} s to {held[1]} s")
        return begin, end

    def _evaluate(self, rows: FloatArray, at_s: FloatArray) -> Samples:
        grown = growth_array(at_s - rows[:, 0] / self.clock_hz, rows[:, 5])
        return Samples(at_s, rows[:, 1] + rows[:, 2] * grown, rows[:, 3] + rows[:, 4] * grown)

    def events(self, t0_s: float | None = None, t1_s: float | None = None) -> Samples:
        """Two rows a piece, its start and its end: both sides of every step."""
        rows, first, last = self._table(*self._window(t0_s, t1_s))
        double = np.repeat(rows, 2, axis=0)
        return self._evaluate(double, np.column_stack((first, last)).reshape(-1))

    def sampled(
        self, rate_hz: float, t0_s: float | None = None, t1_s: float | None = None
    ) -> Samples:
        """Evenly spaced samples t0, t0 + 1 / rate, … below t1; on a step, the value after it."""
        begin, end = self._window(t0_s, t1_s)
        rows, _first, _last = self._table(begin, end)
        count = int(np.ceil((end - begin) * rate_hz - 1e-9))
        at_s = begin + np.arange(count) / rate_hz
        # half a picosecond: an instant meant to lie on a step must not fall before it
        index = np.searchsorted(rows[:, 0] / self.clock_hz, at_s + 5e-13, side="right") - 1
        return self._evaluate(rows[np.maximum(index, 0)], at_s)

    def charge_c(self, t0_s: float | None = None, t1_s: float | None = None) -> float:
        """Net charge in coulomb over the window, the exact integral of the current."""
        rows, first, last = self._table(*self._window(t0_s, t1_s))
        starts = rows[:, 0] / self.clock_hz
        curved = growth_integral(last - starts, rows[:, 5]) - growth_integral(
            first - starts, rows[:, 5]
        )
        return float(np.sum(rows[:, 1] * (last - first) + rows[:, 2] * curved))
