"""Stage and dummy load as one linear network: its parts, and the law of each mode.

Role: in every mode the capacitors' voltages and the stage's settling output x obey
dx/dt = A x + B u, u being what the stage aims at and the rail it is at. A Law holds the
eigenvectors, so that x(t) = x + V (growth(t, rates) * (S y)) with y = (x, u), and current and
voltage likewise. Capacitors in series scale to a symmetric matrix: its rates are real.
Invariant: a law depends on parts alone, never on a demand's value; each is made once.
Assumed: linear parts, ideal switches, a short of 1 ohm.
"""

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from .exponentials import FloatArray

DRIVEN = "driven"  # the stage sets the current
CLAMPED = "clamped"  # the stage is at its compliance and sets the voltage
SHORTED = "shorted"  # passive discharge through the switch
SOURCED = "sourced"  # a voltage behind a resistance: the R-2R ladder
BLED = "bled"  # disconnected; the bleed resistor discharges it
OPEN = "open"

HEALTHY = "healthy"  # conditions of the lead
LEAD_OPEN = "open lead"
LEAD_SHORT = "short"

BRIDGE_OHM = 1.0  # of a short, with its wires
ALIKE = 1e-5  # two rates this close have no eigenvectors of their own
NO_RATE = 1e-12  # of the fastest: the rounding of a rate of 0

LADDER_TAUS_S = (1e-6, 100.0)  # time constants that a constant-phase element's ladder covers
LADDER_PER_DECADE = 2


class Element(NamedTuple):
    """A capacitance with a resistance across it (infinite: none)."""

    farad: float
    leak_ohm: float = math.inf


class Circuit(NamedTuple):
    """A series circuit: blocking capacitor, resistance, the load's elements.

    blocking_f 0: none. settle_tau_s: how the stage's output approaches its aim; 0: at once.
    """

    series_ohm: float
    elements: tuple[Element, ...] = ()
    blocking_f: float = 0.0
    settle_tau_s: float = 0.0

    def capacitors(self) -> tuple[Element, ...]:
        """Return all capacitors, the blocking one first."""
        blocking = (Element(self.blocking_f),) if self.blocking_f else ()
        return blocking + self.elements

    def order(self) -> int:
        """Return the length of the state vector."""
        return len(self.capacitors()) + bool(self.settle_tau_s)


class Law(NamedTuple):
    """The evolution of one mode from y = (state, aim, rail); arrays of m states, m rates."""

    name: str
    rates: FloatArray  # (m,)
    vectors: FloatArray  # (m, m): a column for each rate
    slopes: FloatArray  # (m, m + 2): y -> how fast each rate's share begins to grow
    current: FloatArray  # (m + 2,): y -> through the stage's leads, A
    voltage: FloatArray  # (m + 2,): y -> across the load, V
    needed: FloatArray  # (m + 2,): y -> what driving the aim takes of the compliance, V
    shares: FloatArray  # (3, m): of each rate in current, voltage and needed


def from_rows(stage: Mapping[str, Any], load: Mapping[str, Any]) -> Circuit:
    """Return the network of a stage and a load; a leak of inf, 0 or None is none.

    Raise ValueError naming the part that cannot be.
    """
    farad, leak = load.get("capacitance_f") or 0.0, load.get("leak_ohm") or math.inf
    exponent = load.get("cpe_exponent") or 1.0
    return checked(
        Circuit(
            float(load["series_ohm"]) + 2 * float(load.get("lead_ohm") or 0.0),
            constant_phase(farad, leak, exponent) if farad else (),
            float(stage.get("blocking_f") or 0.0),
            float(stage.get("settle_tau_s") or 0.0),
        )
    )


def checked(circuit: Circuit) -> Circuit:
    """Return the circuit; raise ValueError for a part that is negative, or 0 where none may be."""
    parts = [("series_ohm", circuit.series_ohm, "500")]
    for number, (farad, leak_ohm) in enumerate(circuit.elements):
        parts += [(f"elements[{number}].farad", farad, "2.5e-6")]
        parts += [(f"elements[{number}].leak_ohm", leak_ohm, "1e5, or inf for none")]
    for name, value, example in parts:
        if not value > 0:
            raise ValueError(f"{name} is {value}: it must be above 0, such as {example}")
    for name in ("blocking_f", "settle_tau_s"):
        if not getattr(circuit, name) >= 0:
            raise ValueError(f"{name} is {getattr(circuit, name)}: it must be 0 (none) or more")
    return circuit


def constant_phase(farad: float, leak_ohm: float, exponent: float) -> tuple[Element, ...]:
    """Return leak / (1 + (s leak farad) ** exponent) as a ladder of RC elements; one if exponent 1.

    The relaxation times of Cole and Cole (J. Chem. Phys. 9, 341, 1941) are spread with a known
    integral, here in bins of 1 / LADDER_PER_DECADE decades around leak x farad, the outermost
    without end; so the resistances add up to the leak. ValueError without a finite leak.
    """
    if not 0.5 <= exponent <= 1:
        raise ValueError(f"cpe_exponent is {exponent}: it must be from 0.5 to 1, such as 0.85")
    if exponent == 1:
        return (Element(farad, leak_ohm),)
    if not 0 < leak_ohm < math.inf:
        raise ValueError(f"leak_ohm is {leak_ohm}: a constant-phase element needs one, such as 1e5")
    tau_s, width = leak_ohm * farad, math.log(10) / LADDER_PER_DECADE
    low, high = (math.ceil(math.log(end / tau_s) / width) for end in LADDER_TAUS_S)
    numbers = np.arange(low, high)
    turned = math.tan(exponent * math.pi / 2)
    edges = np.tanh(exponent * width * (numbers[1:] - 0.5) / 2)
    parts = np.concatenate(([-exponent / 2], np.arctan(turned * edges) / math.pi, [exponent / 2]))
    ohms = leak_ohm / exponent * np.diff(parts)
    taus = tau_s * np.exp(width * numbers)
    pairs = zip(taus.tolist(), ohms.tolist(), strict=True)
    return tuple(Element(tau / ohm, ohm) for tau, ohm in pairs)


