"""Limits of charge: of a phase, not yet recovered, left behind, never discharged.

The value just inside is admitted, one step outside is refused with the value and the limit. Limits
and numbers are written by hand: a tick is 8 ns, a code 6.25 uA, one code for one tick 0.05 pC.
"""

import pytest
from tests.support.tables import (
    ALL,
    BOARD,
    E1,
    E2,
    E3,
    E4,
    IDEAL,
    MS,
    Rec,
    Table,
    admit,
    balanced,
    discharge,
    drive,
    figure,
    held,
    idle,
    refusals,
    terms,
    tonic,
)


# --- REQ-04, 05, 06: the charge of a phase ----------------------------------------------------
def passive(code: int, ticks: int, rest: int = 900 * MS) -> Table:
    return drive(-code, ticks), discharge(rest)


def test_req_04_phase_charge_up_to_10_uc_however_large_the_contact() -> None:
    # 12.5 mA x 800 us = 10 uC; 10 cm2 would bear 17.8 uC
    inside, outside = passive(2000, 100_000), passive(2000, 100_001)
    huge = terms(area_um2=1_000_000_000)
    held(inside, outside, "phase_charge", (10_000_100, 10_000_000), under=huge)


def test_req_04_phase_charge_is_that_of_all_adjacent_records_of_one_sign() -> None:
    # 6.25 mA x 400 us + 12.5 mA x 600 us = 10 uC
    inside = drive(-1000, 50_000), drive(-2000, 75_000), discharge(900 * MS)
    outside = drive(-1000, 50_000), drive(-2000, 75_001), discharge(900 * MS)
    huge = terms(area_um2=1_000_000_000)
    refused = admit(IDEAL, *outside, under=huge)
    assert admit(IDEAL, *inside, under=huge).errors == []
    assert refusals(refused)["phase_charge"] == (10_000_100, 10_000_000)


def test_req_05_density_up_to_30_uc_per_cm2() -> None:
    # 2 mA x 150 us = 300 nC on 0.01 cm2
    inside, outside = balanced(320, 18_750), balanced(320, 18_751)
    held(inside, outside, "density", (30_002, 30_000), under=terms(area_um2=1_000_000))


def test_req_05_density_is_judged_to_the_pc() -> None:
    # 320 codes x 18428 ticks + 321 x 321 are 6,000,001: 300.00005 nC
    once = drive(-320, 18_428), drive(-321, 321), drive(320, 18_428), drive(321, 321)
    inside, outside = balanced(320, 18_750), (*once, discharge(20 * MS))
    held(inside, outside, "density", (30_001, 30_000), under=terms(area_um2=1_000_000))


@pytest.mark.parametrize("contact", [1, 2, 3])
def test_req_05_density_on_each_contact_as_if_all_the_current_went_through_it(contact: int) -> None:
    inside, outside = balanced(320, 18_750), balanced(320, 18_751)
    small = terms(areas={contact: 1_000_000})
    held(inside, outside, "density", (30_002, 30_000), under=small)
    assert admit(IDEAL, *outside, under=small).errors[0][1] == contact


def test_req_06_shannon_up_to_k_1_5() -> None:
    # on 0.1 cm2: Q = 1.7782 uC gives D x Q = 31.61995, Q = 1.7783 uC gives 31.6235
    inside, outside = balanced(2000, 17_782), balanced(2000, 17_783)
    held(inside, outside, "shannon", (31_624, 31_622), under=terms(area_um2=10_000_000))


def test_req_06_shannon_of_a_recharge_counts_too() -> None:
    def twice(ticks: int) -> Table:  # two first phases, one recharge of twice the charge
        half = drive(-1000, ticks)
        return half, idle(MS), half, idle(1000), drive(2000, ticks), discharge(20 * MS)

    held(twice(17_782), twice(17_783), "shannon", (31_624, 31_622), under=terms(10_000_000))


# --- REQ-07: charge not yet recovered ---------------------------------------------------------
def test_req_07_running_charge_of_two_phases_with_no_recovery_between() -> None:
    # 0.1 cm2 bears sqrt(31.622 x 0.1) = 1.778257 uC by Shannon's line; 2 x 0.8891 uC is less
    def twice(ticks: int) -> Table:
        first, back = drive(-2000, ticks), drive(2000, ticks)
        return first, idle(MS), first, idle(MS), back, idle(MS), back, discharge(20 * MS)

    inside, outside = twice(8_891), twice(8_892)
    held(inside, outside, "running_charge", (1_778_400, 1_778_257), under=terms(10_000_000))


