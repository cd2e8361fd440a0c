"""The safety kernel: decodes the final words, checks every limit, hands out the stream.

Role: admit() is the only way to a Stream, and only a Stream can be started. Whatever the host,
the compiler or the encoder got wrong is caught here, in the very bytes that DMA will stream.
Invariant: default deny; every figure is judged, every reason is given. It shares no code with
period.py and pio_records.py. Requirements: REQ-01 to REQ-18.
"""

import binascii
from collections import namedtuple

from . import charge, decode, errors, limits
from .board import Board
from .contact_sums import Contact, walk, whole
from .undriven import ceiling_of, judged

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

    def __init__(self, board: Board, words: bytes, records: list, contacts: list, found: tuple):
        pulses, longest, self.discharge_na = found  # nA: the most that any discharge makes
        self.board = board
        self.words = words
        self.crc = binascii.crc32(words) & 0xFFFFFFFF
        self.records = len(words) // 8
        self.tail = 1  # how many records at its end are the same rest
        while decode.repeats(words, self.records - self.tail):
            self.tail += 1
        self.period_ticks = sum([one[0] for one in records])
        self.max_active_ticks = longest
        self.pulses = charge.count(pulses)
        self.sums: list = []  # the walk of a whole period, once ledger.py has made it
        self.net = [contact.net for contact in contacts]  # code x ticks per period
        self.rest_pc = max([contact.rest_pc for contact in contacts])  # may stand after a discharge
        self.peaks_na = [contact.peak_code * board.na_per_code for contact in contacts]
        codes = [one[5] for one in records]
        self.peak_min_na = min(codes) * board.na_per_code
        self.peak_max_na = max(codes) * board.na_per_code

    def record(self, at: int) -> tuple:
        """Decode (ticks, active, sync, cathode mask, anode mask, signed code, discharge)."""
        return decode.record(self.board, self.words, at)[0]


def admit(words: bytes, board: Board, terms: Terms) -> Verdict:
    """Judge a table of words; the verdict holds a Stream only if nothing speaks against it."""
    count = len(words) // 4
    if count == 0 or len(words) % 8 or count > limits.TABLE_WORDS:
        return Verdict([(errors.TABLE_LENGTH, 0, count, limits.TABLE_WORDS)], [], None)
    words = bytes(words)  # judged and streamed: the same bytes, whatever the caller does to his
    found = _examined(words, board, terms)
    if found.rows:
        return Verdict(list(found.rows), [], None)
    figures = found.figures[:-1] + _step_up(board, found.contacts, terms) + found.figures[-1:]
    rows = []
    for row in figures:
        past = row[2] < row[3] if row[0] in AT_LEAST else row[2] > row[3]
        if past:
            rows.append(row)
    rows += found.unequal
    return Verdict(rows, figures, None if rows else found.stream())


