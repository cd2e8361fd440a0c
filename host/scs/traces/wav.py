"""Write WAV: current on the left channel, voltage on the right.

Role: write() samples a trace evenly and writes 32-bit float samples, each channel scaled so that
its largest is 1; the scales are in the file's comment (RIFF INFO, ICMT).
Invariant: the header's sizes are known before the first sample, so that it is written in one go.
Source: Microsoft, Multiple Channel Audio Data and WAVE Files (IEEE float is format 3).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ..errors import WrongUsage
from .trace import Trace, stepped
from .trace_store import BLOCK_ROWS, Progress, Rows

RATE_HZ = 48_000.0  # where no rate was asked for
_IEEE_FLOAT, _CHANNELS = 3, 2
_FRAME = 4 * _CHANNELS
_MOST_BYTES = 4_000_000_000


def write(path: Path, rows: Rows, rate_hz: float | None, progress: Progress) -> None:
    """Write a trace sampled at rate_hz; None: it has a row at each change.

    Raises OSError if that fails, WrongUsage for a trace that does not fit into a WAV.
    """
    whole_hz = round(rate_hz or RATE_HZ)
    if rate_hz is not None and rate_hz != whole_hz:
        raise WrongUsage(f"{path}: a WAV has a whole number of hertz, not {rate_hz:g}")
    count = len(rows) if rate_hz else max(int(rows.end_s * whole_hz + 1e-6), 1)
    if count * _FRAME > _MOST_BYTES:
        raise WrongUsage(f"{path}: a WAV holds at most 4 GB; use a shorter time or lower --rate")
    scales, done = np.full(2, 1e-12), 0  # the largest current and voltage
    for block in rows.blocks():
        values = np.column_stack((block.current_a, block.voltage_v))
        scales = np.maximum(scales, np.max(np.abs(values), axis=0, initial=0.0))
    comment = f"left: current, 1.0 is {scales[0]:.9g} A; right: voltage, 1.0 is {scales[1]:.9g} V"
    with path.open("wb") as stream:
        stream.write(_header(whole_hz, count, comment))
        for piece in rows.blocks() if rate_hz else _sampled(rows, whole_hz, count):
            both = np.column_stack((piece.current_a, piece.voltage_v)) / scales
            stream.write(both.astype("<f4").tobytes())
            done += len(piece)
            progress(done / count)


def _sampled(rows: Rows, rate_hz: int, count: int) -> Iterator[Trace]:
    """Yield `count` samples of a trace that has a row at each change."""
    for first in range(0, count, BLOCK_ROWS):
        some = min(BLOCK_ROWS, count - first)
        end_s = min((first + some) / rate_hz, rows.end_s)
        yield stepped(rows.window(first / rate_hz, end_s), rate_hz, some)


def _header(rate_hz: int, count: int, comment: str) -> bytes:
    form = struct.pack("<HHIIHH", _IEEE_FLOAT, _CHANNELS, rate_hz, rate_hz * _FRAME, _FRAME, 32)
    text = comment.encode("ascii") + b"\0"
    text += b"\0" * (len(text) & 1)
    chunks = _chunk(b"fmt ", form + struct.pack("<H", 0))
    chunks += _chunk(b"fact", struct.pack("<I", count))
    chunks += _chunk(b"LIST", b"INFO" + _chunk(b"ICMT", text))
    data = struct.pack("<4sI", b"data", count * _FRAME)
    size = 4 + len(chunks) + len(data) + count * _FRAME
    return struct.pack("<4sI4s", b"RIFF", size, b"WAVE") + chunks + data


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack("<4sI", name, len(body)) + body
