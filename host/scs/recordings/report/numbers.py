"""Numbers of a report: delivered against commanded current, and residuals.

Role: a trace and the Command of one of its periods -> rows for a table, independent of stage and
load. Invariant: a delivered current is the mean over the commanded phase, so that a late edge
shows as too little current.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...traces.commanded import Command
from ...traces.trace import Trace
from ...traces.trace_store import Rows
from ...traces.waveform_analysis import Curve, Measured, measure

MEASURED_ROWS = 1_000_000  # so much of a run, its end, is measured
BEFORE_S = 1e-7  # how far before a period's first edge its residual voltage is read


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


def measured(rows: Rows) -> tuple[Measured, Trace] | None:
    """Measure the end of a run; return (figures, that end), or None if it has no pulse."""
    blocks: list[Trace] = []
    for block in rows.blocks():
        blocks.append(block)
        while sum(map(len, blocks)) - len(blocks[0]) > MEASURED_ROWS:
            blocks.pop(0)
    columns = [block.columns() for block in blocks]
    tail = Trace(*(np.concatenate(parts) for parts in zip(*columns, strict=True)))
    try:
        return measure(tail.time_s, tail.current_a), tail
    except ValueError:
        return None


def left(figures: Measured, tail: Trace) -> Left | None:
    """Return the residual voltages before periods; None if there is no whole period."""
    begins = figures.pulses.start_s[:: figures.pulses_per_period or 1][1:]
    if figures.pulses_per_period is None or not len(begins):
        return None
    volts = np.interp(begins - BEFORE_S, tail.time_s, tail.voltage_v)
    return Left(float(np.max(np.abs(volts))), float(volts[-1]), float(tail.voltage_v[-1]))
