"""Measure a trace: pulses of each program, by polarity; rate, charge and residual charge.

Role: (time_s, current_a) -> Measured. All values are those of the samples. Of a trace that has its
schedule, the schedule says which samples belong to which program, pulse and polarity; of any other
the waveform alone does, and where it cannot, Measured says so.
Invariant: between two rows the current is a straight line; two rows of one time are a step. Charge
counts from zero current.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import figures
from .commanded import SAME_S
from .figures import Flags, Floats, Integers, Phases, ProgramFigures, Pulses
from .schedule import Schedule

QUIET = 0.02  # of the largest current: below it nothing is taken for a phase
REPEATS_S = 5e-3  # of the period: how far equal intervals may differ
REPEATS_C = 0.02  # of the charge: how far equal pulses may differ
LONGEST_PATTERN = 64  # pulses in a period
SLIGHT = 0.1  # of a phase: what its recharge may bring back too much without being a main phase
EVEN = 0.01  # of the step: a trace whose steps differ by less is evenly sampled


@dataclass(frozen=True)
class Measured:
    """Figures of a trace from begin_s to end_s: means over its pulses and its whole periods.

    programs: one row per program, in the profile's order; without a schedule one row, of all.
    amplitude_a, width_s, charge_c, rate_hz and intra_rate_hz are those of the only program: its
    peak current, and the width and the charge of the polarity that stimulates. Where there are
    several, they are None and `reason` tells so. Where a trace without a schedule does not show
    which pulse is whose, programs is empty, `reason` tells why, and rate_hz is that at which the
    whole repeats.
    Figures for which the trace is too short are None. running_c is the largest charge away from
    the period's start, residual_c the net charge of one period, dc_a the corresponding net
    current. rate_hz counts pulses (or bursts), intra_rate_hz the pulses within a burst.
    """

    pulses: Pulses
    programs: tuple[ProgramFigures, ...]
    reason: str
    begin_s: float
    end_s: float
    amplitude_a: float | None
    width_s: float | None
    charge_c: float | None
    pulses_per_period: int | None
    period_s: float | None
    rate_hz: float | None
    intra_rate_hz: float | None
    running_c: float | None
    residual_c: float | None
    dc_a: float | None


def sampling_s(time_s: Floats) -> float:
    """Return the step of an evenly sampled trace, 0 for one with a row at each change.

    A few longer steps do not count, as the device's ADC skips rests; nor do the first and the last
    one, where a window may have cut it.
    """
    steps = np.diff(time_s)
    if len(steps) < 2:
        return 0.0
    low, usual, high = np.quantile(steps[1:-1] if len(steps) > 3 else steps, (0.0, 0.5, 0.9))
    return float(usual) if usual > 0 and high - low <= EVEN * usual else 0.0


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
        self.sampling_s = sampling_s(self.time)
        self.means = (self.current[1:] + self.current[:-1]) / 2
        self.charge = np.concatenate(([0.0], np.cumsum(self.means * self.steps)))

    @classmethod
    def from_zero(cls, time_s: ArrayLike, current_a: ArrayLike) -> Curve:
        """Return the curve with a row wherever the current passes zero: no line has two signs."""
        curve = cls(time_s, current_a)
        time, current = curve.time, curve.current
        at = np.flatnonzero((current[1:] * current[:-1] < 0) & (curve.steps > 0))
        share = current[at] / (current[at] - current[at + 1])
        zeros = time[at] + share * curve.steps[at]
        split = cls(np.insert(time, at + 1, zeros), np.insert(current, at + 1, 0.0))
        split.sampling_s = curve.sampling_s
        return split

    @property
    def largest_a(self) -> float:
        """Largest current of either sign."""
        return float(np.max(np.abs(self.current)))

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
        quiet = QUIET * self.largest_a if quiet_a is None else quiet_a
        signs = np.where(np.abs(self.means) > quiet, np.sign(self.means), 0.0)
        edges = np.flatnonzero(np.diff(signs)) + 1
        firsts = np.concatenate(([0], edges)).astype(np.int64)
        lasts = np.concatenate((edges, [len(signs)])).astype(np.int64)
        active = signs[firsts] != 0
        return np.column_stack((firsts[active], lasts[active]))

    def stretch(self, first: int, last: int) -> tuple[float, float]:
        """Return when the rectified current of a stretch first and last crosses half of its
        maximum (s)."""
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
        return float(begin_s), float(end_s)

    def phases(self, begin_s: Floats, end_s: Floats, sign: int, quiet_a: float) -> Phases:
        """Return the current of one sign in each window; the curve must be one from_zero().

        Of a sampled trace an edge, a line between current and none, counts by half as time with
        current.
        """
        size = np.maximum(sign * self.current, 0.0)
        mean = np.maximum(sign * self.means, 0.0)
        edge = (size[1:] > quiet_a) != (size[:-1] > quiet_a)
        of_edge = 0.5 if self.sampling_s else 1.0
        on = np.where(mean > quiet_a, np.where(edge, of_edge, 1.0), 0.0)
        first = np.searchsorted(self.time, begin_s + SAME_S, side="right") - 1
        last = np.searchsorted(self.time, end_s - SAME_S)
        first, last = np.maximum(first, 0), np.minimum(last, len(self.steps))
        tops = np.append(np.where(self.steps > 0, np.maximum(size[1:], size[:-1]), 0.0), 0.0)
        bounds = np.column_stack((first, np.maximum(last, first))).ravel()
        peak = np.where(last > first, np.maximum.reduceat(tops, bounds)[::2], 0.0)
        width_s, charge_c = np.zeros((2, len(begin_s)))
        for at_s, way in ((begin_s, -1), (end_s, 1)):
            row = np.searchsorted(self.time, at_s, side="right") - 1
            row = np.clip(row, 0, len(self.steps) - 1)
            step = self.steps[row]
            into = np.clip(at_s - self.time[row], 0.0, step)
            slope = np.diff(size)[row] / np.where(step > 0, step, 1.0)
            width_s += way * (_sum(on * self.steps)[row] + into * on[row])
            part = into * (size[row] + slope * into / 2)
            charge_c += way * (_sum(mean * self.steps)[row] + part)
        return Phases(sign * peak, width_s, sign * charge_c)


def _sum(values: Floats) -> Floats:
    """Return the sum of all values before each."""
    return np.concatenate(([0.0], np.cumsum(values)))


def pulses(time_s: ArrayLike, current_a: ArrayLike) -> Pulses:
    """Return the pulses of a trace without a schedule; raise ValueError for invalid arrays."""
    return _pulses(Curve.from_zero(time_s, current_a))


def edges(time_s: ArrayLike, current_a: ArrayLike, quiet_a: float) -> tuple[Floats, Floats]:
    """Return (times at which current starts or stops, +1 for rising and -1 for falling).

    An edge is where the current crosses half of its stretch's maximum; a stretch below quiet_a
    has none. In order of time. Raises ValueError for invalid arrays.
    """
    curve = Curve(time_s, current_a)
    crossings = []
    for first, last in curve.lobes(quiet_a).tolist():
        sign = float(np.sign(curve.charge[last] - curve.charge[first]))
        begin_s, end_s = curve.stretch(first, last)
        crossings += [(begin_s, sign), (end_s, -sign)]
    times, signs = np.array(crossings).reshape(-1, 2).T
    return times, signs


# --- pulses ----------------------------------------------------------------------------------
def _pulses(curve: Curve) -> Pulses:
    """Return a pulse for each stretch that is a first phase, with what flows until the next one.

    A stretch that brings back more than there was, and is followed by another at once, is the main
    phase of its pulse. Any other overshoot counts as recovered, so that charge missing at the
    trace's beginning does not accumulate.
    """
    lobes = curve.lobes()
    begins, ends = curve.time[lobes[:, 0]], curve.time[lobes[:, 1]]
    pauses_s = np.append(begins[1:] - ends[:-1], np.inf)
    heads: list[int] = []  # of the stretches: first phases
    signs: list[float] = []
    before_c = 0.0  # charge of the stretch before
    balance = 0.0  # of the stretches alone: a stage's offset between them is no recharge
    for number, (first, last) in enumerate(lobes.tolist()):
        part = curve.charge[last] - curve.charge[first]
        before, after, slight = balance, balance + part, SLIGHT * abs(part)
        balance = after
        if number and begins[number] == ends[number - 1] and abs(part) <= SLIGHT * before_c:
            continue  # a discharge of what the recharge brought back too much
        before_c = abs(part)
        if abs(after) > abs(before) and (after * before >= 0 or abs(before) <= slight):
            heads.append(number)
            signs.append(np.sign(part))
        elif after * before < 0:
            at_once = pauses_s[number] <= ends[number] - begins[number]
            if at_once and abs(after) > slight and heads:
                signs[-1] = np.sign(part)
            else:
                balance = 0.0
    at = np.array(heads, dtype=np.int64)
    main, begin_s, quiet_a = np.array(signs), begins[at], QUIET * curve.largest_a
    until_s = np.append(begin_s[1:], curve.time[-1:])[: len(at)]
    # of the other sign all counts that flows, be it as weak as the end of a passive recharge
    driven_s = ends[np.append(at[1:], len(ends))[: len(at)] - 1]
    cathodic, anodic = (
        curve.phases(begin_s, np.where(main == sign, driven_s, until_s), sign, quiet_a)
        for sign in (-1, 1)
    )
    none = np.zeros(len(at), dtype=np.int64)
    return Pulses(_starts(curve, lobes[at, 0], quiet_a), main, cathodic, anodic, none, none)


def _starts(curve: Curve, rows: Integers, quiet_a: float) -> Floats:
    """Return when the lines that begin at some rows have current: an edge has it from its middle.

    Of a trace with a row at each change this is when the current leaves zero.
    """
    edge = (np.abs(curve.current[rows]) <= quiet_a) & (curve.sampling_s > 0)
    return curve.time[rows] + np.where(edge, curve.steps[rows] / 2, 0.0)


def _scheduled(curve: Curve, schedule: Schedule) -> Pulses:
    """Return the pulses of a schedule's whole periods; one without any current is left out."""
    drives, sampling_s = schedule.drives, curve.sampling_s
    quiet_a = schedule.adc_code_a if sampling_s else schedule.quiet_a
    count, turns = len(schedule.compiled), np.arange(schedule.periods)[:, None]
    origins = schedule.begin_s + turns * schedule.period_s
    begin_s, end_s = (origins + drives.begin_s).ravel(), (origins + drives.end_s).ravel()
    pulse = (turns * count + drives.pulse).ravel()
    # a sampled edge reaches up to one sample beyond the drive, but not into the next one
    room_s = np.concatenate(([sampling_s], (begin_s[1:] - end_s[:-1]) / 2, [sampling_s]))
    room_s = np.clip(room_s, 0.0, sampling_s)
    begin_s, end_s = begin_s - room_s[:-1], end_s + room_s[1:]
    cathodic, anodic = (
        _per_pulse(
            curve.phases(begin_s, end_s, sign, quiet_a),
            np.tile(driven, schedule.periods),
            pulse,
            count * schedule.periods,
        )
        for sign, driven in ((-1, drives.cathodic), (1, drives.anodic))
    )
    active = np.flatnonzero(np.abs(curve.means) > quiet_a)
    from_s = begin_s[np.searchsorted(pulse, np.arange(count * schedule.periods))]
    row = np.searchsorted(curve.time, from_s + SAME_S, side="right") - 1
    row = np.append(active, len(curve.means) - 1)[np.searchsorted(active, row)]
    train = Pulses(
        np.maximum(_starts(curve, row, quiet_a), from_s),
        np.tile(schedule.compiled.main, schedule.periods),
        cathodic,
        anodic,
        np.tile(schedule.compiled.program, schedule.periods),
        np.tile(schedule.compiled.turn, schedule.periods),
    )
    return train.of(cathodic.width_s + anodic.width_s > 0)


