"""Drives of boards in BOOTSEL: find them and copy an image.

Role: drives() finds mounted drives, install() copies. Invariant: a drive is identified by its
INFO_UF2.TXT, never by its name.
"""

from __future__ import annotations

import errno
import os
import re
import string
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from ..errors import Failure, LinkLost

INFO = "INFO_UF2.TXT"
CHIPS = {"RPI-RP2": "rp2040", "RP2350": "rp2350"}  # Board-ID: of either boot ROM
PIECE = 64 * 1024

Tell = Callable[[str, int, int], None]  # what, done, of how many bytes


class Drive(NamedTuple):
    """Drive of a board in BOOTSEL."""

    path: Path
    chip: str


def drives() -> list[Drive]:
    """Return every mounted drive of a board in BOOTSEL."""
    return [drive for drive in map(drive_at, mounts()) if drive is not None]


def drive_at(path: Path) -> Drive | None:
    """Return the drive mounted at a path; None if it is not that of a known board."""
    try:
        text = (path / INFO).read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    board = re.search(r"^Board-ID:\s*(\S+)", text, re.MULTILINE)
    chip = CHIPS.get(board[1]) if board else None
    return Drive(path, chip) if chip else None


def mounts() -> list[Path]:
    """Return the mount points of drives; on Linux only FAT, as used by the boot ROM."""
    if sys.platform == "win32":
        return [Path(f"{letter}:\\") for letter in string.ascii_uppercase[3:]]
    if sys.platform == "darwin":
        return sorted(Path("/Volumes").glob("*"))
    try:
        table = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    rows = [line.split(" ") for line in table.splitlines()]
    paths = [row[1] for row in rows if len(row) > 2 and row[2] in ("vfat", "msdos")]
    octal = re.compile(r"\\([0-7]{3})")  # a space is \040
    return [Path(octal.sub(lambda sign: chr(int(sign[1], 8)), path)) for path in paths]


def install(drive: Drive, image: bytes, tell: Tell) -> None:
    """Copy an image; the board leaves BOOTSEL by itself when it has the last block.

    Raises Failure if the drive is too small, LinkLost if it disappeared before the end.
    """
    done = 0
    try:
        with (drive.path / "MICROPY.UF2").open("wb") as file:
            while done < len(image):
                done += file.write(image[done : done + PIECE])
                file.flush()
                os.fsync(file.fileno())
                tell("MicroPython", done, len(image))
    except OSError as reason:
        if reason.errno == errno.ENOSPC:
            raise Failure(f"{drive.path} has no room for an image of {len(image)} bytes") from None
        if done < len(image):
            raise LinkLost(
                f"{drive.path} disappeared at {done} of {len(image)} bytes "
                f"({reason.strerror or reason}): hold BOOTSEL, plug the board in again, flash again"
            ) from None
