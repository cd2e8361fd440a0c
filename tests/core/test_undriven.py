"""Undriven currents: judged by the kernel, and kept within their limits by the compiler.

Limits and numbers are written by hand: a tick is 8 ns, a code 6.25 uA, one code for one tick
0.05 pC. A charge over the least time constant is the current a discharge begins with: 1 uC / 500 us
= 2 mA.
"""

import pytest
from tests.support.programs import BURST, group, in_one, tonic
from tests.support.tables import (
    E1,
    E2,
    E3,
    E4,
    IDEAL,
    MS,
    Rec,
    Table,
    admit,
    discharge,
    drive,
    figure,
    held,
    idle,
    refusals,
    refused,
    terms,
)

from stimcore import decode, kernel, period, program
from stimcore.period import DISCHARGE, DRIVE, IDLE

PLAIN = IDEAL._replace(discharge_least_us=500)  # no resistor to discharge through
STEPPED = PLAIN._replace(soft_tau_us=6_000, soft_least_us=5_000)
# what boards.yaml makes of the default
DEFAULT = IDEAL._replace(
    discharge_tau_us=616, discharge_least_us=467, soft_tau_us=6_187, soft_least_us=5_408
)
REST = 900 * MS  # of a charge 17 pC are counted as left, the least there is


def soft(ticks: int, source: int = E3, back: int = E2 | E4) -> Rec:
    return Rec(ticks, source, back, 0)


def of_two_ma(permille: int = 1_000) -> kernel.Terms:
    return terms(ceiling_ua=2_000)._replace(discharge_permille=permille)


# --- REQ-62: a discharge begins with no more than the ceiling --------------------------------
def test_req_62_a_direct_discharge_up_to_the_ceiling() -> None:
    # 2 mA x 499.96 us = 999.92 nC and what stands before: below 2 mA; 500.008 us: above
    def once(ticks: int) -> Table:
        return drive(-320, ticks), discharge(REST)

    wanted = (2_000_066, 2_000_000)  # (1,000,016 + 17) pC / 500 us
    held(once(62_495), once(62_501), "discharge_peak", wanted, PLAIN, of_two_ma())


def test_req_62_a_profile_may_permit_more_and_less() -> None:
    table = drive(-320, 90_000), discharge(REST)  # 1.44 uC: 2.88 mA
    assert admit(PLAIN, *table, under=of_two_ma(1_500)).errors == []
    assert refusals(admit(PLAIN, *table, under=of_two_ma(1_400)))["discharge_peak"][1] == 2_800_000
    small = drive(-320, 25_000), discharge(REST)  # 0.4 uC: 0.8 mA
    assert admit(PLAIN, *small, under=of_two_ma(500)).errors == []
    assert refusals(admit(PLAIN, *small, under=of_two_ma(300)))["discharge_peak"][1] == 600_000


def test_req_62_what_a_profile_permits_is_never_above_what_the_stage_may_make() -> None:
    under = terms(ceiling_ua=12_000)._replace(discharge_permille=2_000)
    table = drive(-2_000, 62_500), discharge(REST)  # 6.25 uC
    verdict = admit(PLAIN._replace(compliance_mv=60_000), *table, under=under)
    assert next(row for row in verdict.figures if row[0] == 57)[3] == 12_500_000


def test_req_62_charge_of_the_periods_before_counts() -> None:
    # 400 nC a period, of which exp(-1) is left: 400 / (1 - exp(-1)) = 632.8 nC: 1.2656 mA
    verdict = admit(PLAIN, drive(-320, 25_000), discharge(250_000), under=of_two_ma())
    assert 1_265_500 < figure(verdict, "discharge_peak") < 1_267_000


def test_req_62_pulses_recharged_exactly_make_no_discharge() -> None:
    table = drive(-320, 125_000), idle(MS), drive(320, 125_000), discharge(REST)
    assert figure(admit(PLAIN, *table, under=of_two_ma()), "discharge_peak") == 0


