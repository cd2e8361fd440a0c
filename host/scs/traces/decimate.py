"""Prepare a trace of any length for drawing.

Role: thinned() and time_unit() for every plot and report. Invariant: the first, least, greatest and
last value of each column of the plot are kept, so that no pulse vanishes, however short.
"""

from __future__ import annotations

import numpy as np

from .waveform import RowsOf, Waveform

COLUMNS = 1200
EACH = 4  # points that a column keeps


def thinned(rows: RowsOf[Waveform], columns: int = COLUMNS) -> Waveform:
    """Return at most EACH points per column; a short trace is returned unchanged.

    A column split between two blocks has its points twice.
    """
    if len(rows) <= EACH * columns:
        return rows.whole()
    width_s = rows.end_s / columns or 1.0
    pieces = []
    for block in rows.blocks():
        column = np.floor(block.time_s / width_s).astype(np.int64)
        begins = np.flatnonzero(np.diff(column, prepend=column[0] - 1))
        ends = np.append(begins[1:], len(column)) - 1
        times = np.repeat(block.time_s[begins], EACH)
        times[EACH - 1 :: EACH] = times[EACH - 2 :: EACH] = block.time_s[ends]
        piece = [times]
        for values in (block.current_a, block.voltage_v):
            least = np.minimum.reduceat(values, begins)
            most = np.maximum.reduceat(values, begins)
            kept = np.column_stack((values[begins], least, most, values[ends]))
            piece.append(kept.reshape(-1))
        pieces.append(piece)
    time, current, voltage = (np.concatenate(parts) for parts in zip(*pieces, strict=True))
    return Waveform(time, current, voltage)


def time_unit(span_s: float) -> tuple[float, str]:
    """Return (factor, unit) for a time axis."""
    for limit_s, factor, unit in ((2e-3, 1e6, "µs"), (2.0, 1e3, "ms")):
        if span_s < limit_s:
            return factor, unit
    return 1.0, "s"
