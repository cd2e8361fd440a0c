"""Phases -> current and voltage at the load, whole trains at once.

Role: the fastest of the three fidelities: no words, no pins, no firmware. A period is an affine
map of the state, z -> H z with z = (state, 1); the states at the starts of all periods come from
doubling H, and all currents and voltages from one product with them.
Invariant: the same laws as load.py and the same instants. A period in which a phase might clip
is run phase by phase, exactly. State and tick carry over between calls, so that an hour can be
run in pieces.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from stimcore.board import Board

from .exponentials import FloatArray, growth_array
from .load import Demand, Regime, regime
from .netlist import HEALTHY, Circuit, checked, from_rows
from .stage import Stage
from .trace import START, Samples

Step = tuple[Demand, int]  # what is demanded, and for how many ticks
PATIENCE = 32  # most periods in a row that are run phase by phase before a whole block is tried
BLOCK = 4096  # periods at once


def steps(
    board: Board, electrical: Mapping[str, Any], phases: Iterable[Sequence[int]]
) -> list[Step]:
    """Return the stage's demands for the phases of stimcore.period.compile_group()."""
    stage = Stage(electrical["stage"])
    stage.set_gate(True)
    demands = []
    for _kind, cathodes, anodes, code, ticks in phases:
        sign = -1 if stage.parts.ladder and cathodes == 2 else 1
        stage.set(board.code_mid + sign * code, cathodes, anodes)
        demands.append((stage.demand(), ticks))
    return demands


def of_board(
    board: Board, electrical: Mapping[str, Any], phases: Iterable[Sequence[int]]
) -> "Model":
    """Return the model of one period of phases on a board; raise ValueError as Model does."""
    circuit = from_rows(electrical["stage"], electrical["load"])
    return Model(circuit, board.clock_hz, steps(board, electrical, phases))


class Period(NamedTuple):
    """One period as products with (state, 1) at its start; w is the state's order + 1."""

    whole: FloatArray  # (w, w): to the start of the next period
    current: FloatArray  # (2 P, w): at start and end of each phase
    voltage: FloatArray  # (2 P, w)
    needed: FloatArray  # (limited phases x w, w): of the compliance, then its growth by rate
    limits: FloatArray  # (limited phases,)
    ticks: FloatArray  # (2 P,): starts and ends
    starts: FloatArray  # (P, w, w): to the start of each phase
    slopes: FloatArray  # (P x 2 m, w): of the current by rate, then of the voltage


def _period(regimes: Sequence[Regime], ticks: Sequence[int], clock_hz: int) -> Period:
    laws = [regime.free.law for regime in regimes]
    inputs = np.array([regime.free.inputs for regime in regimes])[:, :, None]
    order = len(laws[0].rates)
    slopes = _affine(np.array([law.slopes for law in laws]), inputs)
    seconds = np.array(ticks) / clock_hz
    grown = growth_array(seconds[:, None], np.array([law.rates for law in laws]))
    through = np.tile(np.eye(order + 1), (len(laws), 1, 1))
    through[:, :order] += (np.array([law.vectors for law in laws]) * grown[:, None]) @ slopes
    starts = [np.eye(order + 1)]
    for step in through:
        starts.append(step @ starts[-1])
    at = np.array(starts)
    rows = np.array([(law.current, law.voltage, law.needed) for law in laws])
    outputs = _affine(rows, inputs)
    ends = np.stack((outputs @ at[:-1], outputs @ at[1:]), axis=2)  # (P, 3, start or end, w)
    current, voltage = (ends[:, which].reshape(-1, order + 1) for which in (0, 1))
    limited = [number for number, regime in enumerate(regimes) if regime.clamps]
    shares = np.array([law.shares[2] for law in laws])
    grows = ((shares * grown)[:, :, None] * slopes) @ at[:-1]
    needed = np.concatenate((ends[:, 2, :1], grows), axis=1)[limited].reshape(-1, order + 1)
    edges = np.concatenate(([0], np.cumsum(ticks)))
    pairs = np.column_stack((edges[:-1], edges[1:])).ravel().astype(np.float64)
    limits = np.array([regimes[number].limit_v for number in limited])
    shown = np.array([law.shares[:2] for law in laws])  # (P, 2, m)
    curves = (shown[..., None] * slopes[:, None]) @ at[:-1, None]
    curves = curves.reshape(-1, order + 1)
    return Period(at[-1], current, voltage, needed, limits, pairs, at[:-1], curves)


def _affine(rows: FloatArray, inputs: FloatArray) -> FloatArray:
    """Map (P, rows, order + 2) over (state, aim, rail) to (P, rows, order + 1) over (state, 1)."""
    folded: FloatArray = np.concatenate((rows[:, :, :-2], rows[:, :, -2:] @ inputs), axis=2)
    return folded


