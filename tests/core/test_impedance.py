"""Evaluation of a load's samples, by hand: sums, verdicts on pairs, the contact at fault."""

import pytest
from tests.support.tables import BOARD, E1, E2, E3, E4, LADDER, refused

from stimcore import impedance, kernel, load_test, program
from stimcore.impedance import Finding, Sums

GOOD, OPEN, SHORT, WRONG_OHM, WRONG_NF = range(5)
PAIR_US, PAIRS, ZERO = 8, 1024, 2048
WIDTH_US = 1_000


def samples(ohm: float, farad: float, amps: float, offset_us: int, errors=(0, 0)) -> list[int]:
    """Sample one pulse at 0: -amps, then +amps, each WIDTH_US; codes of 12.5 uA and 8 mV."""
    codes: list[int] = []
    for number in range(PAIRS):
        for channel in (0, 1):
            at_us = offset_us + PAIR_US * number + 4 * channel
            flows = -amps if 0 <= at_us < WIDTH_US else amps if at_us < 2 * WIDTH_US else 0.0
            charge = -amps * min(at_us, 2 * WIDTH_US - at_us) * 1e-6 if flows else 0.0
            value = flows / 12.5e-6 if channel == 0 else (flows * ohm + charge / farad) / 8e-3
            codes.append(ZERO + errors[channel] + round(value))
    return codes


def gathered(codes: list[int], offset_us: int) -> Sums:
    sums = Sums(BOARD)
    for second in (0, 1):
        sums.add(codes, offset_us, second * WIDTH_US, second)
    return sums


@pytest.mark.parametrize("offset_us", [0, 2, 7, 10])
def test_resistance_and_capacitance_of_one_pulse(offset_us: int) -> None:
    # 12.5 mA: 1000 codes of current; 500 ohm: 781 of voltage; 10 uF: 156 more in 1 ms
    codes = samples(500, 10e-6, 12.5e-3, offset_us)
    ohm, nanofarad = impedance.evaluate(BOARD, gathered(codes, offset_us))
    assert ohm == pytest.approx(500, abs=1)
    assert nanofarad == pytest.approx(10_000, rel=0.01)


def test_offsets_of_either_channel_change_nothing() -> None:
    plain = impedance.evaluate(BOARD, gathered(samples(500, 10e-6, 12.5e-3, 2), 2))
    shifted = samples(500, 10e-6, 12.5e-3, 2, errors=(30, -50))
    assert impedance.evaluate(BOARD, gathered(shifted, 2)) == plain


def test_a_resistor_has_no_capacitance() -> None:
    codes = samples(500, 1.0, 12.5e-3, 2)
    assert impedance.evaluate(BOARD, gathered(codes, 2)) == (500, 0)


def test_where_next_to_nothing_flows_there_is_no_resistance() -> None:
    # a quarter of 500 uA is 10 codes
    assert impedance.evaluate(BOARD, gathered(samples(500, 1.0, 9 * 12.5e-6, 2), 2)) == (-1, 0)
    assert impedance.evaluate(BOARD, gathered(samples(500, 1.0, 10 * 12.5e-6, 2), 2))[0] > 0


@pytest.mark.parametrize(
    ("ohm", "nanofarad", "verdict"),
    [
        (-1, 0, OPEN),
        (0, 0, SHORT),
        (24, 2_500, SHORT),  # less than a twentieth
        (25, 2_500, WRONG_OHM),
        (50, 0, WRONG_OHM),
        (464, 2_500, WRONG_OHM),  # 7 % of 500 is 35
        (465, 2_500, GOOD),
        (535, 2_500, GOOD),
        (536, 2_500, WRONG_OHM),
        (500, 2_324, WRONG_NF),  # 7 % of 2500 is 175
        (500, 2_325, GOOD),
        (500, 2_675, GOOD),
        (500, 2_676, WRONG_NF),
        (500, 0, WRONG_NF),
    ],
)
def test_req_56_verdicts_at_their_bounds(ohm: int, nanofarad: int, verdict: int) -> None:
    assert impedance.judge(BOARD, 3, ohm, nanofarad).verdict == verdict


def test_req_56_a_resistor_declared_is_no_capacitor_found() -> None:
    declared = BOARD._replace(seen_nf=0)
    assert impedance.judge(declared, 3, 500, 0).verdict == GOOD
    assert impedance.judge(declared, 3, 500, 19_000).verdict == WRONG_NF


def verdicts(*pairs: tuple[int, int]) -> dict[int, int]:
    rows = impedance.by_contact([Finding(mask, verdict, 500, 0) for mask, verdict in pairs])
    return {row.where: row.verdict for row in rows}


