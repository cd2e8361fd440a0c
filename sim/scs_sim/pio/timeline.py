"""Levels of input pins over time: piecewise constant, one list of changes per pin.

Role: the inputs of the PIO executor (the sentinel watches ACTIVE through it).
Invariant: a pin is low until its first edge, and its changes alternate.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable


class Timeline:
    """Levels of input pins by tick; edges are (tick, pin, level), per pin in order of time."""

    def __init__(self, edges: Iterable[tuple[int, int, int]] = ()) -> None:
        self._changes: dict[int, list[int]] = {}
        for tick, pin, level in edges:
            self.append(tick, pin, level)

    def append(self, tick: int, pin: int, level: int) -> None:
        """Set `pin` to `level` from `tick` on; raise ValueError if that goes back in time."""
        changes = self._changes.setdefault(pin, [])
        if changes and tick < changes[-1]:
            raise ValueError(f"pin {pin}: tick {tick} comes after tick {changes[-1]}")
        if level == len(changes) & 1:
            return
        if changes and tick == changes[-1]:
            changes.pop()  # up and down in one tick is no change
        else:
            changes.append(tick)

    def __contains__(self, pin: int) -> bool:
        return pin in self._changes

    @property
    def pins(self) -> tuple[int, ...]:
        """Return the pins that have changes."""
        return tuple(self._changes)

    def level(self, pin: int, tick: int) -> int:
        """Return 0 or 1: the level of `pin` during `tick`."""
        return bisect_right(self._changes.get(pin, ()), tick) & 1

    def next_change(self, pin: int, tick: int) -> int | None:
        """Return the first tick after `tick` at which `pin` changes; None if it never does."""
        changes = self._changes.get(pin, ())
        index = bisect_right(changes, tick)
        return changes[index] if index < len(changes) else None