class Model:
    """A periodic train into a load. `state` and `tick` are where it stands.

    ValueError for a circuit that cannot be, no steps, or a step shorter than one tick.
    """

    def __init__(
        self, circuit: Circuit, clock_hz: int, train: Sequence[Step], condition: str = HEALTHY
    ):
        if not train or min(ticks for _, ticks in train) < 1:
            raise ValueError("a train is one step or more, each of 1 tick or more")
        self.circuit = checked(circuit)
        self.clock_hz = clock_hz
        self.state: FloatArray = np.zeros(circuit.order())
        self.last = self.state  # where the last phase of laps() began
        self.tick = 0
        self.period_ticks = sum(ticks for _, ticks in train)
        self._ticks = [ticks for _, ticks in train]
        self._regimes = [regime(circuit, demand, condition) for demand, _ in train]
        self.period = _period(self._regimes, self._ticks, clock_hz)

    def run(self, periods: int) -> Samples:
        """Run so many periods: two rows a piece, its start and its end."""
        blocks = list(self.stream(periods, periods))
        if len(blocks) == 1:
            return blocks[0]
        return Samples(*(np.concatenate(columns) for columns in zip(*blocks, strict=True)))

    def stream(self, periods: int, block: int = BLOCK) -> Iterator[Samples]:
        """Yield the same in blocks of at most so many periods: in bounded memory, however long."""
        left, size, patience = periods, block, 1
        while left:
            done, samples = self._block(min(left, size, block))
            if done:
                left, patience = left - done, 1
                yield samples
            if done == min(left + done, size, block):
                size *= 4
                continue
            for _ in range(min(patience, left)):
                yield self._clipped()
                left -= 1
            size, patience = 4, min(2 * patience, PATIENCE)

    def laps(self, periods: int) -> tuple[int, FloatArray]:
        """Run on, up to the first period that might clip; return how many were run, and a row for
        each piece as in trace.Trace. `tick` counts on from where it was set.
        """
        states = self.states(periods)
        done = self.unclipped(states[:periods])
        period, phases, order = self.period, len(self._ticks), len(self.state)
        begun = states[:done]
        rows = np.empty((done, phases, START + 3 * order))
        rows[:, :, 0] = self.tick + self.period_ticks * np.arange(done)[:, None] + period.ticks[::2]
        rows[:, :, 1] = begun @ period.current[::2].T
        rows[:, :, 2] = begun @ period.voltage[::2].T
        rows[:, :, START : START + order] = [r.free.law.rates for r in self._regimes]
        rows[:, :, START + order :] = (begun @ period.slopes.T).reshape(done, phases, 2 * order)
        if done:
            self.last = (period.starts[-1] @ states[done - 1])[:-1]
        self.state = states[done, :-1].copy()
        self.tick += done * self.period_ticks
        return done, rows.reshape(done * phases, START + 3 * order)

    def _block(self, periods: int) -> tuple[int, Samples]:
        """Return (number of periods before the first that might clip, their rows)."""
        period = self.period
        states = self.states(periods)
        done = self.unclipped(states[:periods])
        begun = self.tick + self.period_ticks * np.arange(done, dtype=np.float64)
        seconds = (begun[:, None] + period.ticks) / self.clock_hz
        current, voltage = (states[:done] @ rows.T for rows in (period.current, period.voltage))
        self.state = states[done, :-1].copy()
        self.tick += done * self.period_ticks
        return done, Samples(seconds.ravel(), current.ravel(), voltage.ravel())

    def states(self, periods: int) -> FloatArray:
        """Return (periods + 1, w): (state, 1) at the start of each period, and at the end."""
        states = np.empty((periods + 1, len(self.state) + 1))
        states[0, :-1], states[0, -1] = self.state, 1.0
        filled, power = 1, self.period.whole
        while filled <= periods:
            more = min(filled, periods + 1 - filled)
            states[filled : filled + more] = states[:more] @ power.T
            filled, power = filled + more, power @ power
        return states

    def unclipped(self, states: FloatArray) -> int:
        """Return the number of leading periods that surely stay within the compliance.

        Each rate's share is monotonic: what is needed never leaves the sum of the shares' ends.
        """
        limits = self.period.limits
        if not len(limits):
            return len(states)
        parts = (states @ self.period.needed.T).reshape(len(states), len(limits), -1)
        if np.all(np.abs(parts).sum(axis=2) <= limits):
            return len(states)
        start, grown = parts[:, :, 0], parts[:, :, 1:]
        high = start + np.maximum(grown, 0.0).sum(axis=2)
        low = start + np.minimum(grown, 0.0).sum(axis=2)
        clips = np.any((high > limits) | (low < -limits), axis=1)
        return int(np.argmax(clips)) if clips.any() else len(states)

    def _clipped(self) -> Samples:
        """Run one period, phase by phase, each clamp at its instant."""
        rows: list[tuple[float, float, float]] = []
        for phase_regime, ticks in zip(self._regimes, self._ticks, strict=True):
            begun_s, left_s, rail = self.tick / self.clock_hz, ticks / self.clock_hz, 0.0
            self.tick += ticks
            span = phase_regime.at(self.state)
            while True:
                seconds, rail = phase_regime.leaves(span, span.needs(self.state), left_s, rail)
                lasts_s = min(seconds, left_s)
                ends_s = begun_s + lasts_s if seconds < left_s else self.tick / self.clock_hz
                piece = span.piece(self.state)
                rows.append((begun_s, piece.current_a, piece.voltage_v))
                rows.append((ends_s, piece.current(lasts_s), piece.voltage(lasts_s)))
                self.state = span.after(self.state, lasts_s)
                if seconds >= left_s:
                    break
                begun_s, left_s, span = ends_s, left_s - lasts_s, phase_regime.follows(span, rail)
        return Samples(*np.array(rows).T.copy())
