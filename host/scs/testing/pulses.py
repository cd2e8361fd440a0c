"""Hold a quantity of every pulse against its limit; a failure names the pulse and draws it.

Role: what the assertions on waveforms share. Invariant: nothing is measured here: the pulses are
those of Trace.measure(), the tolerances those of scs.traces.tolerance; a value that is not a number
fails.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..catalog import boards
from ..documents.problem import nearest
from ..errors import WrongUsage
from ..traces import terminal_plot
from ..traces.figures import Floats, Integers, Pulses
from ..traces.schedule import Schedule
from ..traces.tolerance import Tolerance
from ..traces.trace import Trace
from ..traces.waveform_analysis import Measured
from .quantities import shown, within

__tracebackhide__ = True
COLUMNS, ROWS = 64, 6  # of a plot
AHEAD, BEHIND = 0.5, 6.0  # of a pulse's width, drawn before and after its beginning
OF_STAGE = "the stage's tolerance"

Within = str | Mapping[str, str]


class WaveformMismatch(AssertionError):
    """Failed assertion on a waveform; at_s: where in the trace (s), None if nowhere."""

    __module__ = "scs.testing"  # its public name, shown in pytest's summary

    def __init__(self, message: str, at_s: float | None = None):
        super().__init__(message)
        self.at_s = at_s


@dataclass(frozen=True)
class Quantity:
    """One quantity of every pulse, in `unit` (SI).

    wanted: what it should be, within a tolerance; None: within is a limit. Arrays have one entry a
    pulse. source: where the tolerance or limit comes from.
    """

    name: str
    unit: str
    values: Floats
    within: Floats | float
    wanted: Floats | float | None = None
    source: str = ""

    def verdict(self) -> Integers:
        """Return the places of the pulses that are beyond it."""
        off = self.values if self.wanted is None else self.values - self.wanted
        return np.flatnonzero(~(np.abs(off) <= self.within))

    def text(self, at: int) -> str:
        """Return the value and the limit of a pulse."""
        limit = float(np.broadcast_to(self.within, self.values.shape)[at])
        if self.wanted is None:
            allowed = f"limit {shown(limit, self.unit)}"
        else:
            wanted = float(np.broadcast_to(self.wanted, self.values.shape)[at])
            allowed = f"limit {shown(wanted, self.unit)} ± {shown(limit, self.unit)}"
        source = f" ({self.source})" if self.source else ""
        return f"{shown(float(self.values[at]), self.unit)}, {allowed}{source}"


@dataclass(frozen=True)
class Train:
    """Pulses of one program of a trace: label for messages, pulses, and their numbers from 1."""

    trace: Trace
    label: str
    pulses: Pulses
    numbers: Integers

    def hold(self, quantity: Quantity) -> None:
        """Raise WaveformMismatch with the first pulse that is beyond a quantity."""
        beyond = quantity.verdict()
        if not len(beyond):
            return
        at = int(beyond[0])
        start_s = float(self.pulses.start_s[at])
        lines = [
            f"{quantity.name} of pulse {self.numbers[at]}{self.label} at {start_s:.6f} s: "
            f"{quantity.text(at)}",
            f"{len(beyond)} of {len(quantity.values)} pulses are beyond it",
        ]
        raise mismatch(self.trace, lines, start_s, float(self.pulses.width_s[at]))


def mismatch(
    trace: Trace, lines: list[str], at_s: float, width_s: float | None = None
) -> WaveformMismatch:
    """Return the failure with a plot of the current around a time; width_s: of the pulse there."""
    width_s = width_s or trace.end_s / (AHEAD + BEHIND) or 1e-3
    return WaveformMismatch("\n".join([*lines, *plot(trace, at_s, width_s)]), at_s)


def plot(trace: Trace, at_s: float, width_s: float, origin_s: float = 0.0) -> list[str]:
    """Return the lines of a plot of current, of a few widths around a time (s).

    origin_s: where the trace begins, in the time that is shown.
    """
    if len(trace) < 2:
        return []
    begin_s = max(at_s - AHEAD * width_s, float(trace.time_s[0]))
    end_s = min(at_s + BEHIND * width_s, trace.end_s)
    if not end_s > begin_s:
        return []
    part = trace.window(begin_s, end_s)
    low, top = terminal_plot.bounds(part.current_a)
    drawn = terminal_plot.draw(part.time_s, part.current_a, part.end_s, COLUMNS, ROWS)
    marks = [shown(top, "A"), *[""] * (ROWS - 2), shown(low, "A")]
    head = f"current from {origin_s + begin_s:.6f} s to {origin_s + end_s:.6f} s:"
    return [head, *(f"{mark:>10} {line}" for mark, line in zip(marks, drawn, strict=True))]


def measured(trace: Trace) -> Measured:
    """Return a trace's figures; raise WaveformMismatch if it holds no pulse."""
    check_is_trace(trace)
    try:
        return trace.measure()
    except ValueError as reason:
        raise WaveformMismatch(str(reason)) from None