def test_req_07_running_charge_is_held_to_30_uc_per_cm2_on_a_small_contact() -> None:
    # 0.01 cm2 bears 300 nC by density, 562 nC by Shannon
    def twice(ticks: int) -> Table:
        first, back = drive(-320, ticks), drive(320, ticks)
        return first, idle(MS), first, idle(MS), back, idle(MS), back, discharge(20 * MS)

    inside, outside = twice(9_375), twice(9_376)
    held(inside, outside, "running_charge", (300_032, 300_000), under=terms(1_000_000))


def test_req_07_running_charge_is_that_of_the_steady_state() -> None:
    # 100 nC a period, discharged for one time constant: 100 / (1 - exp(-1)) = 158.198 nC
    verdict = admit(IDEAL, drive(-320, 6_250), discharge(250_000))
    assert 158_198 <= figure(verdict, "running_charge") <= 158_300


def test_req_07_running_charge_counts_mismatch_and_offset() -> None:
    # 400 nC; offset 2 uA x 200 us = 0.4 nC; 2 pC are roundings of what the discharge leaves
    verdict = admit(BOARD, *balanced(320, 25_000))
    assert figure(verdict, "running_charge") == 400_000 + 400 + 2
    # the other polarity's gain may differ by 0.5 % = 2 nC
    verdict = admit(BOARD, *balanced(-320, 25_000))
    assert figure(verdict, "running_charge") == 400_000 + 2_000 + 400 + 2


def test_req_07_no_running_charge_hides_behind_a_discharge_too_short_to_matter() -> None:
    first, back = drive(-320, 100_000), drive(320, 100_000)  # 1.6 uC each
    pulses = [first, idle(2000)] * 8 + [back, idle(2000)] * 8
    refused = refusals(admit(BOARD, *pulses, discharge(289), idle(900 * MS)))
    value, limit = refused["running_charge"]
    assert limit == 1_983_375
    assert value > 8 * 1_600_000


def test_req_07_without_any_decay_the_smallest_residue_is_endless() -> None:
    slow = BOARD._replace(discharge_tau_us=100_000_000)
    refused = refusals(admit(slow, *balanced(16, 1250, 289), idle(MS)))
    assert refused["running_charge"][0] > 1_000_000_000
    ideal = slow._replace(gain_mismatch_ppm=0, offset_na=0)
    assert admit(ideal, *balanced(16, 1250, 289), idle(MS)).errors == []


def shared(ticks: int) -> Table:
    """Drive E1 against E2 and E4 together, then back through E2 alone: their shares are unknown."""
    there, back = drive(320, ticks, E1, E2 | E4), drive(-320, ticks, E1, E2)
    return *[there, idle(MS), back, idle(MS)] * 3, discharge(300 * MS, E1 | E2 | E4)


def test_req_07_contacts_in_parallel_may_share_the_current_in_any_way() -> None:
    # E4 may take all: then E2 is left with three times what came back, 3 x 100 nC on 0.01 cm2
    small = terms(areas={1: 1_000_000, 3: 1_000_000_000})
    inside, outside = shared(6_249), shared(6_300)
    value, limit = refusals(admit(IDEAL, *outside, under=small))["running_charge"]
    assert (302_400 <= value <= 302_410, limit) == (True, 300_000)
    assert admit(IDEAL, *inside, under=small).errors == []


def test_req_07_how_contacts_share_a_current_depends_on_both_sides() -> None:
    # E1 and E3 each against E2 and E4: 250 nC one way, 250 nC back, E2 of 0.01 cm2 between
    def through(ticks: int) -> Table:
        there, back = drive(320, ticks, E1, E2 | E4), drive(-320, ticks, E3, E2 | E4)
        return *[there, idle(MS), back, idle(MS)] * 2, discharge(300 * MS, 15)

    small = terms(areas={1: 1_000_000})
    assert admit(IDEAL, *through(9_374), under=small).errors == []
    value, limit = refusals(admit(IDEAL, *through(9_376), under=small))["running_charge"]
    assert (300_032 <= value <= 300_040, limit) == (True, 300_000)