class _Rows:
    """Rows over y: how the parts of a circuit follow from its state, its aim and its rail."""

    def __init__(self, circuit: Circuit, short: bool):
        self.circuit = circuit
        count, order = len(circuit.capacitors()), circuit.order()
        rows = np.eye(order + 2)
        self.none = np.zeros(order + 2)
        self.rail = rows[order + 1]
        self.aim = rows[count]  # the settling output, or where there is none the aim itself
        first = count - len(circuit.elements)
        self.inner = rows[first:count].sum(axis=0)  # volts of the load's capacitors
        self.blocking = rows[:first].sum(axis=0)
        # a bridge across the load leaves this share of what is across its parts
        self.share = BRIDGE_OHM / (circuit.series_ohm + BRIDGE_OHM) if short else 1.0

    def behind(self, source: FloatArray, source_ohm: float) -> FloatArray:
        """Return the current of a voltage behind a resistance."""
        total_ohm = source_ohm + self.share * self.circuit.series_ohm
        row: FloatArray = (source - self.blocking - self.share * self.inner) / total_ohm
        return row

    def across(self, amps: FloatArray) -> FloatArray:
        """Return the voltage across the load."""
        row: FloatArray = self.share * (amps * self.circuit.series_ohm + self.inner)
        return row

    def within(self, amps: FloatArray) -> FloatArray:
        """Return the current through the load's own capacitors."""
        row: FloatArray = (self.across(amps) - self.inner) / self.circuit.series_ohm
        return row


def _quantities(rows: _Rows, name: str, source_ohm: float, condition: str) -> list[FloatArray]:
    """Return (through the leads, within the load, across the load, needed of the compliance)."""
    if condition == LEAD_OPEN:
        shown = {DRIVEN: rows.rail - rows.blocking, SOURCED: rows.aim - rows.blocking}
        return [rows.none, rows.none, shown.get(name, rows.none), rows.none]
    if name == OPEN:
        amps = rows.none
    elif name == DRIVEN:
        amps = rows.aim
    elif name == CLAMPED:
        amps = rows.behind(rows.rail, 0.0)
    else:
        amps = rows.behind(rows.aim if name == SOURCED else rows.none, source_ohm)
    needed = rows.across(rows.aim) + rows.blocking
    return [amps, rows.within(amps), rows.across(amps), needed]


@lru_cache(maxsize=256)
def law(circuit: Circuit, name: str, source_ohm: float = 0.0, condition: str = HEALTHY) -> Law:
    """Return the law of a mode. Capacitors that a short bridges discharge by their series ohms."""
    rows = _Rows(circuit, condition == LEAD_SHORT)
    amps, inside, across, needed = _quantities(rows, name, source_ohm, condition)
    capacitors = circuit.capacitors()
    order = circuit.order()
    matrix = np.zeros((order, order + 2))
    for at, (farad, leak_ohm) in enumerate(capacitors):
        matrix[at] = inside if at >= len(capacitors) - len(circuit.elements) else amps
        matrix[at, at] -= 1 / leak_ohm
        matrix[at] /= farad
    if circuit.settle_tau_s:
        matrix[-1, -3:-1] = (-1 / circuit.settle_tau_s, 1 / circuit.settle_tau_s)
    rates, vectors = _modes(matrix[:, :order], [element.farad for element in capacitors])
    if circuit.settle_tau_s:
        matrix[-1, -2] = rates[-1]
    inverse = np.linalg.inv(vectors)
    slopes = np.hstack((-rates[:, None] * inverse, inverse @ matrix[:, order:]))
    shares = np.array([amps, across, needed])[:, :order] @ vectors
    flows = OPEN if condition == LEAD_OPEN else name
    return Law(flows, rates, vectors, slopes, amps, across, needed, shares)


def _modes(matrix: FloatArray, farads: list[float]) -> tuple[FloatArray, FloatArray]:
    """Return (rates, eigenvectors) of dx/dt = matrix x; the last of x may be the output."""
    count, order = len(farads), len(matrix)
    root = np.sqrt(farads)
    scaled = matrix[:count, :count] * root[:, None] / root
    values, columns = np.linalg.eigh((scaled + scaled.T) / 2)
    rates, vectors = np.zeros(order), np.eye(order)
    rates[:count] = -values
    vectors[:count, :count] = columns / root[:, None]
    rates[:count][rates[:count] < NO_RATE * np.max(rates[:count], initial=0.0)] = 0.0
    if order > count:
        rate = -matrix[-1, -1]
        while np.any(np.abs(rates[:count] / rate - 1) < ALIKE):
            rate *= 1 + 3 * ALIKE
        rates[-1] = rate
        shifted = matrix[:count, :count] + rate * np.eye(count)
        vectors[:count, -1] = np.linalg.solve(shifted, -matrix[:count, -1])
    return rates, vectors
