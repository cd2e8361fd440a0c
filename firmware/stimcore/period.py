"""Programs -> one period of phases.

Role: schedules the phases: (kind, cathode mask, anode mask, signed code, ticks). Each pulse, or
burst, begins at its place in the period; what is left until the next one is a rest.
Invariant: the ticks sum to the period exactly; the code x ticks of a pulse with active recharge,
or with a shape, sum to zero exactly. It knows no ceiling but that of a shape's own program, which
rounding must not pass: the kernel, which judges what it makes, knows the contacts' alone.
Requirements: REQ-09, REQ-17, REQ-35.
"""

from . import errors, limits, program, recovery
from .board import Board, code_from_ua, period_ticks, ticks_from_ns
from .errors import Refused

IDLE = 0  # contacts open
DRIVE = 1
DISCHARGE = 2  # every used contact to the anode side
MARK = 3  # contacts open, SYNC high: a trigger for others

TAIL = 7  # records: the one the sequencer shifts, four in its FIFO, one DMA is in, one to spare
TAIL_NS = 80_000  # of each; the monitor takes eight samples of the last one (pulse_monitor.py)
SEED_BITS = 16
_ROUND = 1
_OTHERS = 2


def compile_group(board: Board, group: program.Group, levels_ua: tuple) -> list:
    """Compile one period of a group at the given amplitudes (uA, one per program).

    It begins with the first pulse. Refused (DOES_NOT_FIT, program, ns needed, ns there are) where
    a pulse needs more than there is until the next one, (TABLE_LENGTH, program, words, most) where
    there may be more phases than can be judged in time.
    """
    period = group_ticks(board, group)
    used = 0 if group.header.flags & program.FLAG_SYNC_ONLY else program.contacts_of(group)
    _check_work(board, group)
    places = _places(board, group, period)
    known: dict = {}  # most pulses of a program are alike
    out: list = []
    for at in range(len(places)):
        start, number, form, width = places[at]
        end = places[at + 1][0] if at + 1 < len(places) else places[0][0] + period
        one = group.programs[number]
        key = (number, form, width)
        if key not in known:
            known[key] = ([(MARK, 0, 0, 0, width)], 0)
            if used:
                made = _pulse(board, one, number, levels_ua[number], width)
                soft = recovery.soft_ticks(board, group, one, width)
                known[key] = (_formed(made, one, form) if form else made, soft)
        _train(board, one, number, known[key], end - start, used, out)
    _split_last(board, out)
    return out


def _split_last(board: Board, out: list) -> None:
    """Divide the period's last rest so that its end comes in TAIL short records.

    The sequencer and its FIFO hold up to five records beyond the one that is played. With these
    between a pulse and the next period, DMA reads which table that period plays only shortly
    before it begins: a lower amplitude or a stop reaches the very next pulse.
    """
    kind, source, back, code, ticks = out[-1]
    short = ticks_from_ns(board, TAIL_NS)
    if ticks >= (TAIL + 1) * short:
        out[-1] = (kind, source, back, code, ticks - TAIL * short)
        out.extend([(kind, source, back, code, short)] * TAIL)


def _check_work(board: Board, group: program.Group) -> None:
    """Refuse more phases than are judged before the watchdog bites, whatever the levels."""
    each = 3
    for cathodes, anodes in program.sets_of(group):
        several = cathodes & (cathodes - 1) or anodes & (anodes - 1)
        each += 8 if several else 4
    if max([one.rate_dither + one.width_dither for one in group.programs]):
        each += 7
    most = limits.GROUP_WORK // each
    total = 0
    for number, one in enumerate(group.programs):
        total += one.count * one.pulses * _most_phases(one)
        if one.recharge != program.RECHARGE_ACTIVE:
            total += one.count * recovery.more_phases(board, group, one)
        if total > most:
            raise Refused(errors.TABLE_LENGTH, number, 2 * total, 2 * most)


def _most_phases(one: program.Program) -> int:
    """Return the phases of a pulse and its interval, at the level that needs most of them."""
    if not one.segments:
        recharge = 0
        if one.recharge == program.RECHARGE_ACTIVE:
            recharge = 1 if one.ratio == 1 else 2
        return 2 + (1 if one.gap_ns else 0) + recharge
    found, asked, width = 1, 0, 0
    alike = True
    for permille, width_ns in one.segments:
        alike = (alike and width_ns == width) or asked == 0
        width = width_ns
        asked += permille * width_ns
        found += 1 if asked or not permille or alike else 3
    return found


