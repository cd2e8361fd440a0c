"""Write traces to files in the format given by the name's extension.

Role: checked() before any work, write() after it. Invariant: a file is written under a temporary
name and then renamed, so that it is always complete; any failure raises WrongUsage. CSV has
exactly the columns time_s,current_a,voltage_v; NPZ and MAT arrays of the same names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from ..documents import atomic_write
from ..errors import WrongUsage
from ..traces.pin_edges import Pins
from ..traces.trace_store import Rows
from .run_info import Run

COLUMNS = ("time_s", "current_a", "voltage_v")
_FORM = ",".join(("%.10f", "%.9g", "%.9g")) + "\n"  # 0.1 ns: a tick has 6.7 or 8
_CSV_ROWS = 8_192  # formatted at once

Told = Callable[[float], None]  # progress, 0 to 1


@dataclass(frozen=True)
class Taken:
    """Data to write. rate_hz: evenly sampled; None: a row at each change."""

    rows: Rows
    title: str = ""
    rate_hz: float | None = None
    pins: Pins | None = None
    run: Run | None = None


Writer = Callable[[Path, Taken, Told], None]


def nobody(_share: float) -> None:
    """Ignore progress."""


def _csv(path: Path, taken: Taken, told: Told) -> None:
    done = 0
    with path.open("w", newline="") as stream:
        stream.write(",".join(COLUMNS) + "\n")
        for block in taken.rows.blocks():
            table = np.column_stack((block.time_s, block.current_a, block.voltage_v))
            for begin in range(0, len(table), _CSV_ROWS):
                some = table[begin : begin + _CSV_ROWS]
                stream.write(_FORM * len(some) % tuple(some.reshape(-1).tolist()))
                done += len(some)
                told(done / len(taken.rows))


def _npz(path: Path, taken: Taken, told: Told) -> None:
    from ..traces import npz

    npz.write(path, taken.rows, told)


def _vcd(path: Path, taken: Taken, told: Told) -> None:
    from ..traces import vcd

    vcd.write(path, taken.rows, taken.pins, told)


def _wav(path: Path, taken: Taken, told: Told) -> None:
    from ..traces import wav

    wav.write(path, taken.rows, taken.rate_hz, told)


def _mat(path: Path, taken: Taken, told: Told) -> None:
    savemat = import_module("scipy.io").savemat
    trace = taken.rows.whole()
    columns = {name: getattr(trace, name).reshape(-1, 1) for name in COLUMNS}
    with path.open("wb") as stream:  # a name would get an ending of scipy's own
        savemat(stream, {**columns, "title": taken.title}, do_compression=True)
    told(1.0)


def _html(path: Path, taken: Taken, told: Told) -> None:
    from . import report

    if taken.run is None:
        raise WrongUsage(f"{path}: a report needs a run, not a trace alone")
    path.write_text(report.page(taken.run), encoding="utf-8")
    told(1.0)


def _picture(kind: str) -> Writer:
    def write(path: Path, taken: Taken, told: Told) -> None:
        from . import plot

        plot.save(plot.of_trace(taken.rows, taken.title), path, kind)
        told(1.0)

    return write


WRITERS: dict[str, Writer] = {
    ".csv": _csv,
    ".npz": _npz,
    ".vcd": _vcd,
    ".png": _picture("png"),
    ".svg": _picture("svg"),
    ".html": _html,
    ".wav": _wav,
    ".mat": _mat,
}
OF_A_TRACE = tuple(ending for ending in WRITERS if ending != ".html")  # a report needs a run


def checked(path: Path, known: Iterable[str] = tuple(WRITERS)) -> None:
    """Raise WrongUsage if the file cannot be written; called before any work is done."""
    ending = path.suffix.lower()
    if path.is_dir():
        raise WrongUsage(f"{path} is a folder: name a file in it, such as {path / 'trace.csv'}")
    if ending not in known:
        said = f"ending {path.suffix}" if path.suffix else "file name without an ending"
        raise WrongUsage(f"{path}: unknown {said}; known are {', '.join(known)}")
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


def save(path: Path, taken: Taken, told: Told = nobody) -> None:
    """Write in the format given by the extension; raise WrongUsage if that fails."""
    checked(path)
    atomic_write.aside(path, lambda part: WRITERS[path.suffix.lower()](part, taken, told))