def one_source(ticks: int) -> Table:
    """Drive E1 against E2, then E3: its own charge is twice that of the others."""
    discharged = discharge(250_000, E1 | E2 | E3)
    return drive(-320, ticks, E1, E2), idle(MS), drive(-320, ticks, E1, E3), discharged


def test_req_07_a_contact_that_only_gives_is_judged_like_one_that_takes() -> None:
    # 2 x 50 nC a period, discharged for one time constant: 158.198 nC at E1 alone
    verdict = admit(IDEAL, *one_source(3_125))
    assert 158_198 <= figure(verdict, "running_charge") <= 158_300
    # 100 nC x exp(-1) = 36.788 nC a period; 36.788 / (1 - exp(-1)) = 58.198 nC in a second
    assert 58_198 <= figure(verdict, "dc") <= 58_260
    turned = [record._replace(code=-record.code) for record in one_source(3_125)]
    assert figure(admit(IDEAL, *turned), "dc") == figure(verdict, "dc")


def test_req_07_what_a_discharge_leaves_may_also_be_nothing() -> None:
    # -500 nC, a discharge, +500 nC: where that discharge is fast, 500 nC stand at the end
    table = drive(-800, 12_500), discharge(2_500), drive(800, 12_500), discharge(289), idle(MS)
    assert figure(admit(IDEAL, *table), "dc") > 4_000_000


# --- REQ-08: direct current -------------------------------------------------------------------
def not_discharged(code: int, ticks: int, least: int, rest: int) -> Table:
    """Return a tiny pulse, a discharge, and a pulse whose residue stays to the period's end."""
    before = drive(-1, 1250), drive(1, 1250), discharge(least)
    end = rest - 2500 - least - 12_500 - 2 * ticks
    return *before, idle(12_500), drive(-code, ticks), drive(code, ticks), idle(end)


def test_req_08_dc_of_the_gains_mismatch() -> None:
    # 1 pC of the tiny pulse; 0.5 % of 399.792 nC = 1998.96 pC; in 20 ms 100 nA is 2000 pC.
    # Of it 8 us of discharge take 0.4 %: it would come to rest at 500 nC
    on = BOARD._replace(offset_na=0)
    inside = not_discharged(320, 24_987, 1_000, 20 * MS)
    outside = not_discharged(320, 24_988, 1_000, 20 * MS)
    held(inside, outside, "dc", (100_050, 100_000), on=on)


def test_req_08_dc_of_the_offset() -> None:
    # 40 pC of the tiny pulse, hardly discharged; 2 uA x 2 x 40 us = 160 pC; 200 pC in 2 ms
    on = BOARD._replace(gain_mismatch_ppm=0)
    inside = not_discharged(320, 5_000, 289, 2 * MS)
    outside = not_discharged(320, 5_001, 289, 2 * MS)
    held(inside, outside, "dc", (101_000, 100_000), on=on)


def test_req_08_dc_of_what_passive_discharge_leaves_is_what_stands_at_last_in_a_second() -> None:
    # 171.81 nC x exp(-1) = 63.2 nC a period of 2.1 ms would be 30 uA, but it comes to rest at
    # 63.2 / (1 - exp(-1)) = 100 nC: no more than that has moved in the first second, or in any
    inside, outside = passive(320, 10_710, 250_000), passive(320, 10_760, 250_000)
    good, bad = admit(IDEAL, *inside), admit(IDEAL, *outside)
    assert good.errors == []
    assert 99_728 <= figure(good, "dc") <= 99_900
    value, limit = refusals(bad)["dc"]
    assert (100_194 <= value <= 100_300, limit) == (True, 100_000)


def test_req_08_dc_of_a_long_discharge_is_next_to_nothing() -> None:
    # 100 nC x exp(-4) / (1 - exp(-4)) = 1865.7 pC
    assert 1_865 <= figure(admit(IDEAL, *passive(320, 6_250, 1_000_000)), "dc") <= 1_880


