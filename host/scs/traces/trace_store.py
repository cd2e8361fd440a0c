"""Traces larger than memory, kept in a temporary file and read block by block.

Role: Table holds rows of three numbers, Store a trace that grows while it is recorded. File
writers use blocks(), so a trace of hours needs no more memory than one of milliseconds.
Invariant: rows are returned as they were added.
"""

from __future__ import annotations

import contextlib
import tempfile
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import WrongUsage
from .trace import Trace
from .waveform import RowsOf

BLOCK_ROWS = 262_144
MOST_ROWS = 100_000_000  # 2.4 GB of a temporary file
IN_MEMORY_ROWS = 20_000_000

Rows = RowsOf[Trace]  # in memory or not
Progress = Callable[[float], None]  # takes the share that is done, 0 to 1


def ignore_progress(_share: float) -> None:
    """Do nothing with the share that is done."""


class Table:
    """Rows of three numbers in a temporary file, which is deleted with the object.

    Raises WrongUsage if the disk is full.
    """

    def __init__(self, dtype: Any = np.float64, folder: Path | None = None):
        self._dtype, self._rows = np.dtype(dtype), 0
        self._folder = folder or tempfile.gettempdir()
        try:
            with contextlib.ExitStack() as files:
                self._file = files.enter_context(tempfile.TemporaryFile(dir=folder, buffering=0))
                weakref.finalize(self, files.pop_all().close)
        except OSError as reason:
            raise self._full(reason) from None

    def _full(self, reason: OSError) -> WrongUsage:
        return WrongUsage(f"cannot keep the trace in {self._folder}: {reason.strerror}")

    def __len__(self) -> int:
        return self._rows

    def append(self, rows: NDArray[Any]) -> None:
        """Append rows of shape (rows, 3)."""
        left = memoryview(np.ascontiguousarray(rows, dtype=self._dtype).tobytes())
        try:
            self._file.seek(0, 2)
            while left:
                left = left[self._file.write(left) :]
        except OSError as reason:
            raise self._full(reason) from None
        self._rows += len(rows)

    def blocks(self, first: int = 0, last: int | None = None) -> Iterator[NDArray[Any]]:
        """Yield the rows from `first` up to `last`, in blocks of shape (rows, 3)."""
        width = 3 * self._dtype.itemsize
        until = self._rows if last is None else last
        for begin in range(first, until, BLOCK_ROWS):
            self._file.seek(begin * width)
            data = self._file.read(min(BLOCK_ROWS, until - begin) * width)
            yield np.frombuffer(data, dtype=self._dtype).reshape(-1, 3)


class Store:
    """Trace in a Table."""

    def __init__(self, folder: Path | None = None):
        self._table = Table(folder=folder)
        self.end_s = 0.0  # time of the last row
        self._index: list[tuple[float, int]] = []  # (time, number) of the first row of a piece

    def __len__(self) -> int:
        return len(self._table)

    def add(self, piece: Trace) -> None:
        """Append the rows of a piece."""
        check_rows(len(self) + len(piece))
        if len(piece):
            self._index.append((float(piece.time_s[0]), len(self)))
            self._table.append(np.column_stack(piece.columns()))
            self.end_s = piece.end_s

    def blocks(self) -> Iterator[Trace]:
        """Yield the rows in order, in blocks."""
        for block in self._table.blocks():
            yield Trace(*block.T)

    def window(self, start_s: float, end_s: float) -> Trace:
        """Return the part between two times, as Trace.window, reading only what is needed."""
        times = [time for time, _ in self._index]
        at = max(int(np.searchsorted(times, start_s)) - 2, 0)
        until = int(np.searchsorted(times, end_s, side="right")) + 1
        first = self._index[at][1] if self._index else 0
        last = self._index[until][1] if until < len(self._index) else None
        blocks = list(self._table.blocks(first, last))
        return Trace(*np.concatenate(blocks).T).window(start_s, end_s)

    def whole(self) -> Trace:
        """Return all rows in memory; raise WrongUsage if there are too many."""
        return whole(self)


def whole(rows: Rows) -> Trace:
    """Return all blocks as one trace; raise WrongUsage if there are too many rows."""
    if len(rows) > IN_MEMORY_ROWS:
        raise WrongUsage(
            f"{len(rows)} rows are too many to hold at once (at most {IN_MEMORY_ROWS}): "
            "record a shorter time, or sample it, such as --rate 10kHz"
        )
    blocks = [np.column_stack(block.columns()) for block in rows.blocks()]
    return Trace(*np.concatenate(blocks or [np.empty((0, 3))]).T.copy())


def check_rows(rows: int) -> None:
    """Raise WrongUsage for more rows than a file is to have."""
    if rows > MOST_ROWS:
        raise WrongUsage(
            f"more than {MOST_ROWS} rows: record a shorter time, such as --for 10s, or "
            "sample it, such as --rate 10kHz"
        )
