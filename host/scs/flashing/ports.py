"""Which board is meant: the one that was named, or the only one that is there.

Role: choose() gives a serial port or a drive; returned() waits for a board that restarts.
Invariant: with none or several nothing is guessed: one error with what there is.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple

from ..device.link import is_sim
from ..errors import LinkLost, WrongUsage
from . import drives
from .drives import Drive

VENDOR, MICROPYTHON = 0x2E8A, 0x0005  # USB ids of Raspberry Pi's boards that run MicroPython
LOOK_S = 0.2
HINT = (
    "connect one by USB; a board without MicroPython with its BOOTSEL button held down (its "
    "drive must be mounted); or name it: scs flash --port /dev/ttyACM0"
)


class Found(NamedTuple):
    """A serial port: its name, its board's serial number (or ""), what the system calls it."""

    device: str
    serial_number: str
    about: str


def boards() -> list[Found]:
    """The serial ports of boards that run MicroPython."""
    from serial.tools import list_ports

    return sorted(
        Found(one.device, one.serial_number or "", one.description or "")
        for one in list_ports.comports()
        if (one.vid, one.pid) == (VENDOR, MICROPYTHON)
    )


def choose(named: str) -> str | Drive:
    """The port or drive that `named` means; "" for the only one. WrongUsage, or LinkLost: none."""
    if named and is_sim(named):
        raise WrongUsage("the simulated board runs the firmware's own files: nothing to flash")
    if named:
        return _drive(Path(named)) if Path(named).is_dir() else named
    ports = boards()
    found: list[str | Drive] = [*(one.device for one in ports), *drives.drives()]
    if len(found) == 1:
        return found[0]
    if not found:
        raise LinkLost(f"no board found: {HINT}")
    listed = [f"{one.device} ({one.about}, {one.serial_number})" for one in ports]
    listed += [f"{one.path} (in BOOTSEL)" for one in found if isinstance(one, Drive)]
    raise WrongUsage(f"{len(found)} boards found: {', '.join(listed)}; name one with --port")


def _drive(path: Path) -> Drive:
    found = drives.drive_at(path)
    if found is None:
        raise WrongUsage(f"{path} is not the drive of a board in BOOTSEL: no {drives.INFO} there")
    return found


def serial_number(port: str) -> str:
    """Of the board at a port; "" where the system does not know."""
    return next((one.serial_number for one in boards() if one.device == port), "")


def appeared(before: list[Found], most_s: float) -> str:
    """The port of a board that was not there before; LinkLost when none comes in time."""
    until = time.monotonic() + most_s
    while time.monotonic() < until:
        new = [one for one in boards() if one not in before]
        if new:
            return new[0].device
        time.sleep(LOOK_S)
    raise LinkLost(
        f"MicroPython was written, and no board came back within {most_s:g} s: "
        "unplug it, plug it in again without BOOTSEL, and flash again"
    )


def now(port: str, number: str) -> str:
    """Where a board is that may have come back under another name; the old one if not known."""
    if not number:
        return port
    return next((one.device for one in boards() if one.serial_number == number), port)
