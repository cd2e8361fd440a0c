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


SIMULATED = "the simulated board runs the firmware's own files: nothing to flash"


class Found(NamedTuple):
    """Serial port: name, the board's serial number (or ""), description."""

    device: str
    serial_number: str
    about: str


def boards() -> list[Found]:
    """Return the serial ports of boards that run MicroPython."""
    from serial.tools import list_ports

    return sorted(
        Found(port.device, port.serial_number or "", port.description or "")
        for port in list_ports.comports()
        if (port.vid, port.pid) == (VENDOR, MICROPYTHON)
    )


def choose(named: str) -> str | Drive:
    """Return the named port or drive, "" for the only one; raise WrongUsage, LinkLost if none."""
    if named and is_sim(named):
        raise WrongUsage(SIMULATED)
    if named and Path(named).is_dir():
        drive = drives.drive_at(Path(named))
        if drive is None:
            raise WrongUsage(
                f"{Path(named)} is not the drive of a board in BOOTSEL: no {drives.INFO} there"
            )
        return drive
    if named:
        return named
    ports, mounted = boards(), drives.drives()
    if not ports and not mounted:
        raise LinkLost(f"no board found: {HINT}")
    if len(ports) + len(mounted) == 1:
        return mounted[0] if mounted else ports[0].device
    listed = [f"{port.device} ({port.about}, {port.serial_number})" for port in ports]
    listed += [f"{drive.path} (in BOOTSEL)" for drive in mounted]
    raise WrongUsage(f"{len(listed)} boards found: {', '.join(listed)}; name one with --port")


def serial_number(port: str) -> str:
    """Return the serial number of the board at a port; "" if unknown."""
    return next((board.serial_number for board in boards() if board.device == port), "")


def appeared(before: list[Found], most_s: float) -> str:
    """Wait for a new board and return its port; raise LinkLost after `most_s`."""
    until = time.monotonic() + most_s
    while time.monotonic() < until:
        new = [board for board in boards() if board not in before]
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
    return next((board.device for board in boards() if board.serial_number == number), port)
