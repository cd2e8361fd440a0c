"""What flows while nothing is driven: currents that the charge of the pulses makes by itself.

Role: the first current of each discharge, and of the bleed after a HALT, from the charge that
walk.py found and the least time constants of the board: a charge over such a time is the current it
begins with. Invariant: never less than what any load within its tolerance may show; all of it is
taken to go through any one of the contacts that are joined. Requirements: REQ-62, REQ-64.
Next: kernel.py.
"""

from . import charge, errors, limits
from .board import STAGE_R2R_1, Board
from .decode import SOFT
from .walk import whole


class Undriven:
    """Of one table of records."""

    def __init__(self, board: Board, records: list, contacts: list):
        self.board = board
        self._used = 0
        for index in range(limits.CONTACTS):
            self._used |= contacts[index].used << index
        self._every = whole(board, records, contacts)

    def figures(self, terms) -> list:
        """Rows (code, contact, nA, limit): of all discharges the one nearest to its limit."""
        flows = self._every.flows
        worst: tuple = ()
        for key in flows:
            row = self._row(errors.DISCHARGE_PEAK, key & 255, self._first_na(key), terms)
            if not worst or row[2] * worst[3] > worst[2] * row[3]:
                worst = row
        rows = [worst] if worst else []
        if self.board.bleed_least_us:
            na = charge.up(self._every.running_pc * 1000, self.board.bleed_least_us)
            rows.append(self._row(errors.BLEED_PEAK, self._used, na, terms))
        return rows

    def largest_na(self) -> int:
        """The first current of the discharge that begins with most; 0: there is none."""
        return max([0] + [self._first_na(key) for key in self._every.flows])

    def _first_na(self, key: int) -> int:
        """Of a discharge; a ladder's offset goes on flowing in it."""
        board = self.board
        least_us = board.soft_least_us if key >> 8 == SOFT else board.discharge_least_us
        na = charge.up(self._every.flows[key] * 1000, least_us) if least_us else 0
        return na + (board.offset_na if board.stage == STAGE_R2R_1 else 0)

    def _row(self, code: int, joined: int, na: int, terms) -> tuple:
        """Beside what the lowest ceiling of the contacts in use among those joined permits."""
        lowest = at = 0
        for index in range(limits.CONTACTS):
            if joined & self._used & 1 << index:
                ua = ceiling_of(self.board, terms.ceilings_ua[index])
                if not lowest or ua < lowest:
                    lowest, at = ua, index
        most = min(limits.AMPLITUDE_UA, self.board.max_amplitude_ua) * 1000
        return code, at, na, min(lowest * terms.discharge_permille, most)


def ceiling_of(board: Board, ceiling_ua: int) -> int:
    """The current, rounded up to uA, of the highest code that a ceiling still rounds to."""
    code = (ceiling_ua * 1000 + board.na_per_code // 2) // board.na_per_code
    return -(-code * board.na_per_code // 1000)
