"""Validation of a group: the range of each field, and fields that exclude one another.

Role: validate(), of which both ends run this same file: the host before it sends a group, the
device whatever it was sent. Invariant: it names the first field at fault by its index in
program.HEADER or program.PROGRAM, with the value and the limit. Requirements: REQ-21.
"""

from . import errors, limits, program, ramp
from .errors import Refused


def _check_rows(rows: tuple, values: tuple, base: int) -> None:
    for at, row in enumerate(rows):
        if values[at] < row[2]:
            raise Refused(errors.BLOB_FIELD, base + at, values[at], row[2])
        if values[at] > row[3]:
            raise Refused(errors.BLOB_FIELD, base + at, values[at], row[3])


def _field(rows: tuple, name: str) -> int:
    for at, row in enumerate(rows):
        if row[0] == name:
            return at
    raise KeyError(name)


def _check_header(header: program.Header) -> None:
    _check_rows(program.HEADER, header, 0)
    for name in ("cycle_on_ms", "cycle_off_ms"):
        value = getattr(header, name)
        both = header.cycle_on_ms or header.cycle_off_ms
        if both and value < limits.CYCLE_MIN_MS:
            raise Refused(
                errors.BLOB_FIELD, _field(program.HEADER, name), value, limits.CYCLE_MIN_MS
            )


def _check_ramps(header: program.Header, programs: tuple) -> None:
    """Check the ramps: each step small enough, and both within an on time."""

    def refuse(name: str, value: int, limit: int) -> None:
        raise Refused(errors.BLOB_FIELD, _field(program.HEADER, name), value, limit)

    first = programs[0]
    if header.ramp_up_ms and not header.flags & program.FLAG_SYNC_ONLY:
        highest_ua = max([one.amplitude_ua for one in programs])
        least_ms = ramp.least_ramp_up_ms(highest_ua, first.rate_millihz, first.count)
        if header.ramp_up_ms < least_ms:
            refuse("ramp_up_ms", header.ramp_up_ms, least_ms)
    ramps_ms = header.ramp_up_ms + header.ramp_down_ms
    if 0 < header.cycle_on_ms < ramps_ms:
        refuse("cycle_on_ms", header.cycle_on_ms, ramps_ms)


def _check_areas(areas_um2: tuple) -> None:
    for at, area in enumerate(areas_um2):
        limit = limits.AREA_MIN_UM2 if area < limits.AREA_MIN_UM2 else limits.AREA_MAX_UM2
        if area and not limits.AREA_MIN_UM2 <= area <= limits.AREA_MAX_UM2:
            raise Refused(errors.BLOB_FIELD, program.AREAS_INDEX + at, area, limit)


def _check_program(one: program.Program, number: int, first: program.Program) -> None:
    base = 100 * (number + 1)
    _check_rows(program.PROGRAM, program.numbers_of(one), base)

    def refuse(name: str, value: int, limit: int) -> None:
        raise Refused(errors.BLOB_FIELD, base + _field(program.PROGRAM, name), value, limit)

    if one.cathodes & one.anodes:
        refuse("anodes", one.anodes, 255 ^ one.cathodes)
    if one.amplitude_ua > one.ceiling_ua:
        refuse("amplitude_ua", one.amplitude_ua, one.ceiling_ua)
    if one.waveform == program.TONIC:
        if one.pulses != 1:
            refuse("pulses", one.pulses, 1)
        if one.recharge == program.RECHARGE_PASSIVE_BURST:
            refuse("recharge", one.recharge, program.RECHARGE_PASSIVE)
    else:
        if one.pulses < limits.BURST_PULSES_MIN:
            refuse("pulses", one.pulses, limits.BURST_PULSES_MIN)
        if one.intra_rate_millihz < one.rate_millihz:
            refuse("intra_rate_millihz", one.intra_rate_millihz, one.rate_millihz)
    _check_times(one, first, refuse)
    _check_others(one, refuse)
    if one.segments:
        _check_shape(one, base, refuse)


def _check_times(one: program.Program, first: program.Program, refuse) -> None:
    """Check that a program has the period of the first, at its own rate, and begins within it."""
    if one.count * first.rate_millihz != first.count * one.rate_millihz:
        refuse("count", one.count, first.count * one.rate_millihz // first.rate_millihz)
    most = limits.PERIOD_MAX_NS * one.rate_millihz // 1_000_000_000_000
    if one.count > max(most, 1):
        refuse("count", one.count, max(most, 1))
    if one.offset_ns * one.rate_millihz >= 1_000_000_000_000:
        refuse("offset_ns", one.offset_ns, 999_999_999_999 // one.rate_millihz)
    if one.alternating:
        if one.count % 2:
            refuse("count", one.count, one.count + 1)
        if one.width_dither:  # the next pulse would not recover the same charge
            refuse("width_dither", one.width_dither, 0)


def _check_others(one: program.Program, refuse) -> None:
    """Check the other contacts: all fields and some of the slots use them, or none does."""
    here = one.other_count > 0
    if one.other_count > one.count - 1:
        refuse("other_count", one.other_count, one.count - 1)
    for name in ("other_cathodes", "other_anodes"):
        if (getattr(one, name) > 0) != here:
            refuse(name, getattr(one, name), int(here))
    if one.other_cathodes & one.other_anodes:
        refuse("other_anodes", one.other_anodes, 255 ^ one.other_cathodes)
    if here and one.alternating:  # the contacts of a reversed pulse would be undefined
        refuse("alternating", 1, 0)


def _check_shape(one: program.Program, base: int, refuse) -> None:
    """Check that the segments sum to zero and that no other field describes the pulse."""
    if one.recharge == program.RECHARGE_ACTIVE:
        refuse("recharge", one.recharge, program.RECHARGE_PASSIVE)
    for name in ("gap_ns", "width_dither"):
        if getattr(one, name):
            refuse(name, getattr(one, name), 0)
    total = 0
    for at, (permille, width_ns) in enumerate(one.segments):
        index = base + program.SEGMENTS_INDEX + at
        if not -1000 <= permille <= 1000 or (at == 0 and permille == 0):
            raise Refused(errors.BLOB_FIELD, index, permille, 1000)
        if not 1 <= width_ns <= limits.WIDTH_MAX_NS:
            raise Refused(errors.BLOB_FIELD, index, width_ns, limits.WIDTH_MAX_NS)
        total += permille * width_ns
    if total:
        raise Refused(errors.BLOB_FIELD, base + program.SEGMENTS_INDEX + at, total, 0)


def validate(group: program.Group) -> None:
    """Raise Refused (BLOB_FIELD, index, value, limit) for the first field out of its range."""
    _check_header(group.header)
    _check_areas(group.areas_um2)
    for number, one in enumerate(group.programs):
        _check_program(one, number, group.programs[0])
    _check_ramps(group.header, group.programs)
    pulses = program.pulses_per_period(group)
    wanted = group.header.session_pulses
    if wanted % pulses:
        index = _field(program.HEADER, "session_pulses")
        raise Refused(errors.BLOB_FIELD, index, wanted, wanted - wanted % pulses)
