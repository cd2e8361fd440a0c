"""Wait for files to be saved, for `scs check --watch`.

Role: saves() yields once at first and after each save. It asks for the files' times four times a
second: that costs less than a thousandth of a core for a few files, works on network drives and in
containers, where the kernel's notices do not come, and needs no compiled package. Invariant: a save
is told once it is whole: an editor may write in pieces, or put a new file in the old one's place,
between which there is none.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from pathlib import Path

POLL_S = 0.25
GONE = 4  # times that a file must be missing to be told as missing

Stamp = tuple[int, int, int] | None  # time of change, size, inode; None: there is no such file


def saves(paths: Iterable[Path]) -> Iterator[None]:
    """Yield at once, and then whenever one of the files was saved, created or deleted."""
    files = list(paths)
    seen = _stamps(files)
    yield
    while True:
        time.sleep(POLL_S)
        now = _stamps(files)
        if now == seen:
            continue
        now = _at_rest(files, now)
        if now != seen:
            seen = now
            yield


def _at_rest(files: list[Path], now: list[Stamp]) -> list[Stamp]:
    """Return the stamps once they stay the same, those of missing files for longer."""
    same = 0
    while same < (GONE if None in now else 1):
        time.sleep(POLL_S)
        later = _stamps(files)
        same = same + 1 if later == now else 0
        now = later
    return now


def _stamps(files: list[Path]) -> list[Stamp]:
    return [_stamp(file) for file in files]


def _stamp(file: Path) -> Stamp:
    try:
        status = file.stat()
    except (OSError, ValueError):
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
