"""Programs -> one period of phases.

Role: schedules the phases: (kind, cathode mask, anode mask, signed code, ticks). Each pulse, or
burst, begins at its place in the period; what is left until the next one is a rest.
Invariant: the ticks sum to the period exactly; the code x ticks of a pulse with active recharge,
or with a shape, sum to zero exactly. It knows no ceiling but that of a shape's own program, which
rounding must not pass: the kernel, which judges what it makes, knows the contacts' alone.
Requirements: REQ-09, REQ-17, REQ-35, REQ-62.
"""

from . import errors, limits, program
from .board import Board, code_from_ua, period_ticks, ticks_from_ns
from .errors import Refused

IDLE = 0  # contacts open
DRIVE = 1
DISCHARGE = 2  # every used contact to the anode side
MARK = 3  # contacts open, SYNC high: a trigger for others
SOFT = 4  # a pulse's own contacts joined through the discharge resistor

TAIL = 7  # records: the one the sequencer shifts, four in its FIFO, one DMA is in, one to spare
TAIL_NS = 80_000  # of each; the monitor takes eight samples of the last one (pulse_monitor.py)
SEED_BITS = 16
_SIXTEENTH = 61566  # exp(-1/16) in 65536ths, rounded up
REVERSED = 1  # a variant of a pulse: its current turned round …
ALTERNATE_CONTACTS = 2  # … or given to the program's other contacts


def compile_group(board: Board, group: program.Group, levels_ua: tuple) -> list:
    """Compile one period of a group at the given amplitudes (uA, one per program).

    It begins with the first pulse. Refused (DOES_NOT_FIT, program, ns needed, ns there are) where
    a pulse needs more than there is until the next one, (TABLE_LENGTH, program, words, most) where
    there may be more phases than can be judged in time.
    """
    period = group_ticks(board, group)
    used = 0 if group.header.flags & program.FLAG_SYNC_ONLY else program.contacts_of(group)
    _check_work(board, group)
    places = pulse_places(board, group, period)
    places.append((places[0][0] + period,))  # where the next period begins
    pulses: dict = {}  # most pulses of a program are alike
    out: list = []
    for at in range(len(places) - 1):
        start, number, variant, width = places[at]
        member = group.programs[number]
        key = (number, variant, width)
        if key not in pulses:
            pulses[key] = ([(MARK, 0, 0, 0, width)], 0)
            if used:
                pulse = _pulse(board, member, number, levels_ua[number], width)
                soft = soft_ticks(board, group, member, width)
                pulses[key] = (_varied(pulse, member, variant) if variant else pulse, soft)
        _burst(board, member, number, pulses[key], places[at + 1][0] - start, used, out)
    # Divide the period's last rest so that its end comes in TAIL short records. The sequencer and
    # its FIFO hold up to five records beyond the one that is played. With these between a pulse
    # and the next period, DMA reads which table that period plays only shortly before it begins:
    # a lower amplitude or a stop reaches the very next pulse.
    rest = out[-1]
    short = ticks_from_ns(board, TAIL_NS)
    if rest[4] >= (TAIL + 1) * short:
        out[-1] = rest[:4] + (rest[4] - TAIL * short,)
        out.extend([rest[:4] + (short,)] * TAIL)
    return out


def _check_work(board: Board, group: program.Group) -> None:
    """Refuse more phases than are judged before the watchdog bites, whatever the levels."""
    fifths = 3  # of a ms a phase: see limits.GROUP_WORK
    for cathodes, anodes in program.sets_of(group):
        several = cathodes & (cathodes - 1) or anodes & (anodes - 1)
        fifths += 8 if several else 4
    if max([member.rate_dither + member.width_dither for member in group.programs]):
        fifths += 7
    most = limits.GROUP_WORK // fifths
    total = 0
    for number, member in enumerate(group.programs):
        total += member.count * member.pulses * _most_phases(member)
        if member.recharge != program.RECHARGE_ACTIVE:
            width = ticks_from_ns(board, member.width_ns)
            if soft_ticks(board, group, member, width):
                in_burst = member.recharge == program.RECHARGE_PASSIVE_BURST
                total += member.count * (1 if in_burst else member.pulses)
        if total > most:
            raise Refused(errors.TABLE_LENGTH, number, 2 * total, 2 * most)


