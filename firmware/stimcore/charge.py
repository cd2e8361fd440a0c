"""Where the charge goes: one walk over decoded records, contact by contact.

Role: sums, peaks and times that the kernel holds against the ceilings.
Invariant: exact integers in code x ticks; what must be estimated (passive discharge, mismatch,
offset) is rounded to the unsafe side. Charge in pC, current in nA, time in ticks.
Requirements: REQ-01 to REQ-09, REQ-17. Next: kernel.py.
"""

from . import limits
from .board import Board

_ONE = 65536
_STEP = 61567  # exp(-1/16) in 65536ths is 61565.7; above it, so never too optimistic


def decay(ticks: int, tau_ticks: int) -> int:
    """Upper bound, in 65536ths, of the share of a charge left after `ticks` of discharge.

    exp(-t/tau) at the whole sixteenth of tau below t, by squaring, each product rounded up.
    """
    sixteenths = ticks * 16 // tau_ticks
    share = _ONE
    factor = _STEP
    while sixteenths and share > 1:
        if sixteenths & 1:
            share = (share * factor + _ONE - 1) // _ONE
        factor = (factor * factor + _ONE - 1) // _ONE
        sixteenths >>= 1
    return share


def picocoulombs(board: Board, code_ticks: int) -> int:
    """Magnitude of a charge in code x ticks, rounded up to whole pC."""
    fine = abs(code_ticks) * board.na_per_code * 1000
    return (fine + board.clock_hz - 1) // board.clock_hz


class Contact:
    """What one contact sees in a period."""

    def __init__(self) -> None:
        self.peak_code = 0  # largest magnitude
        self.phase = 0  # charge of the largest single phase, code x ticks
        self.driven = 0  # sum of the first phases' magnitudes, code x ticks
        self.net = 0  # signed sum over the period, code x ticks
        self.running_pc = 0  # largest charge not yet recovered, in the steady state
        self.left_pc = 0  # what a period leaves behind
        self.discharge_ticks = 0
        self.used = False


def walk(board: Board, records: list) -> list:
    """One Contact per contact of the lead (limits.CONTACTS of them)."""
    out = []
    for index in range(limits.CONTACTS):
        contact = Contact()
        _sums(records, 1 << index, contact)
        if contact.used:
            _unrecovered(board, records, 1 << index, contact)
        out.append(contact)
    return out


def signed(one: tuple, bit: int) -> int:
    """Code as the contact sees it: the return side carries the opposite current."""
    if one[3] & bit:
        return one[5]
    return -one[5] if one[4] & bit and not one[6] else 0


def _sums(records: list, bit: int, contact: Contact) -> None:
    run = 0
    for one in records:
        code = signed(one, bit)
        if code:
            contact.used = True
            run = run + code * one[0] if run * code > 0 else code * one[0]
            contact.phase = max(contact.phase, abs(run))
            contact.peak_code = max(contact.peak_code, abs(code))
            contact.net += code * one[0]
        else:
            run = 0
        if one[6] and one[4] & bit:
            contact.discharge_ticks += one[0]


def _unrecovered(board: Board, records: list, bit: int, contact: Contact) -> None:
    """Running charge with passive discharge, mismatch and offset.

    A first pass from zero gives what a period leaves (r) and its decay (g): the steady state
    begins each period with r / (1 - g); a second pass from there finds the peak.
    """
    left, share, _peak = _pass(board, records, bit, 0, 0)
    contact.left_pc = abs(left[0]) + left[1]
    if share >= _ONE:
        contact.running_pc = contact.left_pc
        return
    start = abs(left[0]) * _ONE // (_ONE - share) + 1 if left[0] else 0
    error = left[1] * _ONE // (_ONE - share) + 1
    contact.running_pc = _pass(board, records, bit, start if left[0] > 0 else -start, error)[2]


def _pass(board: Board, records: list, bit: int, charge: int, error: int) -> tuple:
    """((charge, error) in pC at the end, decay of the period in 65536ths, peak in pC)."""
    tau = board.discharge_tau_us * (board.clock_hz // 1_000_000)
    exact = 0  # code x ticks since the last discharge: no rounding error in an active recharge
    base = charge
    share = _ONE
    peak = abs(charge) + error
    for one in records:
        code = signed(one, bit)
        if code:
            part = picocoulombs(board, code * one[0])
            if exact * code < 0:  # a recharge: the two polarities' gains differ
                error += (part * board.gain_mismatch_ppm + 999_999) // 1_000_000
            error += _offset_pc(board, one[0])
            exact += code * one[0]
            charge = base + (picocoulombs(board, exact) if exact > 0 else -picocoulombs(board, exact))
            peak = max(peak, abs(charge) + error)
        elif one[6] and one[4] & bit:
            factor = decay(one[0], tau)
            charge = _shrink(charge, factor)
            error = (error * factor + _ONE - 1) // _ONE
            share = (share * factor + _ONE - 1) // _ONE
            base = charge
            exact = 0
    return (charge, error), share, peak


def _shrink(charge: int, factor: int) -> int:
    part = (abs(charge) * factor + _ONE - 1) // _ONE
    return part if charge > 0 else -part


def _offset_pc(board: Board, ticks: int) -> int:
    return (board.offset_na * ticks * 1000 + board.clock_hz - 1) // board.clock_hz


def pulses(records: list) -> tuple:
    """((start tick, ticks of the first phase, index of its last record), …), longest active run.

    A pulse is a run of adjacent active records that takes the running charge of its contacts
    away from zero; a run that brings it back is its recharge. The charge of each pair of masks
    is followed by itself; a discharge ends it.
    """
    found: list = []
    running: dict = {}
    at_tick = 0
    active_run = longest = 0
    growing = False
    for index in range(len(records)):
        ticks, active, _sync, source, back, code, discharge = records[index]
        if active:
            key = source << 8 | back
            before = running.get(key, 0)
            grows = before * code >= 0
            running[key] = before + code * ticks
            if grows:
                if growing:
                    start, width, _last = found.pop()
                    found.append((start, width + ticks, index))
                else:
                    found.append((at_tick, ticks, index))
            growing = grows
            active_run += ticks
            longest = max(longest, active_run)
        else:
            growing = False
            active_run = 0
            if discharge:
                running = {}
        at_tick += ticks
    return found, longest