def test_req_62_charges_of_several_pairs_add() -> None:
    """A load with two terminals holds them all, and either pair may be joined either way round."""
    for code in (-320, 320):
        other = drive(code, 25_000, E1, E2)
        table = drive(-320, 25_000, E3, E4), idle(MS), other, discharge(REST, 15)
        verdict = admit(PLAIN, *table, under=of_two_ma())
        assert 1_600_000 <= figure(verdict, "discharge_peak") <= 1_600_200


def test_req_62_the_lowest_ceiling_of_the_contacts_that_are_joined_holds() -> None:
    under = kernel.Terms(terms().areas_um2, [800, 800, 2_000, 2_000, 0, 0, 0, 0], None, 1_000)
    table = drive(-320, 62_500, E3, E4), discharge(MS, 15), drive(-16, 1_000, E1, E2)
    refusal = refusals(admit(PLAIN, *table, discharge(REST, 15), under=under))
    assert refusal["discharge_peak"][1] == 800_000


# --- the record of a soft discharge ----------------------------------------------------------
def test_req_62_a_soft_discharge_is_slower_by_its_resistor() -> None:
    # 5 uC / 5 ms = 1 mA; after 12 ms exp(-2) of it is left: 676.7 nC / 500 us = 1.353 mA
    table = drive(-1_000, 100_000), soft(12 * MS), discharge(REST)
    under = terms(ceiling_ua=6_250)._replace(areas_um2=(400_000_000,) * 8)
    verdict = admit(STEPPED, *table, under=under)
    assert verdict.errors == []
    assert figure(verdict, "discharge_peak") == pytest.approx(1_353_400, rel=1e-3)
    assert verdict.stream is not None
    assert verdict.stream.record(1)[6] == decode.SOFT
    shorter = drive(-1_000, 100_000), soft(3 * MS), discharge(REST)  # exp(-0.5): 3.03 uC
    peak = figure(admit(STEPPED, *shorter, under=under), "discharge_peak")
    assert peak == pytest.approx(6_065_300, rel=1e-3)
    assert verdict.stream.discharge_na == figure(verdict, "discharge_peak")


def test_req_14_without_a_resistor_two_sides_are_joined_by_a_drive_alone() -> None:
    table = drive(-320, 25_000), soft(MS), discharge(REST)
    assert "active_flag" in refusals(admit(PLAIN, *table))


def test_req_14_a_soft_discharge_is_no_active_record() -> None:
    for flags in (1, 2):
        table = drive(-320, 25_000), soft(MS)._replace(flags=flags), discharge(REST)
        assert "active_flag" in refusals(admit(STEPPED, *table))


@pytest.mark.parametrize("masks", [(E3, E2), (E1, E2 | E4), (E2 | E4, E3), (E3 | E2, E4)])
def test_req_62_a_soft_discharge_joins_the_contacts_of_its_pulse(masks: tuple[int, int]) -> None:
    table = drive(-320, 25_000), soft(MS, *masks), discharge(REST)
    assert "part_discharge" in refusals(admit(STEPPED, *table))


def test_req_62_no_soft_discharge_after_pulses_of_several_pairs() -> None:
    both = drive(-320, 25_000, E1, E2), idle(MS), drive(-320, 25_000, E3, E4)
    refused = admit(STEPPED, *both, soft(MS, E3, E4), discharge(REST, 15))
    assert "part_discharge" in refusals(refused)
    first, *rest = both
    apart = first, discharge(MS, 15), *rest, soft(MS, E3, E4), discharge(REST, 15)
    assert admit(STEPPED, *apart).errors == []


def test_req_09_a_soft_discharge_alone_is_none() -> None:
    table = drive(-320, 25_000), soft(900 * MS)
    assert "no_discharge" in refusals(admit(STEPPED, *table))


# --- REQ-64: the bleed after a HALT ----------------------------------------------------------
def test_req_64_a_halt_at_any_point_of_a_period_bleeds_within_the_ceiling() -> None:
    # 2 mA twice 1 ms are 4 uC: over 2001 us 1.999 mA. Recharged exactly: no discharge shows it
    there, back = drive(-320, 125_000), drive(320, 125_000)
    table = there, idle(MS), there, idle(MS), back, idle(MS), back, discharge(REST)
    under = of_two_ma()._replace(areas_um2=(400_000_000,) * 8)
    good = admit(IDEAL._replace(bleed_least_us=2_001), *table, under=under)
    assert (good.errors, figure(good, "bleed_peak")) == ([], 1_999_001)
    bad = admit(IDEAL._replace(bleed_least_us=1_999), *table, under=under)
    assert refusals(bad) == {"bleed_peak": (2_001_001, 2_000_000)}


