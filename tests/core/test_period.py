"""A program becomes phases: hand-worked periods, and exactness over all amplitudes and ratios."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.support.programs import BURST, TONIC, Phase, group, groups, in_one, tonic
from tests.support.tables import BOARD, refused

from stimcore import period, program
from stimcore.errors import Refused
from stimcore.period import DISCHARGE, DRIVE, IDLE

FIRST = (DRIVE, 4, 10, -320, 25_000)  # 2 mA, 200 us
GAP = (IDLE, 0, 0, 0, 3_750)


def compiled(stimulus: program.Group, *levels_ua: int) -> list[Phase]:
    levels = levels_ua or tuple(member.amplitude_ua for member in stimulus.programs)
    return in_one(period.compile_group(BOARD, stimulus, levels))


# --- worked by hand ----------------------------------------------------------------------------
def test_req_17_tonic_with_active_recharge() -> None:
    # 20 ms are 2,500,000 ticks
    recharge, rest = (DRIVE, 4, 10, 80, 100_000), (DISCHARGE, 0, 14, 0, 2_371_250)
    assert compiled(tonic()) == [FIRST, GAP, recharge, rest]


@pytest.mark.parametrize(("width_ns", "parts"), [(200_000, 8), (19_360_000, 8), (19_360_008, 1)])
def test_req_33_a_period_ends_in_seven_rests_of_80_us(width_ns: int, parts: int) -> None:
    # DMA is up to six records ahead of the one that is played: it takes up the next period's
    # table within the last 560 us. A rest below 640 us is not divided
    stimulus = tonic(recharge=program.RECHARGE_PASSIVE, gap_ns=0, width_ns=width_ns)
    phases = period.compile_group(BOARD, stimulus, (2_000,))
    assert len(phases) == 1 + parts
    assert sum(phase[4] for phase in phases) == 2_500_000
    assert [phase[4] for phase in phases[2:]] == [10_000] * (parts - 1)
    assert {phase[:4] for phase in phases[1:]} == {(DISCHARGE, 0, 14, 0)}


def test_req_17_a_charge_that_does_not_divide_is_trimmed_at_the_end() -> None:
    # 2010 uA: 322 codes, 8,050,000 code ticks; a quarter, rounded up, is 81; 81 x 99040 + 80 x 347
    phases = compiled(tonic(amplitude_ua=2_010))
    assert phases[0] == (DRIVE, 4, 10, -322, 25_000)
    assert phases[2:4] == [(DRIVE, 4, 10, 81, 99_040), (DRIVE, 4, 10, 80, 347)]
    assert phases[4] == (DISCHARGE, 0, 14, 0, 2_500_000 - 25_000 - 3_750 - 99_387)


def test_passive_recharge_and_no_gap() -> None:
    phases = compiled(tonic(recharge=program.RECHARGE_PASSIVE, gap_ns=0))
    assert phases == [FIRST, (DISCHARGE, 0, 14, 0, 2_475_000)]


def test_req_17_the_shortest_time_that_leaves_a_trim_long_enough() -> None:
    # 3 codes x 7 ticks by halves: 2 x 11 is one more, and one tick is long enough to shift
    assert period.recharge_parts(3, 7, 2, 1) == [(2, 10), (1, 1)]


def test_symmetric_recharge_is_the_first_phase_turned_round() -> None:
    assert compiled(tonic(ratio=1))[2] == (DRIVE, 4, 10, 320, 25_000)


def test_burst_with_one_discharge_at_its_end() -> None:
    # 2 ms a pulse; 25 ms a burst; 350 uA are 56 codes
    pulse, between = (DRIVE, 4, 10, -56, 125_000), (IDLE, 0, 0, 0, 125_000)
    end = (DISCHARGE, 0, 14, 0, 3_125_000 - 4 * 250_000 - 125_000)
    assert compiled(group(BURST)) == [*[pulse, between] * 4, pulse, end]


def test_a_burst_of_two_pulses() -> None:
    pulse, between = (DRIVE, 4, 10, -56, 125_000), (IDLE, 0, 0, 0, 125_000)
    end = (DISCHARGE, 0, 14, 0, 3_125_000 - 250_000 - 125_000)
    assert compiled(group(BURST._replace(pulses=2))) == [pulse, between, pulse, end]


def test_burst_with_a_discharge_after_each_pulse() -> None:
    phases = compiled(group(BURST._replace(recharge=program.RECHARGE_PASSIVE)))
    assert [phase[0] for phase in phases] == [DRIVE, DISCHARGE] * 5
    assert phases[1] == (DISCHARGE, 0, 14, 0, 125_000)


def test_burst_pulses_may_follow_each_other_without_a_rest() -> None:
    # 100 us there and 100 us back at 5 kHz
    member = BURST._replace(recharge=0, intra_rate_millihz=5_000_000, width_ns=100_000)
    there, back = (DRIVE, 4, 10, -56, 12_500), (DRIVE, 4, 10, 56, 12_500)
    phases = compiled(group(member))
    assert phases[:-1] == [there, back] * 5
    assert phases[-1] == (DISCHARGE, 0, 14, 0, 3_125_000 - 125_000)


def test_programs_begin_at_their_phases() -> None:
    # three parts of 2,500,000 / 3 ticks; every discharge joins the contacts of all of them
    member = TONIC._replace(recharge=1, gap_ns=0)
    two = member._replace(cathodes=1, anodes=2, amplitude_ua=1_000)
    offsets_ns = (0, 6_666_664, 13_333_328)  # 833,333 ticks of 8 ns, and twice as many
    rows = [
        entry._replace(offset_ns=ns)
        for entry, ns in zip((member, two, member), offsets_ns, strict=True)
    ]
    phases = compiled(group(*rows))
    slots = [833_333, 833_333, 833_334]
    assert [sum(phase[4] for phase in phases[at : at + 2]) for at in (0, 2, 4)] == slots
    assert phases[2] == (DRIVE, 1, 2, -160, 25_000)
    assert [phase[2] for phase in phases if phase[0] == DISCHARGE] == [15, 15, 15]


def test_levels_replace_the_programs_own_amplitudes() -> None:
    assert compiled(tonic(), 1_000)[0] == (DRIVE, 4, 10, -160, 25_000)


# --- what does not fit ---------------------------------------------------------------------------
def test_req_21_a_pulse_that_does_not_fit_is_refused_with_what_it_needs() -> None:
    # 1 ms and 1 ms back at 499 Hz: 250,501 ticks leave 501, at 500 Hz 250,000 leave none
    wide = dict(width_ns=1_000_000, gap_ns=0, ratio=1)
    assert compiled(tonic(rate_millihz=499_000, **wide))[-1] == (DISCHARGE, 0, 14, 0, 501)
    code, index, value, limit = refused(compiled, tonic(rate_millihz=500_000, **wide))
    assert (code, index, value, limit) == ("does_not_fit", 0, 2_002_312, 2_000_000)


def test_req_21_the_rest_of_a_period_holds_a_discharge_of_the_shortest_record_at_least() -> None:
    # passive 1 ms: a period of 125,289 ticks is 997.6934 Hz
    fields = dict(width_ns=1_000_000, gap_ns=0, recharge=1)
    assert compiled(tonic(rate_millihz=997_693, **fields))[-1][4] == 289
    assert refused(compiled, tonic(rate_millihz=997_701, **fields))[0] == "does_not_fit"


def test_req_21_a_rest_between_pulses_too_short_for_a_record_is_refused() -> None:
    member = BURST._replace(width_ns=100_000, recharge=1, intra_rate_millihz=9_900_000)
    assert refused(compiled, group(member)) == ("does_not_fit", 0, 102_312, 101_008)
    two = group(TONIC._replace(rate_millihz=40_000), member._replace(offset_ns=12_500_000))
    assert refused(compiled, two)[:2] == ("does_not_fit", 1)


def test_req_21_the_last_pulse_of_a_burst_ends_within_its_slot() -> None:
    # 10 ms: 2 + 2 + 2 + 2 + 1 ms and 1 ms of discharge
    member = BURST._replace(rate_millihz=100_000)
    assert compiled(group(member))[-1] == (DISCHARGE, 0, 14, 0, 125_000)
    assert refused(compiled, group(member._replace(rate_millihz=111_111)))[0] == "does_not_fit"
    # 7 ms: it would begin 1 ms after the end; it needs 1 ms and a shortest record
    late = group(member._replace(rate_millihz=142_857))
    assert refused(compiled, late) == ("does_not_fit", 0, 1_002_312, 0)


def test_req_21_a_recharge_that_needs_no_trim_has_room_for_one() -> None:
    # 5 x 25,000 ticks, 3,750 of gap, a trim of up to 290 and a shortest record of 289; at 320
    # codes the pulse ends 290 sooner. 968.992 Hz are 129,000 ticks, 966.809 Hz are 129,291
    wanted = ("does_not_fit", 0, 129_329 * 8, 129_000 * 8)
    assert refused(compiled, tonic(rate_millihz=968_992)) == wanted
    wanted = ("does_not_fit", 0, 129_329 * 8, 129_328 * 8)
    assert refused(compiled, tonic(rate_millihz=966_534)) == wanted
    assert compiled(tonic(rate_millihz=966_526))[-1] == (DISCHARGE, 0, 14, 0, 579)


def test_req_21_an_amplitude_below_one_code_is_refused() -> None:
    assert compiled(tonic(), 4)[0][3] == -1  # 3.125 uA and more round to one code
    assert refused(compiled, tonic(), 3) == ("below_code", 0, 3_000, 6_250)


# --- over all amplitudes, ratios and groups -------------------------------------------------
@pytest.mark.parametrize(("width", "least", "span"), [(1_250, 289, 2_047), (1_250, 162, 127)])
def test_req_17_no_part_of_a_recharge_is_shorter_than_a_record(
    width: int, least: int, span: int
) -> None:
    """For every code and ratio, and every width: the shortest first phase is the worst case.

    The trim is `least` to `least` + b - 1 ticks long by its definition; with the longest of these
    what goes before it is shortest, and that grows with the width.
    """
    for code in range(1, span + 1):
        for ratio in range(1, 11):
            parts = period.recharge_parts(code, width, ratio, least)
            lower = -(-code // ratio)
            assert all(ticks >= least and part >= 1 for part, ticks in parts)
            assert sum(part * ticks for part, ticks in parts) == code * width
            if code % lower:  # else one part does for every width
                total = -(-(code * width + least) // lower)
                assert total - (least + lower - 1) >= least


@given(st.integers(1, 2_047), st.integers(1_250, 150_000), st.integers(1, 10), st.integers(2, 400))
def test_req_17_recharge_is_exact_and_no_stronger_than_its_ratio(
    code: int, width: int, ratio: int, least: int
) -> None:
    parts = period.recharge_parts(code, width, ratio, least)
    assert sum(part * ticks for part, ticks in parts) == code * width
    assert max(part for part, _ticks in parts) == -(-code // ratio)
    assert sum(ticks for _part, ticks in parts) <= ratio * width + least + 1
    assert len(parts) <= 2


@given(groups())
def test_req_17_any_group_fills_its_period_and_returns_what_it_should(
    stimulus: program.Group,
) -> None:
    try:
        phases = compiled(stimulus)
    except Refused:
        assume(False)
    rate = stimulus.programs[0].rate_millihz
    assert abs(sum(phase[4] for phase in phases) * rate - 125_000_000_000) <= rate / 2
    sums: dict[tuple[int, int], int] = {}
    passive = {(member.cathodes, member.anodes) for member in stimulus.programs if member.recharge}
    for kind, source, back, code, ticks in phases:
        assert (kind == DRIVE) == (code != 0)
        sums[source, back] = sums.get((source, back), 0) + code * ticks
    assert all(total == 0 for masks, total in sums.items() if masks not in passive)
    assert phases[-1][0] == DISCHARGE


@pytest.mark.parametrize(("gap_ns", "good"), [(0, True), (2_307, False), (2_312, True)])
def test_req_12_a_gap_is_nothing_or_long_enough_to_shift(gap_ns: int, good: bool) -> None:
    stimulus = group(TONIC._replace(gap_ns=gap_ns))
    if good:
        assert period.compile_group(BOARD, stimulus, (2_000,))
    else:  # 289 ticks of 8 ns
        refusal = refused(period.compile_group, BOARD, stimulus, (2_000,))
        assert refusal == ("short_gap", 0, 2_307, 2_312)


def test_req_12_the_second_program_is_named_when_its_gap_is_too_short() -> None:
    stimulus = group(TONIC, TONIC._replace(gap_ns=8, offset_ns=10_000_000))
    assert refused(period.compile_group, BOARD, stimulus, (2_000, 2_000)) == (
        "short_gap",
        1,
        8,
        2_312,
    )
