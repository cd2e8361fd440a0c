"""Waveform: current and voltage at the load over time, and what can be asked of it.

Role: all of a Trace but its pictures, which are drawn of a Waveform; RowsOf: the same, whether in
memory or not. Rows are joined by straight lines; two rows of one time are the two sides of a step;
a curve has its rows close together where it bends.
Invariant: times begin at 0 and never go back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from .commanded import SAME_S
from .figures import Floats, Pulses
from .schedule import Schedule
from .waveform_analysis import Measured, measure, pulses

Kind = TypeVar("Kind", bound="Waveform", covariant=True)


@dataclass(frozen=True)
class Waveform:
    """Three arrays of one length, and the schedule of the programs they are of."""

    time_s: Floats
    current_a: Floats
    voltage_v: Floats
    schedule: Schedule | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.time_s)

    def columns(self) -> tuple[Floats, Floats, Floats]:
        """Return (time_s, current_a, voltage_v)."""
        return self.time_s, self.current_a, self.voltage_v

    @property
    def end_s(self) -> float:
        """Time of the last row in s; 0 if empty."""
        return float(self.time_s[-1]) if len(self) else 0.0

    def blocks(self) -> Iterator[Self]:
        """Yield the trace as one block, as Store.blocks() does in several."""
        yield self

    def whole(self) -> Self:
        """Return itself: it is in memory."""
        return self

    def measure(self) -> Measured:
        """Measure the trace by its schedule, else by itself; raise ValueError without a pulse.

        Amplitude in A, width in s, charge in C, rates in Hz: means over its pulses.

        Example::

            >>> from scs import Profile
            >>> measured = Profile.read("profiles/tonic_50hz.yaml").trace(0.1).trace.measure()
            >>> f"{measured.rate_hz:.0f} Hz, {measured.amplitude_a * 1e3:.2f} mA"
            '50 Hz, -2.00 mA'
        """
        return measure(self.time_s, self.current_a, self.schedule)

    def pulses(self) -> Pulses:
        """Return its pulses, one entry each: begin (s), peak (A), width (s), charge (C)."""
        return pulses(self.time_s, self.current_a)

    def window(self, start_s: float, end_s: float) -> Self:
        """Return the part between two times, with times counted from the first.

        start_s, end_s: in s. On a step it begins with the value after it and ends with the value
        before it.

        Example::

            >>> from scs import Profile
            >>> trace = Profile.read("profiles/tonic_50hz.yaml").trace(0.1).trace
            >>> periods = trace.window(0.02, 0.06)  # the second and the third
            >>> len(periods.pulses()), round(periods.end_s, 9)
            (2, 0.04)
        """
        start_s, end_s = self._snapped(start_s), self._snapped(end_s)
        inside = (self.time_s > start_s) & (self.time_s < end_s)
        times = np.concatenate(([start_s], self.time_s[inside], [end_s]))
        first = self.at(times[:1], np.searchsorted(self.time_s, times[:1], side="right"), 0.0)
        last = self.at(times[-1:], np.searchsorted(self.time_s, times[-1:], side="left"), 0.0)
        middle = (self.current_a[inside], self.voltage_v[inside])
        current, voltage = (
            np.concatenate(parts) for parts in zip(first, middle, last, strict=True)
        )
        schedule = self.schedule.within(start_s, end_s) if self.schedule else None
        shifted = schedule.shifted(-start_s) if schedule else None
        return type(self)(times - start_s, current, voltage, shifted)

    def _snapped(self, at_s: float) -> float:
        """Return the time of a row within SAME_S of `at_s`, else `at_s`."""
        index = int(np.searchsorted(self.time_s, at_s - SAME_S))
        near = index < len(self) and self.time_s[index] - at_s < SAME_S
        return float(self.time_s[index]) if near else at_s

    def at(self, at_s: Floats, after: NDArray[np.int64], on_step: float) -> tuple[Floats, Floats]:
        """Return (current_a, voltage_v) at times, each on the line that ends in its row `after`.

        on_step: 0 for the value before a step, 1 for the one after it.
        """
        after = np.clip(after, 1, len(self) - 1)
        begin = self.time_s[after - 1]
        length = self.time_s[after] - begin
        share = np.clip((at_s - begin) / np.where(length > 0, length, 1.0), 0.0, 1.0)
        share = np.where(length > 0, share, on_step)
        current, voltage = (
            values[after - 1] + share * (values[after] - values[after - 1])
            for values in (self.current_a, self.voltage_v)
        )
        return current, voltage


class RowsOf(Protocol[Kind]):
    """Rows of a trace, in memory or not."""

    @property
    def end_s(self) -> float:
        """Time of the last row in s; 0 if empty."""

    def __len__(self) -> int: ...

    def blocks(self) -> Iterator[Kind]:
        """Yield the rows in order, in blocks."""

    def window(self, start_s: float, end_s: float) -> Kind:
        """Return the part between two times, as Waveform.window."""

    def whole(self) -> Kind:
        """Return all rows in memory; raise WrongUsage if there are too many."""
