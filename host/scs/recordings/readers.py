"""Read traces from files: a CSV, an NPZ, or the folder of a recording.

Role: rows(path) for commands that compare or show stored traces. Invariant: the result is a trace:
three columns of finite numbers with times that never decrease; anything else raises WrongUsage
with the file and the place.
"""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TextIO

import numpy as np

from ..errors import WrongUsage
from ..traces import npz
from ..traces.trace import COLUMNS, Trace
from ..traces.trace_store import BLOCK_ROWS, Rows, Store
from . import run_folder

KNOWN = (".csv", ".npz")


def rows(path: Path) -> Rows:
    """Read the trace in a file or a folder; raise WrongUsage if there is none."""
    if path.is_dir():
        run = run_folder.read(path)
        if run.rows is None:
            raise WrongUsage(
                f"{path}: this recording holds no trace: the run at {run.account.device.port} was"
                f" too short for the device's ADC; its polls are in {path / run_folder.SAMPLES}"
            )
        trace = run.rows
    else:
        trace = _of_file(path)
    if len(trace) < 2:
        raise WrongUsage(f"{path}: a trace has two rows or more, this one has {len(trace)}")
    last_s = -np.inf
    for block in trace.blocks():
        if not all(np.all(np.isfinite(column)) for column in block.columns()):
            raise WrongUsage(f"{path}: a value is not a number")
        if np.any(np.diff(block.time_s, prepend=last_s) < 0):
            raise WrongUsage(f"{path}: its times are not in ascending order")
        last_s = float(block.time_s[-1])
    return trace


def _of_file(path: Path) -> Rows:
    if not path.exists():
        raise WrongUsage(f"{path}: there is no such file")
    ending = path.suffix.lower()
    if ending not in KNOWN:
        known = ", ".join(KNOWN)
        raise WrongUsage(
            f"{path}: cannot read a trace from it; known are {known} and the folder of a recording"
        )
    if ending == ".npz":
        return npz.read(path)
    try:
        with path.open(encoding="utf-8") as stream:
            return _csv(path, stream)
    except (OSError, UnicodeDecodeError) as reason:
        cause = getattr(reason, "strerror", None) or reason
        raise WrongUsage(f"{path}: cannot be read: {cause}") from None


def _csv(path: Path, stream: TextIO) -> Store:
    names = [name.strip() for name in stream.readline().split(",")]
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        raise WrongUsage(
            f"{path}:1: there is no column {missing[0]}; a trace begins with {','.join(COLUMNS)}"
        )
    places = [names.index(name) for name in COLUMNS]
    trace, before = Store(), 2
    while lines := list(islice(stream, BLOCK_ROWS)):
        try:
            table = np.loadtxt(lines, delimiter=",", usecols=places, ndmin=2, comments=None)
        except ValueError:
            at = before + _first_bad(lines, places)
            raise WrongUsage(f"{path}:{at}: incomplete row; is the file truncated?") from None
        trace.add(Trace(*table.T))
        before += len(lines)
    return trace


def _first_bad(lines: list[str], places: list[int]) -> int:
    """Return the index of the first line that is not a row."""
    for number, line in enumerate(lines):
        cells = line.split(",")
        try:
            [float(cells[place]) for place in places]
        except (ValueError, IndexError):
            return number
    return len(lines)
