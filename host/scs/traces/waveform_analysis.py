"""Measure a trace: pulses, rate, charge and residual charge.

Role: (time_s, current_a) -> Measured. It is independent of programs, codes and boards, so that
its results can be compared with them.
Invariant: between two rows the current is a straight line; two rows of one time are a step. A
pulse is a stretch of one sign that moves charge away from zero; its recharge brings it back.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

QUIET = 0.02  # of the largest current: below it nothing is taken for a phase
REPEATS_S = 5e-3  # of the period: how far equal intervals may differ
REPEATS_C = 0.02  # of the charge: how far equal pulses may differ
LONGEST_PATTERN = 64  # pulses in a period


@dataclass(frozen=True)
class Pulses:
    """Arrays with one entry per pulse. Values are signed; a cathodic first phase is negative.

    recharge_c: charge from the end of the first phase to the next pulse, or to the end.
    """

    start_s: Floats
    width_s: Floats
    amplitude_a: Floats
    charge_c: Floats
    recharge_c: Floats

    def __len__(self) -> int:
        return len(self.start_s)


@dataclass(frozen=True)
class Measured:
    """Figures of a trace: medians over its pulses, means over its whole periods.

    Figures for which the trace is too short are None. running_c is the largest charge away from
    the period's start, residual_c the net charge of one period, dc_a the corresponding net
    current. rate_hz counts periods (or bursts), intra_rate_hz the pulses within a burst.
    """

    pulses: Pulses
    amplitude_a: float
    width_s: float
    charge_c: float
    pulses_per_period: int | None
    period_s: float | None
    rate_hz: float | None
    intra_rate_hz: float | None
    running_c: float | None
    residual_c: float | None
    dc_a: float | None


class Curve:
    """Current over time, and its integral. Raises ValueError for invalid arrays.

    means: current between two rows (A); charge: since the first row, at each row (C).
    """

    def __init__(self, time_s: ArrayLike, current_a: ArrayLike):
        self.time = np.asarray(time_s, dtype=np.float64)
        self.current = np.asarray(current_a, dtype=np.float64)
        if self.time.ndim != 1 or self.time.shape != self.current.shape or len(self.time) < 2:
            raise ValueError("a trace is two or more rows of time and current, of one length")
        self.steps = np.diff(self.time)
        if np.any(self.steps < 0) or not np.all(np.isfinite(self.current)):
            raise ValueError("a trace's times never go back, and its currents are finite")
        self.means = (self.current[1:] + self.current[:-1]) / 2
        self.charge = np.concatenate(([0.0], np.cumsum(self.means * self.steps)))

    def charge_at(self, at_s: float) -> float:
        """Return the charge since the first row."""
        index = int(np.searchsorted(self.time, at_s, side="right")) - 1
        index = min(max(index, 0), len(self.steps) - 1)
        if self.steps[index] == 0:
            return float(self.charge[index])
        into = min(max(at_s - self.time[index], 0.0), self.steps[index])
        slope = (self.current[index + 1] - self.current[index]) / self.steps[index]
        return float(self.charge[index] + into * (self.current[index] + slope * into / 2))

    def lobes(self, quiet_a: float | None = None) -> NDArray[np.int64]:
        """Return (first row, last row) of every stretch of one sign above quiet_a."""
        quiet = QUIET * float(np.max(np.abs(self.current))) if quiet_a is None else quiet_a
        signs = np.where(np.abs(self.means) > quiet, np.sign(self.means), 0.0)
        edges = np.flatnonzero(np.diff(signs)) + 1
        firsts = np.concatenate(([0], edges)).astype(np.int64)
        lasts = np.concatenate((edges, [len(signs)])).astype(np.int64)
        active = signs[firsts] != 0
        return np.column_stack((firsts[active], lasts[active]))

    def stretch(self, first: int, last: int) -> tuple[float, float, float]:
        """Return when the rectified current of a stretch first and last crosses half of its
        maximum, and for how long it is above it (s)."""
        time, steps = self.time[first : last + 1], self.steps[first:last]
        size = self.current[first : last + 1] * np.sign(self.charge[last] - self.charge[first])
        half = float(np.max(size)) / 2
        rise, fall = np.flatnonzero(size >= half)[[0, -1]]
        begin_s, end_s = time[rise], time[fall]
        if rise > 0:
            share = (half - size[rise - 1]) / (size[rise] - size[rise - 1])
            begin_s = time[rise - 1] + share * steps[rise - 1]
        if fall < last - first:
            share = (size[fall] - half) / (size[fall] - size[fall + 1])
            end_s = time[fall] + share * steps[fall]
        low, high = np.minimum(size[1:], size[:-1]), np.maximum(size[1:], size[:-1])
        span = np.where(high > low, high - low, 1.0)
        above = np.where(high > low, np.clip((high - half) / span, 0.0, 1.0), high > half)
        return float(begin_s), float(end_s), float(np.sum(steps * above))


def pulses(time_s: ArrayLike, current_a: ArrayLike) -> Pulses:
    """Return the pulses of a trace; raise ValueError for invalid arrays."""
    return _pulses(Curve(time_s, current_a))


def edges(time_s: ArrayLike, current_a: ArrayLike, quiet_a: float) -> tuple[Floats, Floats]:
    """Return (times at which current starts or stops, +1 for rising and -1 for falling).

    An edge is where the current crosses half of its stretch's maximum; a stretch below quiet_a
    has none. In order of time. Raises ValueError for invalid arrays.
    """
    curve = Curve(time_s, current_a)
    crossings = []
    for first, last in curve.lobes(quiet_a).tolist():
        sign = float(np.sign(curve.charge[last] - curve.charge[first]))
        begin_s, end_s, _width_s = curve.stretch(first, last)
        crossings += [(begin_s, sign), (end_s, -sign)]
    times, signs = np.array(crossings).reshape(-1, 2).T
    return times, signs


def _pulses(curve: Curve) -> Pulses:
    """Return a pulse for each stretch that is a first phase.

    An overshoot of the recharge counts as recovered, so that charge missing at the trace's
    beginning does not accumulate.
    """
    phases = []
    base = 0.0
    for first, last in curve.lobes().tolist():
        before = curve.charge[first] - base
        part = curve.charge[last] - curve.charge[first]
        if abs(before + part) > abs(before):
            phases.append((first, last))
        elif (before + part) * before < 0:
            base = curve.charge[last]
    first_rows, last_rows = np.array(phases, dtype=np.int64).reshape(-1, 2).T
    charge = curve.charge[last_rows] - curve.charge[first_rows]
    start_s, _end_s, width = np.array([curve.stretch(*rows) for rows in phases]).reshape(-1, 3).T
    until = np.append(curve.charge[first_rows[1:]], curve.charge[-1:])[: len(phases)]
    return Pulses(
        start_s=start_s,
        width_s=width,
        amplitude_a=np.divide(charge, width, out=np.zeros_like(charge), where=width > 0),
        charge_c=charge,
        recharge_c=until - curve.charge[last_rows],
    )


def pattern(train: Pulses) -> int | None:
    """Return the number of pulses after which the pattern repeats; None without two repeats."""
    start_s, charge_c = train.start_s, train.charge_c
    for judge_charge in (True, False):  # during a ramp only the times repeat
        for count in range(1, min(len(start_s) // 2, LONGEST_PATTERN) + 1):
            apart = start_s[count:] - start_s[:-count]
            if np.ptp(apart) > REPEATS_S * float(np.mean(apart)):
                continue
            change = np.abs(charge_c[count:] - charge_c[:-count])
            if not judge_charge or np.all(change <= REPEATS_C * np.abs(charge_c[count:])):
                return count
    return None


def measure(time_s: ArrayLike, current_a: ArrayLike) -> Measured:
    """Measure a trace; raise ValueError if it has no pulse or is invalid."""
    curve = Curve(time_s, current_a)
    train = _pulses(curve)
    if len(train) == 0:
        raise ValueError("the trace holds no pulse")
    count, start_s = pattern(train), train.start_s
    period = None if count is None else float(np.median(start_s[count:] - start_s[:-count]))
    running, residual = _per_period(curve, float(start_s[0]), period)
    several = count is not None and count > 1
    return Measured(
        pulses=train,
        amplitude_a=float(np.median(train.amplitude_a)),
        width_s=float(np.median(train.width_s)),
        charge_c=float(np.median(train.charge_c)),
        pulses_per_period=count,
        period_s=period,
        rate_hz=1 / period if period else None,
        intra_rate_hz=1 / float(np.min(np.diff(start_s))) if several else None,
        running_c=running,
        residual_c=residual,
        dc_a=residual / period if residual is not None and period else None,
    )


def _per_period(
    curve: Curve, start_s: float, period_s: float | None
) -> tuple[float | None, float | None]:
    """Return (largest charge away from a period's start, mean net charge of a period)."""
    if not period_s:
        return None, None
    whole = int((float(curve.time[-1]) - start_s) / period_s + 1e-6)
    if whole < 1:
        return None, None
    edges = start_s + period_s * np.arange(whole + 1)
    at_edges = np.array([curve.charge_at(float(edge)) for edge in edges])
    of_row = np.searchsorted(edges, curve.time, side="right") - 1
    inside = (of_row >= 0) & (of_row < whole)
    away = np.abs(curve.charge[inside] - at_edges[of_row[inside]])
    net = float(at_edges[-1] - at_edges[0]) / whole
    return float(np.max(away, initial=0.0)), net
