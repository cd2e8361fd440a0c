"""Pulses of segments: worked by hand, and exact for any table and amplitude."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.support.programs import compiled, group, shaped
from tests.support.tables import IDEAL, admit, discharge, drive, idle, refused

from stimcore import checks, output, period, program
from stimcore.period import DISCHARGE, DRIVE, IDLE

PERIOD = 2_500_000  # ticks: 20 ms


def test_req_17_a_triphasic_pulse() -> None:
    # 2.01 mA are 322 codes, half of it 161: 100 us each
    member = shaped((500, 100_000), (-1_000, 100_000), (500, 100_000), amplitude_ua=2_010)
    phases = compiled(member)
    assert [phase[3:] for phase in phases[:3]] == [(161, 12_500), (-322, 12_500), (161, 12_500)]
    assert phases[3] == (DISCHARGE, 0, 14, 0, PERIOD - 37_500)


def test_req_17_the_last_segment_takes_up_what_rounding_left() -> None:
    # 321 codes: 160 and a half is 160; 321 - 160 = 161
    member = shaped((500, 100_000), (-1_000, 100_000), (500, 100_000), amplitude_ua=2_006)
    assert [phase[3] for phase in compiled(member)[:3]] == [160, -321, 161]


def test_req_17_a_last_segment_of_another_width_is_split_and_keeps_its_width() -> None:
    # 321 codes x 25,000 ticks are 107 x 75,000; 322 codes are 8,050,000 = 108 x 75,000 - 50,000
    segments = ((-999, 200_000), (333, 600_000))
    assert [phase[3:] for phase in compiled(shaped(*segments, amplitude_ua=2_013))[:2]] == [
        (-321, 25_000),
        (107, 75_000),
    ]
    assert [phase[3:] for phase in compiled(shaped(*segments, amplitude_ua=2_019))[:3]] == [
        (-322, 25_000),
        (108, 25_000),
        (107, 50_000),
    ]


def test_a_segment_of_nothing_is_a_gap_and_the_least_current_is_one_code() -> None:
    member = shaped((-1_000, 100_000), (0, 50_000), (100, 1_000_000), amplitude_ua=20)  # 3 codes
    phases = compiled(member)
    assert [(phase[0], phase[3]) for phase in phases] == [
        (DRIVE, -3),
        (IDLE, 0),
        (DRIVE, 1),  # 37,500 code ticks: 37,500 of 125,000
        (IDLE, 0),
        (DISCHARGE, 0),
    ]
    assert phases[1] == (IDLE, 0, 0, 0, 6_250)
    assert phases[2][4] + phases[3][4] == 125_000
    assert phases[2][4] == 37_500


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


@pytest.mark.parametrize(
    ("segments", "wanted"),
    [
        (((-1_000, 2_312), (1_000, 2_312)), [(-320, 289), (320, 289)]),
        (((-500, 18_496), (1_000, 9_248)), [(-160, 2_312), (320, 1_156)]),
    ],
)
def test_req_12_segments_just_long_enough(
    segments: tuple[tuple[int, int], ...], wanted: list[tuple[int, int]]
) -> None:
    assert [phase[3:] for phase in compiled(shaped(*segments))[:2]] == wanted


@pytest.mark.parametrize(
    ("segments", "wanted"),
    [
        # 60 % is one code; 25 % for twice as long would take two of what it brought, and waits
        (
            ((600, 100_000), (-250, 200_000), (-100, 100_000)),
            [(1, 12_500), (0, 25_000), (-1, 12_500)],
        ),
        # 0.1 % counts as one code, which takes all of it: nothing is left to close
        (
            ((600, 100_000), (-1, 100_000), (-599, 100_000)),
            [(1, 12_500), (-1, 12_500), (0, 12_500)],
        ),
        # 66.7 % are two codes and 60 % one: the sum asked for is below zero, that of the codes
        # 10,000 above. 1 % would add to it, and waits
        (
            ((667, 100_000), (-600, 120_000), (10, 100_000), (43, 100_000)),
            [(2, 12_500), (-1, 15_000), (0, 12_500), (-1, 10_000), (0, 2_500)],
        ),
    ],
)
def test_req_17_a_recharge_never_takes_more_than_there_is(
    segments: tuple[tuple[int, int], ...], wanted: list[tuple[int, int]]
) -> None:
    phases = compiled(shaped(*segments, amplitude_ua=20))  # 3 codes
    assert [phase[3:] for phase in phases[:-1]] == wanted


@pytest.mark.parametrize(
    ("charge", "wanted"),
    [
        # 2 x 1,600 less one code for the shortest record; and one code for all but that
        (2_911, [(2, 1_311), (1, 289)]),
        (1_889, [(2, 289), (1, 1_311)]),
        (-1, [(-1, 290), (1, 289), (0, 1_021)]),
    ],
)
def test_req_17_closing_parts_of_the_shortest_record(
    charge: int, wanted: list[tuple[int, int]]
) -> None:
    assert period.closing_parts(charge, 1_600, 289) == wanted


@given(
    st.integers(1, 2_000), st.integers(-400, 400), st.integers(1, 400), st.integers(1_600, 9_000)
)
def test_req_17_closing_parts_near_a_whole_code(
    code: int, off: int, least: int, ticks: int
) -> None:
    """Less than a record's time of one code is missing, or over."""
    parts = period.closing_parts(-(code * ticks + off), ticks, least)
    assert sum(part * lasts for part, lasts in parts) == -(code * ticks + off)
    assert sum(lasts for _part, lasts in parts) == ticks
    assert all(lasts >= least for _part, lasts in parts)


@given(st.integers(-10_000_000, 10_000_000), st.integers(1, 400), st.integers(1_600, 50_000))
def test_req_17_closing_parts_are_exact_and_keep_their_width(
    charge: int, least: int, ticks: int
) -> None:
    parts = period.closing_parts(charge, ticks, least)
    assert sum(code * lasts for code, lasts in parts) == charge
    assert sum(lasts for _code, lasts in parts) == ticks
    assert all(lasts >= least for _code, lasts in parts)
    wanted = abs(charge) / ticks
    assert all(abs(abs(code) - wanted) <= 2 for code, _lasts in parts)


@st.composite
def tables(draw: st.DrawFn) -> tuple[tuple[int, int], ...]:
    """Draw up to four segments of 30 to 120 us, and one of 30 us that makes the sum zero."""
    free = st.tuples(st.integers(-60, 60), st.integers(1, 4))
    rows = draw(st.lists(free, min_size=1, max_size=4).filter(lambda rows: rows[0][0] != 0))
    net = sum(share * width for share, width in rows)
    return (*[(share, 30_000 * width) for share, width in rows], (-net, 30_000))


@given(tables(), st.integers(7, 12_000))
def test_req_17_any_shape_sums_to_zero_and_holds_its_widths(
    rows: tuple[tuple[int, int], ...], amplitude_ua: int
) -> None:
    member = shaped(*rows, amplitude_ua=amplitude_ua, ceiling_ua=25_500)
    checks.validate(group(member))
    phases = compiled(member)
    assert sum(phase[3] * phase[4] for phase in phases) == 0
    edges, at = {0}, 0
    for part in phases:
        at += part[4]
        edges.add(at)
    ends = [sum(width for _share, width in rows[: n + 1]) // 8 for n in range(len(rows))]
    assert set(ends) <= edges
    assert len(phases) <= period._most_phases(member)


def test_req_22_what_makes_up_for_rounding_stays_under_the_programs_own_ceiling() -> None:
    # 20 uA are 3 codes; 8 % and 18 % of them count as one each, and 42 % is to return 22,500 and
    # 7,500 ticks of one code in 7,500: 4 codes, 25 uA
    rows = ((80, 180_000), (180, 60_000), (-420, 60_000))
    low = shaped(*rows, amplitude_ua=20, ceiling_ua=20)
    assert refused(compiled, low) == ("shape_peak", 0, 25, 19)
    assert [phase[3] for phase in compiled(low._replace(ceiling_ua=25))[:3]] == [1, 1, -4]
    # 177 codes for three widths, less 88 for two, are 355: 177.5 for two widths, and one for some
    rows = ((1_000, 300_000), (-500, 200_000), (-1_000, 200_000))
    high = shaped(*rows, amplitude_ua=1_106, ceiling_ua=1_106)
    assert refused(compiled, high) == ("shape_peak", 0, 1_113, 1_107)


SHARES = st.sampled_from([-1_000, -750, -500, -250, 0, 0, 250, 500, 750, 1_000])
PARTED = st.lists(st.tuples(SHARES, st.sampled_from([60_000, 120_000])), min_size=2, max_size=5)


@given(PARTED)
def test_req_35_the_kernel_counts_what_a_session_of_the_shape_is_counted_by(
    rows: list[tuple[int, int]],
) -> None:
    net = sum(share * width for share, width in rows) // 60_000
    assume(rows[0][0] and 0 < abs(net) <= 1_000)
    stimulus = group(shaped(*rows, (-net, 60_000), amplitude_ua=2_000, anodes=2))
    stream = output.judge(IDEAL, stimulus, (2_000,)).stream
    assume(stream is not None)
    assert stream is not None
    assert stream.pulses == program.pulses_per_period(stimulus)


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
