"""Charge in whole numbers: remainder of a discharge, charge of a record, start of a pulse.

Role: the arithmetic of contact_sums.py and of every other module that computes charge.
Invariant: exact integers in code x ticks; what must be estimated (passive discharge, mismatch,
offset) is rounded to the unsafe side. Charge in pC, current in nA, time in ticks.
Requirements: REQ-01 to REQ-09, REQ-17.
"""

from .board import Board

ONE = 65536
_STEP = 61566  # exp(-1/16) in 65536ths is 61565.7; above it, so never too optimistic

_DECAYS_KEPT = 32
_decays: dict = {}  # every contact and every pass asks for the same ones


def up(value: int, by: int) -> int:
    """Return value / by, rounded up."""
    return -(-value // by)


def decay(ticks: int, tau_ticks: int) -> int:
    """Return an upper bound, in 65536ths, of the charge left after `ticks` of discharge.

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
    rest = (ticks * 16 - sixteenths * tau_ticks) * ONE // (16 * tau_ticks)
    share = ONE - rest + up(rest * rest, 2 * ONE)
    factor = _STEP
    while sixteenths and share > 1:
        if sixteenths & 1:
            share = up(share * factor, ONE)
        factor = up(factor * factor, ONE)
        sixteenths >>= 1
    return share


_scale: list = [None, 0, 1]  # a board, and its pC in a code x tick in lowest terms


def picocoulombs(board: Board, code_ticks: int) -> int:
    """Return the magnitude of a charge in code x ticks, rounded up to whole pC.

    In lowest terms nearly every product is a small int, which is ten times faster on a board.
    """
    if _scale[0] is not board:
        above, below = board.na_per_code * 1000, board.clock_hz
        while below:
            above, below = below, above % below
        _scale[:] = [board, board.na_per_code * 1000 // above, board.clock_hz // above]
    return -(-abs(code_ticks) * _scale[1] // _scale[2])


def signed(record: tuple, bit: int) -> int:
    """Return the code as the contact sees it: the anode side carries the opposite current."""
    if record[3] & bit:
        return record[5]
    return -record[5] if record[4] & bit and not record[6] else 0


def grows(running: dict, record: tuple, ticks: int) -> bool:
    """Add `ticks` of an active record; return True if they belong to a first phase.

    A first phase takes the running charge of its pair of masks away from zero, and so does a
    recharge that overshoots. Swapped masks are the same pair with the current turned round.
    """
    key, code = record[3] << 8 | record[4], record[5]
    if record[3] > record[4]:
        key, code = record[4] << 8 | record[3], -code
    before = running.get(key, 0)
    running[key] = before + code * ticks
    return before * code >= 0 or running[key] * code > 0


def count(runs: list) -> int:
    """Count pulses. A run that starts where the last one ends is its opposite phase, not a new one.

    It goes on beyond zero where it takes back what the first run gave, as a triphasic pulse does.
    """
    whole = 0
    ends = -1
    for start, width in runs:
        if start != ends:
            whole += 1
        ends = start + width
    return whole


def pulses(records: list) -> tuple:
    """Return ([(start tick, ticks of the first phase)], ticks of the longest active run).

    A pulse is a run of adjacent records of a first phase, all of one sign; one recharge may follow
    it, and each further piece of a chopped recharge counts as a pulse. A discharge ends the
    running charge.
    """
    runs: list = []
    running: dict = {}
    at_tick = active_run = longest = 0
    growing = 0  # the code of the first phase just before
    recharged = False
    for record in records:
        if record[1]:
            first = grows(running, record, record[0])
            new = first or (recharged and active_run == 0)
            if new and growing * record[5] > 0:
                start, width = runs.pop()
                runs.append((start, width + record[0]))
            elif new:
                runs.append((at_tick, record[0]))
            growing = record[5] if new else 0
            recharged = not first
            active_run += record[0]
            longest = max(longest, active_run)
        else:
            growing = active_run = 0
            if record[6]:
                running = {}
        at_tick += record[0]
    return runs, longest