# --- where pulses stand ----------------------------------------------------------------------
def group_ticks(board: Board, group: program.Group) -> int:
    """Return the common period of all programs, to the nearest tick."""
    one = group.programs[0]
    return (board.clock_hz * 1000 * one.count + one.rate_millihz // 2) // one.rate_millihz


def _places(board: Board, group: program.Group, period: int) -> list:
    """Return (start tick, program, form, ticks of the width), in order of time.

    form: _ROUND where its current is turned round, _OTHERS where it is given to the others.
    """
    out: list = []
    for number, one in enumerate(group.programs):
        draw = one.seed
        phase = ticks_from_ns(board, one.phase_ns)
        late = period // one.count * one.rate_dither // 1000
        width = ticks_from_ns(board, one.width_ns)
        spread = 2 * width * one.width_dither // 1000
        for turn in range(one.count):
            draw = drawn(draw)
            start = phase + turn * period // one.count + (late * draw >> SEED_BITS)
            draw = drawn(draw)
            wide = width - spread // 2 + (spread * draw >> SEED_BITS)
            form = _ROUND if turn & one.alternating else 0
            if (turn + 1) * one.other_count % one.count < one.other_count:
                form = _OTHERS
            out.append((start, number, form, wide))
    out.sort()
    return out


def drawn(draw: int) -> int:
    """Return the next of 65,535 numbers from 1 to 65,535 in pseudorandom order (xorshift)."""
    draw ^= draw << 7 & 0xFFFF
    draw ^= draw >> 9
    return draw ^ (draw << 8 & 0xFFFF)


def _train(
    board: Board, one: program.Program, number: int, made: tuple, room: int, used: int, out: list
) -> None:
    """Append a pulse, or the pulses of a burst, and rests until the room is filled.

    `made`: the phases of a pulse, and for how many ticks what it leaves is discharged softly.
    """
    pulse, soft = made
    length = sum([phase[4] for phase in pulse])
    spare = max(0, _longest(board, one, pulse) - length)  # what fits at one level fits at all
    spacing = period_ticks(board, one.intra_rate_millihz) if one.pulses > 1 else 0
    between = IDLE if one.recharge == program.RECHARGE_PASSIVE_BURST else DISCHARGE
    for at in range(one.pulses):
        last = at == one.pulses - 1
        room_here = room - at * spacing if last else spacing
        rest = room_here - length
        # the last rest discharges the contacts; between pulses a rest may be nothing at all
        if rest - spare < board.min_record_ticks and (last or rest != 0 or spare):
            raise _does_not_fit(board, number, length + spare + board.min_record_ticks, room_here)
        out.extend(pulse)
        if rest:
            kind = DISCHARGE if last else between
            if soft and kind == DISCHARGE:
                rest -= recovery.softly(board, pulse, soft, rest, out)
            out.append(_rest(kind, used, rest))


def _longest(board: Board, one: program.Program, pulse: list) -> int:
    """Return the ticks of this pulse at the level whose recharge trim makes it longest."""
    trimmed = one.recharge == program.RECHARGE_ACTIVE and one.ratio > 1
    if one.segments or not trimmed or pulse[0][0] == MARK:
        return 0
    gap = ticks_from_ns(board, one.gap_ns)
    return pulse[0][4] * (1 + one.ratio) + gap + board.min_record_ticks + 1


def _rest(kind: int, used: int, ticks: int) -> tuple:
    if kind == DISCHARGE and used:
        return (DISCHARGE, 0, used, 0, ticks)
    return (IDLE, 0, 0, 0, ticks)


def _does_not_fit(board: Board, number: int, needed: int, room: int) -> Refused:
    ticks_per_us = board.clock_hz // 1_000_000
    return Refused(
        errors.DOES_NOT_FIT,
        number,
        needed * 1000 // ticks_per_us,
        max(room, 0) * 1000 // ticks_per_us,
    )


# --- one pulse -------------------------------------------------------------------------------
def _pulse(board: Board, one: program.Program, number: int, level_ua: int, width: int) -> list:
    """Compile the first phase (cathodic), gap and active recharge, if any; or the shape."""
    code = code_from_ua(board, level_ua)
    if code < 1:
        raise Refused(errors.BELOW_CODE, number, level_ua * 1000, board.na_per_code)
    if code > board.code_span:  # what the frame cannot hold, the kernel would not see
        raise Refused(errors.STAGE_SPAN, number, level_ua, board.max_amplitude_ua)
    if one.segments:
        made = _shape(board, one, number, code)
        _check_peak(board, one, number, max([abs(phase[3]) for phase in made]))
        return made
    out = [(DRIVE, one.cathodes, one.anodes, -code, width)]
    if one.gap_ns:
        gap = ticks_from_ns(board, one.gap_ns)
        if gap < board.min_record_ticks:
            raise _short(board, errors.SHORT_GAP, number, one.gap_ns, board.min_record_ticks)
        out.append((IDLE, 0, 0, 0, gap))
    if one.recharge == program.RECHARGE_ACTIVE:
        for part in recharge_parts(code, width, one.ratio, board.min_record_ticks):
            out.append((DRIVE, one.cathodes, one.anodes, part[0], part[1]))
    return out


def _check_peak(board: Board, one: program.Program, number: int, peak: int) -> None:
    """Refuse a code that, corrected for rounding, exceeds the code of the program's ceiling."""
    most = code_from_ua(board, one.ceiling_ua)
    if peak > most:
        values = [-(-code * board.na_per_code // 1000) for code in (peak, most)]
        raise Refused(errors.SHAPE_PEAK, number, values[0], values[1])


def _short(board: Board, code: int, number: int, ns: int, ticks: int) -> Refused:
    return Refused(code, number, ns, -(-ticks * 1000 // (board.clock_hz // 1_000_000)))


def _formed(pulse: list, one: program.Program, form: int) -> list:
    """Return the pulse with its current reversed, or at the program's other contacts."""
    if form == _ROUND:
        return [(kind, source, back, -code, ticks) for kind, source, back, code, ticks in pulse]
    source, back = one.other_cathodes, one.other_anodes
    return [(DRIVE, source, back) + phase[3:] if phase[3] else phase for phase in pulse]


def recharge_parts(code: int, width: int, ratio: int, least: int) -> list:
    """Return (code, ticks) parts, each `least` or longer, whose products sum to code x width.

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


def _shape(board: Board, one: program.Program, number: int, code: int) -> list:
    """Compile the segments; wherever their sum returns to zero, the codes' sum does, exactly."""
    out: list = []
    asked = charge = 0  # permille x ns, code x ticks
    alike = True  # since the last zero all segments were of one width
    width = 0
    for permille, width_ns in one.segments:
        ticks = ticks_from_ns(board, width_ns)
        if ticks < board.min_record_ticks:
            raise _short(board, errors.SHORT_SEGMENT, number, width_ns, board.min_record_ticks)
        alike = (alike and ticks == width) or asked == 0
        width = ticks
        before, asked = asked, asked + permille * width_ns
        if asked or not permille:
            size = _share(code, permille)
            if before * permille < 0 and asked * before > 0:  # a recharge never overshoots
                size = _least(size, -charge, ticks)
            parts = [(size, ticks)]
        else:
            least = board.min_record_ticks
            if not alike and ticks < 4 * least:
                raise _short(board, errors.SHORT_SEGMENT, number, width_ns, 4 * least)
            parts = closing_parts(-charge, ticks, least)
        for part, lasts in parts:
            kind = DRIVE if part else IDLE
            masks = (one.cathodes, one.anodes) if part else (0, 0)
            out.append((kind, masks[0], masks[1], part, lasts))
            charge += part * lasts
    return out


def _share(code: int, permille: int) -> int:
    """Return a share of a code; one step at least, so that a ramp changes no pulse's form."""
    size = max(code * abs(permille) // 1000, 1) if permille else 0
    return -size if permille < 0 else size


def _least(size: int, missing: int, ticks: int) -> int:
    """Clamp a recharge code so that it never recovers more than the missing charge."""
    most = max(0, missing // ticks if size > 0 else -missing // ticks)
    return min(size, most) if size > 0 else max(size, -most)


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