def _most_phases(member: program.Program) -> int:
    """Return the phases of a pulse and its interval, at the level that needs most of them."""
    if not member.segments:
        recharge = 0
        if member.recharge == program.RECHARGE_ACTIVE:
            recharge = 1 if member.ratio == 1 else 2
        return 2 + (1 if member.gap_ns else 0) + recharge
    phases, asked, width = 1, 0, 0
    alike = True
    for permille, width_ns in member.segments:
        alike = (alike and width_ns == width) or asked == 0
        width = width_ns
        asked += permille * width_ns
        phases += 1 if asked or not permille or alike else 3
    return phases


# --- where pulses stand ----------------------------------------------------------------------
def group_ticks(board: Board, group: program.Group) -> int:
    """Return the common period of all programs, to the nearest tick."""
    first = group.programs[0]
    return (board.clock_hz * 1000 * first.count + first.rate_millihz // 2) // first.rate_millihz


def pulse_places(board: Board, group: program.Group, period: int) -> list:
    """Return (start tick, program, variant, ticks of the width), in order of time.

    variant: 0, REVERSED or ALTERNATE_CONTACTS.
    """
    out: list = []
    for number, member in enumerate(group.programs):
        draw = member.seed
        offset = ticks_from_ns(board, member.offset_ns)
        late = period // member.count * member.rate_dither // 1000
        width = ticks_from_ns(board, member.width_ns)
        spread = 2 * width * member.width_dither // 1000
        for turn in range(member.count):
            draw = drawn(draw)
            start = offset + turn * period // member.count + (late * draw >> SEED_BITS)
            draw = drawn(draw)
            wide = width - spread // 2 + (spread * draw >> SEED_BITS)
            variant = REVERSED if turn & member.alternating else 0
            if (turn + 1) * member.other_count % member.count < member.other_count:
                variant = ALTERNATE_CONTACTS
            out.append((start, number, variant, wide))
    out.sort()
    return out


def drawn(draw: int) -> int:
    """Return the next of 65,535 numbers from 1 to 65,535 in pseudorandom order (xorshift)."""
    draw ^= draw << 7 & 0xFFFF
    draw ^= draw >> 9
    return draw ^ (draw << 8 & 0xFFFF)


def _burst(
    board: Board,
    member: program.Program,
    number: int,
    pulse_soft: tuple,
    room: int,
    used: int,
    out: list,
) -> None:
    """Append a pulse, or the pulses of a burst, and rests until the room is filled.

    `pulse_soft`: the phases of a pulse, and for how many ticks what it leaves is discharged softly.
    """
    pulse, soft = pulse_soft
    least = board.min_record_ticks
    length = sum([phase[4] for phase in pulse])
    spare = 0  # what fits at one level fits at all: at another the recharge's trim may be longer
    trimmed = member.recharge == program.RECHARGE_ACTIVE and member.ratio > 1
    if trimmed and not member.segments and pulse[0][0] != MARK:
        longest = pulse[0][4] * (1 + member.ratio) + ticks_from_ns(board, member.gap_ns) + least + 1
        spare = longest - length  # 0 or more: see recharge_parts()
    spacing = period_ticks(board, member.intra_rate_millihz) if member.pulses > 1 else 0
    between = IDLE if member.recharge == program.RECHARGE_PASSIVE_BURST else DISCHARGE
    for at in range(member.pulses):
        last = at == member.pulses - 1
        room_here = room - at * spacing if last else spacing
        rest = room_here - length
        # the last rest discharges the contacts; between pulses a rest may be nothing at all
        if rest - spare < least and (last or rest != 0 or spare):
            ticks_per_us = board.clock_hz // 1_000_000
            needed_ns = (length + spare + least) * 1000 // ticks_per_us
            room_ns = max(room_here, 0) * 1000 // ticks_per_us
            raise Refused(errors.DOES_NOT_FIT, number, needed_ns, room_ns)
        out.extend(pulse)
        if not rest:
            continue
        kind = DISCHARGE if last else between
        if soft and kind == DISCHARGE:
            rest -= _softly(board, pulse, soft, rest, out)
        if kind == DISCHARGE and used:
            out.append((DISCHARGE, 0, used, 0, rest))
        else:
            out.append((IDLE, 0, 0, 0, rest))


# --- passive recharge through the stage's discharge resistor ---------------------------------
def soft_ticks(board: Board, group: program.Group, member: program.Program, width: int) -> int:
    """Return how long charge must leave through the resistor before a direct discharge.

    A direct discharge begins with the drive's current x its time / the least time constant, which
    must be no more than the lowest ceiling of the group permits (REQ-62; the kernel judges the
    result independently). It is reckoned at this program's own ceiling, whatever the level, so
    that a ramp does not change the form of a period, with a sixteenth for what the period before
    left and for the stage's errors.
    """
    if member.recharge == program.RECHARGE_ACTIVE or member.segments:
        return 0
    if not board.discharge_least_us or not board.soft_tau_us:
        return 0
    pulses = member.pulses if member.recharge == program.RECHARGE_PASSIVE_BURST else 1
    ticks_per_us = board.clock_hz // 1_000_000
    driven_us = -(-17 * pulses * width // (16 * ticks_per_us))
    lowest = min([other.ceiling_ua for other in group.programs])
    permitted = board.discharge_least_us * lowest * group.header.discharge_permille
    begins = driven_us * member.ceiling_ua * 1000
    share, steps = 65536, 0
    while begins * share > permitted * 65536:
        share = (share * _SIXTEENTH >> 16) + 1
        steps += 1
    return steps * board.soft_tau_us * ticks_per_us // 16


def _softly(board: Board, pulse: list, soft: int, rest: int, out: list) -> int:
    """Add the soft discharge after a pulse; return its ticks. If there is no room for all of it,
    the direct one keeps some, and the kernel refuses the current of that."""
    most = rest - board.min_record_ticks
    if soft > most:
        soft = most - min(board.discharge_tau_us * (board.clock_hz // 1_000_000), most // 2)
    soft = max(soft, board.min_record_ticks)
    if soft > most:
        return 0
    out.append((SOFT, pulse[0][1], pulse[0][2], 0, soft))
    return soft


# --- one pulse -------------------------------------------------------------------------------
def _pulse(board: Board, member: program.Program, number: int, level_ua: int, width: int) -> list:
    """Compile the first phase (cathodic), gap and active recharge, if any; or the shape."""
    code = code_from_ua(board, level_ua)
    if code < 1:
        raise Refused(errors.BELOW_CODE, number, level_ua * 1000, board.na_per_code)
    if code > board.code_span:  # what the frame cannot hold, the kernel would not see
        raise Refused(errors.STAGE_SPAN, number, level_ua, board.max_amplitude_ua)
    least = board.min_record_ticks
    if member.segments:
        phases = _shape(board, member, number, code)
        # a code that was corrected for rounding must not exceed that of the program's ceiling
        peak = max([abs(phase[3]) for phase in phases])
        most = code_from_ua(board, member.ceiling_ua)
        if peak > most:
            values = [-(-code * board.na_per_code // 1000) for code in (peak, most)]
            raise Refused(errors.SHAPE_PEAK, number, values[0], values[1])
        return phases
    out = [(DRIVE, member.cathodes, member.anodes, -code, width)]
    if member.gap_ns:
        gap = ticks_from_ns(board, member.gap_ns)
        if gap < least:
            raise _short(board, errors.SHORT_GAP, number, member.gap_ns, least)
        out.append((IDLE, 0, 0, 0, gap))
    if member.recharge == program.RECHARGE_ACTIVE:
        for part in recharge_parts(code, width, member.ratio, least):
            out.append((DRIVE, member.cathodes, member.anodes, part[0], part[1]))
    return out


def _short(board: Board, code: int, number: int, ns: int, ticks: int) -> Refused:
    return Refused(code, number, ns, -(-ticks * 1000 // (board.clock_hz // 1_000_000)))


def _varied(pulse: list, member: program.Program, variant: int) -> list:
    """Return the pulse with its current reversed, or at the program's other contacts."""
    if variant == REVERSED:
        return [phase[:3] + (-phase[3], phase[4]) for phase in pulse]
    masks = (DRIVE, member.other_cathodes, member.other_anodes)
    return [masks + phase[3:] if phase[3] else phase for phase in pulse]


def recharge_parts(code: int, width: int, ratio: int, least: int) -> list:
    """Return (code, ticks) parts, each `least` or longer, whose products sum to code x width.

    The amplitude is code / ratio rounded up. Where that does not divide the charge, the end of
    the recharge runs one code lower for just as long as makes the sum exact:
    b t1 + (b - 1) t2 = code x width, with t1 + t2 = T and t2 = b T - code x width.
    T is at most ratio x width + `least` + 1.
    """
    charge = code * width
    lower = (code + ratio - 1) // ratio
    if charge % lower == 0:
        return [(lower, charge // lower)]
    total = (charge + least + lower - 1) // lower
    trim = lower * total - charge
    return [(lower, total - trim), (lower - 1, trim)]


def _shape(board: Board, member: program.Program, number: int, code: int) -> list:
    """Compile the segments; wherever their sum returns to zero, the codes' sum does, exactly."""
    out: list = []
    asked = charge = 0  # permille x ns, code x ticks
    alike = True  # since the last zero all segments were of one width
    width = 0
    least = board.min_record_ticks
    for permille, width_ns in member.segments:
        ticks = ticks_from_ns(board, width_ns)
        if ticks < least:
            raise _short(board, errors.SHORT_SEGMENT, number, width_ns, least)
        alike = (alike and ticks == width) or asked == 0
        width = ticks
        before, asked = asked, asked + permille * width_ns
        if asked or not permille:
            parts = [(_segment_code(code, permille, before, asked, charge, ticks), ticks)]
        else:
            if not alike and ticks < 4 * least:
                raise _short(board, errors.SHORT_SEGMENT, number, width_ns, 4 * least)
            parts = closing_parts(-charge, ticks, least)
        for part, lasts in parts:
            if part:
                out.append((DRIVE, member.cathodes, member.anodes, part, lasts))
            else:
                out.append((IDLE, 0, 0, 0, lasts))
            charge += part * lasts
    return out


def _segment_code(
    code: int, permille: int, before: int, asked: int, charge: int, ticks: int
) -> int:
    """Return a share of a code; one step at least, so that a ramp changes no pulse's form.

    A recharge (before, asked: the sum before and after it) never recovers more than the charge.
    """
    size = max(code * abs(permille) // 1000, 1) if permille else 0
    if before * permille < 0 and asked * before > 0:
        size = min(size, max(0, (charge if permille < 0 else -charge) // ticks))
    return -size if permille < 0 else size


def closing_parts(charge: int, ticks: int, least: int) -> list:
    """Return (code, ticks) parts, `ticks` long in all, whose products sum to `charge`.

    b codes where they divide it, else part of the time one code less: b T - r, with r of the ticks.
    Where r or what is left of T is too short for a record, another part goes one code the other
    way for as long as the shortest record, and the first one is longer by it.
    """
    sign = -1 if charge < 0 else 1
    code = -(-abs(charge) // ticks)
    less = code * ticks - abs(charge)
    if less == 0:
        return [(sign * code, ticks)]
    parts = [(code, ticks - less), (code - 1, less)]
    if less < least:
        parts = [(code + 1, least), (code, ticks - less - 2 * least), (code - 1, less + least)]
    elif ticks - less < least:
        more = ticks - less
        parts = [(code, more + least), (code - 2, least), (code - 1, ticks - more - 2 * least)]
    return [(sign * part, lasts) for part, lasts in parts]
