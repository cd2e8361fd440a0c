"""Several programs, shapes, dither, marks: hand-worked periods, and what holds for any of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.groups import AREAS, BURST, HEADER, TONIC, group
from tests.core.support import BOARD, IDEAL, admit, discharge, drive, idle, name, refusals, refused

from stimcore import kernel, output, phases, program
from stimcore.errors import Refused
from stimcore.phases import DISCHARGE, DRIVE, IDLE, MARK

Phase = tuple[int, int, int, int, int]
PASSIVE = TONIC._replace(recharge=program.RECHARGE_PASSIVE, gap_ns=0, ratio=1)
PERIOD = 2_500_000  # ticks: 20 ms


def compiled(*programs: program.Program, **header: int) -> list[Phase]:
    one = group(*programs, **header)
    levels = tuple(each.amplitude_ua for each in one.programs)
    return list(phases.compile_group(BOARD, one, levels))


def starts(found: list[Phase]) -> list[tuple[int, int]]:
    """(tick, source mask) of each phase that flows."""
    at, out = 0, []
    for kind, source, _back, _code, ticks in found:
        if kind in (DRIVE, MARK):
            out.append((at, source))
        at += ticks
    return out


# --- several programs ------------------------------------------------------------------------
def test_req_03_two_rates_take_turns_exactly() -> None:
    # 50 and 300 Hz: 20 ms / 6 are 416,666 ticks and two thirds; the second one 1 ms later
    fast = PASSIVE._replace(cathodes=1, anodes=2, rate_mhz=300_000, count=6, phase_ns=1_000_000)
    turns = [125_000 + turn * PERIOD // 6 for turn in range(6)]
    assert starts(compiled(PASSIVE, fast)) == [(0, 4), *[(turn, 1) for turn in turns]]
    assert turns[1:3] == [541_666, 958_333]


def test_a_period_begins_with_the_first_pulse_whoever_gives_it() -> None:
    late = PASSIVE._replace(phase_ns=8_000_000)
    early = PASSIVE._replace(cathodes=1, anodes=2, phase_ns=2_000_000)
    assert starts(compiled(late, early)) == [(0, 1), (750_000, 4)]
    assert sum(one[4] for one in compiled(late, early)) == PERIOD


@pytest.mark.parametrize(("phase_ns", "good"), [(202_312, True), (202_304, False), (0, False)])
def test_req_03_pulses_that_meet_are_refused_and_the_first_one_named(
    phase_ns: int, good: bool
) -> None:
    # 200 us and the shortest record of 289 ticks: 2.312 us
    two = PASSIVE._replace(cathodes=1, anodes=2, phase_ns=phase_ns)
    if good:
        assert len(compiled(PASSIVE, two)) == 4
        return
    code, number, needed, room = refused(compiled, PASSIVE, two)
    assert (code, needed, room) == ("does_not_fit", 202_312, phase_ns)
    assert number == 0


def test_req_16_more_phases_than_can_be_judged_in_time_are_refused() -> None:
    # 825 / (3 + 8) is 75 with two anodes: a pulse and a rest each time
    assert len(compiled(PASSIVE._replace(count=37))) == 74
    assert refused(compiled, PASSIVE._replace(count=38)) == ("table_length", 0, 152, 150)
    burst = BURST._replace(count=8)  # 5 x 2 phases each
    assert refused(compiled, burst) == ("table_length", 0, 160, 150)
    # one against one 825 / 7 is 117; dithered 825 / 18 is 45
    pair = PASSIVE._replace(anodes=2)
    assert len(compiled(pair._replace(count=50))) == 100
    assert refused(compiled, pair._replace(rate_mhz=60_000, count=59))[2:] == (236, 234)
    assert refused(compiled, PASSIVE._replace(count=23, rate_dither=100))[2:] == (92, 90)
    second = pair._replace(rate_mhz=100_000, count=40, phase_ns=5_000_000)
    two = (pair._replace(count=20, cathodes=8, anodes=16), second)  # 40 and 80 of 825 / 11
    assert refused(compiled, *two) == ("table_length", 1, 240, 150)


@given(st.integers(7, 12_000), st.integers(1, 10), st.sampled_from([0, 30_000]))
def test_req_16_no_level_needs_more_phases_than_were_counted(
    amplitude_ua: int, ratio: int, gap_ns: int
) -> None:
    one = TONIC._replace(amplitude_ua=amplitude_ua, ratio=ratio, gap_ns=gap_ns, ceiling_ua=25_500)
    assert len(compiled(one)) <= phases._most_phases(one)


def test_req_01_an_amplitude_that_the_codes_cannot_hold_is_refused() -> None:
    one = PASSIVE._replace(amplitude_ua=12_794, ceiling_ua=25_500)
    assert compiled(one)[0][3] == -2_047
    over = one._replace(amplitude_ua=12_797)  # 2047.5 codes round up
    assert refused(compiled, over) == ("stage_span", 0, 12_797, 12_500)


# --- alternating polarity and dither -----------------------------------------------------------
def test_alternating_pulses_are_the_same_turned_round() -> None:
    found = compiled(PASSIVE._replace(alternating=1, count=2))
    assert [one[3] for one in found] == [-320, 0, 320, 0]
    assert [one[4] for one in found] == [25_000, PERIOD - 25_000] * 2


def test_alternating_pulses_with_active_recharge() -> None:
    found = compiled(TONIC._replace(alternating=1, count=2, gap_ns=0))
    assert [one[3] for one in found] == [-320, 80, 0, 320, -80, 0]


def test_the_generator_of_dither_by_hand() -> None:
    # 1: 1 ^ 128 = 129; 129 >> 9 is 0; 129 ^ (129 << 8 & 0xffff) = 129 ^ 33024 = 33153
    assert phases.drawn(1) == 33_153
    seen, draw = set(), 1
    for _ in range(65_535):
        draw = phases.drawn(draw)
        seen.add(draw)
    assert seen == set(range(1, 65_536))


def test_a_dithered_rate_begins_pulses_later_than_their_turns() -> None:
    # of seed 1 the 1st, 3rd and 5th number, a tenth of 20 ms at most; the first one is tick 0
    draws = [1]
    for _ in range(6):
        draws.append(phases.drawn(draws[-1]))
    late = [250_000 * draws[at] >> 16 for at in (1, 3, 5)]
    found = starts(compiled(PASSIVE._replace(rate_dither=100, count=3)))
    wanted = [turn * PERIOD + each - late[0] for turn, each in enumerate(late)]
    assert [at for at, _mask in found] == wanted
    assert len(set(late)) == 3


@given(st.integers(1, 65_535), st.integers(0, 500), st.integers(0, 500), st.integers(2, 20))
def test_dither_stays_within_its_shares(seed: int, rate: int, width: int, count: int) -> None:
    one = PASSIVE._replace(seed=seed, rate_dither=rate, width_dither=width, count=count)
    found = compiled(one)
    assert sum(each[4] for each in found) == count * PERIOD
    widths = [each[4] for each in found if each[0] == DRIVE]
    assert all(25_000 - 25 * width <= each <= 25_000 + 25 * width + 1 for each in widths)
    gaps = [b[0] - a[0] for a, b in zip(starts(found), starts(found)[1:], strict=False)]
    assert all(abs(each - PERIOD) <= 2_500 * rate for each in gaps)
    assert compiled(one) == found


def test_another_seed_is_another_train() -> None:
    one = PASSIVE._replace(rate_dither=200, width_dither=200, count=8)
    assert compiled(one._replace(seed=1)) != compiled(one._replace(seed=2))


# --- shapes ------------------------------------------------------------------------------------
def shaped(*segments: tuple[int, int], **changes: int) -> program.Program:
    return PASSIVE._replace(segments=segments, **changes)


def test_req_17_a_triphasic_pulse() -> None:
    # 2.01 mA are 322 codes, half of it 161: 100 us each
    one = shaped((500, 100_000), (-1_000, 100_000), (500, 100_000), amplitude_ua=2_010)
    found = compiled(one)
    assert [each[3:] for each in found[:3]] == [(161, 12_500), (-322, 12_500), (161, 12_500)]
    assert found[3] == (DISCHARGE, 0, 14, 0, PERIOD - 37_500)


def test_req_17_the_last_segment_takes_up_what_rounding_left() -> None:
    # 321 codes: 160 and a half is 160; 321 - 160 = 161
    one = shaped((500, 100_000), (-1_000, 100_000), (500, 100_000), amplitude_ua=2_006)
    assert [each[3] for each in compiled(one)[:3]] == [160, -321, 161]


def test_req_17_a_last_segment_of_another_width_is_split_and_keeps_its_width() -> None:
    # 321 codes x 25,000 ticks are 107 x 75,000; 322 codes are 8,050,000 = 108 x 75,000 - 50,000
    segments = ((-999, 200_000), (333, 600_000))
    assert [each[3:] for each in compiled(shaped(*segments, amplitude_ua=2_013))[:2]] == [
        (-321, 25_000),
        (107, 75_000),
    ]
    assert [each[3:] for each in compiled(shaped(*segments, amplitude_ua=2_019))[:3]] == [
        (-322, 25_000),
        (108, 25_000),
        (107, 50_000),
    ]


def test_a_segment_of_nothing_is_a_gap_and_the_least_current_is_one_code() -> None:
    one = shaped((-1_000, 100_000), (0, 50_000), (100, 1_000_000), amplitude_ua=20)  # 3 codes
    found = compiled(one)
    assert [(each[0], each[3]) for each in found] == [
        (DRIVE, -3),
        (IDLE, 0),
        (DRIVE, 1),  # 37,500 code ticks: 37,500 of 125,000
        (IDLE, 0),
        (DISCHARGE, 0),
    ]
    assert found[2][4] + found[3][4] == 125_000
    assert found[2][4] == 37_500


@pytest.mark.parametrize(
    ("segments", "wanted"),
    [
        (((-1_000, 2_304), (1_000, 2_304)), ("short_segment", 0, 2_304, 2_312)),
        (((-500, 18_000), (1_000, 9_000)), ("short_segment", 0, 9_000, 9_248)),  # 4 x 289 ticks
    ],
)
def test_req_12_a_segment_too_short_to_shift_or_to_balance_is_refused(
    segments: tuple[tuple[int, int], ...], wanted: tuple[str, int, int, int]
) -> None:
    assert refused(compiled, shaped(*segments)) == wanted


@given(
    st.integers(1, 2_000), st.integers(-400, 400), st.integers(1, 400), st.integers(1_600, 9_000)
)
def test_req_17_closing_parts_near_a_whole_code(
    code: int, off: int, least: int, ticks: int
) -> None:
    """Less than a record's time of one code is missing, or over."""
    parts = phases.closing_parts(-(code * ticks + off), ticks, least)
    assert sum(part * lasts for part, lasts in parts) == -(code * ticks + off)
    assert sum(lasts for _part, lasts in parts) == ticks
    assert all(lasts >= least for _part, lasts in parts)


