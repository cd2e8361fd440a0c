"""The safety kernel: decodes the final words, checks every limit, hands out the stream.

Role: admit() is the only way to a Stream, and only a Stream can be started. Whatever the host,
the compiler or the encoder got wrong is caught here, in the very bytes that DMA will stream.
Invariant: default deny; every figure is judged, every reason is given. It shares no code with
period.py and pio_records.py. Requirements: REQ-01 to REQ-18.
"""

import binascii
from collections import namedtuple

from . import charge, decode, errors, limits, rules
from .board import Board
from .contact_sums import walk, whole

# terms of a judgement: per contact (limits.CONTACTS each) the area in um2 (0: no such
# contact), this person's ceiling in uA, and the peak now flowing in nA (None: not a swap); for all
# of them the permitted undriven current, in thousandths of the ceiling
Terms = namedtuple("Terms", ("areas_um2", "ceilings_ua", "from_na", "discharge_permille"))

# errors: rows (code, index, value, limit); figures: the same rows, judged or not; stream or None
Verdict = namedtuple("Verdict", ("errors", "figures", "stream"))

# figures whose limit is a least, not a most
AT_LEAST = (errors.WIDTH_SHORT, errors.RATE, errors.NO_DISCHARGE)


class Stream:
    """An admitted table of words. Made by admit() alone."""

    def __init__(self, table: "Table"):
        board, words, records = table.board, table.words, table.records
        self.board = board
        self.words = words
        self.crc = binascii.crc32(words) & 0xFFFFFFFF
        self.records = len(words) // 8
        self.tail = 1  # how many records at its end are the same rest: no table ends with current
        while decode.repeats(words, self.records - self.tail):
            self.tail += 1
        self.period_ticks = table.period_ticks
        self.max_active_ticks = table.longest_ticks
        self.pulses = charge.count(table.pulses)
        self.sums: list = []  # the walk of a whole period, once ledger.py has made it
        self.net = [contact.net for contact in table.contacts]  # code x ticks per period
        # may stand after a discharge
        self.rest_pc = max([contact.rest_pc for contact in table.contacts])
        self.peaks_na = [contact.peak_na for contact in table.contacts]
        codes = [record[5] for record in records]
        self.peak_min_na = min(codes) * board.na_per_code
        self.peak_max_na = max(codes) * board.na_per_code
        # the most that any discharge makes
        self.discharge_na = max([na for _joined, na in table.discharges_na] or [0])

    def record(self, at: int) -> tuple:
        """Decode (ticks, active, sync, cathode mask, anode mask, signed code, discharge)."""
        return decode.record(self.board, self.words, at)[0]

    def first(self, count: int):
        """Decode so many records, one after the other."""
        for at in range(count):
            yield self.record(at)


def admit(words: bytes, board: Board, terms: Terms) -> Verdict:
    """Judge a table of words; the verdict holds a Stream only if nothing speaks against it."""
    count = len(words) // 4
    if count == 0 or len(words) % 8 or count > limits.TABLE_WORDS:
        return Verdict([(errors.TABLE_LENGTH, 0, count, limits.TABLE_WORDS)], [], None)
    words = bytes(words)  # judged and streamed: the same bytes, whatever the caller does to his
    asked = (words, board, terms.areas_um2, terms.ceilings_ua, terms.discharge_permille)
    table = _last[0]
    if table is None or table.asked != asked:  # a new amplitude is judged twice
        table = _last[0] = Table(words, board, terms)
    if table.refusals:
        return Verdict(list(table.refusals), [], None)
    rise = []
    if terms.from_na is not None:
        rise = _nearest(rules.FROM_NOW, table, terms, table.used_contacts)
    figures = table.figures[:-1] + rise + table.figures[-1:]
    rows = []
    for row in figures:
        past = row[2] < row[3] if row[0] in AT_LEAST else row[2] > row[3]
        if past:
            rows.append(row)
    rows += table.unequal
    return Verdict(rows, figures, None if rows else table.stream())


class Table:
    """Words examined: whatever does not depend on what flows now.

    refusals: rows of what is wrong with their structure; where there are none, the figures, and
    rows of recharges that are not equal.
    """

    def __init__(self, words: bytes, board: Board, terms: Terms):
        self.asked = (words, board, tuple(terms.areas_um2), list(terms.ceilings_ua), terms[3])
        self.words, self.board = words, board
        self.records, self.refusals = decode.table(board, words)
        self.contacts = walk(board, self.records)
        self.used = 0  # mask of the contacts in use
        self.used_contacts: list = []  # (index, contact)
        distinct = []  # those whose figures are not, to the last digit, another one's
        seen = []
        for index in range(limits.CONTACTS):
            contact, area = self.contacts[index], terms.areas_um2[index]
            if not contact.used:
                continue
            self.used |= 1 << index
            self.used_contacts.append((index, contact))
            if not limits.AREA_MIN_UM2 <= area <= limits.AREA_MAX_UM2:
                self.refusals.append((errors.CONTACT_UNKNOWN, index, 1 << index, 0))
            alike = (id(contact.flows), area)  # shared where the current is the same or opposite
            if alike not in seen:
                seen.append(alike)
                distinct.append((index, contact))
        self._stream: Stream | None = None
        if not self.refusals:
            self._judge(terms, distinct)

    def _judge(self, terms: Terms, distinct: list) -> None:
        board, records = self.board, self.records
        self.ticks_per_us = board.clock_hz // 1_000_000
        self.period_ticks = sum([record[0] for record in records])
        self.pulses, self.longest_ticks = charge.pulses(records)
        self.whole = whole(board, records, self.contacts)
        self.discharges_na = rules.discharges_na(board, self.whole.flows, self.used)
        figures = self._figures(rules.OF_THE_TABLE, terms)
        length = [] if distinct else [figures.pop()]  # of marks alone the length stays the last
        figures += _nearest(rules.OF_A_CONTACT, self, terms, distinct)
        figures += self._figures(rules.UNDRIVEN, terms)
        figures += _nearest(rules.OF_THE_PERSON, self, terms, self.used_contacts)
        self.figures = figures + length
        self.unequal = rules.balance(self)

    def _figures(self, rules_of_table: tuple, terms: Terms) -> list:
        figures = []
        for rule in rules_of_table:
            row = rule(self, terms)
            if row:
                figures.append(row)
        return figures

    def ns(self, ticks: int) -> int:
        """Return ticks in whole ns, rounded down."""
        return ticks * 1000 // self.ticks_per_us

    def stream(self) -> Stream:
        """Return the one Stream of these words; damaged words are others, and examined anew."""
        if self._stream is None:
            self._stream = Stream(self)
        return self._stream


_last: list = [None]


def _nearest(rules_of_contact: tuple, table: Table, terms: Terms, contacts: list) -> list:
    """Return for each rule the figure of the contact nearest to, or furthest past, its limit.

    The one figure with a least, NO_DISCHARGE, is the same at all contacts in use.
    """
    figures = []
    for rule in rules_of_contact:
        worst: tuple = ()
        for index, contact in contacts:
            row = rule(table, terms, index, contact)
            if not worst:
                worst = row
            elif row[3] == worst[3]:
                if row[2] > worst[2]:
                    worst = row
            elif row[2] * worst[3] > worst[2] * row[3]:
                worst = row
        if worst:
            figures.append(worst)
    return figures
