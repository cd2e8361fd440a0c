"""The dummy load: series resistance and (C parallel leak), solved exactly between steps.

Role: what current flows and what voltage stands, given what the stage demands. In every mode the
capacitor's voltage u obeys du/dt = drive - u / tau, so that each quantity is its start value plus
its start slope times growth(t) = tau (1 - exp(-t / tau)): no step size, no rounding but floats'.
Invariant: the clamp is i = (clip(I R + u, -limit, +limit) - u) / R; the instant at which it begins
or ends is found in closed form. Assumed: one linear capacitor, a stage that settles within its
declared time and is otherwise ideal. Next: stage.py, which makes the demands.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

DRIVEN = "driven"  # the stage sets the current
CLAMPED = "clamped"  # the stage is at its compliance and sets the voltage
SHORTED = "shorted"  # passive discharge through the switch
SOURCED = "sourced"  # a voltage behind a resistance: the R-2R ladder
BLED = "bled"  # disconnected; the bleed resistor discharges it
OPEN = "open"

HEALTHY = "healthy"  # conditions of the lead
LEAD_OPEN = "open lead"
LEAD_SHORT = "short"

FloatArray = NDArray[np.float64]


class Circuit(NamedTuple):
    """The load's parts. capacitance 0: a resistor; leak 0 or infinite: none."""

    series_ohm: float
    capacitance_f: float = 0.0
    leak_ohm: float = math.inf


class Demand(NamedTuple):
    """What the stage puts at the load: a current up to `limit_v`, or a voltage behind a source."""

    mode: str
    value: float = 0.0  # A in mode DRIVEN, else V
    limit_v: float = math.inf
    source_ohm: float = 0.0


class Piece(NamedTuple):
    """A stretch without steps: start values, their slopes per second, and the time constant."""

    mode: str
    current_a: float
    current_slope: float
    voltage_v: float
    voltage_slope: float
    tau_s: float

    def current(self, t_s: float) -> float:
        """Current in A, `t_s` seconds after the piece began."""
        return self.current_a + self.current_slope * growth(t_s, self.tau_s)

    def voltage(self, t_s: float) -> float:
        """Voltage across the load in V, `t_s` seconds after the piece began."""
        return self.voltage_v + self.voltage_slope * growth(t_s, self.tau_s)


class Mode(NamedTuple):
    """Linear law: du/dt = drive - u / tau; current and voltage are affine in u."""

    name: str
    drive: float
    tau_s: float
    current: tuple[float, float]
    voltage: tuple[float, float]


def growth(t_s: float, tau_s: float) -> float:
    """tau (1 - exp(-t / tau)); t where tau is infinite. Monotonic in t."""
    if tau_s == math.inf:
        return t_s
    return -tau_s * math.expm1(-t_s / tau_s)


def growth_array(t_s: FloatArray, tau_s: FloatArray) -> FloatArray:
    """growth() of arrays of one shape."""
    finite = np.isfinite(tau_s)
    tau = np.where(finite, tau_s, 1.0)
    grown: FloatArray = np.where(finite, -tau * np.expm1(-t_s / tau), t_s)
    return grown


def growth_integral(t_s: FloatArray, tau_s: FloatArray) -> FloatArray:
    """Integral of growth() from 0 to t: what turns a slope into charge."""
    finite = np.isfinite(tau_s)
    tau = np.where(finite, tau_s, 1.0)
    exact: FloatArray = np.where(finite, tau * (t_s - growth_array(t_s, tau)), t_s * t_s / 2)
    return exact


def crossing_s(start: float, slope: float, tau_s: float, target: float) -> float:
    """When start + slope growth(t) first meets `target` after t = 0; infinite if never."""
    grown = (target - start) / slope if slope else -1.0
    if grown <= 0:
        return math.inf
    if tau_s == math.inf:
        return grown
    return -tau_s * math.log1p(-grown / tau_s) if grown < tau_s else math.inf


def _parallel(first_ohm: float, second_ohm: float) -> float:
    if second_ohm == math.inf:
        return first_ohm
    return first_ohm * second_ohm / (first_ohm + second_ohm)


def current_mode(circuit: Circuit, amps: float) -> Mode:
    """The stage sets the current; the voltage is I R + u."""
    series, farad, leak = circuit
    return Mode(
        DRIVEN,
        amps / farad if farad else 0.0,
        leak * farad if farad else math.inf,
        (amps, 0.0),
        (amps * series, 1.0),
    )


def voltage_mode(circuit: Circuit, volts: float, source_ohm: float, name: str) -> Mode:
    """A voltage behind `source_ohm`; the load's own voltage is what the source does not drop."""
    series, farad, leak = circuit
    total = series + source_ohm
    current = (volts / total, -1.0 / total)
    voltage = (volts * series / total, source_ohm / total)
    if not farad:
        return Mode(name, 0.0, math.inf, current, voltage)
    return Mode(name, volts / (total * farad), farad * _parallel(total, leak), current, voltage)


def apart_mode(circuit: Circuit, demand: Demand, condition: str) -> Mode:
    """Nothing of the stage reaches the capacitor: contacts open, lead broken or lead shorted."""
    series, farad, leak = circuit
    if condition == LEAD_SHORT:
        flows = demand.value
        if demand.mode != DRIVEN:
            flows = demand.value / demand.source_ohm if demand.value else 0.0
        tau = farad * _parallel(series, leak) if farad else math.inf
        return Mode(demand.mode, 0.0, tau, (flows, 0.0), (0.0, 0.0))
    tau = leak * farad if farad else math.inf
    if condition == HEALTHY:
        return Mode(OPEN, 0.0, tau, (0.0, 0.0), (0.0, 1.0))
    rails = demand.value  # a broken lead: the stage runs to its compliance, or shows its voltage
    if demand.mode == DRIVEN:
        rails = math.copysign(demand.limit_v, demand.value) if demand.value else 0.0
    return Mode(OPEN, 0.0, tau, (0.0, 0.0), (rails, 0.0))


