"""The non-volatile store: slots that outlast the power, each with the old bytes or the new ones.

Role: read, write and erase a slot through hal.nv_read and hal.nv_write. A slot has two halves, at
the indices 2 * slot and 2 * slot + 1; a write goes to the half that does not hold what is valid
and newest, and is read back. Slots 0 to GROUP_SLOTS - 1 hold programs (handlers.py); the slot
GROUP_SLOTS is kept for the calibration of the sense path.
Invariant: at every instant one half is as it was, so that a cut of the power leaves the old bytes
or the new; the watchdog is fed before each write, for one may take most of its time.
Requirements: REQ-44, REQ-45.

A record: magic, version, length of the data, sequence, the data, CRC-32 of all before it.
"""

import binascii
import struct

from . import errors
from .errors import Refused

MAGIC = b"SCSN"
VERSION = 1
_HEAD = "<4sBHI"
_LAST = 0xFFFFFFFF  # sequence after which there is none: no flash lasts so long
_EXTRA = struct.calcsize(_HEAD) + 4


def pack(sequence: int, data: bytes) -> bytes:
    """Return the record of one half."""
    body = struct.pack(_HEAD, MAGIC, VERSION, len(data), sequence) + data
    return body + struct.pack("<I", binascii.crc32(body) & 0xFFFFFFFF)


def unpack(record: bytes) -> tuple:
    """Return (sequence, data) of a record; () for anything that pack would not write."""
    if len(record) < _EXTRA:
        return ()
    magic, version, length, sequence = struct.unpack_from(_HEAD, record, 0)
    if magic != MAGIC or version != VERSION or length != len(record) - _EXTRA:
        return ()
    crc = binascii.crc32(record[:-4]) & 0xFFFFFFFF
    if struct.unpack_from("<I", record, len(record) - 4)[0] != crc:
        return ()
    return (sequence, record[_EXTRA - 4 : -4])


def _look(hal, slot: int) -> tuple:
    """Return (half of the newest valid record, that record or (), True if a half is damaged)."""
    newest = 0
    kept: tuple = ()
    damaged = False
    for half in (0, 1):
        record = hal.nv_read(2 * slot + half)
        valid = unpack(record)
        if valid and (not kept or valid[0] > kept[0]):
            newest, kept = half, valid
        damaged = damaged or (len(record) > 0 and not valid)
    return (newest, kept, damaged)


def read(hal, slot: int) -> tuple:
    """Return (data of a slot, b"" if there is none; True if a half of it is damaged)."""
    _half, kept, damaged = _look(hal, slot)
    return (kept[1] if kept else b"", damaged)


def write(hal, slot: int, data: bytes) -> None:
    """Replace what a slot holds; Refused (STORE_WRITE), the old kept, where it does not arrive."""
    half, kept, _damaged = _look(hal, slot)
    if kept:
        if kept[0] == _LAST:
            raise Refused(errors.STORE_WRITE, slot)  # until it is erased
        half, sequence = 1 - half, kept[0] + 1
    else:
        sequence = 0
    record = pack(sequence, data)
    index = 2 * slot + half
    hal.feed_watchdog()
    hal.nv_write(index, record)
    if hal.nv_read(index) != record:
        raise Refused(errors.STORE_WRITE, slot)


def erase(hal, slot: int) -> None:
    """Empty a slot: the newest half last, or a cut between the two would bring the older back."""
    newest = _look(hal, slot)[0]
    for half in (1 - newest, newest):
        hal.feed_watchdog()
        hal.nv_write(2 * slot + half, b"")
        if hal.nv_read(2 * slot + half):
            raise Refused(errors.STORE_WRITE, slot)
