"""Figures measured by the tests on the emulated chip: the table that `make chip` ends with.

Role: record() keeps a figure beside its limit; `python -m sim_validation.chipfigures` prints them
all.
Invariant: a figure is kept before it is judged, so that one over its limit is in the table too.
"""

from __future__ import annotations

import json
import sys

from scs_sim.chip.rig_files import CACHE

from . import rows
from .rows import Row

FIGURES = CACHE / "figures.jsonl"


def record(name: str, value: float, unit: str, sense: str, limit: float) -> bool:
    """Keep a figure for the table; True when it is within its limit."""
    FIGURES.parent.mkdir(parents=True, exist_ok=True)
    with FIGURES.open("a", encoding="utf-8") as file:
        file.write(json.dumps([name, value, unit, sense, limit]) + "\n")
    return bool(Row(name, value, unit, (sense, limit)).ok)


def recorded() -> list[Row]:
    """Return the latest figure of each name, in the order in which the names first came."""
    if not FIGURES.is_file():
        return []
    figures = {}
    for line in FIGURES.read_text(encoding="utf-8").splitlines():
        name, value, unit, sense, limit = json.loads(line)
        figures[name] = Row(name, value, unit, (sense, limit))
    return list(figures.values())


def table() -> str:
    """Return the table of all figures; empty if none were recorded."""
    figures = recorded()
    return rows.table("figure", "limit", figures) if figures else ""


def main() -> int:
    """Print the table; 1 when a figure misses its limit."""
    sys.stdout.write(f"{table() or 'no figures were recorded'}\n")
    return 0 if all(figure.ok for figure in recorded()) else 1


if __name__ == "__main__":
    sys.exit(main())
