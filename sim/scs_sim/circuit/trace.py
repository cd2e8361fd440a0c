"""Current through and voltage across the load, kept as exact pieces.

Role: the oscilloscope of the simulated bench. Rows are appended as pieces begin; they are turned
into numpy blocks of a fixed size, and evaluated only when somebody asks.
Invariant: bounded; past `maximum` pieces the oldest block is dropped and counted, never thinned.
"""

from bisect import bisect_left, bisect_right
from collections import deque
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .exponentials import FloatArray, growth_array, growth_integral
from .load import Piece

BLOCK = 4096  # pieces in a numpy block
START = 3  # columns of a row before its rates: tick, current, voltage
FINE = (1e-8, 1e-4)  # A, V: rows() are so close that lines between them err by half of it at most,
MOST, APART_S = 14, 1e-6  # but no more than 14 a curve, or one for each us of its time constant
TAIL = 3  # rows beyond
NO_TICK = 1e-3  # of a tick: closer to one is on it
KEY = 40  # bits of a tick within a piece
SAME = (1e-12, 1e-9)  # A, V: what differs less between two pieces is no step


class Samples(NamedTuple):
    """Three arrays of one length: seconds since power-on, A (negative: cathodic phase), V."""

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
        self._most = max(1, maximum // BLOCK - 1) * BLOCK
        self._packed = 0  # pieces in the blocks
        self._rows: list[list[float]] = []

    def begin(self, tick: float, piece: Piece) -> None:
        """Begin a new piece; one that would have no length is replaced."""
        if self._rows and self._rows[-1][0] == tick:
            self._rows.pop()
        self._rows.append([tick, *piece[1:3], *piece[3], *piece[4], *piece[5]])
        self.end_tick = max(self.end_tick, tick)
        if len(self._rows) >= 2 * BLOCK:
            self._pack(np.array(self._rows[:BLOCK]))
            del self._rows[:BLOCK]

    def extend(self, rows: FloatArray) -> None:
        """Begin so many pieces, one after the other; the next begin() is later than the last."""
        if self._rows:
            self._pack(np.array(self._rows))
            self._rows.clear()
        for at in range(0, len(rows), BLOCK):
            self._pack(rows[at : at + BLOCK])
        self.end_tick = max(self.end_tick, float(rows[-1, 0]))

    def _pack(self, block: FloatArray) -> None:
        self._packed += len(block)
        if self._blocks and len(self._blocks[-1]) + len(block) <= BLOCK:
            block = np.concatenate((self._blocks.pop(), block))
        self._blocks.append(block)
        while self._packed > self._most and len(self._blocks) > 1:
            gone = len(self._blocks.popleft())
            self._packed -= gone
            self.dropped += gone

    def __len__(self) -> int:
        return self._packed + len(self._rows)

    def start_s(self) -> float:
        """Return the start of the record in seconds: 0 until something was dropped."""
        first = self._blocks[0][0, 0] if self._blocks else self._rows[0][0]
        return float(first) / self.clock_hz

    def end_s(self) -> float:
        """Return the time up to which the simulation was run, in seconds."""
        return self.end_tick / self.clock_hz

    def _table(self, t0_s: float, t1_s: float) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return (rows that touch the window, their first and last seconds within it)."""
        late = max(bisect_right(self._rows, t0_s * self.clock_hz, key=itemgetter(0)) - 1, 0)
        blocks = [*self._blocks]
        if self._rows:  # none just after extend()
            blocks.append(np.array(self._rows[late:]))  # a look at the end is a short one
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

    def pieces(self, since_tick: float, until_tick: float) -> FloatArray:
        """Return the rows of the pieces that last within these ticks."""
        return self._table(since_tick / self.clock_hz, until_tick / self.clock_hz)[0].copy()

    def _window(self, t0_s: float | None, t1_s: float | None) -> tuple[float, float]:
        held = self.start_s(), self.end_s()
        begin = held[0] if t0_s is None else max(t0_s, held[0])
        end = held[1] if t1_s is None else min(t1_s, held[1])
        if end < begin:
            asked = f"{t0_s} s to {t1_s} s"
            raise ValueError(f"no trace from {asked}: it holds {held[0]} s to {held[1]} s")
        return begin, end

    def _evaluate(self, rows: FloatArray, at_s: FloatArray) -> Samples:
        return self._grown(rows, at_s, at_s - rows[:, 0] / self.clock_hz)

    def _grown(self, rows: FloatArray, at_s: FloatArray, since_s: FloatArray) -> Samples:
        rates, currents, voltages = _shares(rows)
        grown = growth_array(since_s[:, None], rates)
        of_current, of_voltage = np.sum(currents * grown, axis=1), np.sum(voltages * grown, axis=1)
        return Samples(at_s, rows[:, 1] + of_current, rows[:, 2] + of_voltage)

    def rows(
        self, t0_s: float | None = None, t1_s: float | None = None, *, followed: bool = False
    ) -> Samples:
        """Return a row at each change, two at a step, and on a curve as many as lines need.

        followed: what begins at t1 is left to the rows from there on.
        """
        pieces, first, last = self._table(*self._window(t0_s, t1_s))
        of, ticks = looks(pieces, last - pieces[:, 0] / self.clock_hz, self.clock_hz)
        at_s = (pieces[of, 0] + ticks) / self.clock_hz
        inside = (at_s > first[of]) & (at_s < last[of])
        of, at_s = of[inside], at_s[inside]
        starts, ends = self._exactly(pieces, first), self._exactly(pieces, last)
        next_starts = np.full((2, len(pieces)), np.inf)  # the last row is shown as it is
        next_starts[:, :-1] = starts.current_a[1:], starts.voltage_v[1:]
        if followed:
            next_starts[:, -1:] = self.values(last[-1:])[1:]
        jumps = np.flatnonzero(steps(np.array(ends[1:]), next_starts))
        owners = np.concatenate((np.arange(len(pieces)), of, jumps))
        parts = starts, self._exactly(pieces[of], at_s), [column[jumps] for column in ends]
        columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
        order = np.lexsort((columns[0], owners))
        return Samples(*(column[order] for column in columns))

    def _exactly(self, rows: FloatArray, at_s: FloatArray) -> Samples:
        """Evaluate rows at instants that are whole ticks, where they are to be."""
        ticks = at_s * self.clock_hz  # late in a run the double of a time is coarse
        whole = np.rint(ticks)
        ticks = np.where(np.abs(ticks - whole) < NO_TICK, whole, ticks)
        return self._grown(rows, at_s, (ticks - rows[:, 0]) / self.clock_hz)

    def begun_s(self, at_s: float) -> float:
        """Return when the piece began that lasts at an instant."""
        return float(self._table(at_s, at_s)[0][0, 0]) / self.clock_hz

    def ends(self, t0_s: float | None = None, t1_s: float | None = None) -> Samples:
        """Return one row a piece: its start, and current and voltage at its end."""
        rows, first, last = self._table(*self._window(t0_s, t1_s))
        return self._evaluate(rows, last)._replace(time_s=first)

    def sampled(
        self, rate_hz: float, t0_s: float | None = None, t1_s: float | None = None
    ) -> Samples:
        """Sample evenly: t0, t0 + 1 / rate, … below t1; on a step, the value after it."""
        begin, end = self._window(t0_s, t1_s)
        rows, _first, _last = self._table(begin, end)
        count = int(np.ceil((end - begin) * rate_hz - 1e-9))
        return self._values(rows, begin + np.arange(count) / rate_hz)

    def values(self, at_s: FloatArray) -> Samples:
        """Return the values at instants in order, within what it holds; on a step, after it."""
        begin, _end = self._window(float(at_s[0]), float(at_s[-1]))
        return self._values(self._table(begin, self.end_s())[0], at_s)

    def _values(self, rows: FloatArray, at_s: FloatArray) -> Samples:
        # half a picosecond: an instant meant to lie on a step must not fall before it
        index = np.searchsorted(rows[:, 0] / self.clock_hz, at_s + 5e-13, side="right") - 1
        return self._evaluate(rows[np.maximum(index, 0)], at_s)

    def charge_c(self, t0_s: float | None = None, t1_s: float | None = None) -> float:
        """Return the net charge in coulomb over the window, the exact integral of the current."""
        rows, first, last = self._table(*self._window(t0_s, t1_s))
        starts = rows[:, 0] / self.clock_hz
        rates, currents, _voltages = _shares(rows)
        begun, ended = (growth_integral((at - starts)[:, None], rates) for at in (first, last))
        curved = np.sum(currents * (ended - begun))
        return float(np.sum(rows[:, 1] * (last - first)) + curved)


def _shares(rows: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return (rates, slopes of the current, slopes of the voltage), one column for each rate."""
    order = (rows.shape[1] - START) // 3
    rates, currents, voltages = np.split(rows[:, START:], (order, 2 * order), axis=1)
    return rates, currents, voltages


def quantity(rows: FloatArray, ticks: NDArray[Any], number: int, clock_hz: int) -> FloatArray:
    """Return the current (0) or voltage (1) of rows at ticks in order; on a step, after it."""
    order = (rows.shape[1] - START) // 3
    which = np.searchsorted(rows[:, 0], ticks, side="right") - 1
    since_s = (ticks - rows[which, 0]) / clock_hz
    grown = growth_array(since_s[:, None], rows[which, START : START + order])
    first = START + order * (1 + number)
    curves = np.sum(rows[which, first : first + order] * grown, axis=1)
    values: FloatArray = rows[which, 1 + number] + curves
    return values


def looks(
    pieces: FloatArray, length_s: FloatArray, clock_hz: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the rows along curves: (number of the piece, ticks from its start), in order.

    A share of height h dying with tau has its k-th of n at -3 tau ln(1 - k / n), where the lines
    between err least by area; at most by 9 h / 8 n^2. Three more end its tail, of h / n^3. n is
    a power of two: two pieces that hardly differ have the same rows.
    """
    rates, *slopes = _shares(pieces)
    bends = rates > 0
    rate = np.where(bends, rates, 1.0)
    heights = [np.abs(slope) / rate / fine for slope, fine in zip(slopes, FINE, strict=True)]
    most = np.maximum(MOST, 1 / (APART_S * rate))
    wanted = np.minimum(1.5 * np.sqrt(np.maximum(*heights)), most)
    count = np.where(bends & (wanted > 1), 2 ** np.ceil(np.log2(np.maximum(wanted, 1.0))), 0.0)
    within = np.ceil(-count * np.expm1(-length_s[:, None] * rate / 3)) - 1
    within += np.where((count > 0) & (within + 1 == count), TAIL, 0)
    of, which = np.nonzero(within > 0)
    number = within[of, which].astype(np.int64)
    of, count, rate = (
        np.repeat(column, number) for column in (of, count[of, which], rate[of, which])
    )
    turn = np.arange(1, len(of) + 1) - np.repeat(np.cumsum(number) - number, number)
    left = np.where(turn < count, 1 - turn / count, 0.25 ** np.maximum(turn - count + 1, 0) / count)
    ticks = np.rint(-3 * clock_hz / rate * np.log(left)).astype(np.int64)
    keys = np.sort((of << KEY) + ticks)
    keys = keys[np.diff(keys, prepend=-1) > 0]  # two shares may have a row at the same tick
    of, ticks = keys >> KEY, keys & (1 << KEY) - 1
    inside = (ticks > 0) & (ticks < length_s[of] * clock_hz)
    return of[inside], ticks[inside]


def steps(ends: FloatArray, starts: FloatArray) -> NDArray[np.bool_]:
    """Return where there is a step between ends of pieces and starts of the next: (2, n) each."""
    differ: NDArray[np.bool_] = np.any(np.abs(ends - starts) > np.array(SAME)[:, None], axis=0)
    return differ
