"""Phases -> the 32-bit words that DMA streams to the sequencer, two a record.

Role: word 0 = hold << 2 | flags, word 1 = the frame of the stage. A record lasts its hold plus
the sequencer's own cycles. Invariant: little-endian bytes, built from 16-bit halves, so that no
word becomes a heap integer on the device. Requirements: REQ-12, REQ-14.
"""

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
        kind, source, back, code, ticks = phases[at]
        hold = ticks - board.overhead_ticks
        if hold < 0:
            raise Refused(errors.SHORT_RECORD, at, ticks, board.min_record_ticks)
        flags = 0
        if kind == DRIVE:
            flags = FLAG_ACTIVE if at else FLAG_ACTIVE_SYNC
        elif kind == MARK:
            flags = FLAG_ACTIVE_SYNC
        _put(out, 8 * at, hold >> 14, (hold & 0x3FFF) << 2 | flags)
        what = (source, back, code)
        if what not in frames:
            frames[what] = _frame(board, source, back, code)
        high, low = frames[what]
        _put(out, 8 * at + 4, high, low)
    return bytes(out)


def _put(out: bytearray, at: int, high: int, low: int) -> None:
    out[at] = low & 255
    out[at + 1] = low >> 8
    out[at + 2] = high & 255
    out[at + 3] = high >> 8


def _frame(board: Board, source: int, back: int, code: int) -> tuple:
    """Return the (high, low) 16-bit halves of the frame word."""
    if board.stage == boards.STAGE_R2R_1:
        return ((board.code_mid + _r2r_sign(source, back) * code) << 8, 0)
    dac = DAC_A_ON | (board.code_mid + code)
    return (_weave(dac >> 8, source), _weave(dac & 255, back))


def _r2r_sign(source: int, back: int) -> int:
    """Return the sign of a code: the network's output is contact 1, its middle contact 2."""
    if source == 0 or (source == 1 and back == 2):
        return 1
    if source == 2 and back == 1:
        return -1
    raise Refused(errors.STAGE_CONTACTS, 0, source << 8 | back, 0x0102)


def _weave(even: int, odd: int) -> int:
    """Weave 16 bits: bit 2i from bit i of `even`, bit 2i + 1 from bit i of `odd`."""
    return _spread(even) | _spread(odd) << 1


def _spread(byte: int) -> int:
    byte = (byte | byte << 4) & 0x0F0F
    byte = (byte | byte << 2) & 0x3333
    return (byte | byte << 1) & 0x5555
