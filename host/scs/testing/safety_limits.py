"""Assertions on charge: balanced over every period, and within the bench's absolute limits.

Role: public functions of scs.testing. Invariant: the limits are those of stimcore.limits and of the
profile; nothing here is laxer.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from stimcore import limits

from ..catalog import boards
from ..profile.profile import Profile
from ..safety.check import judge
from ..safety.measured import MOST_DENSITY, MOST_SHANNON_K, shannon_k, smallest_area_cm2
from ..traces.commanded import SAME_S
from ..traces.figures import Floats
from ..traces.schedule import Schedule
from ..traces.trace import Trace
from ..traces.waveform_analysis import Curve, Measured
from . import state
from .pulses import Quantity, Train, WaveformMismatch, measured, mismatch, scheduled, tolerance
from .quantities import positive

__tracebackhide__ = True
DC_A = limits.DC_PA / 1e12


def assert_charge_balanced(trace: Trace, within: str = "") -> None:
    """Assert that the current of a trace leaves no charge behind.

    within: of every period, such as "1 nC". By default the bench's limit of net DC is held: the
    mean of every second, or of a shorter trace as a whole, is within 100 nA (what comes to rest
    within a second is a charge, not a current). Periods are those of the schedule, or those in
    which the waveform repeats. Raises WaveformMismatch, which names the pulse with which the first
    period beyond it begins; WrongUsage.

    >>> from scs import Profile
    >>> assert_charge_balanced(Profile.read("profiles/tonic_50hz.yaml").trace(0.1).trace, "1 nC")
    """
    figures = measured(trace)
    if figures.period_s is None and not (trace.schedule and trace.schedule.periods):
        raise WaveformMismatch("the trace is too short: it holds no whole period")
    begins_s, period_s = _periods(trace, figures)
    net_c = _net_c(trace, begins_s, period_s)
    if within:
        limit = positive(within, "C", "within")
        row = Quantity("net charge of a period", "C", net_c, limit)
    else:
        second = round(limits.DC_MEAN_MS / 1e3 / period_s)
        count = max(1, min(second, len(net_c)))
        sums_c = np.convolve(net_c, np.ones(count), "valid")
        over_s = count * period_s
        row = Quantity(f"net DC of {over_s:.6g} s", "nA", sums_c / over_s * 1e9, DC_A * 1e9)
    beyond = row.verdict()
    if len(beyond):
        raise _unbalanced(trace, figures, row, int(beyond[0]), float(begins_s[beyond[0]]))


def _unbalanced(
    trace: Trace, figures: Measured, row: Quantity, at: int, begin_s: float
) -> WaveformMismatch:
    """Return the failure of the period `at`, which begins at begin_s."""
    starts_s = figures.pulses.start_s
    number = min(int(np.searchsorted(starts_s, begin_s - SAME_S)), len(starts_s) - 1)
    lines = [
        f"{row.name}, from pulse {number + 1} at {starts_s[number]:.6f} s on: {row.text(at)}",
        f"{len(row.verdict())} of {len(row.values)} are beyond it",
    ]
    width_s = float(figures.pulses.width_s[number])
    return mismatch(trace, lines, float(starts_s[number]), width_s)


def _periods(trace: Trace, figures: Measured) -> tuple[Floats, float]:
    """Return (begin of every whole period, their length) in s."""
    schedule = trace.schedule
    if schedule is not None and schedule.periods:
        turns = np.arange(schedule.periods, dtype=np.float64)
        return schedule.begin_s + schedule.period_s * turns, schedule.period_s
    period_s = figures.period_s or trace.end_s
    first_s = float(figures.pulses.start_s[0])
    whole = int((trace.end_s - first_s) / period_s + 1e-6)
    return first_s + period_s * np.arange(whole, dtype=np.float64), period_s


def _net_c(trace: Trace, begins_s: Floats, period_s: float) -> Floats:
    curve = Curve.from_zero(trace.time_s, trace.current_a)
    edges_s = np.append(begins_s, begins_s[-1] + period_s)
    return np.diff([curve.charge_at(float(edge_s)) for edge_s in edges_s])


def assert_within_limits(subject: Trace | Profile | str | Path, board: str = "") -> None:
    """Assert that a profile is admitted, or that a trace keeps the limits.

    subject: a Profile or its file is judged by the device's own kernel on a board (BOARD/STAGE/LOAD
    of boards.yaml, default its first row); of a Trace, with its schedule, every pulse's peak is
    held against the profile's ceiling, its charge, density and Shannon k against the absolute
    limits, and so are the unrecovered charge and the net DC. Raises WaveformMismatch with value and
    limit of every violation of a profile, or of the first pulse of a trace; also ProfileError and
    WrongUsage.

    >>> assert_within_limits("profiles/tonic_50hz.yaml")
    """
    if isinstance(subject, Trace):
        _hold_trace(subject)
        return
    profile = subject if isinstance(subject, Profile) else Profile.read(state.path(subject))
    problems = judge(profile, boards.board(board)).errors
    if problems:
        lines = [f"{profile.file}:{row.line}: {row.path}: {row.message}" for row in problems]
        raise WaveformMismatch("\n".join(lines))


def _hold_trace(trace: Trace) -> None:
    schedule, figures = scheduled(trace, "assert_within_limits"), measured(trace)
    for number, name in enumerate(schedule.names):
        own = figures.pulses.of(figures.pulses.program == number)
        if len(own):
            own_train = Train(trace, f" of {name!r}", own, np.arange(1, len(own) + 1))
            _hold_pulses(own_train, schedule, number)
    _hold_periods(trace, schedule, figures)


def _hold_pulses(own: Train, schedule: Schedule, number: int) -> None:
    """Hold peak, charge, density and Shannon k of each pulse, the larger polarity of each."""
    ceiling_a = schedule.group.programs[number].ceiling_ua / 1e6
    area_cm2 = smallest_area_cm2(schedule.group, number)
    cathodic, anodic = own.pulses.cathodic, own.pulses.anodic
    peak_a = np.maximum(np.abs(cathodic.peak_a), np.abs(anodic.peak_a))
    charge_c = np.maximum(np.abs(cathodic.charge_c), np.abs(anodic.charge_c))
    over_a = tolerance(schedule).current_a(ceiling_a)
    source = "the profile's ceiling and the stage's tolerance"
    own.hold(Quantity("peak", "A", peak_a, ceiling_a + over_a, source=source))
    charge = Quantity("charge", "C", charge_c, limits.PHASE_CHARGE_PC / 1e12)
    own.hold(charge)
    density = charge_c * 1e6 / area_cm2
    own.hold(replace(charge, name="density", unit="uC/cm2", values=density, within=MOST_DENSITY))
    # far below the limit it is negative, and without charge -inf
    k = np.maximum(shannon_k(charge_c * 1e6, area_cm2), 0.0)
    own.hold(replace(charge, name="Shannon k", unit="", values=k, within=MOST_SHANNON_K))


def _hold_periods(trace: Trace, schedule: Schedule, figures: Measured) -> None:
    """Hold the unrecovered charge and the net DC over the trace's periods."""
    area_cm2 = min(smallest_area_cm2(schedule.group, at) for at in range(len(schedule.names)))
    running_uc = np.array([figures.running_c or 0.0]) * 1e6
    k = shannon_k(running_uc, area_cm2)
    for row in (
        Quantity("density, unrecovered", "uC/cm2", running_uc / area_cm2, MOST_DENSITY),
        Quantity("Shannon k, unrecovered", "", np.maximum(k, 0.0), MOST_SHANNON_K),
    ):
        if len(row.verdict()):
            raise _unbalanced(trace, figures, row, 0, schedule.begin_s)
    assert_charge_balanced(trace)