def test_req_64_a_contact_that_is_not_in_use_bleeds_nothing() -> None:
    # 2 mA for 200 us are 400 nC: over 1 ms 0.4 mA, at contacts of 2 mA, not 1 uA
    ceilings = [1, 2_000, 2_000, 2_000, 1, 1, 1, 1]
    under = kernel.Terms(terms().areas_um2, ceilings, None, 1_000)
    board = IDEAL._replace(bleed_least_us=1_000)
    verdict = admit(board, drive(-320, 25_000), discharge(REST), under=under)
    assert verdict.errors == []
    assert next(row for row in verdict.figures if row[0] == 58)[1:] == (1, 400_008, 2_000_000)


# --- what the compiler makes of it -----------------------------------------------------------
def test_req_62_a_burst_is_discharged_softly_until_the_direct_one_is_no_more_than_a_pulse() -> None:
    """5 ms and a sixteenth over 467 us are 11.38 times the amplitude: 38.9 sixteenths of a time
    constant, so 39 x 6187 us / 16 = 1,885,101 ticks; of 16 ms 114,899 are left."""
    phases = in_one(period.compile_group(DEFAULT, group(BURST), (350,)))
    pulse, between = (DRIVE, 4, 10, -56, 125_000), (IDLE, 0, 0, 0, 125_000)
    assert phases[:-2] == [*[pulse, between] * 4, pulse]
    assert phases[-2:] == [(period.SOFT, 4, 10, 0, 1_885_101), (DISCHARGE, 0, 14, 0, 114_899)]


def test_req_62_the_form_of_a_period_is_the_same_at_every_level() -> None:
    forms = {
        tuple(
            (phase[0], phase[4]) for phase in period.compile_group(DEFAULT, group(BURST), (level,))
        )
        for level in (7, 50, 349, 350)
    }
    assert len(forms) == 1


def test_req_62_a_pulse_shorter_than_the_time_constant_is_discharged_directly() -> None:
    # 439 us x 17 / 16 = 466.4 us; 440 us: 467.5
    for width_ns, kinds in (
        (439_000, [DRIVE, DISCHARGE]),
        (440_000, [DRIVE, period.SOFT, DISCHARGE]),
    ):
        stimulus = tonic(recharge=program.RECHARGE_PASSIVE, gap_ns=0, width_ns=width_ns)
        phases = in_one(period.compile_group(DEFAULT, stimulus, (2_000,)))
        assert [phase[0] for phase in phases] == kinds


def test_req_62_where_no_record_fits_before_the_direct_discharge_there_is_none() -> None:
    # 440 us and 300 ticks, of which the shortest record is 289
    stimulus = tonic(
        recharge=program.RECHARGE_PASSIVE, gap_ns=0, width_ns=440_000, rate_millihz=2_260_398
    )
    phases = in_one(period.compile_group(DEFAULT, stimulus, (2_000,)))
    assert [(phase[0], phase[4]) for phase in phases] == [(DRIVE, 55_000), (DISCHARGE, 300)]


def test_req_62_what_the_profile_permits_shortens_it() -> None:
    # 11.38 / 2 = 5.69: 27.8 sixteenths
    phases = in_one(period.compile_group(DEFAULT, group(BURST, discharge_permille=2_000), (350,)))
    assert phases[-2][4] == 28 * 6_187 * 125 // 16


def test_req_62_where_there_is_no_room_the_kernel_says_so() -> None:
    member = BURST._replace(rate_millihz=60_000)  # 7.7 ms after a burst
    under = terms(ceiling_ua=350)
    compiled = period.compile_group(DEFAULT, group(member), (350,))
    table = [Rec(ticks, source, back, code) for _kind, source, back, code, ticks in compiled]
    assert "discharge_peak" in refusals(admit(DEFAULT, *table, under=under))


