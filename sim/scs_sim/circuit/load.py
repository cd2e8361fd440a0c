"""The dummy load in time: current and voltage, given what the stage demands.

Role: puts the laws of netlist.py in order: which one holds, until when, from which state.
Invariant: the clamp is i = (clip(V, -limit, +limit) - u) / R, V being what the demanded current
would take; the instant at which it begins or ends is found exactly, so that the state carries
over from piece to piece with no step size.
"""

import math
from collections.abc import Callable
from functools import lru_cache
from math import expm1
from typing import NamedTuple

import numpy as np

from ..memo import memo
from .exponentials import FloatArray, crossing_s, growth
from .netlist import CLAMPED, DRIVEN, HEALTHY, LEAD_OPEN, OPEN, Circuit, Law, checked, law

_KNOWN = 8_192  # spans worked out


class Demand(NamedTuple):
    """The stage's demand on the load: a current up to `limit_v`, or a voltage behind a source."""

    mode: str
    value: float = 0.0  # A in mode DRIVEN, else V
    limit_v: float = math.inf
    source_ohm: float = 0.0


class Piece(NamedTuple):
    """A stretch without steps: start values, and for each rate (1/s) how fast its share grows."""

    mode: str
    current_a: float
    voltage_v: float
    rates: tuple[float, ...] = ()
    current_slopes: tuple[float, ...] = ()
    voltage_slopes: tuple[float, ...] = ()

    def current(self, t_s: float) -> float:
        """Return the current in A, `t_s` seconds after the piece began."""
        return grown(self.current_a, self.current_slopes, self.rates, t_s)

    def voltage(self, t_s: float) -> float:
        """Return the voltage across the load in V, `t_s` seconds after the piece began."""
        return grown(self.voltage_v, self.voltage_slopes, self.rates, t_s)


def grown(start: float, slopes: tuple[float, ...], rates: tuple[float, ...], t_s: float) -> float:
    """Return start + sum of slope growth(t, rate)."""
    for slope, rate in zip(slopes, rates, strict=True):
        if slope:
            start -= slope * (expm1(-t_s * rate) / rate if rate else -t_s)
    return start


