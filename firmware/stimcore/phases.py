"""Program -> one period of phases.

Role: decides what flows when: (kind, source mask, return mask, signed code, ticks).
Invariant: the ticks sum to the period exactly; the code x ticks of a pulse with active recharge
sum to zero exactly. It knows no ceiling: the kernel judges what it makes.
Requirements: REQ-09, REQ-17, REQ-35. Next: records.py.
"""

from . import errors, program
from .board import Board, code_from_ua, period_ticks, ticks_from_ns
from .errors import Refused

IDLE = 0  # contacts open
DRIVE = 1
DISCHARGE = 2  # every used contact to return


def compile_group(board: Board, group: program.Group, levels_ua: tuple) -> list:
    """One period of a group at the given amplitudes (uA, one per program).

    Programs share the period in equal slots, in order. Refused (DOES_NOT_FIT, program, ns
    needed, ns there are) where the pulses of one need more than its slot.
    """
    period = period_ticks(board, group.programs[0].rate_mhz)
    used = program.contacts_of(group)
    out: list = []
    count = len(group.programs)
    for number in range(count):
        slot = (number + 1) * period // count - number * period // count
        _slot(board, group.programs[number], number, levels_ua[number], slot, used, out)
    return out


def _slot(
    board: Board,
    one: program.Program,
    number: int,
    level_ua: int,
    slot: int,
    used: int,
    out: list,
) -> None:
    """The pulses of one program from the start of its slot, then discharge to the slot's end."""
    code = code_from_ua(board, level_ua)
    if code < 1:
        raise Refused(errors.BELOW_CODE, number, level_ua * 1000, board.na_per_code)
    pulse = _pulse(board, one, number, code)
    length = sum([phase[4] for phase in pulse])
    spacing = slot
    if one.waveform == program.BURST:
        spacing = period_ticks(board, one.intra_rate_mhz)
    between = DISCHARGE
    if one.recharge == program.RECHARGE_PASSIVE_BURST:
        between = IDLE
    for at in range(one.pulses):
        last = at == one.pulses - 1
        room = slot - at * spacing if last else spacing
        rest = room - length
        # the last rest discharges the contacts; between pulses a rest may be nothing at all
        if rest < board.min_record_ticks and (last or rest != 0):
            raise _does_not_fit(board, number, length + board.min_record_ticks, room)
        out.extend(pulse)
        if rest:
            out.append(_rest(DISCHARGE if last else between, used, rest))


def _rest(kind: int, used: int, ticks: int) -> tuple:
    return (kind, 0, used if kind == DISCHARGE else 0, 0, ticks)


def _does_not_fit(board: Board, number: int, needed: int, room: int) -> Refused:
    mhz = board.clock_hz // 1_000_000
    return Refused(errors.DOES_NOT_FIT, number, needed * 1000 // mhz, max(room, 0) * 1000 // mhz)


def _pulse(board: Board, one: program.Program, number: int, code: int) -> list:
    """First phase (cathodic), gap, and the active recharge if there is one."""
    width = ticks_from_ns(board, one.width_ns)
    out = [(DRIVE, one.cathodes, one.anodes, -code, width)]
    gap = ticks_from_ns(board, one.gap_ns)
    if gap:
        if gap < board.min_record_ticks:
            least_ns = -(-board.min_record_ticks * 1000 // (board.clock_hz // 1_000_000))
            raise Refused(errors.SHORT_GAP, number, one.gap_ns, least_ns)
        out.append((IDLE, 0, 0, 0, gap))
    if one.recharge == program.RECHARGE_ACTIVE:
        for part in recharge_parts(code, width, one.ratio, board.min_record_ticks):
            out.append((DRIVE, one.cathodes, one.anodes, part[0], part[1]))
    return out


def recharge_parts(code: int, width: int, ratio: int, least: int) -> list:
    """(code, ticks) parts whose products sum to code x width exactly, each `least` or longer.

    The amplitude is code / ratio rounded up. Where that does not divide the charge, the end of
    the recharge runs one code lower for just as long as makes the sum exact:
    b t1 + (b - 1) t2 = code x width, with t1 + t2 = T and t2 = b T - code x width.
    """
    charge = code * width
    lower = (code + ratio - 1) // ratio
    if charge % lower == 0:
        return [(lower, charge // lower)]
    total = (charge + least + lower - 1) // lower
    trim = lower * total - charge
    return [(lower, total - trim), (lower - 1, trim)]
