"""Read and write NPZ block by block: one array per column, of any length.

Role: write() and read(); numpy.load reads the file like any other. Invariant: never more than a
block of rows is in memory.
"""

from __future__ import annotations

import tokenize
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy

from ..errors import WrongUsage
from .trace import COLUMNS, Trace
from .trace_store import BLOCK_ROWS, Progress, Rows, Store

_LEVEL = 4  # of compression: half the time of the default for 2 % more bytes
# RuntimeError: encrypted, of a later version, nested too deeply; the last two: a header that is not
# Python, which numpy lets through
_BAD = (
    *(zipfile.BadZipFile, zlib.error, EOFError, ValueError, KeyError, OSError, RuntimeError),
    *(SyntaxError, tokenize.TokenError),
)


def write(path: Path, rows: Rows, progress: Progress, fidelity: str = "") -> None:
    """Write a trace, and the fidelity of a simulation as an array; raise OSError if that fails."""
    done = 0
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
        if fidelity:
            with archive.open("fidelity.npy", "w") as stream:
                npy.write_array(stream, np.array(fidelity))
        for name in COLUMNS:
            with archive.open(f"{name}.npy", "w", force_zip64=True) as stream:
                header = {"descr": "<f8", "fortran_order": False, "shape": (len(rows),)}
                npy.write_array_header_1_0(stream, header)
                for block in rows.blocks():
                    stream.write(getattr(block, name).astype("<f8").tobytes())
                    done += len(block)
                    progress(done / (3 * max(len(rows), 1)))


def read(path: Path) -> Store:
    """Read a trace from a file; raise WrongUsage if it holds none or is truncated."""
    rows = Store()
    try:
        with zipfile.ZipFile(path) as archive, ExitStack() as files:
            names = [name.removesuffix(".npy") for name in archive.namelist()]
            missing = [name for name in COLUMNS if name not in names]
            if missing:
                held = ", ".join(names) or "nothing"
                raise WrongUsage(f"{path}: it has no array {missing[0]}; it has {held}")
            streams = [files.enter_context(archive.open(f"{name}.npy")) for name in COLUMNS]
            heads = [_header(stream) for stream in streams]
            if len({count for count, _dtype in heads}) > 1:
                raise ValueError("its arrays differ in length")
            columns = [_blocks(stream, *head) for stream, head in zip(streams, heads, strict=True)]
            for parts in zip(*columns, strict=True):
                rows.add(Trace(*parts))
    except _BAD as reason:
        message = getattr(reason, "strerror", None) or reason or type(reason).__name__
        raise WrongUsage(f"{path}: truncated, or not an NPZ file: {message}") from None
    return rows


def _header(stream: IO[bytes]) -> tuple[int, np.dtype[Any]]:
    """Read an array's header; return (rows, type)."""
    version = npy.read_magic(stream)
    if version != (1, 0):
        raise ValueError(f"an array of version {version}")
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # of a header that Python 2 wrote, or that is no Python
        try:
            shape, _fortran, dtype = npy.read_array_header_1_0(stream)
        except Warning as reason:
            raise ValueError(f"a column's header cannot be read: {reason}") from None
    if len(shape) != 1 or dtype.kind not in "fiu":
        raise ValueError(f"an array of shape {shape} and type {dtype} is not a column of numbers")
    return int(shape[0]), dtype


def _blocks(stream: IO[bytes], rows: int, dtype: np.dtype[Any]) -> Iterator[Any]:
    for begin in range(0, rows, BLOCK_ROWS):
        wanted = min(BLOCK_ROWS, rows - begin)
        data = stream.read(wanted * dtype.itemsize)
        yield np.frombuffer(data, dtype=dtype, count=wanted).astype(np.float64)
