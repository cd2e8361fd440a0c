"""Evaluation of test pulses: the load's resistance and capacitance, held against the declared.

Role: Sums gathers samples of test pulses, evaluate() makes ohm and nF of them, judge() a verdict
on a pair of contacts, by_contact() on each. Invariant: integers; every sample counts once.
Requirements: REQ-56.

A test pulse is two equal phases of opposite sign. Folded together, their offsets cancel, and so
does what the capacitance adds to the voltage in the middle of each: the ratio of mean voltage and
mean current is the resistance. The rise from the first third of a phase to its last is the
capacitance.
"""

from collections import namedtuple

from . import board as boards
from . import capture, errors, limits
from .board import Board

GOOD, OPEN, SHORT, WRONG_OHM, WRONG_NF = range(5)  # verdicts
CODES = (errors.OK, errors.LOAD_OPEN, errors.LOAD_SHORT, errors.LOAD_OHM, errors.LOAD_NF)

# of a phase: us, and samples in a third of its window, whose middle is the phase's. A ladder's
# current falls while its load charges, a short phase keeps that nearly straight; its ADC is fine.
SHAPES = {boards.STAGE_MCP4922_8: (1_000, 39), boards.STAGE_R2R_1: (400, 14)}
SETTLED_US = 24  # after a change: the stage's settling, 2 us of the capture, one sample
REST = 16  # pairs at the end of the rest after a pulse
NF_MOST = 20_000  # a rise of less than one ADC code counts as no capacitance
SHORT_SHARE = 20  # a load of less than 1/20 of the declared resistance is a short
OPEN_SHARE = 4  # less than 1/4 of the current is an open lead

# of a contact (its number) or of a pair of them (its mask); nf 0: no capacitance
Finding = namedtuple("Finding", ("where", "verdict", "ohm", "nf"))


