"""Log of a run's polls: one row of numbers per status.

Role: Status -> a row; rows -> CSV and back. Available on every port.
Invariant: time_s counts from START by the device's own clock; currents in A and voltages in V are
the extremes of the last whole period that the device monitored.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

from ..device.replies import Ledger, Status
from ..errors import WrongUsage

COLUMNS = (
    "time_s",
    "periods",
    "pulses",
    "level_a",
    "current_min_a",
    "current_max_a",
    "voltage_min_v",
    "voltage_max_v",
)
Samples = NDArray[np.float64]  # shape (polls, len(COLUMNS))
NONE: Samples = np.empty((0, len(COLUMNS)))


def row(status: Status, book: Ledger) -> tuple[float, ...]:
    """Return one row; level_a is the largest amplitude of all programs."""
    level_ma = max((level.level_ma for level in status.levels), default=0.0)
    return (
        round(status.device_s - book.start_s, 6),
        float(status.periods),
        float(status.pulses),
        level_ma / 1e3,
        status.current_min_ma / 1e3,
        status.current_max_ma / 1e3,
        status.voltage_min_v,
        status.voltage_max_v,
    )


def begin(stream: TextIO) -> None:
    """Write the header line."""
    stream.write(",".join(COLUMNS) + "\n")


def append(stream: TextIO, values: Iterable[float]) -> None:
    """Append a row and flush it, in case it is the last."""
    stream.write(",".join(f"{value:.9g}" for value in values) + "\n")
    stream.flush()


def read(stream: TextIO, name: str) -> Samples:
    """Read all rows of a file; raise WrongUsage for another format."""
    try:
        head = stream.readline().strip()
    except UnicodeDecodeError:
        head = ""
    if head != ",".join(COLUMNS):
        raise WrongUsage(f"{name}: its first line is not {','.join(COLUMNS)}")
    try:
        rows = [[float(cell) for cell in line.split(",")] for line in stream]
        return np.array(rows).reshape(-1, len(COLUMNS))
    except ValueError:
        raise WrongUsage(f"{name}: a row is not {len(COLUMNS)} numbers") from None