def _per_pulse(phases: Phases, driven: Flags, pulse: Integers, pulses: int) -> Phases:
    """Join the driven stretches of each pulse."""
    peak_a, width_s, charge_c = np.zeros((3, pulses))
    np.maximum.at(peak_a, pulse, np.where(driven, np.abs(phases.peak_a), 0.0))
    np.add.at(width_s, pulse, np.where(driven, phases.width_s, 0.0))
    np.add.at(charge_c, pulse, np.where(driven, phases.charge_c, 0.0))
    return Phases(np.copysign(peak_a, charge_c), width_s, charge_c)


# --- figures ---------------------------------------------------------------------------------
def pattern(train: Pulses) -> int | None:
    """Return the number of pulses after which the pattern repeats; None without two repeats."""
    return _repeats(train.start_s, train.charge_c)


def _repeats(start_s: Floats, charge_c: Floats) -> int | None:
    for judge_charge in (True, False):  # during a ramp only the times repeat
        for count in range(1, min(len(start_s) // 2, LONGEST_PATTERN) + 1):
            apart = start_s[count:] - start_s[:-count]
            if np.ptp(apart) > REPEATS_S * float(np.mean(apart)):
                continue
            change = np.abs(charge_c[count:] - charge_c[:-count])
            if not judge_charge or np.all(change <= REPEATS_C * np.abs(charge_c[count:])):
                return count
    return None


def measure(time_s: ArrayLike, current_a: ArrayLike, schedule: Schedule | None = None) -> Measured:
    """Measure a trace; raise ValueError if it has no pulse or is invalid.

    By the schedule if it has one and holds a whole period of it, else by the waveform alone.
    """
    curve = Curve.from_zero(time_s, current_a)
    if schedule is not None:  # what an ADC sees of whole periods lacks up to two samples
        unsure_s = 2 * curve.sampling_s
        begin_s, end_s = float(curve.time[0]) - unsure_s, float(curve.time[-1]) + unsure_s
        schedule = schedule.within(begin_s, end_s)
        if schedule.periods:
            return _by_schedule(curve, schedule)
    train = _pulses(curve)
    if len(train) == 0:
        raise ValueError("the trace holds no pulse")
    return _by_waveform(curve, train)


def _by_schedule(curve: Curve, schedule: Schedule) -> Measured:
    if not len(schedule.drives.pulse):
        raise ValueError("its programs give marks alone, no current")
    train = _scheduled(curve, schedule)
    if len(train) == 0:
        raise ValueError("the trace holds no pulse")
    count, periods = len(schedule.compiled), schedule.periods
    spans_s = train.start_s[count:] - train.start_s[:-count]
    whole = len(train) == count * periods and periods > 1
    period_s = float(np.mean(spans_s)) if whole else None
    if periods > 1:  # where pulses are missing, what there are in so much of the trace
        rows = figures.programs(train, schedule.names, periods, period_s or schedule.period_s)
    else:
        rows = figures.programs(train, schedule.names, 1, None)
    reason = "" if len(rows) == 1 else f"{len(rows)} programs: each has its own figures"
    charges_c = _per_period(curve, schedule.begin_s, schedule.period_s, periods)
    span_s = (schedule.begin_s, schedule.end_s)
    seen = _figures(train, rows, reason, span_s, charges_c, schedule.period_s)
    return replace(seen, pulses_per_period=count, period_s=period_s)


def _by_waveform(curve: Curve, train: Pulses) -> Measured:
    count, start_s = pattern(train), train.start_s
    period_s = _mean_s(start_s, count)
    # of an alternating polarity every pulse counts, not every other one
    bursts = _repeats(start_s, np.abs(train.charge_c))
    every_s = _mean_s(start_s, bursts)
    rate_hz = 1 / every_s if every_s else None
    intra_rate_hz = None
    charges_c = None
    if period_s:
        whole = int((float(curve.time[-1]) - float(start_s[0])) / period_s + 1e-6)
        if whole:
            charges_c = _per_period(curve, float(start_s[0]), period_s, whole)
    row, reason = _only(curve, train)
    intervals_s = np.diff(start_s[: bursts + 1]) if bursts else np.empty(0)
    if len(intervals_s) > 1 and _is_burst(intervals_s):
        intra_rate_hz = 1 / float(np.min(intervals_s))
    elif len(intervals_s) > 1:
        row = None
        reason = reason or (
            "the pulses come at several intervals: without its schedule a trace does not tell "
            "whether they are of one program"
        )
    rows = (replace(row, rate_hz=rate_hz, intra_rate_hz=intra_rate_hz),) if row else ()
    span_s = (float(curve.time[0]), float(curve.time[-1]))
    seen = _figures(train, rows, reason, span_s, charges_c, period_s)
    return replace(seen, pulses_per_period=count, rate_hz=rate_hz)


def _figures(
    train: Pulses,
    rows: tuple[ProgramFigures, ...],
    reason: str,
    span_s: tuple[float, float],
    charges_c: tuple[float, float] | None,
    period_s: float | None,
) -> Measured:
    """Return the figures of a trace, those of its only program among them.

    charges_c: largest running charge, and net charge of a period; None without a whole period.
    """
    only = rows[0] if len(rows) == 1 else None
    main = only.main if only else None
    return Measured(
        pulses=train,
        programs=rows,
        reason=reason,
        begin_s=span_s[0],
        end_s=span_s[1],
        amplitude_a=main.peak_a if main else None,
        width_s=main.width_s if main else None,
        charge_c=main.charge_c if main else None,
        pulses_per_period=None,
        period_s=period_s,
        rate_hz=only.rate_hz if only else None,
        intra_rate_hz=only.intra_rate_hz if only else None,
        running_c=charges_c[0] if charges_c else None,
        residual_c=charges_c[1] if charges_c else None,
        dc_a=charges_c[1] / period_s if charges_c and period_s else None,
    )


def _is_burst(intervals_s: Floats) -> bool:
    """Return True if the intervals of a period are alike but for one longer, the pause."""
    within_s = np.sort(intervals_s)[:-1]
    return float(np.ptp(within_s)) <= REPEATS_S * float(np.mean(within_s))


def _mean_s(start_s: Floats, count: int | None) -> float | None:
    return None if count is None else float(np.median(start_s[count:] - start_s[:-count]))


def _only(curve: Curve, train: Pulses) -> tuple[ProgramFigures | None, str]:
    """Return the figures of pulses that are all alike, else why there are none.

    A pulse that the trace's beginning or end may have cut need not be like the others.
    """
    unsure_s = curve.sampling_s
    alike: Flags = np.ones(len(train), dtype=bool)
    for name, values, unsure in (
        ("current", np.abs(train.amplitude_a), 0.0),
        ("width", train.width_s, unsure_s),
        ("charge", np.abs(train.charge_c), unsure_s * float(np.median(np.abs(train.amplitude_a)))),
    ):
        middle = float(np.median(values[1:-1] if len(values) > 2 else values))
        alike &= np.abs(values - middle) <= REPEATS_C * middle + unsure
        if not np.all(alike[1:-1]):
            return None, (
                f"the pulses differ in {name}: without its schedule a trace does not tell "
                "whether they are of one program"
            )
    train = train.of(alike)
    parts = figures.polarities(train)
    main = parts[0] if train.main[0] < 0 else parts[1]
    return ProgramFigures("", len(train), None, None, *parts, main), ""


def _per_period(curve: Curve, start_s: float, period_s: float, whole: int) -> tuple[float, float]:
    """Return (largest charge away from a period's start, mean net charge of a period)."""
    edges = start_s + period_s * np.arange(whole + 1)
    at_edges = np.array([curve.charge_at(float(edge)) for edge in edges])
    of_row = np.searchsorted(edges, curve.time, side="right") - 1
    inside = (of_row >= 0) & (of_row < whole)
    away = np.abs(curve.charge[inside] - at_edges[of_row[inside]])
    net = float(at_edges[-1] - at_edges[0]) / whole
    return float(np.max(away, initial=0.0)), net
