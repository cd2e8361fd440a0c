"""Validation of a group: the range of each field, and fields that exclude one another.

Role: validate(), of which both ends run this same file: the host before it sends a group, the
device whatever it was sent. Invariant: it names the first field at fault by its index in
program.HEADER or program.PROGRAM, with the value and the limit. Requirements: REQ-21.
"""

from . import errors, limits, program, ramp
from .errors import Refused


def validate(group: program.Group) -> None:
    """Raise Refused (BLOB_FIELD, index, value, limit) for the first field out of its range."""
    header = group.header
    _check_ranges(program.HEADER, header, 0)
    cycles = header.cycle_on_ms or header.cycle_off_ms
    least_ms = limits.CYCLE_MIN_MS if cycles else 0
    _exclude(
        program.HEADER,
        header,
        0,
        (
            (header.cycle_on_ms < least_ms, "cycle_on_ms", least_ms),
            (header.cycle_off_ms < least_ms, "cycle_off_ms", least_ms),
        ),
    )
    for at, area in enumerate(group.areas_um2):
        limit = limits.AREA_MIN_UM2 if area < limits.AREA_MIN_UM2 else limits.AREA_MAX_UM2
        if area and not limits.AREA_MIN_UM2 <= area <= limits.AREA_MAX_UM2:
            raise Refused(errors.BLOB_FIELD, program.AREAS_INDEX + at, area, limit)
    for number, member in enumerate(group.programs):
        _check_program(member, 100 * (number + 1), group.programs[0])
    _check_session(header, group)


def _check_ranges(fields: tuple, values: tuple, base: int) -> None:
    for at, field in enumerate(fields):
        if values[at] < field[2]:
            raise Refused(errors.BLOB_FIELD, base + at, values[at], field[2])
        if values[at] > field[3]:
            raise Refused(errors.BLOB_FIELD, base + at, values[at], field[3])


def _exclude(fields: tuple, values: tuple, base: int, rows: tuple) -> None:
    """Refuse the first of rows (wrong, name of the field, limit) that is wrong."""
    for wrong, name, limit in rows:
        if wrong:
            at = [field[0] for field in fields].index(name)
            raise Refused(errors.BLOB_FIELD, base + at, values[at], limit)


def _check_session(header: program.Header, group: program.Group) -> None:
    """Check the ramps, each step small enough and both within an on time, and counted pulses."""
    first = group.programs[0]
    least_ms = 0
    if header.ramp_up_ms and not header.flags & program.FLAG_SYNC_ONLY:
        highest_ua = max([member.amplitude_ua for member in group.programs])
        least_ms = ramp.least_ramp_up_ms(highest_ua, first.rate_millihz, first.count)
    ramps_ms = header.ramp_up_ms + header.ramp_down_ms
    odd = header.session_pulses % program.pulses_per_period(group)
    _exclude(
        program.HEADER,
        header,
        0,
        (
            (header.ramp_up_ms < least_ms, "ramp_up_ms", least_ms),
            (0 < header.cycle_on_ms < ramps_ms, "cycle_on_ms", ramps_ms),
            (odd, "session_pulses", header.session_pulses - odd),
        ),
    )


def _check_program(member: program.Program, base: int, first: program.Program) -> None:
    """Check the ranges, then what excludes one another: waveform, times, other contacts, shape."""
    numbers = program.numbers_of(member)
    _check_ranges(program.PROGRAM, numbers, base)
    rate, count = member.rate_millihz, member.count
    tonic = member.waveform == program.TONIC
    others = member.other_count > 0
    in_period = max(limits.PERIOD_MAX_NS * rate // 1_000_000_000_000, 1)
    as_first = first.count * rate // first.rate_millihz
    rows = (
        (member.cathodes & member.anodes, "anodes", 255 ^ member.cathodes),
        (member.amplitude_ua > member.ceiling_ua, "amplitude_ua", member.ceiling_ua),
        (tonic and member.pulses != 1, "pulses", 1),
        (
            tonic and member.recharge == program.RECHARGE_PASSIVE_BURST,
            "recharge",
            program.RECHARGE_PASSIVE,
        ),
        (
            not tonic and member.pulses < limits.BURST_PULSES_MIN,
            "pulses",
            limits.BURST_PULSES_MIN,
        ),
        (not tonic and member.intra_rate_millihz < rate, "intra_rate_millihz", rate),
        # it has the period of the first, at its own rate, and begins within it
        (count * first.rate_millihz != first.count * rate, "count", as_first),
        (count > in_period, "count", in_period),
        (member.offset_ns * rate >= 1_000_000_000_000, "offset_ns", 999_999_999_999 // rate),
        (member.alternating and count % 2, "count", count + 1),
        # the next pulse would not recover the same charge
        (member.alternating and member.width_dither, "width_dither", 0),
        # all fields and some of the turns use other contacts, or none does
        (member.other_count > count - 1, "other_count", count - 1),
        ((member.other_cathodes > 0) != others, "other_cathodes", int(others)),
        ((member.other_anodes > 0) != others, "other_anodes", int(others)),
        (
            member.other_cathodes & member.other_anodes,
            "other_anodes",
            255 ^ member.other_cathodes,
        ),
        # the contacts of a reversed pulse would be undefined
        (others and member.alternating, "alternating", 0),
        # no other field describes the pulse of a shape
        (
            member.segments and member.recharge == program.RECHARGE_ACTIVE,
            "recharge",
            program.RECHARGE_PASSIVE,
        ),
        (member.segments and member.gap_ns, "gap_ns", 0),
        (member.segments and member.width_dither, "width_dither", 0),
    )
    _exclude(program.PROGRAM, numbers, base, rows)
    if member.segments:
        _check_segments(member.segments, base)


def _check_segments(segments: tuple, base: int) -> None:
    """Check the segments of a shape: the first drives, each within its range, no charge left."""
    total = 0
    index = base + program.SEGMENTS_INDEX - 1
    for permille, width_ns in segments:
        index += 1
        first_segment = index == base + program.SEGMENTS_INDEX
        if not -1000 <= permille <= 1000 or (first_segment and permille == 0):
            raise Refused(errors.BLOB_FIELD, index, permille, 1000)
        if not 1 <= width_ns <= limits.WIDTH_MAX_NS:
            raise Refused(errors.BLOB_FIELD, index, width_ns, limits.WIDTH_MAX_NS)
        total += permille * width_ns
    if total:
        raise Refused(errors.BLOB_FIELD, index, total, 0)