def test_req_56_the_contact_to_blame_is_the_one_whose_pairs_are_all_bad() -> None:
    good = [(E1 | E2, GOOD), (E2 | E3, GOOD), (E3 | E4, GOOD), (E4 | E1, GOOD)]
    assert verdicts(*good) == dict.fromkeys(range(4), GOOD)
    open_3 = [(E1 | E2, GOOD), (E2 | E3, OPEN), (E3 | E4, OPEN), (E4 | E1, GOOD)]
    assert verdicts(*open_3) == {0: GOOD, 1: GOOD, 2: OPEN, 3: GOOD}
    wrong_1 = [(E1 | E2, WRONG_OHM), (E2 | E3, GOOD), (E3 | E4, GOOD), (E4 | E1, WRONG_NF)]
    assert verdicts(*wrong_1) == {0: WRONG_OHM, 1: GOOD, 2: GOOD, 3: GOOD}


def test_req_56_a_short_is_named_at_both_contacts_whatever_their_other_pairs_say() -> None:
    pairs = [(E1 | E2, SHORT), (E2 | E3, GOOD), (E3 | E1, GOOD)]
    assert verdicts(*pairs) == {0: SHORT, 1: SHORT, 2: GOOD}


def test_a_single_bad_pair_leaves_both_its_contacts_in_doubt() -> None:
    assert verdicts((E1 | E3, OPEN)) == {0: OPEN, 2: OPEN}


def test_each_contact_is_in_a_pair_and_no_pair_is_of_one_side() -> None:
    assert load_test.pairs(E1, E3) == [(E1, E3)]
    assert load_test.pairs(E3, E2 | E4) == [(E3, E2), (E3, E4)]
    assert load_test.pairs(E1 | E2, E3 | E4) == [(E1, E3), (E1, E4), (E2, E3)]
    for sources, returns in ((0, E1), (E1, 0), (0, 0), (E1 | E2, E2)):
        wanted = ("measure_contacts", 0, sources, returns)
        assert refused(load_test.pairs, sources, returns) == wanted


def test_without_a_program_all_contacts_are_measured_as_they_are_joined_to_a_load() -> None:
    assert load_test.usual(BOARD) == (0b01010101, 0b10101010)
    assert load_test.usual(LADDER) == (E1, E2)


def test_the_pairs_of_programs_are_theirs_each_once() -> None:
    member = program.Program(
        E3, E2 | E4, 0, 0, 4, 1, 50_000, 0, 2_000, 4_000, 200_000, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, ()
    )
    other = member._replace(cathodes=E2, anodes=E3)
    header = program.Header(0, 2_000, 0, 0, 0, 0, 0, 0, 1_000)
    group = program.Group(header, (12_440_000,) * 8, (member, member, other))
    assert load_test.pairs_of(group) == [(E3, E2), (E3, E4), (E2, E3)]
    turns = member._replace(count=2, other_cathodes=E1, other_anodes=E2, other_count=1)
    assert load_test.pairs_of(group._replace(programs=(turns,))) == [(E3, E2), (E3, E4), (E1, E2)]


@pytest.mark.parametrize("board", [BOARD, LADDER], ids=["serial", "ladder"])
def test_req_56_a_test_pulse_is_small_balanced_and_admitted_by_the_kernel(board) -> None:
    stream = load_test.test_stream(board, E1, E2)
    assert isinstance(stream, kernel.Stream)
    most = 506_000  # 500 uA and one code: 81 x 6.25 uA; the ladder's 62 x 8.056 uA are 499.5
    assert max(stream.peaks_na) <= most
    assert stream.net == [0] * 8
    assert stream.pulses == 4
    records = [stream.record(at) for at in range(stream.records)]
    charge_pc = max(
        record[0] * 8 * abs(record[5]) * board.na_per_code // 1_000_000 for record in records
    )
    assert charge_pc <= 500_000  # 500 nC
    assert all(record[6] or record[1] for record in records)
    assert len({abs(record[5]) for record in records if record[1]}) == 4
    # (period in ticks of 8 ns) half a microsecond off the 8 us of the ADC, but for whole ticks
    assert stream.period_ticks % 1000 == 62


def test_a_stage_too_coarse_for_four_amplitudes_is_refused() -> None:
    coarse = BOARD._replace(na_per_code=70_000)
    assert refused(load_test.test_stream, coarse, E1, E2)[0] == "below_code"


def test_req_56_a_test_pulse_that_the_kernel_refuses_is_not_given() -> None:
    """A stage of four contacts has no fifth: not a matter of how the words are written."""
    four = BOARD._replace(contacts=4)
    assert refused(load_test.test_stream, four, E1, 1 << 4)[0] == "contact_unknown"
