"""Limits of current: amplitude, width, rate, runs, steps, ceilings.

The value just inside is admitted, one step outside is refused with the value and the limit. Limits
and numbers are written by hand: a tick is 8 ns, a code 6.25 uA, one code for one tick 0.05 pC.
"""

import pytest
from tests.support.tables import (
    IDEAL,
    MS,
    Table,
    admit,
    balanced,
    discharge,
    drive,
    figure,
    held,
    idle,
    name,
    refusals,
    terms,
    tonic,
)

from stimcore import kernel


# --- REQ-01: amplitude -----------------------------------------------------------------------
def test_req_01_amplitude_up_to_the_stages_ceiling() -> None:
    held(balanced(2000, 1250), balanced(2001, 1250), "amplitude", (12_506_250, 12_500_000))


def test_req_01_amplitude_up_to_the_absolute_ceiling_on_a_stage_that_claims_more() -> None:
    strong = IDEAL._replace(na_per_code=12_500, max_amplitude_ua=30_000, compliance_mv=30_000)
    over = (25_512_500, 25_500_000)
    held(balanced(2040, 1250), balanced(2041, 1250), "amplitude", over, on=strong)


def test_req_01_amplitude_of_a_recharge_counts_too() -> None:
    inside = drive(-1000, 4000), drive(2000, 2000), discharge(20 * MS)
    outside = drive(-1000, 4002), drive(2001, 2000), discharge(20 * MS)
    held(inside, outside, "amplitude", (12_506_250, 12_500_000))


# --- REQ-02: width ---------------------------------------------------------------------------
def test_req_02_width_at_most_1_ms() -> None:
    held(balanced(80, 125_000), balanced(80, 125_001), "width", (1_000_008, 1_000_000))


def test_req_02_width_at_least_10_us() -> None:
    held(balanced(80, 1250), balanced(80, 1249), "width_short", (9_992, 10_000))


def test_req_02_adjacent_records_of_one_first_phase_are_one_width() -> None:
    inside = drive(-80, 62_500), drive(-81, 62_500), discharge(20 * MS)
    outside = drive(-80, 62_500), drive(-81, 62_501), discharge(20 * MS)
    held(inside, outside, "width", (1_000_008, 1_000_000))


def test_req_02_width_of_the_longest_and_of_the_shortest_of_several_pulses() -> None:
    rest = (discharge(20 * MS),)
    some = [*balanced(80, 2000), *balanced(80, 125_000), *balanced(80, 1250), *balanced(80, 2000)]
    long = [*balanced(80, 2000), *balanced(80, 125_001), *balanced(80, 2000), *rest]
    short = [*balanced(80, 2000), *balanced(80, 1249), *balanced(80, 2000), *rest]
    held(some, long, "width", (1_000_008, 1_000_000))
    held(some, short, "width_short", (9_992, 10_000))


def overshoot(ticks: int) -> Table:
    """Return a recharge that goes on through zero, and what brings that back."""
    back = drive(-100, ticks - 12_500)
    return drive(-100, 12_500), drive(100, ticks), idle(1000), back, discharge(900 * MS)


def test_req_02_a_recharge_that_overshoots_is_a_first_phase() -> None:
    held(overshoot(125_000), overshoot(125_001), "width", (1_000_008, 1_000_000))


def test_req_02_a_recharge_may_be_longer_and_shorter_than_a_first_phase() -> None:
    long = drive(-100, 100_000), drive(10, 1_000_000), discharge(20 * MS)
    short = drive(-100, 2890), drive(1000, 289), discharge(20 * MS)
    assert admit(IDEAL, *long).errors == []
    assert admit(IDEAL, *short).errors == []


# --- REQ-03: rate ----------------------------------------------------------------------------
def test_req_03_rate_up_to_10_khz() -> None:
    fast = IDEAL._replace(max_rate_millihz=20_000_000)  # a stage cannot raise the ceiling
    held(balanced(16, 1250, 10_000), balanced(16, 1250, 9_999), "rate", (99_992, 100_000), on=fast)


def test_req_03_rate_up_to_the_stages_own_ceiling() -> None:
    slow = IDEAL._replace(max_rate_millihz=1_000_000)
    inside, outside = balanced(16, 1250, 122_500), balanced(16, 1250, 122_499)
    held(inside, outside, "rate", (999_992, 1_000_000), on=slow)


def two_pulses(between: int, after: int) -> Table:
    pulse = drive(-16, 1250), drive(16, 1250)
    return *pulse, idle(between), *pulse, discharge(after)


def test_req_03_rate_between_two_pulses_of_a_period() -> None:
    inside, outside = two_pulses(10_000, 20 * MS), two_pulses(9_999, 20 * MS)
    held(inside, outside, "rate", (99_992, 100_000))


def test_req_03_rate_across_the_end_of_the_period() -> None:
    inside, outside = two_pulses(20 * MS, 10_000), two_pulses(20 * MS, 9_999)
    held(inside, outside, "rate", (99_992, 100_000))


def test_req_03_a_recharge_chopped_into_pieces_counts_as_pulses() -> None:
    def chopped(piece: int) -> Table:
        pieces = [drive(16, 1250), idle(piece - 1250)] * 3
        return drive(-16, 3750), idle(12_500), *pieces, discharge(20 * MS)

    held(chopped(12_500), chopped(12_499), "rate", (99_992, 100_000))


