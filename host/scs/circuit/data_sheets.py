"""Data sheets of the parts: pins, limits and figures, each with where it stands.

Role: sheet() reads data_sheets.yaml, which comes with the package. Invariant: a figure without a
source is refused; values are in SI units.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import yaml

from ..documents import units

FILE = Path(__file__).with_name("data_sheets.yaml")
KINDS = ("input", "output", "passive", "supply", "ground", "power", "open")


class Figure(NamedTuple):
    """Figure of a part: typical, least and most as given (None: not given), and its source."""

    typical: float | None
    least: float | None
    most: float | None
    source: str


class Pin(NamedTuple):
    """Pin of a part. kind: one of KINDS; power is a supply's output."""

    name: str
    kind: str


class Sheet(NamedTuple):
    """Data sheet of a part number. figures, limits: name -> Figure."""

    manufacturer: str
    order: str
    document: str
    model: str  # the subcircuit of models.lib; "" has none
    pins: dict[str, Pin]
    switches: tuple[tuple[str, str, str, bool], ...]  # two pins, control, the level that closes
    ands: dict[str, tuple[str, ...]]  # output of a gate -> its inputs
    limits: dict[str, Figure]
    figures: dict[str, Figure]


def _size(value: object) -> float:
    """Return a value in SI units: 4.5 MHz, 21 V/us, 130 dB (as a ratio) or a bare number."""
    if isinstance(value, int | float):
        return float(value)
    text = str(value)
    if text.endswith(" dB"):
        return float(10 ** (float(text[:-3]) / 20))
    return float(units.registry().parse_expression(text).to_base_units().magnitude)


def _figure(row: dict[str, object]) -> Figure:
    typical, least, most = (
        _size(row[key]) if key in row else None for key in ("typical", "least", "most")
    )
    return Figure(typical, least, most, str(row["source"]))


@lru_cache(maxsize=1)
def sheets() -> dict[str, Sheet]:
    """Return every part number's sheet."""
    rows = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return {
        number: Sheet(
            row["manufacturer"],
            row["order"],
            row["document"],
            row.get("model", ""),
            {str(pin): Pin(*kind) for pin, kind in row["pins"].items()},
            tuple((str(a), str(b), str(c), bool(d)) for a, b, c, d in row.get("switches", ())),
            {str(out): tuple(map(str, into)) for out, into in row.get("ands", {}).items()},
            {name: _figure(figure) for name, figure in row.get("limits", {}).items()},
            {name: _figure(figure) for name, figure in row.get("figures", {}).items()},
        )
        for number, row in rows.items()
    }
