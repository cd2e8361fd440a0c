"""Assertions on pulses: width, amplitude, rate, number, and each against what was compiled.

Role: public functions of scs.testing. Invariant: they take a Trace and measure it by itself; every
one checks at least one quantity of every pulse.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ..device.session import Session
from ..documents.problem import nearest
from ..errors import WrongUsage
from ..traces.commanded import SAME_S
from ..traces.figures import Floats, Integers, Phases, Polarity, Pulses
from ..traces.tolerance import Tolerance, steps
from ..traces.trace import Trace
from ..traces.waveform_analysis import Measured
from .pulses import (
    OF_STAGE,
    Quantity,
    Train,
    WaveformMismatch,
    Within,
    allowed,
    check_is_trace,
    measured,
    mismatch,
    scheduled,
    tolerance,
    train,
)
from .quantities import positive, share, si

__tracebackhide__ = True
QUANTITIES = ("width", "amplitude", "rate")


def assert_pulse(
    trace: Trace,
    *,
    width: str = "",
    amplitude: str = "",
    rate: str = "",
    program: str | int | None = None,
    within: Within = "",
) -> None:
    """Assert width, amplitude and rate of every pulse of a program.

    width: time with current of the first phase, such as "200 us". amplitude: its peak, such as
    "2 mA"; with a sign, as in "-2 mA", its polarity is checked too (cathodic is negative). rate:
    of pulses, of a burst's first pulses, such as "50 Hz"; every interval is held against it.
    program: name or number from 1, where there are several. within: the tolerance of all ("1 %"),
    or by name ({"width": "5 us", "rate": "0.1 %"}); by default the stage's own, of boards.yaml.

    Raises WaveformMismatch, an AssertionError that names the first pulse beyond a limit, with time,
    value, limit and a plot; WrongUsage for a wrong argument.

    >>> from scs import Profile
    >>> trace = Profile.read("profiles/tonic_50hz.yaml").trace(0.1).trace
    >>> assert_pulse(trace, width="200 us", amplitude="-2 mA", rate="50 Hz")
    >>> assert_pulse(trace, amplitude="2.1 mA", within="1 %")
    Traceback (most recent call last):
    ...
    scs.testing.WaveformMismatch: amplitude of pulse 1 of 'low back' at 0.000000 s: ...
    """
    if not (width or amplitude or rate):
        raise WrongUsage(f"nothing to assert: give {', '.join(QUANTITIES)}; e.g. rate='50 Hz'")
    _check_names(within)
    figures = measured(trace)
    own = train(trace, figures, program)
    known = trace.schedule and trace.schedule.periods
    stage = tolerance(trace.schedule) if trace.schedule and known else None
    if width:
        wanted = positive(width, "s", "width")
        limit, of = allowed(within, "width", "s", wanted, stage.width_s() if stage else None)
        own.hold(Quantity("width", "s", own.pulses.width_s, limit, wanted, of))
    if amplitude:
        _hold_amplitude(own, amplitude, within, stage)
    if rate:
        _hold_rate(own, figures, rate, within, stage)


def _check_names(given: Within) -> None:
    for name in given if isinstance(given, Mapping) else ():
        if name not in QUANTITIES:
            known = ", ".join(QUANTITIES)
            raise WrongUsage(f"within: no quantity {name!r}{nearest(name, QUANTITIES)}; {known}")


def _hold_amplitude(own: Train, text: Any, given: Within, stage: Tolerance | None) -> None:
    """Hold the amplitude; with a sign in its text, signed."""
    wanted = si(text, "A", "amplitude")
    signed = isinstance(text, str) and text.lstrip().startswith(("+", "-"))
    values = own.pulses.amplitude_a if signed else np.abs(own.pulses.amplitude_a)
    usual = stage.current_a(wanted) if stage else None
    limit, of = allowed(given, "amplitude", "A", wanted, usual)
    own.hold(Quantity("amplitude", "A", values, limit, wanted, of))


def _hold_rate(
    own: Train, figures: Measured, text: str, given: Within, stage: Tolerance | None
) -> None:
    """Hold every interval between pulses, or bursts; of an unknown profile the mean rate."""
    wanted = si(text, "Hz", "rate")
    if not wanted > 0:
        raise WrongUsage(f"rate: {text} is not a rate above 0; e.g. 50 Hz")
    usual = stage.rate_hz(wanted, 1 / wanted) if stage else None
    limit, of = allowed(given, "rate", "Hz", wanted, usual)
    if stage is None:  # a trace without its schedule does not tell which pulse begins a burst
        rates, heads = np.array([figures.rate_hz or np.nan]), np.zeros(1, dtype=np.int64)
    else:
        heads = np.flatnonzero(own.pulses.turn == 0)
        if len(heads) < 2:
            raise WaveformMismatch(f"one pulse{own.label} has no rate: take a longer trace")
        rates = 1 / np.diff(own.pulses.start_s[heads])
        heads = heads[1:]
    chosen = np.zeros(len(own.pulses), dtype=bool)
    chosen[heads] = True
    later = Train(own.trace, own.label, own.pulses.of(chosen), own.numbers[chosen])
    later.hold(Quantity("rate", "Hz", rates, limit, wanted, of))


def assert_pulse_count(
    subject: Trace | Session, count: int, program: str | int | None = None
) -> None:
    """Assert the number of pulses: that begin in a trace, or of a board's ledger.

    subject: a Trace at full amplitude, for which program names one of several; or a Bench or
    Stimulator, whose ledger counts every whole pulse since the last START, ramps included. Raises
    WaveformMismatch with both numbers, WrongUsage.

    >>> from scs import Profile
    >>> assert_pulse_count(Profile.read("profiles/tonic_50hz.yaml").trace(0.1).trace, 5)
    """
    if isinstance(count, bool) or not isinstance(count, int) or count < 0:
        raise WrongUsage(f"count: {count!r} is not a number of pulses; e.g. 50")
    if isinstance(subject, Session):
        book = subject.ledger()
        if program is not None:
            raise WrongUsage("program: the ledger counts the pulses of all programs")
        if book.pulses != count:
            raise WaveformMismatch(
                f"the ledger counts {book.pulses} pulses, not {count}, and {book.truncated} cut "
                f"short; it was stopped by {book.stopped}"
            )
        return
    check_is_trace(subject)
    if count == 0 and len(subject) and not len(subject.pulses()):
        return
    whole = _filled(subject)
    own = train(whole, measured(whole), program)
    if len(own.pulses) != count:
        last_s = float(own.pulses.start_s[-1])
        lines = [
            f"the trace of {subject.end_s:.6g} s holds {len(own.pulses)} pulses{own.label}, "
            f"not {count}; pulse {len(own.pulses)}, the last, is at {last_s:.6f} s"
        ]
        raise mismatch(subject, lines, last_s, float(own.pulses.width_s[-1]))


def _filled(trace: Trace) -> Trace:
    """Return a trace whose last period, if it is not whole, goes on without current."""
    schedule = trace.schedule
    if schedule is None or not 0 < trace.end_s - schedule.end_s < schedule.period_s - SAME_S:
        return trace
    time_s = np.append(trace.time_s, (trace.end_s, schedule.end_s + schedule.period_s))
    current_a, voltage_v = (np.append(column, (0.0, 0.0)) for column in trace.columns()[1:])
    longer = replace(schedule, periods=schedule.periods + 1)
    return Trace(time_s, current_a, voltage_v, longer)


def assert_as_programmed(trace: Trace, within: str = "") -> None:
    """Assert that every pulse is the one that was compiled, in both polarities.

    Time, peak, width and charge of every pulse of every program are held against the words that the
    device streams. within: a share such as "1 %" of current, width and charge; by default the
    stage's tolerance, of boards.yaml. Raises WaveformMismatch, which names the pulse; WrongUsage
    for a trace without a whole period.

    >>> from scs import Profile
    >>> assert_as_programmed(Profile.read("profiles/burst_dr.yaml").trace(0.1).trace)
    """
    schedule = scheduled(trace, "assert_as_programmed")
    if not schedule.at_target:
        raise WaveformMismatch("the trace is of a ramp: no period has the profile's amplitude")
    hold_against(trace, measured(trace), schedule.compiled, within)


def hold_against(trace: Trace, figures: Measured, wanted: Pulses, within: str) -> None:
    """Hold every pulse against that of one period, `wanted`; raise WaveformMismatch."""
    schedule = scheduled(trace, "the comparison")
    stage = tolerance(schedule)
    turns = np.arange(schedule.periods)[:, None]
    due_s = (schedule.begin_s + turns * schedule.period_s + wanted.start_s).ravel()
    of_period = np.tile(np.arange(len(wanted)), schedule.periods)
    driven = (wanted.cathodic.width_s + wanted.anodic.width_s > 0)[of_period]
    due_s, of_period = due_s[driven], of_period[driven]
    limits = _limits(wanted, stage, steps(schedule.group), within)
    for number, name in enumerate(schedule.names):
        own = wanted.program[of_period] == number
        seen = figures.pulses.of(figures.pulses.program == number)
        _hold_present(trace, name, seen, due_s[own])
        own_train = Train(trace, f" of {name!r}", seen, np.arange(1, len(seen) + 1))
        _hold_polarities(own_train, wanted, of_period[own], limits)
        late = Quantity("lateness", "s", seen.start_s - due_s[own], stage.width_s(), 0.0, OF_STAGE)
        own_train.hold(late)


def _hold_present(trace: Trace, name: str, seen: Pulses, due_s: Floats) -> None:
    """Raise WaveformMismatch with the first pulse that is missing."""
    apart_s = float(np.min(np.diff(due_s), initial=trace.end_s)) / 2
    at = np.searchsorted(seen.start_s, due_s - apart_s)
    there = at < len(seen)
    there[there] = seen.start_s[at[there]] <= due_s[there] + apart_s
    if np.all(there) and len(seen) == len(due_s):
        return
    first = int(np.flatnonzero(~there)[0])
    lines = [
        f"pulse {first + 1} of {name!r}, due at {due_s[first]:.6f} s, is missing",
        f"{len(seen)} of {len(due_s)} pulses are there",
    ]
    raise mismatch(trace, lines, float(due_s[first]), apart_s / 4)


Limits = dict[str, tuple[Floats, Floats, Floats, str]]  # polarity: peak, width, charge, source


def _limits(wanted: Pulses, stage: Tolerance, changes: list[int], within: str) -> Limits:
    """Return the tolerances of each pulse of a period."""
    parts = {"cathodic": wanted.cathodic, "anodic": wanted.anodic}
    step_a = np.abs(wanted.cathodic.peak_a) + np.abs(wanted.anodic.peak_a)
    rows: Limits = {}
    for name, phases in parts.items():
        if within:
            of = share(within, "within")
            peak_a, width_s, charge_c = (of * np.abs(values) for values in _columns(phases))
            rows[name] = (peak_a, width_s, charge_c, "")
            continue
        stage_c = [
            stage.charge_c(Polarity(peak, 0.0, width, 0.0, 1), step, changes[number])
            for peak, width, step, number in zip(
                phases.peak_a, phases.width_s, step_a, wanted.program, strict=True
            )
        ]
        peak_a = np.array([stage.current_a(peak) for peak in phases.peak_a])
        width_s = np.full(len(wanted), stage.width_s())
        rows[name] = (peak_a, width_s, np.array(stage_c), OF_STAGE)
    return rows


def _columns(phases: Phases) -> tuple[Floats, Floats, Floats]:
    return phases.peak_a, phases.width_s, phases.charge_c


def _hold_polarities(own: Train, wanted: Pulses, of_period: Integers, limits: Limits) -> None:
    """Hold peak, width and charge of both polarities."""
    sides = (
        ("cathodic", own.pulses.cathodic, wanted.cathodic),
        ("anodic", own.pulses.anodic, wanted.anodic),
    )
    for polarity, seen, asked in sides:
        *within_of, source = limits[polarity]
        rows = zip(
            ("peak", "width", "charge"),
            "AsC",
            _columns(seen),
            _columns(asked),
            within_of,
            strict=True,
        )
        for name, unit, values, target, limit in rows:
            text = f"{polarity} {name}"
            own.hold(Quantity(text, unit, values, limit[of_period], target[of_period], source))
