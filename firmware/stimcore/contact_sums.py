"""Per-contact sums of a period: one pass over the decoded records for each contact.

Role: sums, peaks and times that the kernel holds against the ceilings.
Invariant: exact integers in code x ticks; what must be estimated (passive discharge, mismatch,
offset) is rounded to the unsafe side. Charge in pC, current in nA, time in ticks.
Requirements: REQ-01 to REQ-09, REQ-17.
"""

from . import limits
from .board import Board
from .charge import ONE, decay, picocoulombs, signed
from .decode import DIRECT, SOFT

_EVERY = (1 << limits.CONTACTS) - 1
_ENDLESS_PC = 1 << 40  # charge that no discharge removes: about 1 C, above any ceiling


class Contact:
    """Charge, peak and times of one contact in a period."""

    def __init__(self) -> None:
        self.peak_na = self.peak_code = 0  # largest magnitude
        self.phase_pc = self.phase = 0  # charge of the largest single phase; code x ticks
        self.net = 0  # signed sum over the period, code x ticks
        self.running_pc = 0  # largest charge not yet recovered, in the steady state
        self.left_pc = 0  # charge after a period that began with none
        self.rest_pc = 0  # largest charge at the end of a period, in the steady state
        self.discharge_ticks = 0
        self.used = False
        self.flows: dict = {}  # by kind of discharge << 8 | contacts: largest charge it begins with

    def turned(self) -> "Contact":
        """Return the sums of a contact with always the opposite current: only the net differs."""
        other = Contact()
        other.peak_code, other.peak_na, other.net = self.peak_code, self.peak_na, -self.net
        other.phase, other.phase_pc = self.phase, self.phase_pc
        other.running_pc, other.left_pc, other.rest_pc = self.running_pc, self.left_pc, self.rest_pc
        other.discharge_ticks, other.used = self.discharge_ticks, self.used
        other.flows = self.flows
        return other


def walk(board: Board, records: list) -> list:
    """Return one Contact per contact of the lead (limits.CONTACTS of them).

    Contacts that are switched alike in every record see the same: they share one Contact; those
    that are always on the other side see the opposite current.
    """
    out = []
    errors = [_error_pc(board, record) if record[1] else 0 for record in records]
    masks = list({record[3] << 8 | record[4] for record in records})
    switched = 0
    for mask in masks:
        switched |= mask >> 8 | mask & 255
    known: dict = {}
    never = Contact()
    for index in range(limits.CONTACTS):
        bit = 1 << index
        if not switched & bit:
            out.append(never)
            continue
        key = tuple([_switched(mask, bit) for mask in masks])
        if key not in known:
            other = known.get(tuple([_OTHER_SIDE[side] for side in key]))
            known[key] = other.turned() if other else _seen(board, records, errors, bit)
        out.append(known[key])
    return out


def whole(board: Board, records: list, contacts: list) -> Contact:
    """Return what all contacts hold together: a load with two terminals holds all their charge.

    Where there is one pair of sides, it is what each of its contacts holds.
    """
    driven = {record[3] << 8 | record[4] for record in records if record[1]}
    if len(driven) > 1:
        errors = [_error_pc(board, record) if record[1] else 0 for record in records]
        every = Contact()
        _unrecovered(board, records, ([record[5] for record in records], errors), _EVERY, every)
        return every
    for contact in contacts:
        if contact.used:
            return contact
    return contacts[0]


def _seen(board: Board, records: list, errors: list, bit: int) -> Contact:
    """Compute the sums of one contact."""
    contact = Contact()
    codes = [signed(record, bit) for record in records]
    run = most = least = net = 0
    for at in range(len(records)):
        record, code = records[at], codes[at]
        if code:
            charge = code * record[0]
            run = run + charge if run * code > 0 else charge
            contact.phase = max(contact.phase, abs(run))
            net += charge
            if code > most:
                most = code
            elif code < least:
                least = code
        else:
            run = 0
            if record[6] == DIRECT and record[4] & bit:
                contact.discharge_ticks += record[0]
    contact.net = net
    contact.peak_code = max(most, -least)
    contact.used = contact.peak_code > 0
    if contact.used:
        contact.peak_na = contact.peak_code * board.na_per_code
        contact.phase_pc = picocoulombs(board, contact.phase)
        _unrecovered(board, records, (codes, errors), bit, contact)
    return contact


_OTHER_SIDE = (0, 2, 1, 3, 4, 6, 5, 7, 8)


