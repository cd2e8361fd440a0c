"""Traces to files: CSV, NPZ, VCD, PNG, SVG, by the name's ending.

Role: write(path, trace). Invariant: a file is written aside and then renamed, so that what
stands under its name is always whole; whatever cannot be written is one WrongUsage.
CSV has exactly the columns time_s,current_a,voltage_v; NPZ arrays of the same names.
Next: plot.py (the pictures).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from .failures import WrongUsage
from .trace import Trace

Writer = Callable[[Path, Trace, str], None]
COLUMNS = ("time_s", "current_a", "voltage_v")
MOST_ROWS = 20_000_000


def _csv(path: Path, trace: Trace, _title: str) -> None:
    table = np.column_stack((trace.time_s, trace.current_a, trace.voltage_v))
    form = ("%.10f", "%.9g", "%.9g")  # a tenth of a nanosecond: a tick has 6.7 or 8
    np.savetxt(path, table, fmt=form, delimiter=",", header=",".join(COLUMNS), comments="")


def _npz(path: Path, trace: Trace, _title: str) -> None:
    with path.open("wb") as stream:  # a name would get an ending of numpy's own
        np.savez_compressed(
            stream,
            time_s=trace.time_s,
            current_a=trace.current_a,
            voltage_v=trace.voltage_v,
        )


def _vcd(path: Path, trace: Trace, _title: str) -> None:
    from vcd import VCDWriter

    with path.open("w") as stream, VCDWriter(stream, timescale="1 ns", date="") as writer:
        names = COLUMNS[1:]
        variables = [writer.register_var("scs", name, "real", init=0.0) for name in names]
        at_ns = np.round(trace.time_s * 1e9).astype(np.int64)
        for row, when in enumerate(at_ns.tolist()):
            writer.change(variables[0], when, float(trace.current_a[row]))
            writer.change(variables[1], when, float(trace.voltage_v[row]))


def _picture(kind: str) -> Writer:
    def write(path: Path, trace: Trace, title: str) -> None:
        from . import plot

        plot.save(plot.of_trace(trace, title), path, kind)

    return write


WRITERS: dict[str, Writer] = {
    ".csv": _csv,
    ".npz": _npz,
    ".vcd": _vcd,
    ".png": _picture("png"),
    ".svg": _picture("svg"),
}


def checked(path: Path) -> Writer:
    """The writer for a name, before any work is done; WrongUsage where there can be no file."""
    writer = WRITERS.get(path.suffix.lower())
    if path.is_dir():
        raise WrongUsage(f"{path} is a folder: name a file in it, such as {path / 'trace.csv'}")
    if writer is None:
        ending = f"ending {path.suffix}" if path.suffix else "file name without an ending"
        raise WrongUsage(f"{path}: unknown {ending}; known are {', '.join(WRITERS)}")
    if not path.parent.is_dir():
        raise WrongUsage(f"{path}: there is no folder {path.parent}")
    return writer


def write(path: Path, trace: Trace, title: str = "") -> None:
    """Write a trace; WrongUsage where that cannot be."""
    writer = checked(path)
    aside(path, lambda part: writer(part, trace, title))


def aside(path: Path, fill: Callable[[Path], None]) -> None:
    """Let `fill` write a file beside `path`, then give it its name."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        fill(part)
        part.replace(path)
    except OSError as reason:
        raise WrongUsage(f"cannot write {path}: {reason.strerror or reason}") from None
    finally:
        part.unlink(missing_ok=True)
