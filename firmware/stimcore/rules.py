"""The rules of the gate: everything that kernel.admit() holds a table of words against.

Role: each rule returns its figure, a row (code, index, value, limit); () where nothing is to be
judged. The tuples at the end of the file are the gate, in the order of the rows of a verdict.
Invariant: a rule refuses nothing by itself: the kernel refuses every figure past its limit. A
current, charge or voltage is rounded up. What is wrong with the words themselves has no figure:
decode.table() refuses it. Requirements: REQ-01 to REQ-09, REQ-13, REQ-15 to REQ-18, REQ-22,
REQ-62, REQ-64, REQ-69.
"""

from . import errors, limits
from .board import STAGE_R2R_1, Board
from .decode import SOFT


# --- the table as a whole: (kernel.Table, kernel.Terms) -> row ---------------------------------
def width_least(table, _terms) -> tuple:
    """REQ-02: no first phase shorter than a published implant's."""
    ticks = min([pulse[1] for pulse in table.pulses])  # one at least: SYNC marks an active record
    return (errors.WIDTH_SHORT, 0, -(-ticks * 1000 // table.ticks_per_us), limits.WIDTH_MIN_NS)


def width_most(table, _terms) -> tuple:
    """REQ-02: no first phase longer than a published implant's."""
    ticks = max([pulse[1] for pulse in table.pulses])
    return (errors.WIDTH, 0, ticks * 1000 // table.ticks_per_us, limits.WIDTH_MAX_NS)


def rate(table, _terms) -> tuple:
    """REQ-03: from each pulse to the next, and from the last one across the end of the period."""
    least = table.period_ticks
    before = table.pulses[-1][0] - least
    for start, _width in table.pulses:
        least = min(least, start - before)
        before = start
    fastest = min(limits.RATE_MAX_MILLIHZ, table.board.max_rate_millihz)
    least_ns = -(-least * 1000 // table.ticks_per_us)
    return (errors.RATE, 0, least_ns, -(-1_000_000_000_000 // fastest))


def period(table, _terms) -> tuple:
    """REQ-16: no period longer than 1 s, over which the net current is judged."""
    return (errors.PERIOD, 0, table.ns(table.period_ticks), limits.PERIOD_MAX_NS)


def active_run(table, _terms) -> tuple:
    """REQ-13: no active run outlasts a pulse and its recharge."""
    return (errors.ACTIVE_RUN, 0, table.ns(table.longest_ticks), limits.ACTIVE_RUN_MAX_NS)


def table_length(table, _terms) -> tuple:
    """REQ-16: no more words than the memory holds."""
    return (errors.TABLE_LENGTH, 0, len(table.words) // 4, limits.TABLE_WORDS)


# --- one contact: (Table, Terms, its index, its sums) -> row -------------------------------------
def amplitude(table, _terms, index: int, contact) -> tuple:
    """REQ-01: the highest published amplitude, or the stage's own ceiling."""
    most_ua = min(limits.AMPLITUDE_UA, table.board.max_amplitude_ua)
    return (errors.AMPLITUDE, index, contact.peak_na, most_ua * 1000)


def phase_charge(_table, _terms, index: int, contact) -> tuple:
    """REQ-04: no more than this, whatever area is claimed."""
    return (errors.PHASE_CHARGE, index, contact.phase_pc, limits.PHASE_CHARGE_PC)


def density(_table, terms, index: int, contact) -> tuple:
    """REQ-05: pC on um2 as nC/cm2, as if the whole current went through this contact."""
    value = -(-contact.phase_pc * 100_000 // terms.areas_um2[index])
    return (errors.DENSITY, index, value, limits.DENSITY_NC_PER_CM2)


def shannon(_table, terms, index: int, contact) -> tuple:
    """REQ-06: density x charge, in thousandths of uC/cm2 x uC."""
    value = -(-contact.phase_pc * contact.phase_pc // (terms.areas_um2[index] * 10))
    return (errors.SHANNON, index, value, limits.SHANNON_DQ_MILLI)


def running_charge(_table, terms, index: int, contact) -> tuple:
    """REQ-07: what adds up is held to the limits of one phase."""
    limit_pc = charge_limit_pc(terms.areas_um2[index])
    return (errors.RUNNING_CHARGE, index, contact.running_pc, limit_pc)


def net_dc(table, _terms, index: int, contact) -> tuple:
    """REQ-08: the largest mean over DC_MEAN_MS or more, from zero charge.

    In so many periods each leaves as much as the first, or less: no more than stands at last.
    """
    first_pa = -(-contact.left_pc * table.board.clock_hz // table.period_ticks)
    last_pa = -(-contact.rest_pc * 1000 // limits.DC_MEAN_MS)
    return (errors.PERIOD_DC, index, min(first_pa, last_pa), limits.DC_PA)


def discharge(table, _terms, index: int, contact) -> tuple:
    """REQ-09: the shortest record at least; the same at all contacts in use."""
    least = table.ns(table.board.min_record_ticks)
    return (errors.NO_DISCHARGE, index, table.ns(contact.discharge_ticks), least)


def compliance(table, _terms, index: int, contact) -> tuple:
    """REQ-15: I x R of the declared load at its upper tolerance, and its capacitance's share."""
    board = table.board
    above = 1000 + board.load_tolerance_permille
    needed_mv = -(-contact.peak_na * board.load_ohm * above // 1_000_000_000)
    if board.load_nf:
        below = 1000 - board.load_tolerance_permille
        needed_mv += -(-contact.running_pc * 1000 // (board.load_nf * below))
    allowed_mv = board.compliance_mv * limits.COMPLIANCE_PERMILLE // 1000
    return (errors.COMPLIANCE, index, needed_mv, allowed_mv)


def step_up(table, terms, index: int, contact) -> tuple:
    """REQ-18: above what flows now, less two roundings to a code."""
    step_na = contact.peak_na - terms.from_na[index] - table.board.na_per_code
    return (errors.STEP_UP, index, max(-(-step_na // 1000), 0), limits.STEP_UP_UA)


def ceiling(table, terms, index: int, contact) -> tuple:
    """REQ-22: this person's ceiling at this contact."""
    limit_ua = ceiling_of(table.board, terms.ceilings_ua[index])
    return (errors.CEILING, index, -(-contact.peak_na // 1000), limit_ua)


# --- what flows while nothing is driven: (Table, Terms) -> row -----------------------------------
def discharge_peak(table, terms) -> tuple:
    """REQ-62: the discharge nearest to what the lowest ceiling of the contacts joined permits."""
    worst: tuple = ()
    for joined, na in table.discharges_na:
        at, most = _held_to(table.board, joined, terms)
        if not worst or na * worst[3] > worst[2] * most:
            worst = (errors.DISCHARGE_PEAK, at, na, most)
    return worst


def bleed_peak(table, terms) -> tuple:
    """REQ-64: a HALT when most charge stands; it bleeds through all contacts in use."""
    least_us = table.board.bleed_least_us
    if not least_us:
        return ()
    at, most = _held_to(table.board, table.used, terms)
    return (errors.BLEED_PEAK, at, -(-table.whole.running_pc * 1000 // least_us), most)


# --- the words: Table -> rows, each a refusal ----------------------------------------------------
def balance(table) -> list:
    """REQ-17, REQ-69: an active recharge brings back exactly what was given."""
    sums: dict = {}
    signs: dict = {}
    for record in table.records:
        if record[1]:
            key = record[3] << 8 | record[4]
            sums[key] = sums.get(key, 0) + record[5] * record[0]
            signs[key] = signs.get(key, 0) | (1 if record[5] > 0 else 2)
    unequal = [key for key in sorted(sums) if signs[key] == 3 and sums[key]]
    return [(errors.IMBALANCE, 0, abs(sums[key]), 0) for key in unequal]


# The gate. Of a contact's rules the figure of the contact nearest to its limit is shown.
OF_THE_TABLE = (width_least, width_most, rate, period, active_run, table_length)
OF_A_CONTACT = (
    amplitude,
    phase_charge,
    density,
    shannon,
    running_charge,
    net_dc,
    discharge,
    compliance,
)
UNDRIVEN = (discharge_peak, bleed_peak)
FROM_NOW = (step_up,)  # of a contact; not asked of a table that follows none
OF_THE_PERSON = (ceiling,)  # of a contact


# --- limits of their own -------------------------------------------------------------------------
def discharges_na(board: Board, flows: dict, used: int) -> list:
    """Return (contacts, nA) of each kind of discharge: the current that it begins with at most.

    flows: of contact_sums.Contact. A charge over the least time constant that the declared load
    may have; all of it is taken to go through any one of the contacts that are joined.
    """
    out = []
    for key in flows:
        least_us = board.soft_least_us if key >> 8 == SOFT else board.discharge_least_us
        na = -(-flows[key] * 1000 // least_us) if least_us else 0
        if board.stage == STAGE_R2R_1:  # a ladder's offset goes on flowing
            na += board.offset_na
        out.append((key & used, na))
    return out


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