def test_req_08_dc_of_a_high_rate_is_what_its_discharges_let_stand() -> None:
    # 10 kHz, 2 mA x 30 us: 0.5 % of 60 nC and 2 uA x 60 us leave 420 pC each 100 us (4.2 uA) but
    # for the 10 us of discharge at its end, exp(-0.005): 420 x 0.995 / 0.005 = 83.8 nC
    def train(code: int) -> Table:
        return drive(-code, 3_750), idle(3_750), drive(code, 3_750), discharge(1_250)

    assert 83_370 <= figure(admit(BOARD, *train(320)), "dc") <= 84_900
    # at 2.6 mA 510 pC: 101.5 nC
    assert refusals(admit(BOARD, *train(416)))["dc"][0] > 100_000


def test_req_08_a_tiny_discharge_between_the_phases_does_not_hide_the_mismatch() -> None:
    def hidden(middle: Rec) -> Table:
        return drive(-2000, 10_000), middle, drive(2000, 10_000), discharge(289), idle(2 * MS)

    plain = refusals(admit(BOARD, *hidden(idle(289))))["dc"][0]
    assert plain > 2_000_000
    assert refusals(admit(BOARD, *hidden(discharge(289))))["dc"][0] >= plain


def test_req_08_opposite_pulses_of_two_programs_do_not_cancel_each_others_residue() -> None:
    # E3 sources 100 nC, is discharged by exp(-4), then returns 100 nC shared with E1
    first, two = drive(-320, 6_250, E3, E2), drive(-320, 6_250, E2, E1 | E3)
    used = E1 | E2 | E3
    table = first, discharge(1_000_000, used), two, discharge(1_000_000, used)
    assert 1_832 <= figure(admit(IDEAL, *table), "dc") <= 1_845  # cancelled it would be 1798


# --- REQ-09: discharge ------------------------------------------------------------------------
def test_req_09_each_period_holds_a_discharge() -> None:
    inside = *balanced(80, 1250, 289), idle(20 * MS)
    outside = *balanced(80, 1250)[:2], idle(289), idle(20 * MS)
    held(inside, outside, "no_discharge", (0, 2_312))


@pytest.mark.parametrize("mask", [E2, E3, E2 | E3, E2 | E4, ALL | E1, 255])
def test_req_09_a_discharge_joins_exactly_the_contacts_in_use(mask: int) -> None:
    inside = *balanced(80, 1250), discharge(20 * MS)
    outside = *balanced(80, 1250), discharge(20 * MS, mask)
    held(inside, outside, "part_discharge", (mask, 14))


def test_req_09_contacts_discharged_one_by_one_have_no_circuit() -> None:
    singly = [discharge(20 * MS, contact) for contact in (E2, E3, E4)]
    refused = admit(IDEAL, drive(-320, 25_000), *singly)
    assert refusals(refused) == {"part_discharge": (2, 14)}
    assert len(refused.errors) == 3


# --- REQ-17: balance ---------------------------------------------------------------------------
def test_req_17_active_recharge_returns_the_charge_to_the_tick() -> None:
    first, gap, _recharge, rest = tonic()
    inside = first, gap, drive(80, 100_000), rest
    for ticks, value in ((100_001, 80), (99_999, 80)):
        held(inside, (first, gap, drive(80, ticks), rest), "imbalance", (value, 0))


def test_req_17_a_recharge_of_one_code_counts_too() -> None:
    inside = drive(-1, 1250), drive(1, 1250), discharge(20 * MS)
    outside = drive(-1, 1250), drive(1, 1251), discharge(20 * MS)
    held(inside, outside, "imbalance", (1, 0))
    assert admit(IDEAL, *outside).errors[0][1] == 0


@pytest.mark.parametrize("masks", [(E3, E4), (E1, E4), (E3, E2)])
def test_req_17_each_pair_of_contacts_gets_back_its_own(masks: tuple[int, int]) -> None:
    used = E1 | E2 | masks[0] | masks[1]

    def pairs(first: int, second: int) -> Table:
        own, two = drive(-80, 1250, E1, E2), drive(-80, 1250, *masks)
        back = drive(80, first, E1, E2), idle(12_500), drive(80, second, *masks)
        return own, idle(12_500), two, idle(12_500), *back, discharge(20 * MS, used)

    held(pairs(1250, 1250), pairs(1251, 1249), "imbalance", (80, 0))
    assert len(admit(IDEAL, *pairs(1251, 1249)).errors) == 2
