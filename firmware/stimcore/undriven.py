"""Undriven currents: those that the charge of the pulses makes while nothing is driven.

Role: the first current of each discharge, and of the bleed after a HALT, from the charge that
contact_sums.py found and the least time constants of the board: a charge over such a time is the
current it begins with. Invariant: never less than what any load within its tolerance may show; all
of it is taken to go through any one of the contacts that are joined. Requirements: REQ-62, REQ-64.
"""

from . import errors, limits
from .board import STAGE_R2R_1, Board
from .charge import up
from .decode import SOFT


def judged(board: Board, every, contacts: list, terms) -> tuple:
    """Judge: (rows (code, contact, nA, limit), nA of the discharge with the largest start).

    One row is of the discharge that is nearest to its limit, one of the bleed; `every`: what all
    contacts hold together. Their limit is what the lowest ceiling of the contacts joined permits.
    """
    used = _used(every, contacts)
    at, most = _held_to(board, used, terms)
    worst: tuple = ()
    largest = 0
    for key in every.flows:
        na, of = 0, (at, most)
        least_us = board.discharge_least_us
        if key >> 8 == SOFT:
            least_us, of = board.soft_least_us, _held_to(board, key & used, terms)
        if least_us:
            na = up(every.flows[key] * 1000, least_us)
        if board.stage == STAGE_R2R_1:  # a ladder's offset goes on flowing
            na += board.offset_na
        if na > largest:
            largest = na
        if not worst or na * worst[3] > worst[2] * of[1]:
            worst = (errors.DISCHARGE_PEAK, of[0], na, of[1])
    rows = [worst] if worst else []
    if board.bleed_least_us:
        na = up(every.running_pc * 1000, board.bleed_least_us)
        rows.append((errors.BLEED_PEAK, at, na, most))
    return rows, largest


def _used(every, contacts: list) -> int:
    """Return the mask of contacts in use: those that a direct discharge joins, if there is one."""
    for key in every.flows:
        if key >> 8 != SOFT:
            return int(key & 255)
    return sum([contacts[index].used << index for index in range(limits.CONTACTS)])


def _held_to(board: Board, joined: int, terms) -> tuple:
    """Return (the contact with the lowest ceiling, nA that may flow through it undriven)."""
    lowest = at = index = 0
    while joined >> index:
        if joined >> index & 1:
            ua = terms.ceilings_ua[index]
            if not lowest or ua < lowest:
                lowest, at = ua, index
        index += 1
    most = min(limits.AMPLITUDE_UA, board.max_amplitude_ua) * 1000
    return at, min(ceiling_of(board, lowest) * terms.discharge_permille, most)


def ceiling_of(board: Board, ceiling_ua: int) -> int:
    """Return the current, rounded up to uA, of the highest code that a ceiling rounds to."""
    code = (ceiling_ua * 1000 + board.na_per_code // 2) // board.na_per_code
    return -(-code * board.na_per_code // 1000)
