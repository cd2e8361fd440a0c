"""Draw curves in a terminal with Braille dots, two by four per character.

Role: draw() for `scs scope`. Invariant: every column shows its least and greatest value, so that
no pulse is missed.
"""

from __future__ import annotations

import numpy as np

from .figures import Floats

_BLANK = 0x2800
# the bit of each dot: rows from the top, columns from the left (Unicode, Braille Patterns)
_BITS = np.array(((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80)))


def draw(time_s: Floats, values: Floats, span_s: float, columns: int, rows: int) -> list[str]:
    """Return `rows` lines of `columns` characters: values over 0 … span_s, zero line dotted."""
    wide, high = 2 * columns, 4 * rows
    low, top = bounds(values)

    def row(value: float) -> int:
        return min(max(round((top - value) / (top - low) * (high - 1)), 0), high - 1)

    dots = np.zeros((high, wide), dtype=bool)
    dots[row(0.0), ::4] = True
    grid_s = np.linspace(0.0, span_s, 8 * wide + 1)
    ends = np.append(np.interp(grid_s, time_s, values), values[time_s <= span_s])
    at = np.append(grid_s, time_s[time_s <= span_s])
    column = np.minimum((at / span_s * wide).astype(int), wide - 1)
    for number in range(wide):
        here = ends[column == number]
        dots[row(float(here.max())) : row(float(here.min())) + 1, number] = True
    cells = dots.reshape(rows, 4, columns, 2)
    codes = _BLANK + np.einsum("rdcb,db->rc", cells, _BITS)
    return ["".join(map(chr, line)) for line in codes.tolist()]


def bounds(values: Floats) -> tuple[float, float]:
    """Return (bottom, top) of a plot: the range of the values, always including zero."""
    low, top = min(float(np.min(values)), 0.0), max(float(np.max(values)), 0.0)
    return (low, top) if top > low else (-1.0, 1.0)
