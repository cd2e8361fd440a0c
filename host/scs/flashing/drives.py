"""A board in BOOTSEL: the drive it shows, and how an image gets onto it.

Role: drives() finds what is mounted, install() copies. Invariant: a drive is known by its
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
    """The drive of a board in BOOTSEL."""

    path: Path
    chip: str


def drives() -> list[Drive]:
    """Every drive of a board in BOOTSEL that is mounted."""
    found = (drive_at(path) for path in mounts())
    return [one for one in found if one is not None]


def drive_at(path: Path) -> Drive | None:
    """The drive mounted at a path; None where it is none of a board that is known."""
    try:
        text = (path / INFO).read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    said = re.search(r"^Board-ID:\s*(\S+)", text, re.MULTILINE)
    chip = CHIPS.get(said[1]) if said else None
    return Drive(path, chip) if chip else None


def mounts() -> list[Path]:
    """Where drives are mounted; on Linux only those of the boot ROM's kind, FAT."""
    if sys.platform == "win32":
        return [Path(f"{letter}:\\") for letter in string.ascii_uppercase[3:]]
    if sys.platform == "darwin":
        return sorted(Path("/Volumes").glob("*"))
    try:
        table = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    rows = [line.split(" ") for line in table.splitlines()]
    return [
        Path(_unescaped(row[1])) for row in rows if len(row) > 2 and row[2] in ("vfat", "msdos")
    ]


def _unescaped(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), text)


def install(drive: Drive, image: bytes, tell: Tell) -> None:
    """Copy an image; the board leaves BOOTSEL by itself when it has the last block.

    Failure where the drive has no room, LinkLost where it went away before the end.
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
                f"{drive.path} went away at {done} of {len(image)} bytes "
                f"({reason.strerror or reason}): hold BOOTSEL, plug the board in again, flash again"
            ) from None