class Regimes:
    """The modes one demand can put the load into, and the voltages of u at which they change."""

    def __init__(self, circuit: Circuit, demand: Demand, condition: str = HEALTHY):
        self.clamps: tuple[Mode, ...] = ()
        self.bounds = (-math.inf, math.inf)
        if condition != HEALTHY or demand.mode == OPEN:
            self.free = apart_mode(circuit, demand, condition)
        elif demand.mode == DRIVEN:
            self.free = current_mode(circuit, demand.value)
            drop = demand.value * circuit.series_ohm
            if math.isfinite(demand.limit_v):
                self.bounds = (-demand.limit_v - drop, demand.limit_v - drop)
                self.clamps = (
                    voltage_mode(circuit, -demand.limit_v, 0.0, CLAMPED),
                    voltage_mode(circuit, demand.limit_v, 0.0, CLAMPED),
                )
        else:
            self.free = voltage_mode(circuit, demand.value, demand.source_ohm, demand.mode)

    def at(self, volts: float) -> Mode:
        """The mode at a capacitor voltage; on a bound, the one it is moving into."""
        if not self.clamps:
            return self.free
        low, high = self.bounds
        slope = self.free.drive - volts / self.free.tau_s
        if volts > high or (volts == high and slope > 0):
            return self.clamps[1]
        if volts < low or (volts == low and slope < 0):
            return self.clamps[0]
        return self.free

    def change(self, mode: Mode, volts: float, slope: float) -> tuple[float, float]:
        """(seconds until the mode changes, capacitor voltage then); infinite if it never does."""
        if not self.clamps:
            return math.inf, volts
        low, high = self.bounds
        if mode is self.free:
            target = high if slope > 0 else low
        else:
            target = low if mode is self.clamps[0] else high
        return crossing_s(volts, slope, mode.tau_s, target), target

    def after(self, mode: Mode, target: float) -> Mode:
        """The mode that follows when the capacitor reaches `target`."""
        if mode is not self.free:
            return self.free
        return self.clamps[1] if target == self.bounds[1] else self.clamps[0]


class Load:
    """The load in time. Calls `begin(tick, piece)` whenever a new piece begins.

    Ticks are of `clock_hz`; a clamp may begin between two, so a piece's tick is a float.
    """

    def __init__(self, circuit: Circuit, clock_hz: int, begin: Callable[[float, Piece], None]):
        if circuit.series_ohm <= 0:
            raise ValueError(f"series_ohm is {circuit.series_ohm}: it must be above 0, such as 500")
        leak = circuit.leak_ohm or math.inf
        self.circuit = circuit._replace(leak_ohm=leak)
        self.condition = HEALTHY
        self._clock_hz = clock_hz
        self._begin = begin
        self._known: dict[tuple[Demand, str], Regimes] = {}
        self._demand = Demand(OPEN)
        self._volts = 0.0
        self._enter(0.0)

    def apply(self, tick: float, demand: Demand) -> None:
        """The stage demands something else from `tick` on. Ticks must not go back."""
        self.advance(tick)
        self._volts = self.capacitor_v(tick)
        self._demand = demand
        self._enter(tick)

    def condition_at(self, tick: float, condition: str) -> None:
        """The lead becomes HEALTHY, LEAD_OPEN or LEAD_SHORT at `tick`."""
        self.condition = condition
        self.apply(tick, self._demand)

    def exchange(self, tick: float, circuit: Circuit) -> None:
        """Other parts from `tick` on, with the charge that the old ones had."""
        self.advance(tick)
        self._volts = self.capacitor_v(tick)
        self.circuit = circuit
        self._known.clear()
        self._enter(tick)

    def advance(self, tick: float) -> None:
        """Make every change of mode that falls before `tick`."""
        while self._change_tick < tick:
            self._volts = self._target
            self._start(self._change_tick, self._regimes.after(self._mode, self._target))

    def capacitor_v(self, tick: float) -> float:
        """The capacitor's voltage at a tick of the piece that is under way."""
        t_s = (tick - self._tick) / self._clock_hz
        return self._volts + self._slope * growth(t_s, self._mode.tau_s)

    def _enter(self, tick: float) -> None:
        key = (self._demand, self.condition)
        found = self._known.get(key)
        if found is None:
            if len(self._known) > 4096:  # a long ramp: forget the amplitudes it came through
                self._known.clear()
            found = self._known[key] = Regimes(self.circuit, self._demand, self.condition)
        self._regimes = found
        self._start(tick, found.at(self._volts))

    def _start(self, tick: float, mode: Mode) -> None:
        volts = self._volts
        slope = mode.drive - volts / mode.tau_s
        self._tick, self._mode, self._slope = tick, mode, slope
        wait_s, self._target = self._regimes.change(mode, volts, slope)
        self._change_tick = tick + wait_s * self._clock_hz
        (i_fixed, i_share), (v_fixed, v_share) = mode.current, mode.voltage
        self._begin(
            tick,
            Piece(
                mode.name,
                i_fixed + i_share * volts,
                i_share * slope,
                v_fixed + v_share * volts,
                v_share * slope,
                mode.tau_s,
            ),
        )
