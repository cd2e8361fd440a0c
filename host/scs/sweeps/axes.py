"""Axes of a sweep: one field that is varied, its values, and its place in the profile.

Role: the entries under `vary` -> Axis. Invariant: a value is a text as a person would write it in
the profile, so that a row is judged as `scs check` judges the file with that text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..documents import units
from ..documents.model_validation import flow
from ..documents.problem import Place, ProblemError, nearest
from ..profile import fields

FIXTURE = ("board", "stage", "load")
CONTACTS = "contacts"  # a mapping of cathodes and anodes, which take their place
STEPS = re.compile(r"([^.\[\]]+)|\[([0-9]+)\]")  # of a place: a field, or a number in a list
PROGRAM = re.compile(r"programs\[([0-9]+)\]\.(.+)|programs\.(.+)")
EXAMPLE = "programs[0].amplitude"


@dataclass(frozen=True)
class Axis:
    """Field that is varied. place: in the profile; of the fixture, its kind alone.

    grid: of a quantity, "" for other values, which the table shows as texts. values: as YAML
    values, () for a range of low to high, in steps of the grid; count: of a range in a grid.
    """

    name: str
    place: Place
    grid: str
    values: tuple[Any, ...] = ()
    low: int = 0
    high: int = 0
    log: bool = False
    count: int = 0

    @property
    def size(self) -> int:
        """Number of values of the axis in a grid; 0 for a range without a count."""
        return len(self.values) or self.count

    @property
    def column(self) -> str:
        """Name of its column in the table."""
        return f"{self.name}_{self.grid}" if self.grid else self.name

    def at(self, place: int) -> Any:
        """Return the value at a place of the axis in a grid or list."""
        if self.values:
            return self.values[place]
        return self.between(place / (self.count - 1) if self.count > 1 else 0.0)

    def between(self, share: float) -> Any:
        """Return the value at a share of the axis, 0 to 1."""
        if self.values:
            return self.values[min(int(share * len(self.values)), len(self.values) - 1)]
        if self.log:
            steps = self.low * math.exp(share * math.log(self.high / self.low))
        else:
            steps = self.low + share * (self.high - self.low)
        return units.text(min(round(steps), self.high), self.grid)

    def cell(self, value: Any) -> int | str:
        """Return a value as the table has it: steps of the grid, or the text of the YAML value."""
        return units.integer(value, self.grid) if self.grid else flow(value)


def place_of(name: str, programs: Sequence[str]) -> Place:
    """Return the place of a field by its name in a spec; raise ProblemError without a program.

    programs[0].rate, or by the program's name: programs.low back.rate.
    """
    if name in FIXTURE:
        return (name,)
    match = PROGRAM.fullmatch(name)
    if match is None:
        return _steps(name)
    if match[1]:
        number, rest = int(match[1]), match[2]
    else:
        owners = [own for own in programs if match[3].startswith(f"{own}.")]
        owner = max(owners, key=len, default=match[3].partition(".")[0])
        number = programs.index(owner) if owners else len(programs)
        rest = match[3][len(owner) + 1 :]
    if number >= len(programs) or not rest:
        known = ", ".join(programs)
        asked = match[1] or match[3].partition(".")[0]
        close = nearest(asked, programs)
        message = f"the profile has no such program{close}; it has {known}; e.g. {EXAMPLE}"
        raise ProblemError("sweep-program", message, known, EXAMPLE)
    return ("programs", number, *_steps(rest))


def _steps(path: str) -> Place:
    return tuple(int(at) if at else name for name, at in STEPS.findall(path))


def grid_of(place: Place) -> str:
    """Return the grid of the field at a place of the profile, "" if it is no quantity."""
    within = place[2:] if place[0] == "programs" else place
    return fields.grid(".".join(str(step) for step in within if isinstance(step, str)))


def changed(value: Any, place: Place, new: Any) -> Any:
    """Return a profile's value with another one at a place; nothing is changed in place."""
    if not place:
        return new
    head, rest = place[0], place[1:]
    if head == CONTACTS and not rest and isinstance(value, dict):
        return {**value, **new} if isinstance(new, dict) else {**value, CONTACTS: new}
    if isinstance(head, int):
        items = list(value) if isinstance(value, list) else []
        if head >= len(items):
            return [*items, changed(None, rest, new)]
        return [*items[:head], changed(items[head], rest, new), *items[head + 1 :]]
    inner = value if isinstance(value, dict) else {}
    return {**inner, head: changed(inner.get(head), rest, new)}
