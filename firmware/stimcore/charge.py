"""Where the charge goes: one walk over decoded records, contact by contact.

Role: sums, peaks and times that the kernel holds against the ceilings.
Invariant: exact integers in code x ticks; what must be estimated (passive discharge, mismatch,
offset) is rounded to the unsafe side. Charge in pC, current in nA, time in ticks.
Requirements: REQ-01 to REQ-09, REQ-17. Next: kernel.py.
"""

from . import limits
from .board import Board

_ONE = 65536
_STEP = 61566  # exp(-1/16) in 65536ths is 61565.7; above it, so never too optimistic
_ENDLESS_PC = 1 << 40  # what nothing takes away: about 1 C, above any ceiling

_DECAYS_KEPT = 32
_decays: dict = {}  # every contact and every pass asks for the same ones


def up(value: int, by: int) -> int:
    """value / by, rounded up."""
    return -(-value // by)


def decay(ticks: int, tau_ticks: int) -> int:
    """Upper bound, in 65536ths, of the share of a charge left after `ticks` of discharge.

    exp(-t/tau): whole sixteenths of tau by squaring, the rest x by 1 - x + x^2/2; all rounded up.
    """
    known = _decays.get((ticks, tau_ticks))
    if known is not None:
        return known
    if len(_decays) >= _DECAYS_KEPT:
        _decays.clear()
    share = _decays[(ticks, tau_ticks)] = _decay(ticks, tau_ticks)
    return share


def _decay(ticks: int, tau_ticks: int) -> int:
    sixteenths = ticks * 16 // tau_ticks
    rest = (ticks * 16 - sixteenths * tau_ticks) * _ONE // (16 * tau_ticks)
    share = _ONE - rest + up(rest * rest, 2 * _ONE)
    factor = _STEP
    while sixteenths and share > 1:
        if sixteenths & 1:
            share = up(share * factor, _ONE)
        factor = up(factor * factor, _ONE)
        sixteenths >>= 1
    return share


_scale: list = [None, 0, 1]  # a board, and its pC in a code x tick in lowest terms


def picocoulombs(board: Board, code_ticks: int) -> int:
    """Magnitude of a charge in code x ticks, rounded up to whole pC.

    In lowest terms nearly every product is a small int, which is ten times faster on a board.
    """
    if _scale[0] is not board:
        above, below = board.na_per_code * 1000, board.clock_hz
        while below:
            above, below = below, above % below
        _scale[:] = [board, board.na_per_code * 1000 // above, board.clock_hz // above]
    return up(abs(code_ticks) * _scale[1], _scale[2])


class Contact:
    """What one contact sees in a period."""

    def __init__(self) -> None:
        self.peak_code = 0  # largest magnitude
        self.phase = 0  # charge of the largest single phase, code x ticks
        self.net = 0  # signed sum over the period, code x ticks
        self.running_pc = 0  # largest charge not yet recovered, in the steady state
        self.left_pc = 0  # what a period leaves behind
        self.discharge_ticks = 0
        self.used = False

    def turned(self) -> "Contact":
        """What a contact sees that always carries the opposite current: only its sum differs."""
        other = Contact()
        other.peak_code, other.phase, other.net = self.peak_code, self.phase, -self.net
        other.running_pc, other.left_pc = self.running_pc, self.left_pc
        other.discharge_ticks, other.used = self.discharge_ticks, self.used
        return other


def walk(board: Board, records: list) -> list:
    """One Contact per contact of the lead (limits.CONTACTS of them).

    Contacts that are switched alike in every record see the same: they share one Contact; those
    that are always on the other side see the opposite current.
    """
    out = []
    errors = [_error_pc(board, one) if one[1] else 0 for one in records]
    masks = list({one[3] << 8 | one[4] for one in records})
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


def _seen(board: Board, records: list, errors: list, bit: int) -> Contact:
    """What a contact sees."""
    contact = Contact()
    codes = [signed(one, bit) for one in records]
    _sums(records, codes, bit, contact)
    if contact.used:
        _unrecovered(board, records, (codes, errors), bit, contact)
    return contact


_OTHER_SIDE = (0, 2, 1, 3, 4, 6, 5, 7, 8)


def _switched(masks: int, bit: int) -> int:
    """How masks switch a contact: 1 to source, 2 to return; 4: and no other so; 8: discharged."""
    source, back = masks >> 8, masks & 255
    if source == 0:
        return 8 if back & bit else 0
    alone = 4 if bit in (source, back) else 0
    return alone + (1 if source & bit else 0) + (2 if back & bit else 0)


def signed(one: tuple, bit: int) -> int:
    """Code as the contact sees it: the return side carries the opposite current."""
    if one[3] & bit:
        return one[5]
    return -one[5] if one[4] & bit and not one[6] else 0


def _sums(records: list, codes: list, bit: int, contact: Contact) -> None:
    """codes: of each record as the contact sees it."""
    run = 0
    for at in range(len(records)):
        one, code = records[at], codes[at]
        if code:
            charge = code * one[0]
            contact.used = True
            run = run + charge if run * code > 0 else charge
            contact.phase = max(contact.phase, abs(run))
            contact.peak_code = max(contact.peak_code, abs(code))
            contact.net += charge
        else:
            run = 0
        if one[6] and one[4] & bit:
            contact.discharge_ticks += one[0]


def _unrecovered(board: Board, records: list, seen: tuple, bit: int, contact: Contact) -> None:
    """Running charge in the steady state, with passive discharge, mismatch and offset.

    A first pass from zero gives what a period leaves (r) and its decay (g). A period that begins
    with a charge of s ends with r + g s at most, so none ever begins with more than r / (1 - g);
    a second pass from there finds the peak. `seen`: of each record the code and its error in pC.
    """
    low, high, share, _peak = _pass(board, records, seen, bit, 0, 0)
    contact.left_pc = max(-low, high)
    if share >= _ONE and contact.left_pc:
        contact.running_pc = _ENDLESS_PC
        return
    low, high = -_steady(-low, share), _steady(high, share)
    contact.running_pc = _pass(board, records, seen, bit, low, high)[3]


def _steady(left: int, share: int) -> int:
    """The charge a period begins with, at most, when it leaves `left` of nothing."""
    return up(left * _ONE, _ONE - share) if left > 0 else 0


def _pass(board: Board, records: list, seen: tuple, bit: int, low: int, high: int) -> tuple:
    """(lowest, highest charge in pC at the end, decay of the period in 65536ths, peak in pC).

    The charge is an interval: errors widen it, contacts in parallel may share a current in any
    way, and a discharge may leave anything from nothing to what the slowest time constant does.
    """
    tau = board.discharge_tau_us * (board.clock_hz // 1_000_000)
    codes, errors = seen
    share = _ONE
    peak = 0
    sums: dict = {}  # code x ticks since the last discharge: an active recharge leaves exactly 0
    for at in range(len(records)):
        one, code = records[at], codes[at]
        if code:
            key = _sharing(one, bit)
            sums[key] = sums.get(key, 0) + code * one[0]
            low, high = low - errors[at], high + errors[at]
            least, most = _bounds(board, low, high, sums)
            peak = max(peak, -least, most)
        elif one[6] and one[4] & bit:
            factor = decay(one[0], tau)
            least, most = _bounds(board, low, high, sums)
            low, high = -_shrink(-least, factor), _shrink(most, factor)
            share = _shrink(share, factor)
            sums = {}
    low, high = _bounds(board, low, high, sums)
    return low, high, share, peak


def _sharing(one: tuple, bit: int) -> int:
    """0 where the whole current goes through the contact; else the pair of masks that share it."""
    side = one[3] if one[3] & bit else one[4]
    return 0 if side == bit else one[3] << 8 | one[4]


def _bounds(board: Board, low: int, high: int, sums: dict) -> tuple:
    """(lowest, highest) charge: of the sum of a pair of masks anything from nothing to all."""
    for total in sums.values():
        if total > 0:
            high += picocoulombs(board, total)
        else:
            low -= picocoulombs(board, total)
    return low, high


def _shrink(charge: int, factor: int) -> int:
    return up(charge * factor, _ONE) if charge > 0 else 0


def _error_pc(board: Board, one: tuple) -> int:
    """What a record may be off by: its offset, and one polarity's gain against the other's."""
    error = up(board.offset_na * one[0] * 1000, board.clock_hz)
    if one[5] > 0:
        error += up(picocoulombs(board, one[5] * one[0]) * board.gain_mismatch_ppm, 1_000_000)
    return error


def grows(running: dict, one: tuple, ticks: int) -> bool:
    """Adds `ticks` of an active record; whether they belong to a first phase.

    A first phase takes the running charge of its pair of masks away from zero, and so does a
    recharge that overshoots. Swapped masks are the same pair with the current turned round.
    """
    key, code = one[3] << 8 | one[4], one[5]
    if one[3] > one[4]:
        key, code = one[4] << 8 | one[3], -code
    before = running.get(key, 0)
    running[key] = before + code * ticks
    return before * code >= 0 or running[key] * code > 0


def count(found: list) -> int:
    """How many pulses those are: a run that follows at once is the other way round of the same one.

    It goes on beyond zero where it takes back what the first run gave, as a triphasic pulse does.
    """
    whole = 0
    ends = -1
    for start, width in found:
        if start != ends:
            whole += 1
        ends = start + width
    return whole


def pulses(records: list) -> tuple:
    """([(start tick, ticks of the first phase)], ticks of the longest active run).

    A pulse is a run of adjacent records of a first phase, all of one sign; one recharge may follow
    it, and each further piece of a chopped recharge counts as a pulse. A discharge ends the
    running charge.
    """
    found: list = []
    running: dict = {}
    at_tick = active_run = longest = 0
    growing = 0  # the code of the first phase just before
    recharged = False
    for one in records:
        if one[1]:
            first = grows(running, one, one[0])
            new = first or (recharged and active_run == 0)
            if new and growing * one[5] > 0:
                start, width = found.pop()
                found.append((start, width + one[0]))
            elif new:
                found.append((at_tick, one[0]))
            growing = one[5] if new else 0
            recharged = not first
            active_run += one[0]
            longest = max(longest, active_run)
        else:
            growing = active_run = 0
            if one[6]:
                running = {}
        at_tick += one[0]
    return found, longest
