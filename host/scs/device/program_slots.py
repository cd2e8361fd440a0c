"""The device's store as the host sees it: slots 1 to 8, each with the program it keeps.

Role: numbers of slots, rows of SLOTS, and why a kept program is refused. Invariant: people count
slots from 1, the wire from 0. Requirements: REQ-45.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from stimcore import commands, errors, limits

from ..errors import DeviceRefused, WrongUsage
from ..messages.safety_metrics import Figure

_OF_THE_BLOB = (errors.BLOB_FORMAT, errors.STAGE_CRC)


@dataclass(frozen=True)
class Stored:
    """A slot in use. hash: eight hex digits, "" where all of it is damaged (length 0).

    damaged with a length: one of two halves is, as a power cut in mid-save leaves it; what the
    slot holds may then be the program before the last one saved. loaded: it is the very program
    that the device has loaded.
    """

    slot: int
    hash: str
    length: int
    damaged: bool
    loaded: bool = False


@dataclass(frozen=True)
class Recalled:
    """A program that was loaded from a slot, with the device's own safety figures."""

    slot: int
    hash: str
    figures: list[Figure]


def text(digest: int) -> str:
    """A program's hash as people see it."""
    return f"{digest:08x}"


def wire(slot: int) -> int:
    """The number of a slot on the wire; WrongUsage for one that no device has."""
    if not 1 <= slot <= limits.GROUP_SLOTS:
        raise WrongUsage(f"there is no slot {slot}: they are 1 to {limits.GROUP_SLOTS}, such as 3")
    return slot - 1


def unpack(packed: bytes, loaded: str = "") -> list[Stored]:
    """The rows of a SLOTS reply; `loaded` is the hash of the program that is loaded."""
    size = struct.calcsize(commands.SLOT)
    rows = struct.iter_unpack(commands.SLOT, packed[: len(packed) // size * size])
    return [
        Stored(slot + 1, text(digest), length, bool(damaged), text(digest) == loaded)
        if length
        else Stored(slot + 1, "", 0, bool(damaged))
        for slot, damaged, length, digest in rows
    ]


def explained(refusal: DeviceRefused, slot: int) -> DeviceRefused:
    """A refused RECALL: that it was the kept program which is refused, where it was."""
    if not refusal.of_program and refusal.rows[0][0] not in _OF_THE_BLOB:
        return refusal
    message = f"slot {slot} keeps a program that this device refuses: {refusal}; save it anew"
    return DeviceRefused(refusal.command, refusal.rows, message)