def test_req_62_the_soft_discharge_lasts_until_the_lowest_ceiling_of_the_group_is_kept() -> None:
    # 3 mA of a group of 1 mA: 34.1 times, 56.5 sixteenths of a time constant
    burst = BURST._replace(ceiling_ua=3_000)
    two = group(burst, burst._replace(ceiling_ua=1_000))
    assert period.soft_ticks(DEFAULT, two, burst, 125_000) == 57 * 6_187 * 125 // 16


def test_req_62_a_soft_discharge_is_reckoned_in_sixteenths_of_its_time_constant() -> None:
    # what is left, in 65,536ths and rounded up each time: 61,567, 57,838, 54,335. 61,680 us and a
    # sixteenth are 65,535 us; two steps take that to 57,838 us at most, and three to less
    member = BURST._replace(recharge=program.RECHARGE_PASSIVE)
    for least_us, steps in ((57_838, 2), (57_837, 3)):
        board = DEFAULT._replace(discharge_least_us=least_us, soft_tau_us=16)
        assert period.soft_ticks(board, group(member), member, 61_680 * 125) == steps * 125


def test_req_62_a_soft_discharge_after_a_gap_joins_the_contacts_of_the_pulse() -> None:
    phases = period.compile_group(DEFAULT, group(BURST._replace(gap_ns=30_000)), (350,))
    assert [phase[:3] for phase in phases if phase[0] == period.SOFT] == [(period.SOFT, 4, 10)]


def test_req_62_what_leaves_nothing_to_discharge_is_not_discharged_softly() -> None:
    for member in (
        BURST._replace(recharge=program.RECHARGE_ACTIVE),
        BURST._replace(segments=((1_000, 100_000), (-1_000, 100_000))),
    ):
        assert period.soft_ticks(DEFAULT, group(member), member, 125_000) == 0
    for missing in ("discharge_least_us", "soft_tau_us"):
        board = DEFAULT._replace(**{missing: 0})
        assert period.soft_ticks(board, group(BURST), BURST, 125_000) == 0


@pytest.mark.parametrize(
    ("rate_millihz", "softly", "directly"),
    [
        # of 2,083,333 ticks a burst takes 1,125,000; 616 us and a shortest record are left
        (60_000, 881_044, 77_289),
        # of 50,287 half, and a shortest record
        (106_357, 24_999, 25_288),
    ],
)
def test_req_62_where_there_is_little_room_the_direct_discharge_keeps_some(
    rate_millihz: int, softly: int, directly: int
) -> None:
    member = BURST._replace(rate_millihz=rate_millihz)
    phases = in_one(period.compile_group(DEFAULT, group(member), (350,)))
    assert [phase[4] for phase in phases[-2:]] == [softly, directly]


@pytest.mark.parametrize(
    ("rest", "softly"),
    # a shortest record, 289 ticks, is kept for the direct one, and one is the least for the other
    [(1_289, [1_000]), (578, [289]), (577, [])],
)
def test_req_62_two_discharges_just_fit(rest: int, softly: list[int]) -> None:
    pulse, out = [(DRIVE, 4, 10, -56, 125_000)], []
    assert period._softly(DEFAULT, pulse, 1_000, rest, out) == sum(softly)
    assert out == [(period.SOFT, 4, 10, 0, ticks) for ticks in softly]


@pytest.mark.parametrize(
    ("member", "most", "phases"),
    # 825 / (3 + 8) is 75: a pulse, a rest and a soft discharge each time, or after each burst
    [
        (BURST._replace(recharge=program.RECHARGE_PASSIVE), 5, 15),
        (BURST, 6, 11),
        (BURST._replace(waveform=program.TONIC, pulses=1), 25, 3),
    ],
)
def test_req_16_soft_discharges_are_counted(
    member: program.Program, most: int, phases: int
) -> None:
    slow = member._replace(rate_millihz=1_000, ceiling_ua=4_000)
    assert period.compile_group(DEFAULT, group(slow._replace(count=most)), (350,))
    many = group(slow._replace(count=most + 1))
    why = refused(period.compile_group, DEFAULT, many, (350,))
    assert why == ("table_length", 0, 2 * (most + 1) * phases, 150)
