"""What a device said of itself while it ran: one row a poll, as columns of numbers.

Role: Status -> a row; rows -> CSV and back. It is all there is of a run on a port that is not
simulated. Invariant: time_s counts from START by the device's own clock; currents in A, voltages
in V are the extremes of the last whole period that the device judged.
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
    """One row; level_a is the largest amplitude of all programs."""
    level_ma = max((one.level_ma for one in status.levels), default=0.0)
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
    """The line of names."""
    stream.write(",".join(COLUMNS) + "\n")


def append(stream: TextIO, one: Iterable[float]) -> None:
    """One row more, at once in the file: it may be the last."""
    stream.write(",".join(f"{value:.9g}" for value in one) + "\n")
    stream.flush()


def read(stream: TextIO, name: str) -> Samples:
    """All rows of a file. WrongUsage where it has another form."""
    if stream.readline().strip() != ",".join(COLUMNS):
        raise WrongUsage(f"{name}: its first line is not {','.join(COLUMNS)}")
    try:
        rows = [[float(cell) for cell in line.split(",")] for line in stream]
        return np.array(rows).reshape(-1, len(COLUMNS))
    except ValueError:
        raise WrongUsage(f"{name}: a row is not {len(COLUMNS)} numbers") from None