class Sums:
    """Sums over the samples of all pulses, folded: codes, second phases less first ones."""

    def __init__(self, board: Board) -> None:
        self.width_us, self.third = SHAPES[board.stage]
        self.zero = board.adc_zero
        self.phases = 0
        self.current = self.voltage = 0
        self.current_rise = [0, 0]  # last third less first: of first phases, of second ones
        self.voltage_rise = [0, 0]
        self.rest_current = self.rest_voltage = self.rests = 0
        self.late_us = 0  # delay of a phase's voltage samples after its middle

    def add(self, samples, offset_us: int, edge_us: int, second: int) -> None:
        """Add the phase that begins edge_us after SYNC; second: 0 or 1."""
        many = 3 * self.third
        first = -(-(edge_us + SETTLED_US - offset_us) // capture.PAIR_US)
        begins_us = offset_us + first * capture.PAIR_US
        middle_us = begins_us + (many - 1) * capture.PAIR_US // 2 + capture.VOLTAGE_LATER_US
        sign = 1 if second else -1
        current, current_rise = _thirds(samples, 2 * first, self.third)
        voltage, voltage_rise = _thirds(samples, 2 * first + 1, self.third)
        self.current += sign * (current - many * self.zero)
        self.voltage += sign * (voltage - many * self.zero)
        self.current_rise[second] += sign * current_rise
        self.voltage_rise[second] += sign * voltage_rise
        self.late_us += middle_us - edge_us - self.width_us // 2
        self.phases += 1

    def add_rest(self, samples, last: int) -> None:
        """Add the end of a rest, in which nothing flows: REST pairs before the pair `last`."""
        for at in range(2 * (last - REST), 2 * last, 2):
            self.rest_current += samples[at]
            self.rest_voltage += samples[at + 1]
        self.rests += REST

    def current_na(self, board: Board) -> int:
        """Return the mean current, nA, of the pulses' phases."""
        return self.current * board.sense_na_per_lsb // (self.phases * 3 * self.third)

    def raw(self, board: Board) -> tuple:
        """Return the data of a calibration: (nA, readings of both channels at rest, 1/16 codes)."""
        rest = [
            boards.FINE * total // self.rests for total in (self.rest_current, self.rest_voltage)
        ]
        return (max(0, self.current_na(board)), rest[0], rest[1])


def _thirds(samples, at: int, third: int) -> tuple:
    """Return (sum of a phase's samples, sum of its last third less that of its first)."""
    total = rise = 0
    for number in range(3 * third):
        sample = samples[at]
        total += sample
        if number < third:
            rise -= sample
        elif number >= 2 * third:
            rise += sample
        at += 2
    return total, rise


def evaluate(board: Board, sums: Sums) -> tuple:
    """Return (ohm, nF) of a pair: ohm below 0 if no current flows, nF 0 without a capacitance.

    With S = 1 / C: rise of V = R (rise of I) + S I time, and mean V = R I + S (charge in the
    middle). That charge is nothing but for samples taken late, for the fall of a ladder's current,
    and for unequal phases (offset, mismatch): these make the rises of both unequal too.
    """
    count = sums.phases * 3 * sums.third
    current = sums.current_na(board)
    wanted = boards.code_from_ua(board, limits.MEASURE_UA) * board.na_per_code
    if current * OPEN_SHARE < wanted:
        return (-1, 0)
    time_us = 2 * sums.third * capture.PAIR_US  # between the middles of the thirds
    width_us = sums.width_us
    voltage = sums.voltage * board.sense_uv_per_lsb  # uV x count
    rises = [rise * board.sense_uv_per_lsb * 6 // count for rise in sums.voltage_rise]  # uV
    falls = [0, 0]  # nA; a current stage's is constant, what its ADC shows would only be noise
    if board.stage == boards.STAGE_R2R_1:
        falls = [fall * board.sense_na_per_lsb * 6 // count for fall in sums.current_rise]
    late = current * sums.late_us // sums.phases
    late -= (falls[0] + falls[1]) * width_us * width_us // (16 * time_us)
    microohm = plain = voltage * 1_000_000_000 // (current * count)
    nanofarad = 0
    for _ in range(3):
        charged = [rises[at] - microohm * falls[at] // 1_000_000_000 for at in (0, 1)]
        nanofarad = NF_MOST + 1
        if charged[0] + charged[1] > 0:
            nanofarad = 2 * current * time_us // (charged[0] + charged[1])
        if not 0 < nanofarad <= NF_MOST:
            return (_rounded(plain), 0)
        extra = late // nanofarad + width_us * (charged[1] - charged[0]) // (4 * time_us)  # uV
        microohm = (voltage - extra * count) * 1_000_000_000 // (current * count)
    return (_rounded(microohm), nanofarad)


def _rounded(microohm: int) -> int:
    return max(0, (microohm + 500_000) // 1_000_000)


def judge(board: Board, where: int, ohm: int, nanofarad: int) -> Finding:
    """Return the verdict on a pair, against what the declared load shows."""
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


def refusals(board: Board, rows: list, contacts: int) -> list:
    """Return rows (code, contact, value, limit) for those of the contacts that are not good."""
    out = []
    for finding in rows:
        if finding.verdict != GOOD and contacts >> finding.where & 1:
            wanted, value = board.seen_ohm, finding.ohm
            if finding.verdict == WRONG_NF:
                wanted, value = board.seen_nf, finding.nf
            elif finding.verdict == OPEN:
                wanted = 0
            out.append((CODES[finding.verdict], finding.where, value, wanted))
    return out


def by_contact(findings: list) -> list:
    """Return findings of contacts from those of pairs.

    A short is named at both of its contacts. Anything else is the contact's own only if all of its
    pairs have it: where one is good, the other end of the bad one is to blame.
    """
    used = 0
    for finding in findings:
        used |= finding.where
    rows = []
    for contact in range(limits.CONTACTS):
        mine = [finding for finding in findings if finding.where >> contact & 1]
        if not used >> contact & 1:
            continue
        shorts = [finding for finding in mine if finding.verdict == SHORT]
        best = shorts[0] if shorts else min(mine, key=lambda finding: finding.verdict)
        rows.append(Finding(contact, best.verdict, best.ohm, best.nf))
    return rows