def _switched(masks: int, bit: int) -> int:
    """Return how masks switch a contact: 1 cathode, 2 anode; 4: and no other so; 8: discharged."""
    cathodes, anodes = masks >> 8, masks & 255
    if cathodes == 0:
        return 8 if anodes & bit else 0
    alone = 4 if bit in (cathodes, anodes) else 0
    return alone + (1 if cathodes & bit else 0) + (2 if anodes & bit else 0)


def _unrecovered(board: Board, records: list, seen: tuple, bit: int, contact: Contact) -> None:
    """Compute the steady-state running charge, with passive discharge, mismatch and offset.

    A period from zero gives what it leaves (r) and its decay (g). A period that begins with a
    charge of s ends with r + g s at most, so none ever begins with more than r / (1 - g); what it
    begins with adds to each charge within it what the discharges until then have left of it.
    `seen`: of each record the code and its error in pC.
    """
    low, high, share, charges, flows = _period(board, records, seen, bit)
    contact.left_pc = max(-low, high)
    if share >= ONE and contact.left_pc:
        contact.running_pc = contact.rest_pc = _ENDLESS_PC
        contact.flows = {key: _ENDLESS_PC for key, _least, _most, _left in flows}
        return
    # the most charge that a period begins with if it leaves this when begun with none
    below = -(low * ONE // (ONE - share)) if low < 0 else 0
    above = -(-high * ONE // (ONE - share)) if high > 0 else 0
    contact.rest_pc = max(below, above)
    every = bit == _EVERY  # several pairs' may be joined either way round, and then they add
    running = 0
    for key, least, most, left in charges + flows:
        low, high = -(-below * left // ONE) - least, most - (-above * left // ONE)
        charge = low + high if every else max(low, high)
        if key:
            contact.flows[key] = max(contact.flows.get(key, 0), charge)
        elif charge > running:
            running = charge
    contact.running_pc = running


def _period(board: Board, records: list, seen: tuple, bit: int) -> tuple:
    """Return (lowest, highest charge in pC at the end, decay in 65536ths, charges, flows).

    charges: [(0, least, most, decay)] after each record with current, decaying since the start;
    flows: [(key, least, most, decay)] before each discharge. The charge is an interval: errors
    widen it, parallel contacts may share a current in any way, and a discharge may leave anything
    from nothing to what the slowest time constant does. A soft one leaves other contacts' charge;
    what the full discharge before it left of its own contacts' is taken to go with it.
    """
    ticks_per_us = board.clock_hz // 1_000_000
    codes, errors = seen
    share = ONE
    low = high = 0
    charges = []
    flows = []
    sums: dict = {}  # code x ticks since the last discharge: an active recharge leaves exactly 0
    for at in range(len(records)):
        record, code = records[at], codes[at]
        if code:
            # 0 if the whole current goes through the contact; else the masks that share it
            key = record[3] << 8 | record[4]
            if bit == (record[3] if record[3] & bit else record[4]):
                key = 0
            sums[key] = sums.get(key, 0) + code * record[0]
            low, high = low - errors[at], high + errors[at]
            charges.append((0,) + _bounds(board, low, high, sums) + (share,))
        elif record[6] and (record[3] | record[4]) & bit:
            tau = board.soft_tau_us if record[6] == SOFT else board.discharge_tau_us
            factor = decay(record[0], tau * ticks_per_us)
            least, most = _bounds(board, low, high, sums)
            flows.append((record[6] << 8 | record[3] | record[4], least, most, share))
            low = least * factor // ONE if least < 0 else 0
            high = -(-most * factor // ONE) if most > 0 else 0
            share = -(-share * factor // ONE)  # as all here, rounded to the unsafe side
            sums = {}
    low, high = _bounds(board, low, high, sums)
    return low, high, share, charges, flows


def _bounds(board: Board, low: int, high: int, sums: dict) -> tuple:
    """Return the (lowest, highest) charge: of a pair of masks' sum anything from 0 to all."""
    for total in sums.values():
        if total > 0:
            high += picocoulombs(board, total)
        else:
            low -= picocoulombs(board, total)
    return low, high


def _error_pc(board: Board, record: tuple) -> int:
    """Return a record's error in pC: its offset, and one polarity's gain against the other's."""
    error = -(-board.offset_na * record[0] * 1000 // board.clock_hz)
    if record[5] > 0:
        charge_pc = picocoulombs(board, record[5] * record[0])
        error -= -charge_pc * board.gain_mismatch_ppm // 1_000_000
    return error