def check_is_trace(subject: object) -> None:
    """Raise WrongUsage for what is no trace, such as the name of a profile."""
    if not isinstance(subject, Trace):
        raise WrongUsage(
            f"a {type(subject).__name__} is no trace: take one, e.g. scs_trace('my.yaml', 1.0)"
        )


def scheduled(trace: Trace, purpose: str) -> Schedule:
    """Return a trace's schedule; raise WrongUsage without a whole period of it."""
    check_is_trace(trace)
    schedule = trace.schedule
    if schedule is None or not schedule.periods:
        raise WrongUsage(
            f"{purpose}: the trace holds no whole period of a known profile; take one of a period "
            "or more with scs_trace, Profile.trace() or Bench.scope()"
        )
    return schedule


def tolerance(schedule: Schedule) -> Tolerance:
    """Return the tolerance of the stage that a trace was taken on."""
    board = schedule.board
    return Tolerance.of(board, boards.electrical(board.name)["stage"])


def train(trace: Trace, figures: Measured, program: str | int | None) -> Train:
    """Return the pulses of a program, by its name or number from 1; None: the only one.

    Raises WrongUsage for an unknown program, or if there are several and none is named;
    WaveformMismatch if it has no pulse.
    """
    names = trace.schedule.names if trace.schedule and trace.schedule.periods else ("",)
    number = _number(names, program)
    own = figures.pulses.of(figures.pulses.program == number)
    label = f" of {names[number]!r}" if names[number] else ""
    if not len(own):
        raise WaveformMismatch(f"the trace holds no pulse{label}")
    return Train(trace, label, own, np.arange(1, len(own) + 1))


def _number(names: tuple[str, ...], program: str | int | None) -> int:
    listed = ", ".join(repr(name) for name in names)
    if program is None:
        if len(names) > 1:
            raise WrongUsage(f"program: the trace is of {len(names)} programs; name one: {listed}")
        return 0
    if isinstance(program, int) and 1 <= program <= len(names):
        return program - 1
    if program in names:
        return names.index(str(program))
    hint = nearest(program, names) if isinstance(program, str) else ""
    raise WrongUsage(f"program: there is no program {program!r}{hint}; the trace has {listed}")


def allowed(
    given: Within, name: str, unit: str, of: float, usual: float | None
) -> tuple[float, str]:
    """Return (tolerance in SI, its source) of a quantity: the one given, else the stage's.

    given: one for all quantities, or by their names; usual: None where the stage is not known.
    """
    text: Any = given.get(name, "") if isinstance(given, Mapping) else given
    if text:
        return within(text, unit, of, f"within: {name}"), ""
    if usual is None:
        raise WrongUsage(
            f"within: the trace does not tell its stage, so {name} needs a tolerance; "
            f'e.g. within={{"{name}": "1 %"}}'
        )
    return usual, OF_STAGE
