"""Figures measured by the tests on the emulated chip: the table that `make chip` ends with.

Role: record() keeps one figure beside its limit; `python -m sim_validation.chipfigures` prints them
all.
Invariant: a figure is kept before it is judged, so that one over its limit is in the table too.
"""

from __future__ import annotations

import json
import sys
from typing import NamedTuple

from scs_sim.chip.rig_files import CACHE

FIGURES = CACHE / "figures.jsonl"
HEAD = ("figure", "measured", "", "limit", "")


class Figure(NamedTuple):
    """A measured value. `sense` says which side of `limit` is good: "<=" or ">="."""

    name: str
    value: float
    unit: str
    sense: str
    limit: float

    @property
    def ok(self) -> bool:
        """Return True if the limit is kept."""
        return self.value <= self.limit if self.sense == "<=" else self.value >= self.limit


def record(name: str, value: float, unit: str, sense: str, limit: float) -> bool:
    """Keep a figure for the table; True when it is within its limit."""
    figure = Figure(name, value, unit, sense, limit)
    FIGURES.parent.mkdir(parents=True, exist_ok=True)
    with FIGURES.open("a", encoding="utf-8") as file:
        file.write(json.dumps(figure) + "\n")
    return figure.ok


def recorded() -> list[Figure]:
    """Return the latest figure of each name, in the order in which the names first came."""
    if not FIGURES.is_file():
        return []
    lines = FIGURES.read_text(encoding="utf-8").splitlines()
    return list({name: Figure(name, *rest) for name, *rest in map(json.loads, lines)}.values())


def number(value: float) -> str:
    """Format three significant digits, thousands apart."""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def table(figures: list[Figure]) -> str:
    """Format one line a figure, columns aligned."""
    lines = [HEAD]
    for one in figures:
        limit = f"{one.sense} {number(one.limit)}"
        verdict = "good" if one.ok else "MISSED"
        lines.append((one.name, number(one.value), one.unit, limit, verdict))
    widths = [max(len(line[at]) for line in lines) for at in range(len(HEAD))]
    return "\n".join(
        "  ".join(
            text.rjust(width) if at == 1 else text.ljust(width)
            for at, (text, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def main() -> int:
    """Print the table; 1 when a figure misses its limit."""
    figures = recorded()
    sys.stdout.write(table(figures) + "\n" if figures else "no figures were recorded\n")
    return 0 if all(one.ok for one in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
