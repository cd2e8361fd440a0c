"""The load by scipy's DOP853: the circuit's equations written down once more, and integrated.

Role: what the closed forms are compared with, in the tests, the bench and oracles.md; the
simulated board never uses it. It knows Kirchhoff's laws and the clamp, no eigenvectors and no
instants: a clamp that begins in mid-step is found by the step size.
"""

import importlib
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from scs_sim.circuit.exponentials import FloatArray
from scs_sim.circuit.load import Demand
from scs_sim.circuit.netlist import BRIDGE_OHM, DRIVEN, LEAD_SHORT, OPEN, SOURCED, Circuit
from scs_sim.circuit.trace import Samples

from .cases import Case, edges_s

RTOL, ATOL = 1e-13, 1e-16  # at 1e-12 a clamp that begins within a step is 2e-9 off
LOOKS = (0.02, 0.1, 0.3, 0.6, 0.98, 1.0)  # in each step, as a share of it


class Flow(NamedTuple):
    """Currents through the leads and within the load, and the voltage across it."""

    amps: float
    inside: float
    volts: float


def _flow(circuit: Circuit, demand: Demand, short: bool, state: list[float]) -> Flow:
    """Solve Kirchhoff's laws at one instant. The bridge of a short draws its own current."""
    capacitors = circuit.capacitors()
    first = len(capacitors) - len(circuit.elements)
    blocked, inner = sum(state[:first]), sum(state[first : len(capacitors)])
    aim = state[-1] if circuit.settle_tau_s else demand.value
    series, bridge = circuit.series_ohm, 1 / BRIDGE_OHM if short else 0.0

    def at(volts: float) -> Flow:
        inside = (volts - inner) / series
        return Flow(inside + bridge * volts, inside, volts)

    def driven(amps: float) -> Flow:
        return at((amps + inner / series) / (1 / series + bridge))

    if demand.mode == OPEN:
        return driven(0.0)
    if demand.mode == DRIVEN:
        free = driven(aim)
        needed = free.volts + blocked
        if abs(needed) <= demand.limit_v:
            return free
        return at(float(np.copysign(demand.limit_v, needed)) - blocked)
    source = aim if demand.mode == SOURCED else 0.0
    # (source - blocked - volts) / source_ohm flows into the load and the bridge
    share = 1 / demand.source_ohm
    return at((share * (source - blocked) + inner / series) / (share + 1 / series + bridge))


def _slopes(circuit: Circuit, demand: Demand, short: bool, state: list[float]) -> list[float]:
    flow = _flow(circuit, demand, short, state)
    first = len(circuit.capacitors()) - len(circuit.elements)
    out = []
    for at, (farad, leak_ohm) in enumerate(circuit.capacitors()):
        through = flow.amps if at < first else flow.inside
        out.append((through - state[at] / leak_ohm) / farad)
    if circuit.settle_tau_s:
        out.append((demand.value - state[-1]) / circuit.settle_tau_s)
    return out


def integrated(case: Case, rtol: float = RTOL, atol: float = ATOL) -> Samples:
    """Integrate; return current and voltage at LOOKS of each step, its end before the next."""
    solve_ivp = importlib.import_module("scipy.integrate").solve_ivp
    circuit, state = case.circuit, np.zeros(case.circuit.order())
    edges, rows = edges_s(case.steps), []
    for number, (demand, condition, _) in enumerate(case.steps):
        begin, end = edges[number : number + 2]
        short = condition == LEAD_SHORT
        looks = [share * (end - begin) for share in LOOKS]

        def slopes(
            _t: float, x: FloatArray, demand: Demand = demand, short: bool = short
        ) -> list[float]:
            return _slopes(circuit, demand, short, x.tolist())

        for since, look in pairwise([0.0, *looks]):
            if len(state):  # up to each look: between its own steps DOP853 is less exact
                done = solve_ivp(slopes, (since, look), state, "DOP853", rtol=rtol, atol=atol)
                state = done.y[:, -1]
            flow = _flow(circuit, demand, short, state.tolist())
            rows.append((end if look == end - begin else begin + look, flow.amps, flow.volts))
    return Samples(*np.array(rows).T)
