"""Calibration of the sense channels: four numbers, stored apart from the programs.

Role: applied() returns a Board with its sense path corrected; whatever turns ADC
codes into nA and mV uses that Board. restore() reads the numbers at boot, keep() replaces them.
Invariant: numbers that are damaged, out of bounds, of another stage or of another board are used
for nothing, and while they are there ARM is refused (handlers.py). Requirements: REQ-47.

In the store: CRC-32 of the declared stage and of the board's id, then the numbers; the record has a
CRC of its own.
"""

import binascii
import struct
from collections import namedtuple

from . import errors, limits, store
from .board import Board
from .errors import Refused

SLOT = limits.GROUP_SLOTS
NONE, GOOD, DAMAGED, FOREIGN = range(4)  # its status at boot; FOREIGN: of another stage or board

# offsets: a channel's excess at zero, 1/16 of an ADC code; ppm: correction of a code's value
# more than boards.yaml declares
Calibration = namedtuple(
    "Calibration", ("current_offset", "current_ppm", "voltage_offset", "voltage_ppm")
)
PLAIN = Calibration(0, 0, 0, 0)

_FORM = "<Ihihi"
_SENSE = 4  # so many fields stand last in a Board: those that a calibration changes


def check(values: tuple) -> None:
    """Raise Refused for a number larger than any sense path of this kind can be wrong."""
    for index in range(len(values)):
        most = limits.CALIBRATION_PPM if index & 1 else limits.CALIBRATION_OFFSET
        if abs(values[index]) > most:
            raise Refused(errors.CALIBRATION_RANGE, index, values[index], most)


def applied(board: Board, values: tuple) -> Board:
    """Return the declared board with its sense path corrected."""
    sense = (
        values[0],
        board.sense_na_per_lsb * (1_000_000 + values[1]) // 1_000_000,
        values[2],
        board.sense_uv_per_lsb * (1_000_000 + values[3]) // 1_000_000,
    )
    return Board(*(list(board)[:-_SENSE] + list(sense)))


def restore(hal, board: Board) -> tuple:
    """Return (NONE, GOOD, DAMAGED or FOREIGN, the numbers to be used).

    A half that is damaged spoils the other: it may have held the newer numbers.
    """
    data, damaged = store.read(hal, SLOT)
    if not data and not damaged:
        return NONE, PLAIN
    if damaged or len(data) != struct.calcsize(_FORM):
        return DAMAGED, PLAIN
    fields = struct.unpack(_FORM, data)
    values = Calibration(*fields[1:])
    try:
        check(values)
    except Refused:
        return DAMAGED, PLAIN
    return (GOOD, values) if fields[0] == _mark(hal, board) else (FOREIGN, PLAIN)


def keep(hal, board: Board, values: tuple) -> None:
    """Replace the numbers in the store; Refused where they are out of bounds or do not arrive."""
    check(values)
    data, damaged = store.read(hal, SLOT)
    if damaged and not data:
        store.erase(hal, SLOT)  # a write mends one half alone
    store.write(hal, SLOT, struct.pack(_FORM, _mark(hal, board), *values))


def _mark(hal, board: Board) -> int:
    """Return the CRC of the stage and its sense path as declared, whatever the load, and of the
    board: its parts are not another one's, though its store may be copied."""
    declared = (board.stage, board.adc_zero, board.sense_na_per_lsb, board.sense_uv_per_lsb)
    return binascii.crc32(repr(declared).encode() + hal.unique_id()) & 0xFFFFFFFF
