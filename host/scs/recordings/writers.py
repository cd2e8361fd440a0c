"""Write traces to files in the format given by the name's extension.

Role: checked() before any work, write() after it. Invariant: a file is written under a temporary
name and then renamed, so that it is always complete; any failure raises WrongUsage. CSV has
exactly the columns time_s,current_a,voltage_v; NPZ and MAT arrays of the same names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from ..documents import atomic_write
from ..errors import WrongUsage
from ..traces import npz, vcd, wav
from ..traces.pin_edges import Pins
from ..traces.trace import COLUMNS
from ..traces.trace_store import Progress, Rows, ignore_progress
from .run_info import Run

_FORM = ",".join(("%.10f", "%.9g", "%.9g")) + "\n"  # 0.1 ns: a tick has 6.7 or 8
_CSV_ROWS = 8_192  # formatted at once


@dataclass(frozen=True)
class Taken:
    """Data to write. rate_hz: evenly sampled; None: a row at each change; fidelity: of a
    simulation, as an array of an NPZ or MAT and a comment of a VCD."""

    rows: Rows
    title: str = ""
    rate_hz: float | None = None
    pins: Pins | None = None
    run: Run | None = None
    fidelity: str = ""


def _csv(path: Path, taken: Taken, progress: Progress) -> None:
    done = 0
    with path.open("w", newline="") as stream:
        stream.write(",".join(COLUMNS) + "\n")
        for block in taken.rows.blocks():
            table = np.column_stack(block.columns())
            for begin in range(0, len(table), _CSV_ROWS):
                some = table[begin : begin + _CSV_ROWS]
                stream.write(_FORM * len(some) % tuple(some.reshape(-1).tolist()))
                done += len(some)
                progress(done / len(taken.rows))


def _mat(path: Path, taken: Taken, progress: Progress) -> None:
    savemat = import_module("scipy.io").savemat
    columns = zip(COLUMNS, taken.rows.whole().columns(), strict=True)
    arrays = {name: values.reshape(-1, 1) for name, values in columns}
    with path.open("wb") as stream:  # a name would get an ending of scipy's own
        texts = {"title": taken.title, "fidelity": taken.fidelity}
        savemat(stream, {**arrays, **texts}, do_compression=True)
    progress(1.0)


def _html(path: Path, taken: Taken, progress: Progress) -> None:
    from . import report

    if taken.run is None:
        raise WrongUsage(f"{path}: a report needs a run, not a trace alone")
    path.write_text(report.page(taken.run), encoding="utf-8")
    progress(1.0)


def _picture(kind: str, path: Path, taken: Taken, progress: Progress) -> None:
    from ..traces import plot

    plot.save(plot.of_trace(taken.rows, taken.title), path, kind)
    progress(1.0)


WRITERS: dict[str, Callable[[Path, Taken, Progress], None]] = {
    ".csv": _csv,
    ".npz": lambda path, taken, progress: npz.write(path, taken.rows, progress, taken.fidelity),
    ".vcd": lambda path, taken, progress: vcd.write(
        path, taken.rows, taken.pins, progress, taken.fidelity
    ),
    ".png": partial(_picture, "png"),
    ".svg": partial(_picture, "svg"),
    ".html": _html,
    ".wav": lambda path, taken, progress: wav.write(path, taken.rows, taken.rate_hz, progress),
    ".mat": _mat,
}
OF_A_TRACE = tuple(ending for ending in WRITERS if ending != ".html")  # a report needs a run


def checked(path: Path, known: Iterable[str] = tuple(WRITERS)) -> None:
    """Raise WrongUsage if the file cannot be written; called before any work is done."""
    ending = path.suffix.lower()
    if path.is_dir():
        raise WrongUsage(f"{path} is a folder: name a file in it, such as {path / 'trace.csv'}")
    if ending not in known:
        ending = f"ending {path.suffix}" if path.suffix else "file name without an ending"
        raise WrongUsage(f"{path}: unknown {ending}; known are {', '.join(known)}")
    if ending == ".mat" and find_spec("scipy") is None:
        raise WrongUsage(
            f"{path}: a .mat file needs scipy, which is not installed: "
            "pip install 'scs-bench[matlab]'"
        )
    if not path.parent.is_dir():
        raise WrongUsage(f"{path}: there is no folder {path.parent}")
    part = atomic_write.part_name(path)
    try:
        part.touch()
    except OSError as reason:
        raise atomic_write.cannot_write(path, reason) from None
    part.unlink()


def write(path: Path, rows: Rows, title: str = "") -> None:
    """Write a trace; raise WrongUsage if that fails."""
    save(path, Taken(rows, title))


def save(path: Path, taken: Taken, progress: Progress = ignore_progress) -> None:
    """Write in the format given by the extension; raise WrongUsage if that fails."""
    checked(path)
    atomic_write.aside(path, lambda part: WRITERS[path.suffix.lower()](part, taken, progress))
