"""Select the board: the named one, or the only one connected.

Role: choose() returns a serial port or a drive; appeared() waits for a board that restarts.
Invariant: with none or several boards, nothing is guessed: the error lists them.
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
    """Serial port: name, the board's serial number (or ""), description."""

    device: str
    serial_number: str
    about: str


def boards() -> list[Found]:
    """Return the serial ports of boards that run MicroPython."""
    from serial.tools import list_ports

    return sorted(
        Found(one.device, one.serial_number or "", one.description or "")
        for one in list_ports.comports()
        if (one.vid, one.pid) == (VENDOR, MICROPYTHON)
    )


def choose(named: str) -> str | Drive:
    """Return the named port or drive, "" for the only one; raise WrongUsage, LinkLost if none."""
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
    """Return the serial number of the board at a port; "" if unknown."""
    return next((one.serial_number for one in boards() if one.device == port), "")


def appeared(before: list[Found], most_s: float) -> str:
    """Wait for a new board and return its port; raise LinkLost after `most_s`."""
    until = time.monotonic() + most_s
    while time.monotonic() < until:
        new = [one for one in boards() if one not in before]
        if new:
            return new[0].device
        time.sleep(LOOK_S)
    raise LinkLost(
        f"MicroPython was written, but no board reappeared within {most_s:g} s: "
        "unplug it, plug it in again without BOOTSEL, and flash again"
    )


def now(port: str, number: str) -> str:
    """Return the present port of a board by its serial number; `port` if not known."""
    if not number:
        return port
    return next((one.device for one in boards() if one.serial_number == number), port)
