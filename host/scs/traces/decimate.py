"""Decimate a trace of any length for drawing.

Role: thinned() for every plot and report. Invariant: the first, least, greatest and last value of
each column of the plot are kept, so that no pulse vanishes, however short.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .trace import Trace
from .trace_store import Rows
from .waveform_analysis import Floats

COLUMNS = 1200
EACH = 4  # points that a column keeps


def thinned(rows: Rows, columns: int = COLUMNS) -> Trace:
    """Return at most EACH points per column; a short trace is returned unchanged."""
    if len(rows) <= EACH * columns:
        return rows.whole()
    width_s = rows.end_s / columns or 1.0
    pieces = [_block(block, width_s) for block in rows.blocks()]
    return Trace(*(np.concatenate(parts) for parts in zip(*pieces, strict=True)))


def _block(block: Trace, width_s: float) -> tuple[Floats, Floats, Floats]:
    """Return the points kept of one block; a column split between blocks has them twice."""
    column = np.floor(block.time_s / width_s).astype(np.int64)
    begins = np.flatnonzero(np.diff(column, prepend=column[0] - 1))
    ends = np.append(begins[1:], len(column)) - 1
    times = np.repeat(block.time_s[begins], EACH)
    times[EACH - 1 :: EACH] = block.time_s[ends]
    times[EACH - 2 :: EACH] = block.time_s[ends]
    return times, _kept(block.current_a, begins, ends), _kept(block.voltage_v, begins, ends)


def _kept(values: Floats, begins: NDArray[np.int64], ends: NDArray[np.int64]) -> Floats:
    least = np.minimum.reduceat(values, begins)
    most = np.maximum.reduceat(values, begins)
    kept: Floats = np.column_stack((values[begins], least, most, values[ends])).reshape(-1)
    return kept