class Span(NamedTuple):
    """A law and what it is driven with; `bound` 0: free, else the rail it is clamped at."""

    law: Law
    inputs: FloatArray  # (aim, rail)
    bound: float = 0.0

    def begin(self, state: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return (y, slope of each rate's share) from a state."""
        whole = np.concatenate((state, self.inputs))
        return whole, self.law.slopes @ whole

    def after(self, state: FloatArray, seconds: float) -> FloatArray:
        """Return the state so many seconds later."""
        _whole, slopes = self.begin(state)
        rates = self.law.rates.tolist()
        shares = [s * growth(seconds, r) for s, r in zip(slopes.tolist(), rates, strict=True)]
        later: FloatArray = state + self.law.vectors @ np.array(shares)
        return later

    def piece(self, state: FloatArray) -> Piece:
        """Return the piece that begins with a state."""
        law = self.law
        whole, slopes = self.begin(state)
        current, voltage, _needed = (law.shares * slopes).tolist()
        return Piece(
            law.name,
            float(law.current @ whole),
            float(law.voltage @ whole),
            tuple(law.rates.tolist()),
            tuple(current),
            tuple(voltage),
        )

    def needs(self, state: FloatArray) -> tuple[float, list[float]]:
        """Return (what the aim takes of the compliance in V, its slopes by rate)."""
        whole, slopes = self.begin(state)
        return float(self.law.needed @ whole), (self.law.shares[2] * slopes).tolist()


class Regime(NamedTuple):
    """The spans that one demand can put the load into: free, or clamped at either rail."""

    free: Span
    clamps: tuple[Span, ...] = ()  # at -limit and at +limit, or none
    limit_v: float = math.inf

    def at(self, state: FloatArray) -> Span:
        """Return the span that a state begins with; on a bound, the one it is moving into."""
        if not self.clamps:
            return self.free
        needed, slopes = self.free.needs(state)
        outside = abs(needed) - self.limit_v
        if outside > 0 or (outside == 0 and needed * sum(slopes) > 0):
            return self.clamps[needed > 0]
        return self.free

    def leaves(
        self,
        span: Span,
        needs: tuple[float, list[float]],
        within_s: float,
        entered_at: float = 0.0,
    ) -> tuple[float, float]:
        """Return (seconds to the span's end, rail it ends at); infinite if not before `within_s`.

        needs: span.needs() of the state it began with. entered_at: the rail at which the span
        before it ended, 0 where it began with a demand.
        """
        first = (math.inf, 0.0)
        if not self.clamps:
            return first
        needed, slopes = needs
        rates = span.law.rates.tolist()
        grown_v = [
            slope * growth(within_s, rate) for slope, rate in zip(slopes, rates, strict=True)
        ]
        low = needed + sum(part for part in grown_v if part < 0)
        high = needed + sum(part for part in grown_v if part > 0)
        for bound in (span.bound,) if span.bound else (-self.limit_v, self.limit_v):
            if low <= bound <= high or bound == entered_at:
                distance = 0.0 if bound == entered_at else needed - bound
                first = min(first, (crossing_s(distance, slopes, rates), bound))
        return first if first[0] < within_s else (math.inf, 0.0)

    def follows(self, span: Span, rail: float) -> Span:
        """Return the span after one that ended at a rail."""
        return self.free if span.bound else self.clamps[rail > 0]


@lru_cache(maxsize=4096)  # a long ramp forgets the amplitudes it came through
def regime(circuit: Circuit, demand: Demand, condition: str = HEALTHY) -> Regime:
    """Return the regime of a demand, with the lead as it is."""
    limit_v, aim = demand.limit_v, demand.value
    rail = 0.0
    if demand.mode == DRIVEN and aim and math.isfinite(limit_v):
        rail = math.copysign(limit_v, aim)  # where a stage runs that drives a broken lead
    of_mode = law(circuit, demand.mode, demand.source_ohm, condition)
    free = Span(of_mode, np.array((aim, rail)))
    if demand.mode != DRIVEN or condition == LEAD_OPEN or not math.isfinite(limit_v):
        return Regime(free)
    clamped = law(circuit, CLAMPED, 0.0, condition)
    rails = (-limit_v, limit_v)
    return Regime(free, tuple(Span(clamped, np.array((aim, v)), v) for v in rails), limit_v)


class _Begun(NamedTuple):
    """A span from a state, worked out: a train that has settled comes back to it every period."""

    span: Span
    piece: Piece
    needs: tuple[float, list[float]]
    later: dict[float, FloatArray]  # seconds -> state


class Place(NamedTuple):
    """Where a load stands at the start of a piece."""

    tick: float
    begun: _Begun
    entered_at: float  # the rail at which the span before ended, 0 where a demand began it
    state: FloatArray
    demand: Demand


class Load:
    """The load in time. Calls `begin(tick, piece)` whenever a new piece begins.

    Ticks are of `clock_hz`; a clamp may begin between two, so a piece's tick is a float.
    ValueError for a circuit that cannot be.
    """

    def __init__(self, circuit: Circuit, clock_hz: int, begin: Callable[[float, Piece], None]):
        self.circuit = checked(circuit)
        self.condition = HEALTHY
        self._clock_hz = clock_hz
        self._begin = begin
        self._demand = Demand(OPEN)
        self._state: FloatArray = np.zeros(circuit.order())
        self._known = memo("spans begun", _KNOWN)  # by the identity of the span, and its state
        self._enter(0.0)

    def apply(self, tick: float, demand: Demand) -> None:
        """Apply another demand of the stage from `tick` on. Ticks must not go back."""
        self.advance(tick)
        self._state = self.state(tick)
        self._demand = demand
        self._enter(tick)

    def resume(self, tick: float, demand: Demand, state: FloatArray) -> None:
        """Go on from a demand that was applied elsewhere at `tick`, with the state it found."""
        self._state, self._demand = state, demand
        self._enter(tick)

    def place(self) -> Place:
        """Return where it stands: all that follows, the demands to come aside."""
        return Place(self._tick, self._begun, self._entered, self._state, self._demand)

    def stand(self, place: Place, tick: float) -> None:
        """Go on at `tick` from a place at which it stood before, without a piece begun anew."""
        _tick, self._begun, self._entered, self._state, self._demand = place
        self._tick = tick
        self._regime = regime(self.circuit, self._demand, self.condition)

    def condition_at(self, tick: float, condition: str) -> None:
        """Set the lead to HEALTHY, LEAD_OPEN or LEAD_SHORT at `tick`."""
        self.condition = condition
        self.apply(tick, self._demand)

    def exchange(self, tick: float, circuit: Circuit) -> None:
        """Exchange the parts from `tick` on; they have the charge of the old ones."""
        self.circuit = circuit  # up to `tick` the span before holds, and with it the old parts
        self.apply(tick, self._demand)

    def advance(self, tick: float) -> None:
        """Make every change of span that falls before `tick`."""
        while True:
            left_s = (tick - self._tick) / self._clock_hz
            seconds, rail = self._regime.leaves(
                self._begun.span, self._begun.needs, left_s, self._entered
            )
            if seconds == math.inf:
                return
            span = self._regime.follows(self._begun.span, rail)
            self._state = self._begun.span.after(self._state, seconds)
            self._start(self._tick + seconds * self._clock_hz, span, rail)

    def state(self, tick: float) -> FloatArray:
        """Return the capacitors' voltages and settling output at a tick of the present piece."""
        seconds = (tick - self._tick) / self._clock_hz
        later = self._begun.later.get(seconds)
        if later is None:
            later = self._begun.span.after(self._state, seconds)
            self._begun.later[seconds] = later
        return later

    def _enter(self, tick: float) -> None:
        self._regime = regime(self.circuit, self._demand, self.condition)
        self._start(tick, self._regime.at(self._state), 0.0)

    def _start(self, tick: float, span: Span, entered_at: float) -> None:
        key = id(span), self._state.tobytes()
        begun: _Begun | None = self._known.get(key)
        if begun is None or begun.span is not span:
            begun = _Begun(span, span.piece(self._state), span.needs(self._state), {})
            self._known.remember(key, begun)
        self._tick, self._begun, self._entered = tick, begun, entered_at
        self._begin(tick, begun.piece)