def test_req_03_current_that_swings_through_zero_counts_at_every_swing() -> None:
    def swinging(ticks: int) -> Table:
        swings = [drive(100, ticks), drive(-100, ticks)] * 2
        return drive(-50, ticks), *swings, drive(50, ticks), discharge(20 * MS)

    held(swinging(12_500), swinging(12_499), "rate", (99_992, 100_000))


# --- REQ-13: ends ------------------------------------------------------------------------------
def test_req_13_the_table_does_not_end_in_an_active_record() -> None:
    inside, outside = tonic(), (*tonic(), drive(-320, 25_000))
    held(inside, outside, "active_no_end", (4, 3))
    assert admit(IDEAL, *outside).errors[0][1] == 4
    assert "active_no_end" in refusals(admit(IDEAL, drive(-320, 25_000)))


def test_req_13_current_flows_for_12_ms_at_most_without_a_pause() -> None:
    # 1 ms and 11 ms; the longer one has a trim of 290 ticks: 10 x 1374739 + 9 x 290 = 110 x 125000
    inside = drive(-110, 125_000), drive(10, 1_375_000), discharge(20 * MS)
    trimmed = drive(10, 1_374_739), drive(9, 290)
    outside = drive(-110, 125_000), *trimmed, discharge(20 * MS)
    held(inside, outside, "active_run", (12_000_232, 12_000_000))


def test_req_13_a_pause_begins_a_new_run_of_current() -> None:
    trimmed = drive(10, 1_374_739), drive(9, 290)
    assert admit(IDEAL, drive(-110, 125_000), idle(289), *trimmed, discharge(20 * MS)).errors == []


# --- REQ-15: compliance ------------------------------------------------------------------------
def test_req_15_no_current_needs_more_than_nine_tenths_of_the_compliance() -> None:
    # 525 ohm at the most; 0.9 x 7292 mV = 6562 mV; 12.49375 mA: 6560 mV, 12.5 mA: 6563 mV
    on = IDEAL._replace(load_nf=0, compliance_mv=7_292)
    inside, outside = balanced(1999, 1250), balanced(2000, 1250)
    held(inside, outside, "compliance", (6_563, 6_562), on=on)


def test_req_15_the_loads_capacitance_takes_its_share_of_the_compliance() -> None:
    # 475 nC on 2.375 uF at the least: 200 mV beside the 6563 mV of 12.5 mA
    on = IDEAL._replace(compliance_mv=7_515)
    inside, outside = balanced(2000, 4_750), balanced(2000, 4_751)
    held(inside, outside, "compliance", (6_764, 6_763), on=on)


# --- REQ-18: soft start ------------------------------------------------------------------------
def test_req_18_a_soft_start_begins_with_500_ua_and_one_rounding_at_most() -> None:
    # 500 uA is 80 codes; both ends of a step may be rounded by half a code: 81 at most
    held(
        balanced(81, 1250), balanced(82, 1250), "step_up", (507, 500), under=terms(from_na=[0] * 8)
    )


@pytest.mark.parametrize("contact", [1, 2, 3])
def test_req_18_a_step_is_judged_at_each_contact_from_its_own_peak(contact: int) -> None:
    peaks = [5_000_000] * 8
    peaks[contact] = 2_000_000
    under = terms(from_na=peaks)
    held(balanced(401, 1250), balanced(402, 1250), "step_up", (507, 500), under=under)


def test_req_18_a_step_down_is_of_any_size_and_without_a_swap_there_is_no_step() -> None:
    down = admit(IDEAL, *balanced(1, 1250), under=terms(from_na=[12_500_000] * 8))
    assert down.errors == []
    assert figure(down, "step_up") == 0
    assert "step_up" not in [name(row[0]) for row in admit(IDEAL, *tonic()).figures]


# --- REQ-22: the profile's own ceiling -----------------------------------------------------------
@pytest.mark.parametrize(
    ("ceiling_ua", "code", "over_ua", "limit_ua"),
    [
        (4_000, 640, 4_007, 4_000),  # exactly on a code
        (4_003, 640, 4_007, 4_000),  # 640.48 codes
        (4_004, 641, 4_013, 4_007),  # 640.64 codes, nearest to 641 = 4006.25 uA
        (6, 1, 13, 7),
    ],
)
def test_req_22_no_amplitude_above_the_code_nearest_to_the_ceiling(
    ceiling_ua: int, code: int, over_ua: int, limit_ua: int
) -> None:
    under = terms(ceiling_ua=ceiling_ua)
    inside, outside = balanced(code, 1250), balanced(code + 1, 1250)
    held(inside, outside, "ceiling", (over_ua, limit_ua), under=under)


def test_req_22_the_ceiling_is_each_contacts_own() -> None:
    low = kernel.Terms(terms().areas_um2, [0, 4_000, 4_000, 3_000, 0, 0, 0, 0], None, 1_000)
    refused = admit(IDEAL, *balanced(640, 1250), under=low)
    assert [(name(row[0]), row[1:]) for row in refused.errors] == [("ceiling", (3, 4_000, 3_000))]
    none = kernel.Terms(terms().areas_um2, [0] * 8, None, 1_000)
    fine = IDEAL._replace(na_per_code=1_000)
    assert "ceiling" in refusals(admit(fine, *balanced(1, 1250), under=none))
