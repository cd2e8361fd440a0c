"""The device's program store: slots 1 to 8.

Role: slot numbers, rows of SLOTS, and refusals of stored programs. Invariant: users count slots
from 1, the protocol from 0. Requirements: REQ-45.
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
    """Slot in use. hash: eight hex digits, "" if it is wholly damaged (length 0).

    damaged with a length: one of two copies is, as after a power cut during a save; the slot may
    then hold the program before the last one saved. loaded: the device has this program loaded.
    """

    slot: int
    hash: str
    length: int
    damaged: bool
    loaded: bool = False


@dataclass(frozen=True)
class Recalled:
    """Program loaded from a slot, with the device's own safety figures."""

    slot: int
    hash: str
    figures: list[Figure]


def text(digest: int) -> str:
    """Format a program's hash as eight hex digits."""
    return f"{digest:08x}"


def wire(slot: int) -> int:
    """Return a slot's protocol number (from 0); raise WrongUsage if out of range."""
    if not 1 <= slot <= limits.GROUP_SLOTS:
        raise WrongUsage(f"there is no slot {slot}; allowed are 1 to {limits.GROUP_SLOTS}")
    return slot - 1


def unpack(packed: bytes, loaded: str = "") -> list[Stored]:
    """Unpack the rows of a SLOTS reply; `loaded` is the hash of the loaded program."""
    size = struct.calcsize(commands.SLOT)
    rows = struct.iter_unpack(commands.SLOT, packed[: len(packed) // size * size])
    return [
        Stored(slot + 1, text(digest), length, bool(damaged), text(digest) == loaded)
        if length
        else Stored(slot + 1, "", 0, bool(damaged))
        for slot, damaged, length, digest in rows
    ]


def explained(refusal: DeviceRefused, slot: int) -> DeviceRefused:
    """Return a refused RECALL with a clearer message if the stored program is at fault."""
    if not refusal.of_program and refusal.rows[0][0] not in _OF_THE_BLOB:
        return refusal
    message = f"this device refuses the program in slot {slot}: {refusal}; save it again"
    return DeviceRefused(refusal.command, refusal.rows, message)
