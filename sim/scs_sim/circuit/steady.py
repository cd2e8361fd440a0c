"""A steady train's rows, as the oscilloscope has them, from the model of one period.

Role: the rows of trace.Trace.rows() for so many equal periods, in blocks, however many there are:
where a period has its rows is found once, then each row is one product with the states at the
starts of the periods.
Invariant: the same pieces, ticks and laws as load.py and trace.py; rows change place only where
those of the first and the last period of a stretch differ, which is then halved. Periods in which
the stage might clip are refused.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .exponentials import FloatArray
from .model import Model, Step
from .netlist import HEALTHY, Circuit
from .trace import BLOCK as PACKED
from .trace import Samples, Trace, looks, steps

CHUNK = 16_384  # periods whose states are held at once
BLOCK_ROWS = 65_536
Integers = NDArray[np.int64]


class Clips(ValueError):
    """The stage might clip: its periods are not all alike."""


class _Rows(NamedTuple):
    """Rows of one period: ticks from its start, current and voltage as products with (state, 1)."""

    ticks: FloatArray  # (R,)
    current: FloatArray  # (R, w)
    voltage: FloatArray  # (R, w)


class _Stretch(NamedTuple):
    """Periods of a chunk that have the same rows."""

    first: int
    periods: int
    rows: _Rows


def joined(train: Sequence[Step]) -> list[Step]:
    """Join neighbours of one demand: the load does not see where one ends."""
    pieces: list[Step] = []
    for demand, ticks in train:
        if pieces and pieces[-1][0] == demand:
            ticks += pieces.pop()[1]
        pieces.append((demand, ticks))
    return pieces


class Steady:
    """So many periods of a train, from a state at a tick on.

    Raises Clips, or ValueError as Model does and for a train that ends with what it begins with.
    """

    def __init__(
        self,
        circuit: Circuit,
        clock_hz: int,
        train: Sequence[Step],
        state: FloatArray,
        tick: int,
        periods: int,
        condition: str = HEALTHY,
    ):
        self._circuit, self._train, self._condition = circuit, joined(train), condition
        if self._train[0][0] == self._train[-1][0]:
            raise ValueError("a period ends with what it begins with: no change tells its start")
        self.clock_hz, self.tick, self.periods = clock_hz, tick, periods
        self._model = Model(circuit, clock_hz, self._train, condition)
        self.period_ticks = self._model.period_ticks
        self._starts = [state]  # of each chunk, and at the end
        self._known: dict[tuple[bytes, ...], _Rows] = {}
        self._plan: list[list[_Stretch]] = []
        for size in self._sizes():
            states = self._states(self._starts[-1], size)
            if self._model.unclipped(states) <= size:
                raise Clips("a period might clip")
            self._plan.append(list(self._stretches(states, 0, size)))
            self._starts.append(states[-1, :-1].copy())

    def __len__(self) -> int:
        return sum(part.periods * len(part.rows.ticks) for plan in self._plan for part in plan)

    def blocks(self) -> Iterator[Samples]:
        """Yield the rows in order; what begins at the very end is not among them."""
        for number, (size, plan) in enumerate(zip(self._sizes(), self._plan, strict=True)):
            states = self._states(self._starts[number], size)
            for first, count, rows in plan:
                most = max(1, BLOCK_ROWS // len(rows.ticks))
                for at in range(first, first + count, most):
                    some = states[at : min(at + most, first + count)]
                    passed = number * CHUNK + at + np.arange(len(some), dtype=np.float64)
                    ticks = (self.tick + self.period_ticks * passed)[:, None] + rows.ticks
                    current, voltage = some @ rows.current.T, some @ rows.voltage.T
                    seconds = ticks.ravel() / self.clock_hz
                    yield Samples(seconds, current.ravel(), voltage.ravel())

    def pieces(self, first: int, count: int) -> Trace:
        """Return the oscilloscope's record of periods from the `first` on, also past the end."""
        chunk, ahead = divmod(min(first, self.periods), CHUNK)
        states = self._states(self._starts[chunk], ahead)
        record = Trace(self.clock_hz, count * len(self._train) + PACKED)
        record.extend(self._laps(states[ahead, :-1], self.tick + first * self.period_ticks, count))
        record.end_tick = self._model.tick
        return record

    def _sizes(self) -> Iterator[int]:
        for first in range(0, self.periods, CHUNK):
            yield min(CHUNK, self.periods - first)

    def _states(self, start: FloatArray, periods: int) -> FloatArray:
        self._model.state = start
        return self._model.states(periods)

    def _laps(self, state: FloatArray, tick: int, count: int) -> FloatArray:
        self._model.state, self._model.tick = state, tick
        done, rows = self._model.laps(count)
        if done < count:
            raise Clips("a period might clip")
        return rows

    def _stretches(self, states: FloatArray, first: int, count: int) -> Iterator[_Stretch]:
        """Yield stretches of equal rows; states: at the starts of the periods, and at the end."""
        begin, end = self._shape(states[first:]), self._shape(states[first + count - 1 :])
        if all(np.array_equal(*both) for both in zip(begin, end, strict=True)):
            yield _Stretch(first, count, self._rows(*begin))
            return
        half = count // 2
        yield from self._stretches(states, first, half)
        yield from self._stretches(states, first + half, count - half)

    def _shape(self, states: FloatArray) -> tuple[NDArray[Any], ...]:
        """Return where the first of some periods has rows: looks(), and steps after pieces."""
        period, pieces = self._model.period, self._laps(states[0, :-1], 0, 1)
        lengths_s = np.array([ticks for _demand, ticks in self._train]) / self.clock_hz
        outputs = np.array((period.current, period.voltage))
        values, after = outputs @ states[0], outputs[:, :1] @ states[1]
        jumps = steps(values[:, 1::2], np.concatenate((values[:, 2::2], after), axis=1))
        return *looks(pieces, lengths_s, self.clock_hz), jumps

    def _rows(self, of: Integers, ticks: Integers, jumps: NDArray[np.bool_]) -> _Rows:
        """Return the rows of a shape: the starts of pieces cut there, and ends before a step."""
        key = of.tobytes(), ticks.tobytes(), jumps.tobytes()
        if key in self._known:
            return self._known[key]
        train: list[Step] = []
        kept: list[bool] = []
        for number, (demand, length) in enumerate(self._train):
            edges = [0, *ticks[of == number].tolist(), length]
            train += [(demand, end - begin) for begin, end in pairwise(edges)]
            kept += [True, False] * (len(edges) - 1)
            kept[-1] = bool(jumps[number])
        cut = Model(self._circuit, self.clock_hz, train, self._condition).period
        rows = _Rows(*(column[kept] for column in (cut.ticks, cut.current, cut.voltage)))
        return self._known.setdefault(key, rows)
