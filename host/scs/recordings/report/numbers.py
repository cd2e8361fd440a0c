"""Numbers of a report: delivered against commanded current, and residuals.

Role: a trace and the Command of one of its periods -> rows for a table, independent of stage and
load. Invariant: a delivered current is the mean over the commanded phase, so that a late edge
shows as too little current.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...traces.commanded import SAME_S, Command
from ...traces.schedule import Schedule
from ...traces.trace import EDGE_S, Trace
from ...traces.trace_store import Rows
from ...traces.waveform_analysis import Curve, Measured, sampling_s

MEASURED_ROWS = 1_000_000  # so much of a run, its end, is measured


@dataclass(frozen=True)
class Phase:
    """Phase: start in its period and length (s), commanded and delivered current (A)."""

    begin_s: float
    length_s: float
    commanded_a: float
    delivered_a: float

    @property
    def off(self) -> float:
        """Relative deviation of delivered from commanded current."""
        return self.delivered_a / self.commanded_a - 1


@dataclass(frozen=True)
class Left:
    """Residual voltage (V) just before the next period: largest and last.

    at_end_v: at the end of the trace.
    """

    most_v: float
    last_v: float
    at_end_v: float


def period(rows: Rows, command: Command) -> Trace:
    """Return the delivered trace of the commanded period, from time 0."""
    return rows.window(command.begin_s, command.end_s)


def line(command: Command) -> Trace:
    """Return the commanded current as a trace, from time 0; its voltage is 0."""
    ends = np.cumsum(command.length_s)
    begins = np.concatenate(([0.0], ends[:-1]))
    times = np.column_stack((begins, ends)).reshape(-1)
    current = np.repeat(np.array(command.current_a), 2)
    return Trace(times, current, np.zeros_like(current))


def phases(delivered: Trace, command: Command) -> list[Phase]:
    """Return every phase that drives current, in order."""
    charge = Curve(delivered.time_s, delivered.current_a).charge
    driven, begin_s = [], 0.0
    for length_s, current_a in zip(command.length_s, command.current_a, strict=True):
        if current_a:
            ends = np.interp((begin_s, begin_s + length_s), delivered.time_s, charge)
            mean_a = float(ends[1] - ends[0]) / length_s
            driven.append(Phase(begin_s, length_s, current_a, mean_a))
        begin_s += length_s
    return driven


def measured(rows: Rows, schedule: Schedule | None = None) -> tuple[Measured, Trace] | None:
    """Measure a run; return (figures, the part that was measured, in the run's time).

    By its schedule the last whole periods at full amplitude, else the end; None without a pulse.
    """
    longest_s = rows.end_s * MEASURED_ROWS / max(1, len(rows))
    end_s, begin_s = rows.end_s, max(0.0, rows.end_s - longest_s)
    if schedule is not None:
        schedule = schedule.within(0.0, end_s)
        most = max(1, int(longest_s / schedule.period_s))
        end_s = schedule.end_s
        schedule = schedule.within(end_s - most * schedule.period_s, end_s)
        begin_s = schedule.begin_s
    if end_s <= begin_s:
        return None
    part = rows.window(begin_s, end_s)
    part = Trace(part.time_s + begin_s, part.current_a, part.voltage_v, schedule)
    try:
        return part.measure(), part
    except ValueError:
        return None


def unsure_c(figures: Measured, part: Trace) -> float:
    """Return the net charge of a period (C) that samples do not show: each edge is off by one."""
    count = figures.pulses_per_period or len(figures.pulses)
    peaks_a = [figures.pulses.cathodic.peak_a, figures.pulses.anodic.peak_a]
    return sampling_s(part.time_s) * float(np.sum(np.abs(peaks_a)[:, :count]))


def left(figures: Measured, part: Trace, rows: Rows) -> Left | None:
    """Return the residual voltages before the periods of a part of a trace; None without a period.

    They are read before the first sample, or before the step, of the next period's first pulse: of
    an evenly sampled trace a whole sample before, since a line to the next one is of the pulse.
    """
    schedule = part.schedule
    if schedule is not None and schedule.periods:
        begins = schedule.begin_s + schedule.period_s * np.arange(1, schedule.periods + 1)
    else:
        begins = figures.pulses.start_s[:: figures.pulses_per_period or len(figures.pulses)][1:]
    if not len(begins):
        return None
    if step_s := sampling_s(part.time_s):
        row = np.searchsorted(part.time_s, begins - step_s, side="right") - 1
        volts = part.voltage_v[np.maximum(row, 0)]
    else:
        volts = np.interp(begins - SAME_S, part.time_s, part.voltage_v)
    at_end_v = rows.window(max(0.0, rows.end_s - EDGE_S), rows.end_s).voltage_v[-1]
    return Left(float(np.max(np.abs(volts))), float(volts[-1]), float(at_end_v))
