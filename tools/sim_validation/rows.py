"""Measured values beside their targets, as `make bench` and `make chip` print them.

Role: a Row, and table() of rows.
"""

import operator
from collections.abc import Sequence
from typing import NamedTuple

SENSES = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


class Row(NamedTuple):
    """A measured value, its unit and its target: (one of SENSES, number) or None."""

    name: str
    value: float
    unit: str
    target: tuple[str, float] | None = None

    @property
    def ok(self) -> bool | None:
        """Return True if the target is met; None without one."""
        if self.target is None:
            return None
        sense, limit = self.target
        return bool(SENSES[sense](self.value, limit))


def number(value: float) -> str:
    """Format three significant digits, thousands apart."""
    return f"{value:,.0f}" if value == 0 or abs(value) >= 100 else f"{value:.3g}"


def table(what: str, target: str, rows: Sequence[Row]) -> str:
    """Format one line a row below a head, columns aligned, numbers to the right."""
    verdicts = {None: "", True: "good", False: "MISSED"}
    lines = [(what, "measured", "", target, "")]
    for row in rows:
        limit = f"{row.target[0]} {number(row.target[1])}" if row.target else ""
        lines.append((row.name, number(row.value), row.unit, limit, verdicts[row.ok]))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if at == 1 else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )
