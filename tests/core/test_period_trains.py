"""Several programs in a period, alternating polarity, dither, marks: periods worked by hand."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.programs import BURST, PASSIVE, TONIC, TRIPHASIC, compiled, group, shaped
from tests.support.tables import BOARD, IDEAL, refused

from stimcore import output, period, program
from stimcore.period import DRIVE, IDLE, MARK

Phase = tuple[int, int, int, int, int]
PERIOD = 2_500_000  # ticks: 20 ms


def starts(phases: list[Phase]) -> list[tuple[int, int]]:
    """Return (tick, cathode mask) of each phase that flows."""
    at, out = 0, []
    for kind, source, _back, _code, ticks in phases:
        if kind in (DRIVE, MARK):
            out.append((at, source))
        at += ticks
    return out


# --- several programs ------------------------------------------------------------------------
def test_req_03_two_rates_take_turns_exactly() -> None:
    # 50 and 300 Hz: 20 ms / 6 are 416,666 ticks and two thirds; the second one 1 ms later
    fast = PASSIVE._replace(
        cathodes=1, anodes=2, rate_millihz=300_000, count=6, offset_ns=1_000_000
    )
    turns = [125_000 + turn * PERIOD // 6 for turn in range(6)]
    assert starts(compiled(PASSIVE, fast)) == [(0, 4), *[(turn, 1) for turn in turns]]
    assert turns[1:3] == [541_666, 958_333]


def test_a_period_begins_with_the_first_pulse_whoever_gives_it() -> None:
    late = PASSIVE._replace(offset_ns=8_000_000)
    early = PASSIVE._replace(cathodes=1, anodes=2, offset_ns=2_000_000)
    assert starts(compiled(late, early)) == [(0, 1), (750_000, 4)]
    assert sum(phase[4] for phase in compiled(late, early)) == PERIOD


@pytest.mark.parametrize(("offset_ns", "good"), [(202_312, True), (202_304, False), (0, False)])
def test_req_03_pulses_that_meet_are_refused_and_the_first_one_named(
    offset_ns: int, good: bool
) -> None:
    # 200 us and the shortest record of 289 ticks: 2.312 us
    two = PASSIVE._replace(cathodes=1, anodes=2, offset_ns=offset_ns)
    if good:
        assert len(compiled(PASSIVE, two)) == 4
        return
    code, number, needed, room = refused(compiled, PASSIVE, two)
    assert (code, needed, room) == ("does_not_fit", 202_312, offset_ns)
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
    assert refused(compiled, pair._replace(rate_millihz=60_000, count=59))[2:] == (236, 234)
    assert refused(compiled, PASSIVE._replace(count=23, rate_dither=100))[2:] == (92, 90)
    both = PASSIVE._replace(count=23, rate_dither=100, width_dither=100)
    assert refused(compiled, both)[2:] == (92, 90)
    steady = PASSIVE._replace(count=11, offset_ns=900_000)
    dithered = PASSIVE._replace(count=12, rate_dither=100)
    assert refused(compiled, dithered, steady) == ("table_length", 1, 92, 90)
    for sides in ({"cathodes": 1, "anodes": 2}, {"cathodes": 2, "anodes": 1}):
        assert len(compiled(pair._replace(count=50, **sides))) == 100
    second = pair._replace(rate_millihz=100_000, count=40, offset_ns=5_000_000)
    two = (pair._replace(count=20, cathodes=8, anodes=16), second)  # 40 and 80 of 825 / 11
    assert refused(compiled, *two) == ("table_length", 1, 240, 150)


@given(st.integers(7, 12_000), st.integers(1, 10), st.sampled_from([0, 30_000]))
def test_req_16_no_level_needs_more_phases_than_were_counted(
    amplitude_ua: int, ratio: int, gap_ns: int
) -> None:
    member = TONIC._replace(
        amplitude_ua=amplitude_ua, ratio=ratio, gap_ns=gap_ns, ceiling_ua=25_500
    )
    assert len(compiled(member)) <= period._most_phases(member)


@pytest.mark.parametrize(
    ("member", "phases"),
    [
        (PASSIVE, 2),
        (TONIC, 5),  # gap, and a recharge in two parts
        (TONIC._replace(ratio=1), 4),
        (TONIC._replace(ratio=1, gap_ns=0), 3),
        (shaped(*TRIPHASIC), 4),
        # a last segment of another width in three parts, a gap, and two of one width
        (shaped((1_000, 100_000), (-500, 200_000)), 5),
        (
            shaped(
                (1_000, 100_000),
                (-500, 200_000),
                (0, 50_000),
                (1_000, 100_000),
                (-1_000, 100_000),
            ),
            8,
        ),
    ],
)
def test_req_16_phases_of_a_pulse_and_its_rest(member: program.Program, phases: int) -> None:
    assert period._most_phases(member) == phases


def test_a_dithered_width_by_hand() -> None:
    # 200 us +- 50 %: 12,500 ticks, and of 25,000 as much as the second draw is of 65,536
    places = period.pulse_places(BOARD, group(PASSIVE._replace(width_dither=500)), PERIOD)
    assert places == [(0, 0, 0, 12_500 + 25_000 * 24_609 // 65_536)]


def test_req_01_an_amplitude_that_the_codes_cannot_hold_is_refused() -> None:
    member = PASSIVE._replace(amplitude_ua=12_794, ceiling_ua=25_500)
    assert compiled(member)[0][3] == -2_047
    over = member._replace(amplitude_ua=12_797)  # 2047.5 codes round up
    assert refused(compiled, over) == ("stage_span", 0, 12_797, 12_500)


# --- alternating polarity and dither -----------------------------------------------------------
def test_alternating_pulses_are_the_same_turned_round() -> None:
    phases = compiled(PASSIVE._replace(alternating=1, count=2))
    assert [phase[3] for phase in phases] == [-320, 0, 320, 0]
    assert [phase[4] for phase in phases] == [25_000, PERIOD - 25_000] * 2


def test_alternating_pulses_with_active_recharge() -> None:
    phases = compiled(TONIC._replace(alternating=1, count=2, gap_ns=0))
    assert [phase[3] for phase in phases] == [-320, 80, 0, 320, -80, 0]


# --- contacts that take turns ------------------------------------------------------------------
OTHERS = {"other_cathodes": 16, "other_anodes": 40}  # E5 against E4 and E6


def test_three_of_ten_pulses_at_the_other_contacts_are_spread_over_the_ten() -> None:
    # the turn t is theirs where 3 (t + 1) / 10 passes a whole number: the 4th, 7th and 10th
    phases = compiled(PASSIVE._replace(rate_millihz=100_000, count=10, other_count=3, **OTHERS))
    assert [phase[1:4] for phase in phases[::2]] == [
        (16, 40, -320) if turn in (3, 6, 9) else (4, 10, -320) for turn in range(10)
    ]
    rest = (period.DISCHARGE, 0, 62, 0, 1_225_000)  # of all of them
    assert phases[1::2] == [rest] * 10


def test_a_pulse_at_the_other_contacts_is_the_same_pulse() -> None:
    phases = compiled(TONIC._replace(count=2, other_count=1, **OTHERS))
    here, there = phases[:4], phases[4:]
    assert [phase[3:] for phase in here] == [phase[3:] for phase in there]
    assert [phase[1:3] for phase in here] == [(4, 10), (0, 0), (4, 10), (0, 62)]
    assert [phase[1:3] for phase in there] == [(16, 40), (0, 0), (16, 40), (0, 62)]
    shape = shaped(*TRIPHASIC, count=2, other_count=1, **OTHERS)
    assert [phase[1] for phase in compiled(shape)] == [4, 4, 4, 0, 16, 16, 16, 0]


@given(st.integers(2, 64), st.data())
def test_the_split_is_exact_in_pulses_and_even_in_time(count: int, data: st.DataObject) -> None:
    others = data.draw(st.integers(1, count - 1))
    member = PASSIVE._replace(rate_millihz=64_000, count=count, other_count=others, **OTHERS)
    places = period.pulse_places(IDEAL, group(member), 125_000_000)
    theirs = [turn for turn, place in enumerate(places) if place[2]]
    assert len(theirs) == others
    every = {len(range(before, after)) for before, after in pairwise([*theirs, theirs[0] + count])}
    assert every <= {count // others, -(-count // others)}


def test_req_16_the_other_contacts_count_as_another_pair() -> None:
    # 825 / (3 + 8 + 8) is 43: 21 pulses, and the rests behind them
    member = PASSIVE._replace(rate_millihz=64_000, other_count=1, **OTHERS)
    assert len(compiled(member._replace(count=21))) == 42
    assert refused(compiled, member._replace(count=22)) == ("table_length", 0, 88, 86)


def test_req_22_the_other_contacts_have_their_programs_ceiling() -> None:
    member = PASSIVE._replace(ceiling_ua=3_000, count=2, other_count=1, **OTHERS)
    assert output.terms(group(member), None).ceilings_ua == [
        0,
        3_000,
        3_000,
        3_000,
        3_000,
        3_000,
        0,
        0,
    ]


def test_the_generator_of_dither_by_hand() -> None:
    # 1: 1 ^ 128 = 129; 129 >> 9 is 0; 129 ^ (129 << 8 & 0xffff) = 129 ^ 33024 = 33153
    assert period.drawn(1) == 33_153
    seen, draw = set(), 1
    for _ in range(65_535):
        draw = period.drawn(draw)
        seen.add(draw)
    assert seen == set(range(1, 65_536))


def test_a_dithered_rate_begins_pulses_later_than_their_turns() -> None:
    # of seed 1 the 1st, 3rd and 5th number, a tenth of 20 ms at most; the first one is tick 0
    draws = [1]
    for _ in range(6):
        draws.append(period.drawn(draws[-1]))
    late = [250_000 * draws[at] >> 16 for at in (1, 3, 5)]
    begins = starts(compiled(PASSIVE._replace(rate_dither=100, count=3)))
    wanted = [turn * PERIOD + delay - late[0] for turn, delay in enumerate(late)]
    assert [at for at, _mask in begins] == wanted
    assert len(set(late)) == 3


@given(st.integers(1, 65_535), st.integers(0, 500), st.integers(0, 500), st.integers(2, 20))
def test_dither_stays_within_its_shares(seed: int, rate: int, width: int, count: int) -> None:
    member = PASSIVE._replace(seed=seed, rate_dither=rate, width_dither=width, count=count)
    phases = compiled(member)
    assert sum(phase[4] for phase in phases) == count * PERIOD
    widths = [phase[4] for phase in phases if phase[0] == DRIVE]
    assert all(25_000 - 25 * width <= ticks <= 25_000 + 25 * width + 1 for ticks in widths)
    gaps = [b[0] - a[0] for a, b in zip(starts(phases), starts(phases)[1:], strict=False)]
    assert all(abs(gap - PERIOD) <= 2_500 * rate for gap in gaps)
    assert compiled(member) == phases


def test_another_seed_is_another_train() -> None:
    member = PASSIVE._replace(rate_dither=200, width_dither=200, count=8)
    assert compiled(member._replace(seed=1)) != compiled(member._replace(seed=2))


# --- marks without output ----------------------------------------------------------------------
TRIPLETS = BURST._replace(
    rate_millihz=5_000, pulses=3, intra_rate_millihz=50_000, width_ns=200_000, recharge=1
)


def test_sync_only_gives_marks_and_no_current() -> None:
    # three at 50 Hz, five times a second; 200 ms are 25,000,000 ticks
    phases = compiled(TRIPLETS, flags=program.FLAG_SYNC_ONLY)
    mark, rest = (MARK, 0, 0, 0, 25_000), (IDLE, 0, 0, 0, PERIOD - 25_000)
    assert phases == [
        mark,
        rest,
        mark,
        rest,
        mark,
        (IDLE, 0, 0, 0, 25_000_000 - 2 * PERIOD - 25_000),
    ]


def test_a_mark_needs_no_room_for_the_recharge_of_its_program() -> None:
    # 200 us of 500, where the recharge alone would take 800
    phases = compiled(TONIC._replace(rate_millihz=2_000_000), flags=program.FLAG_SYNC_ONLY)
    assert phases == [(MARK, 0, 0, 0, 25_000), (IDLE, 0, 0, 0, 37_500)]


@pytest.mark.parametrize("flags", [program.FLAG_SYNC_ONLY, program.FLAG_SYNC_ONLY | 1])
def test_req_14_marks_are_admitted_and_drive_nothing(flags: int) -> None:
    verdict = output.judge(BOARD, group(TRIPLETS, flags=flags), (350,))
    assert verdict.errors == []
    stream = verdict.stream
    assert stream is not None
    assert (stream.pulses, stream.peaks_na, stream.net) == (3, [0] * 8, [0] * 8)
    assert stream.record(0)[1:6] == (True, True, 0, 0, 0)
    assert stream.record(1)[1:6] == (False, False, 0, 0, 0)
