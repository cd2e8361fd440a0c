"""Draw curves in a terminal with Braille dots, two by four per character.

Role: draw() for `scs scope`. Invariant: every column shows its least and greatest value, so that
no pulse is missed.
"""

from __future__ import annotations

import numpy as np

from .waveform_analysis import Floats

_BLANK = 0x2800
# the bit of each dot: rows from the top, columns from the left (Unicode, Braille Patterns)
_BITS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))


def draw(time_s: Floats, values: Floats, span_s: float, columns: int, rows: int) -> list[str]:
    """Return `rows` lines of `columns` characters: values over 0 … span_s, zero line dotted."""
    wide, high = 2 * columns, 4 * rows
    low, top = bounds(values)
    dots = np.zeros((high, wide), dtype=bool)
    zero = _row(0.0, low, top, high)
    dots[zero, ::4] = True
    grid_s = np.linspace(0.0, span_s, 8 * wide + 1)
    ends = np.append(np.interp(grid_s, time_s, values), values[time_s <= span_s])
    at = np.append(grid_s, time_s[time_s <= span_s])
    column = np.minimum((at / span_s * wide).astype(int), wide - 1)
    for number in range(wide):
        here = ends[column == number]
        first, last = (
            _row(float(here.max()), low, top, high),
            _row(float(here.min()), low, top, high),
        )
        dots[first : last + 1, number] = True
    return [
        "".join(_character(dots, row, place) for place in range(columns)) for row in range(rows)
    ]


def bounds(values: Floats) -> tuple[float, float]:
    """Return (bottom, top) of a plot: the range of the values, always including zero."""
    low, top = min(float(np.min(values)), 0.0), max(float(np.max(values)), 0.0)
    return (low, top) if top > low else (-1.0, 1.0)


def _row(value: float, low: float, top: float, high: int) -> int:
    return min(max(round((top - value) / (top - low) * (high - 1)), 0), high - 1)


def _character(dots: np.ndarray, row: int, place: int) -> str:
    code = _BLANK
    for down, bits in enumerate(_BITS):
        for right, bit in enumerate(bits):
            if dots[4 * row + down, 2 * place + right]:
                code += bit
    return chr(code)
