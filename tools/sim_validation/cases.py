"""Test cases of the oracles: random circuits and trains, each from its seed, and therapies.

Role: model, reference and ngspice all run a Case; error() holds two of them against each other. A
case that ever disagreed is kept as its seed, in the tests.
Invariant: the same seed gives the same case on every machine.
"""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.random import Generator

from scs_sim.circuit.load import Demand, Load
from scs_sim.circuit.netlist import (
    BLED,
    DRIVEN,
    HEALTHY,
    LEAD_SHORT,
    OPEN,
    SHORTED,
    SOURCED,
    Circuit,
    Element,
    constant_phase,
)
from scs_sim.circuit.trace import Samples, Trace

CLOCK_HZ = 125_000_000
FULL_SCALE = (12.8e-3, 15.0)  # A and V: errors are given as a share of these
MARGIN_S = 1e-9  # so close to a step nothing is compared

Kind = TypeVar("Kind")
Step = tuple[Demand, str, int]  # demand, condition of the lead, ticks


REST: Step = (Demand(OPEN), HEALTHY, CLOCK_HZ // 100_000)  # ngspice begins inexactly on a step


class Case(NamedTuple):
    """A circuit, and what happens to it, all capacitors empty at the start."""

    name: str
    circuit: Circuit
    steps: tuple[Step, ...]


def _pick(draw: Generator, options: Sequence[Kind]) -> Kind:
    return options[int(draw.integers(len(options)))]


def _uniform(draw: Generator, low: float, high: float) -> float:
    return float(draw.uniform(low, high))


def _log(draw: Generator, low: float, high: float) -> float:
    return math.exp(_uniform(draw, math.log(low), math.log(high)))


def _elements(draw: Generator) -> tuple[Element, ...]:
    kind = _pick(draw, ["none", "capacitor", "leaky", "leaky", "ladder"])
    farad, leak_ohm = _log(draw, 0.1e-6, 3e-6), _log(draw, 2e3, 1e6)
    if kind == "none":
        return ()
    if kind == "ladder":
        return constant_phase(farad, leak_ohm, _uniform(draw, 0.7, 0.95))
    return (Element(farad, leak_ohm if kind == "leaky" else math.inf),)


def _demand(draw: Generator, sets: str, limit_v: float) -> Demand:
    kind = _pick(draw, [sets] * 6 + [SHORTED, SHORTED, OPEN, BLED])
    if kind == DRIVEN:
        return Demand(DRIVEN, _uniform(draw, -12e-3, 12e-3), limit_v)
    if kind == SOURCED:
        return Demand(SOURCED, _uniform(draw, -2, 2), source_ohm=_log(draw, 50, 2e3))
    return Demand(kind, 0.0, source_ohm={SHORTED: _log(draw, 20, 500), BLED: 1e4, OPEN: 0.0}[kind])


def random_case(seed: int) -> Case:
    """Return a circuit and 4 to 8 steps of 10 us to 1 ms; about half of them clip somewhere."""
    draw = np.random.default_rng(seed)
    circuit = Circuit(
        _log(draw, 100, 2e3),
        _elements(draw),
        _pick(draw, [0.0, _log(draw, 0.5e-6, 10e-6)]),
        _pick(draw, [0.0, _log(draw, 0.4e-6, 2e-6)]),
    )
    sets, limit_v = _pick(draw, [DRIVEN] * 4 + [SOURCED]), _uniform(draw, 3, 15)
    steps = [
        (
            _demand(draw, sets, limit_v),
            _pick(draw, [HEALTHY] * 7 + [LEAD_SHORT]),
            round(_log(draw, 10e-6, 1e-3) * CLOCK_HZ),
        )
        for _ in range(int(draw.integers(4, 9)))
    ]
    return Case(f"seed {seed}", circuit, (REST, *steps))


def solved(case: Case) -> Trace:
    """Solve the case as the simulated board does."""
    trace = Trace(CLOCK_HZ)
    load = Load(case.circuit, CLOCK_HZ, trace.begin)
    tick = 0
    for demand, condition, ticks in case.steps:
        load.condition = condition
        load.apply(tick, demand)
        tick += ticks
    load.advance(tick)
    trace.end_tick = tick
    return trace


def train(name: str, circuit: Circuit, period: Iterable[tuple[Demand, int]], periods: int) -> Case:
    """Return so many periods of a train, after a rest."""
    once = [(demand, HEALTHY, ticks) for demand, ticks in period]
    return Case(name, circuit, (REST, *(once * periods)))


def bridged(case: Case) -> bool:
    """Return True if current is driven into a short: a clamp there has a time constant of 1 us."""
    return any(demand.mode == DRIVEN and lead == LEAD_SHORT for demand, lead, _ in case.steps)


def error(case: Case, seen: Samples, ours: Trace) -> float:
    """Return the largest difference of current and voltage, of full scale, away from steps."""
    near = np.searchsorted(edges := np.array(edges_s(case.steps)), seen.time_s)
    apart = np.minimum(
        np.abs(seen.time_s - edges[np.maximum(near - 1, 0)]),
        np.abs(seen.time_s - edges[np.minimum(near, len(edges) - 1)]),
    )
    kept = [column[apart > MARGIN_S] for column in seen]
    there = ours.values(kept[0])
    pairs = zip(there[1:], kept[1:], FULL_SCALE, strict=True)
    return max(float(np.max(np.abs(our - their))) / full for our, their, full in pairs)


def edges_s(steps: Iterable[Step]) -> list[float]:
    """Return the start of each step, and the end of the last one."""
    starts_s, tick = [0.0], 0
    for _, _, ticks in steps:
        tick += ticks
        starts_s.append(tick / CLOCK_HZ)
    return starts_s