class _Examined:
    """Results of words and terms that do not depend on from_na.

    rows: structural refusals; where there are none, figures by code and recharges not equal.
    """

    def __init__(self, words: bytes, board: Board, terms: Terms):
        self.asked = (words, board, tuple(terms.areas_um2), list(terms.ceilings_ua), terms[3])
        self.records, self.rows = decode.table(board, words)
        self.contacts = walk(board, self.records)
        for index in range(limits.CONTACTS):
            if not self.contacts[index].used:
                continue
            if not limits.AREA_MIN_UM2 <= terms.areas_um2[index] <= limits.AREA_MAX_UM2:
                self.rows.append((errors.CONTACT_UNKNOWN, index, 1 << index, 0))
        self._stream: Stream | None = None
        if not self.rows:
            self._pulses = charge.pulses(self.records)
            self.figures = _timing(board, self.records, self._pulses, len(words) // 4)
            self.figures += _per_contact(board, self.records, self.contacts, terms)
            every = whole(board, self.records, self.contacts)
            rows, largest_na = judged(board, every, self.contacts, terms)
            self.figures = self.figures[:-1] + rows + self.figures[-1:]
            self._pulses += (largest_na,)
            self.unequal = _imbalance(self.records)

    def stream(self) -> Stream:
        """Return the one Stream of these words; damaged words are others, and examined anew."""
        if self._stream is None:
            words, board = self.asked[:2]
            self._stream = Stream(board, words, self.records, self.contacts, self._pulses)
        return self._stream


_last: list = [None]


def _examined(words: bytes, board: Board, terms: Terms) -> _Examined:
    """Return the examination of the words, cached: a new amplitude is judged twice."""
    asked = (words, board, terms.areas_um2, terms.ceilings_ua, terms.discharge_permille)
    if _last[0] is None or _last[0].asked != asked:
        _last[0] = _Examined(words, board, terms)
    return _last[0]


def _ns(board: Board, ticks: int) -> int:
    return ticks * 1000 // (board.clock_hz // 1_000_000)


def _ns_up(board: Board, ticks: int) -> int:
    return -(-ticks * 1000 // (board.clock_hz // 1_000_000))


def _timing(board: Board, records: list, pulses: tuple, count: int) -> list:
    """Return the figures of the table as a whole: widths, rate, period, length."""
    found, longest = pulses
    period = sum([one[0] for one in records])
    widths = [pulse[1] for pulse in found]  # one at least: SYNC marks an active record
    starts = [pulse[0] for pulse in found]
    gaps = [starts[at + 1] - starts[at] for at in range(len(starts) - 1)]
    gaps.append(starts[0] + period - starts[-1])
    fastest_ns = -(-1_000_000_000_000 // min(limits.RATE_MAX_MILLIHZ, board.max_rate_millihz))
    return [
        (errors.WIDTH_SHORT, 0, _ns_up(board, min(widths)), limits.WIDTH_MIN_NS),
        (errors.WIDTH, 0, _ns(board, max(widths)), limits.WIDTH_MAX_NS),
        (errors.RATE, 0, _ns_up(board, min(gaps)), fastest_ns),
        (errors.PERIOD, 0, _ns(board, period), limits.PERIOD_MAX_NS),
        (errors.ACTIVE_RUN, 0, _ns(board, longest), limits.ACTIVE_RUN_MAX_NS),
        (errors.TABLE_LENGTH, 0, count, limits.TABLE_WORDS),
    ]


def _per_contact(board: Board, records: list, contacts: list, terms: Terms) -> list:
    """Return for each kind of figure that of the contact nearest to its limit."""
    period = sum([one[0] for one in records])
    worst: list = []
    seen: list = []
    for index in range(limits.CONTACTS):
        if not contacts[index].used:
            continue
        alike = (id(contacts[index]), terms.areas_um2[index], terms.ceilings_ua[index])
        if alike in seen:
            continue  # its figures are those of the contact before, to the last digit
        seen.append(alike)
        rows = _contact_figures(board, contacts[index], index, terms, period)
        if worst:
            for at in range(len(rows)):
                if _nearer(rows[at], worst[at]):
                    worst[at] = rows[at]
        else:
            worst = rows
    return worst


def _step_up(board: Board, contacts: list, terms: Terms) -> list:
    """Return the largest rise above the present current; no figure if none flows."""
    worst: list = []
    if terms.from_na is None:
        return worst
    for index in range(limits.CONTACTS):
        if not contacts[index].used:
            continue
        peak_na = contacts[index].peak_code * board.na_per_code
        step_na = peak_na - terms.from_na[index] - board.na_per_code  # two roundings to a code
        row = (errors.STEP_UP, index, max(-(-step_na // 1000), 0), limits.STEP_UP_UA)
        if not worst or _nearer(row, worst[0]):
            worst = [row]
    return worst


def _nearer(row: tuple, known: tuple) -> bool:
    """Return True if `row` is nearer to (or further past) its limit than `known` is to its own.

    The one figure with a least, NO_DISCHARGE, is the same at all contacts in use.
    """
    if row[3] == known[3]:
        return row[2] > known[2]
    return (row[2] * known[3], row[2]) > (known[2] * row[3], known[2])


def _contact_figures(board: Board, contact: Contact, index: int, terms: Terms, period: int) -> list:
    area = terms.areas_um2[index]
    peak_na = contact.peak_code * board.na_per_code
    phase_pc = charge.picocoulombs(board, contact.phase)
    ceiling = min(limits.AMPLITUDE_UA, board.max_amplitude_ua) * 1000
    return [
        (errors.AMPLITUDE, index, peak_na, ceiling),
        (errors.PHASE_CHARGE, index, phase_pc, limits.PHASE_CHARGE_PC),
        (errors.DENSITY, index, -(-phase_pc * 100_000 // area), limits.DENSITY_NC_PER_CM2),
        (errors.SHANNON, index, -(-phase_pc * phase_pc // (area * 10)), limits.SHANNON_DQ_MILLI),
        (errors.RUNNING_CHARGE, index, contact.running_pc, charge_limit_pc(area)),
        (errors.PERIOD_DC, index, _dc_pa(board, contact, period), limits.DC_PA),
        (
            errors.NO_DISCHARGE,
            index,
            _ns(board, contact.discharge_ticks),
            _ns(board, board.min_record_ticks),
        ),
        (errors.COMPLIANCE, index, _needed_mv(board, peak_na, contact), _allowed_mv(board)),
        (errors.CEILING, index, -(-peak_na // 1000), ceiling_of(board, terms.ceilings_ua[index])),
    ]


def _dc_pa(board: Board, contact: Contact, period: int) -> int:
    """Return the largest mean net current over limits.DC_MEAN_MS or more, from zero charge.

    In so many periods each leaves as much as the first, or less: no more than stands at last.
    """
    each = -(-contact.left_pc * board.clock_hz // period)
    return min(each, -(-contact.rest_pc * 1000 // limits.DC_MEAN_MS))


_limits: dict = {}  # by area: a lead has few sizes of contact


def charge_limit_pc(area_um2: int) -> int:
    """Return the largest charge, pC, that keeps both density and Shannon's line on an area."""
    if area_um2 not in _limits:
        if len(_limits) >= limits.CONTACTS:
            _limits.clear()
        density = limits.DENSITY_NC_PER_CM2 * area_um2 // 100_000
        _limits[area_um2] = min(density, _root(limits.SHANNON_DQ_MILLI * area_um2 * 10))
    return _limits[area_um2]


def _root(value: int) -> int:
    """Return the whole square root, by Newton's iteration from above."""
    guess = 1
    while guess * guess < value:
        guess *= 2
    better = (guess + value // guess) // 2
    while better < guess:
        guess = better
        better = (guess + value // guess) // 2
    return guess


def _needed_mv(board: Board, peak_na: int, contact: Contact) -> int:
    """Return I x R of the declared load at its upper tolerance, and its capacitance's share."""
    above = 1000 + board.load_tolerance_permille
    needed = -(-peak_na * board.load_ohm * above // 1_000_000_000)
    if board.load_nf:
        below = 1000 - board.load_tolerance_permille
        needed += -(-contact.running_pc * 1000 // (board.load_nf * below))
    return needed


def _allowed_mv(board: Board) -> int:
    return board.compliance_mv * limits.COMPLIANCE_PERMILLE // 1000


def _imbalance(records: list) -> list:
    """Return rows for active recharges that do not bring back exactly what was given."""
    sums: dict = {}
    signs: dict = {}
    for one in records:
        if one[1]:
            key = one[3] << 8 | one[4]
            sums[key] = sums.get(key, 0) + one[5] * one[0]
            signs[key] = signs.get(key, 0) | (1 if one[5] > 0 else 2)
    rows = []
    for key in sorted(sums):
        if signs[key] == 3 and sums[key]:
            rows.append((errors.IMBALANCE, 0, abs(sums[key]), 0))
    return rows