@given(st.integers(-10_000_000, 10_000_000), st.integers(1, 400), st.integers(1_600, 50_000))
def test_req_17_closing_parts_are_exact_and_keep_their_width(
    charge: int, least: int, ticks: int
) -> None:
    parts = phases.closing_parts(charge, ticks, least)
    assert sum(code * lasts for code, lasts in parts) == charge
    assert sum(lasts for _code, lasts in parts) == ticks
    assert all(lasts >= least for _code, lasts in parts)
    wanted = abs(charge) / ticks
    assert all(abs(abs(code) - wanted) <= 2 for code, _lasts in parts)


@st.composite
def tables(draw: st.DrawFn) -> tuple[tuple[int, int], ...]:
    """Up to four segments of 30 to 120 us, and one of 30 us that makes the sum zero."""
    free = st.tuples(st.integers(-60, 60), st.integers(1, 4))
    rows = draw(st.lists(free, min_size=1, max_size=4).filter(lambda rows: rows[0][0] != 0))
    net = sum(share * width for share, width in rows)
    return (*[(share, 30_000 * width) for share, width in rows], (-net, 30_000))


@given(tables(), st.integers(7, 12_000))
def test_req_17_any_shape_sums_to_zero_and_holds_its_widths(
    rows: tuple[tuple[int, int], ...], amplitude_ua: int
) -> None:
    one = shaped(*rows, amplitude_ua=amplitude_ua, ceiling_ua=25_500)
    program.validate(group(one))
    found = compiled(one)
    assert sum(each[3] * each[4] for each in found) == 0
    edges, at = {0}, 0
    for each in found:
        at += each[4]
        edges.add(at)
    ends = [sum(width for _share, width in rows[: n + 1]) // 8 for n in range(len(rows))]
    assert set(ends) <= edges
    assert len(found) <= phases._most_phases(one)


# --- what is admitted --------------------------------------------------------------------------
@st.composite
def trains(draw: st.DrawFn) -> program.Group:
    """One or two programs of any kind, at rates that come round in 20 ms."""
    rows = []
    for number in range(draw(st.integers(1, 2))):
        count = draw(st.sampled_from([1, 2, 4, 6]))
        kind = draw(st.sampled_from(["plain", "active", "alternating", "dither", "shape"]))
        one = PASSIVE._replace(
            cathodes=1 << number,
            anodes=64,
            amplitude_ua=draw(st.integers(30, 3_000)),
            width_ns=draw(st.integers(10_000, 400_000)),
            rate_mhz=50_000 * count,
            count=count,
            phase_ns=number * draw(st.integers(900_000, 2_500_000)),
        )
        if kind == "active":
            one = one._replace(recharge=0, ratio=draw(st.integers(1, 3)))
        if kind == "alternating":
            one = one._replace(alternating=count % 2 == 0)
        if kind == "dither":
            one = one._replace(rate_dither=draw(st.integers(0, 100)), seed=draw(st.integers(1, 99)))
        if kind == "shape":
            share, width = draw(st.integers(1, 999)), one.width_ns
            rows_of = ((share, width), (-1_000, width), (1_000 - share, width))
            one = one._replace(segments=rows_of)
        rows.append(one)
    return program.Group(HEADER, AREAS, tuple(rows))


def judged(one: program.Group) -> kernel.Verdict | None:
    """The verdict; None where it does not compile, for the one good reason."""
    reason = 0
    try:
        return output.judge(BOARD, one, tuple(each.amplitude_ua for each in one.programs))
    except Refused as why:
        reason = why.code
    assert name(reason) == "does_not_fit"
    return None


@given(trains())
def test_req_17_what_is_admitted_balances_never_meets_and_holds_widths_and_ceilings(
    one: program.Group,
) -> None:
    program.validate(one)
    verdict = judged(one)
    if verdict is None:
        return
    if verdict.stream is None:
        assert set(refusals(verdict)) <= {"rate", "dc", "running_charge", "shannon", "density"}
        return
    records = [verdict.stream.record(at) for at in range(verdict.stream.records)]
    assert sum(each[0] for each in records) == PERIOD
    for number, each in enumerate(one.programs):
        own = [row for row in records if row[1] and row[3] == 1 << number]
        assert all(row[4] == 64 for row in own)
        if not each.recharge or each.segments or each.alternating:
            assert sum(row[5] * row[0] for row in own) == 0
        assert all(abs(row[5]) <= round(each.amplitude_ua / 6.25) + 1 for row in own)
        if not each.segments:
            width = (each.width_ns + 4) // 8
            firsts = [row for row in own if row[5] < 0 or each.alternating]
            assert [row[0] for row in firsts] == [width] * each.count


# --- marks without output ----------------------------------------------------------------------
TRIPLETS = BURST._replace(
    rate_mhz=5_000, pulses=3, intra_rate_mhz=50_000, width_ns=200_000, recharge=1
)


def test_sync_only_gives_marks_and_no_current() -> None:
    # three at 50 Hz, five times a second; 200 ms are 25,000,000 ticks
    found = compiled(TRIPLETS, flags=program.FLAG_SYNC_ONLY)
    mark, rest = (MARK, 0, 0, 0, 25_000), (IDLE, 0, 0, 0, PERIOD - 25_000)
    assert found == [
        mark,
        rest,
        mark,
        rest,
        mark,
        (IDLE, 0, 0, 0, 25_000_000 - 2 * PERIOD - 25_000),
    ]


@pytest.mark.parametrize("flags", [program.FLAG_SYNC_ONLY, program.FLAG_SYNC_ONLY | 1])
def test_req_14_marks_are_admitted_and_drive_nothing(flags: int) -> None:
    verdict = output.judge(BOARD, group(TRIPLETS, flags=flags), (350,))
    assert verdict.errors == []
    stream = verdict.stream
    assert stream is not None
    assert (stream.pulses, stream.peaks_na, stream.net) == (3, [0] * 8, [0] * 8)
    assert stream.record(0)[1:6] == (True, True, 0, 0, 0)
    assert stream.record(1)[1:6] == (False, False, 0, 0, 0)


def test_req_14_marks_and_current_do_not_mix() -> None:
    mark = idle(25_000)._replace(flags=2)
    good = admit(IDEAL, mark, idle(PERIOD), mark, idle(PERIOD))
    assert good.errors == []
    mixed = admit(IDEAL, mark, idle(PERIOD), drive(-320, 25_000), discharge(PERIOD))
    assert set(refusals(mixed)) == {"active_flag"}
    plain = admit(IDEAL, idle(25_000)._replace(flags=1), idle(PERIOD))
    assert set(refusals(plain)) == {"active_flag", "no_sync"}
    late = admit(IDEAL, idle(PERIOD), mark, idle(PERIOD))
    assert set(refusals(late)) == {"no_sync"}


def test_req_14_a_mark_switches_no_contact() -> None:
    mark = discharge(25_000)._replace(flags=2)
    assert admit(IDEAL, mark, discharge(PERIOD)).errors == []  # returned, but never sourced
    other = admit(IDEAL, idle(25_000)._replace(flags=2), discharge(PERIOD))
    assert set(refusals(other)) == {"part_discharge"}


# --- counting ----------------------------------------------------------------------------------
def test_req_35_a_pulse_that_goes_beyond_zero_is_one_pulse() -> None:
    triphasic = drive(160, 25_000), drive(-320, 25_000), drive(160, 25_000), discharge(PERIOD)
    stream = admit(IDEAL, *triphasic).stream
    assert stream is not None
    assert stream.pulses == 1
    apart = (
        drive(160, 25_000),
        idle(300),
        drive(-320, 25_000),
        drive(160, 25_000),
        discharge(PERIOD),
    )
    stream = admit(IDEAL, *apart).stream
    assert stream is not None
    assert stream.pulses == 2


# --- a ramp passes through every level -----------------------------------------------------------
@given(st.integers(1, 2_047), st.integers(10_000, 300_000), st.integers(2, 10))
def test_req_21_what_fits_at_one_level_fits_at_every_level(
    code: int, width_ns: int, ratio: int
) -> None:
    """A recharge is trimmed by the level; the room it needs is judged at its longest."""
    width = (width_ns + 4) // 8
    room = width * (1 + ratio) + 2 * 289 + 1  # the trim, and the shortest record
    rate_mhz = 125_000_000_000 // room
    one = TONIC._replace(gap_ns=0, ratio=ratio, width_ns=width_ns, rate_mhz=rate_mhz)
    level_ua = -(-code * 25 // 4)
    assert phases.compile_group(BOARD, group(one), (level_ua,))
    fast = one._replace(rate_mhz=125_000_000_000 // (room - 2))
    assert refused(phases.compile_group, BOARD, group(fast), (level_ua,))[0] == "does_not_fit"
