"""Phases -> the 32-bit words that DMA streams to the sequencer, two a record.

Role: word 0 = hold << 2 | flags, word 1 = the frame of the stage. A record lasts its hold plus
the sequencer's own cycles. Invariant: little-endian bytes, built from 16-bit halves, so that no
word becomes a heap integer on the device. Requirements: REQ-12, REQ-14.
"""

import struct

from . import board as boards
from . import errors
from .board import Board
from .errors import Refused
from .period import DRIVE, MARK

FLAG_ACTIVE = 1
FLAG_ACTIVE_SYNC = 2  # active, and the first record of the period; or a mark for others
DAC_A_ON = 0x3000  # MCP4922: channel A, unbuffered, gain 1, not shut down (data sheet, table 5-1)


def encode(board: Board, phases: list) -> bytes:
    """Return the table of words of one period."""
    out = bytearray(8 * len(phases))
    frames: dict = {}  # a period has few different ones
    for at in range(len(phases)):
        if at and phases[at] is phases[at - 1]:  # the end of a period repeats its last rest
            out[8 * at : 8 * at + 8] = out[8 * at - 8 : 8 * at]
            continue
        kind, cathodes, anodes, code, ticks = phases[at]
        hold = ticks - board.overhead_ticks
        if hold < 0:
            raise Refused(errors.SHORT_RECORD, at, ticks, board.min_record_ticks)
        flags = 0
        if kind == DRIVE:
            flags = FLAG_ACTIVE if at else FLAG_ACTIVE_SYNC
        elif kind == MARK:
            flags = FLAG_ACTIVE_SYNC
        key = (cathodes, anodes, code)
        if key not in frames:
            frames[key] = _frame(board, cathodes, anodes, code)
        low, high = frames[key]
        struct.pack_into("<4H", out, 8 * at, (hold & 0x3FFF) << 2 | flags, hold >> 14, low, high)
    return bytes(out)


def _frame(board: Board, cathodes: int, anodes: int, code: int) -> tuple:
    """Return the (low, high) 16-bit halves of the frame word."""
    if board.stage == boards.STAGE_R2R_1:
        # the network's output is contact 1, its middle contact 2
        if cathodes == 2 and anodes == 1:
            code = -code
        elif cathodes and (cathodes != 1 or anodes != 2):
            raise Refused(errors.STAGE_CONTACTS, 0, cathodes << 8 | anodes, 0x0102)
        return (0, (board.code_mid + code) << 8)
    dac = DAC_A_ON | (board.code_mid + code)
    low = _spread(dac & 255) | _spread(anodes) << 1
    return (low, _spread(dac >> 8) | _spread(cathodes) << 1)


def _spread(byte: int) -> int:
    """Return bit i of a byte as bit 2i."""
    byte = (byte | byte << 4) & 0x0F0F
    byte = (byte | byte << 2) & 0x3333
    return (byte | byte << 1) & 0x5555
