"""What test pulses say of the load: resistance, capacitance, and whether it is the declared one.

Role: Sums gathers samples of test pulses, evaluate() makes ohm and nF of them, judge() a verdict
on a pair of contacts, by_contact() on each. Invariant: integers; every sample counts once.
Requirements: REQ-56. Next: measure.py, which makes the pulses.

A test pulse is two equal phases of opposite sign. Folded together, their offsets cancel, and so
does what the capacitance adds to the voltage in the middle of each: the ratio of mean voltage and
mean current is the resistance. The rise from the first third of a phase to its last is the
capacitance.
"""

from collections import namedtuple

from . import board as boards
from . import capture, limits
from .board import Board

GOOD, OPEN, SHORT, WRONG_OHM, WRONG_NF = range(5)  # verdicts
VERDICTS = ("good", "open", "short", "wrong resistance", "wrong capacitance")

WIDTH_US = 1_000  # of a phase: 500 nC
SETTLED_US = 24  # after a change: the stage's settling, 2 us of the capture, one sample
THIRD = 39  # samples
SAMPLES = 3 * THIRD  # of a phase: 936 us about its middle
NF_MOST = 20_000  # what rises by less than one ADC code is taken for no capacitance at all
SHORT_SHARE = 20  # a load of less than 1/20 of the declared resistance is a short
OPEN_SHARE = 4  # less than 1/4 of the current is an open lead

# of a contact (its number) or of a pair of them (its mask); nf 0: no capacitance
Finding = namedtuple("Finding", ("where", "verdict", "ohm", "nf"))


class Sums:
    """What the samples of all pulses add up to: codes away from zero, second phase minus first."""

    def __init__(self) -> None:
        self.phases = 0
        self.current = [0, 0]  # of the first phases, of the second ones
        self.voltage = 0
        self.current_rise = [0, 0]  # last third less first
        self.voltage_rise = 0
        self.late_us = 0  # how much after its middle a phase's voltage was looked at

    def add(self, zero: int, samples, offset_us: int, edge_us: int, second: int) -> None:
        """The phase that begins edge_us after SYNC."""
        first = -(-(edge_us + SETTLED_US - offset_us) // capture.PAIR_US)
        begins_us = offset_us + first * capture.PAIR_US
        middle_us = begins_us + (SAMPLES - 1) * capture.PAIR_US // 2 + capture.VOLTAGE_LATER_US
        sign = 1 if second else -1
        current, current_rise = _thirds(samples, 2 * first)
        voltage, voltage_rise = _thirds(samples, 2 * first + 1)
        self.current[second] += sign * (current - SAMPLES * zero)
        self.current_rise[second] += sign * current_rise
        self.voltage += sign * (voltage - SAMPLES * zero)
        self.voltage_rise += sign * voltage_rise
        self.late_us += middle_us - edge_us - WIDTH_US // 2
        self.phases += 1


def _thirds(samples, at: int) -> tuple:
    """(sum of a phase's samples, sum of its last third less that of its first)."""
    total = rise = 0
    for number in range(SAMPLES):
        one = samples[at]
        total += one
        if number < THIRD:
            rise -= one
        elif number >= 2 * THIRD:
            rise += one
        at += 2
    return total, rise


def evaluate(board: Board, sums: Sums) -> tuple:
    """(ohm, nF) of a pair: ohm below 0 where no current flows, nF 0 without a capacitance.

    Every value is a sum over the phases: V = R I + S (what the charge adds at the middle), and
    rise of V = R rise of I + S I time, S being 1 / C. A ladder's current is not constant; a
    current stage's is, and what its ADC shows of changes would only be noise.
    """
    na, uv = board.sense_na_per_lsb, board.sense_uv_per_lsb
    count = sums.phases * SAMPLES
    current = (sums.current[0] + sums.current[1]) * na // count  # nA
    wanted = boards.code_from_ua(board, limits.MEASURE_UA) * board.na_per_code
    if current * OPEN_SHARE < wanted:
        return (-1, 0)
    voltage = sums.voltage * uv  # uV x count
    rise = sums.voltage_rise * uv * 3 // count  # uV in time_us
    time_us = 2 * THIRD * capture.PAIR_US
    ahead = current_rise = 0
    if board.stage == boards.STAGE_R2R_1:
        current_rise = (sums.current_rise[0] + sums.current_rise[1]) * na * 3 // count
        uneven = (sums.current[1] - sums.current[0]) * na // count  # half of it: two kinds of phase
        quarter = WIDTH_US // 4
        ahead = uneven * WIDTH_US // 2 - current_rise * quarter * WIDTH_US // (2 * time_us)
    late = current * sums.late_us // sums.phases
    milliohm = voltage * 1_000_000 // (current * count)
    farads = 0
    for _ in range(3):
        charged = rise - milliohm * current_rise // 1_000_000  # uV by the charge alone
        farads = current * time_us // charged if charged > 0 else NF_MOST + 1  # nF
        if farads > NF_MOST or farads < 1:
            return (_rounded(voltage * 1_000_000 // (current * count)), 0)
        extra = (late + ahead) * count // farads  # uV x count: nA us / nF
        milliohm = (voltage - extra) * 1_000_000 // (current * count)
    return (_rounded(milliohm), farads)


def _rounded(milliohm: int) -> int:
    return max(0, (milliohm + 500) // 1000)


def judge(board: Board, where: int, ohm: int, nanofarad: int) -> Finding:
    """The verdict on a pair: against what the declared load shows."""
    if ohm < 0:
        return Finding(where, OPEN, 0, 0)
    allowed = board.load_tolerance_permille + limits.MEASURE_ERROR_PERMILLE
    verdict = GOOD
    if ohm * SHORT_SHARE < board.seen_ohm:
        verdict = SHORT
    elif abs(ohm - board.seen_ohm) * 1000 > board.seen_ohm * allowed:
        verdict = WRONG_OHM
    elif abs(nanofarad - board.seen_nf) * 1000 > board.seen_nf * allowed:
        verdict = WRONG_NF
    return Finding(where, verdict, ohm, nanofarad)


def by_contact(found: list) -> list:
    """Findings of contacts from those of pairs.

    A short is named at both of its contacts. Anything else is the contact's own only if all of its
    pairs have it: where one is good, the other end of the bad one is to blame.
    """
    used = 0
    for one in found:
        used |= one.where
    rows = []
    for contact in range(limits.CONTACTS):
        mine = [one for one in found if one.where >> contact & 1]
        if not used >> contact & 1:
            continue
        shorts = [one for one in mine if one.verdict == SHORT]
        best = shorts[0] if shorts else min(mine, key=_verdict)
        rows.append(Finding(contact, best.verdict, best.ohm, best.nf))
    return rows


def _verdict(one: Finding) -> int:
    return int(one.verdict)
