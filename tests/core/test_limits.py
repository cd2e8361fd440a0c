"""The ceilings restated: no limit moves unless it moves here as well, where a reader asks why.

Their sources stand in limits.py. Most tests restate the limit that they are about; of many the last
digit is finer than a tick or a code, so that no train can tell it.
"""

import pytest

from stimcore import limits

CEILINGS = {
    "ACTIVE_RUN_MAX_NS": 12_000_000,
    "AMPLITUDE_UA": 25_500,
    "AREA_MAX_UM2": 1_000_000_000,
    "AREA_MIN_UM2": 10_000,
    "BURST_PULSES_MAX": 10,
    "BURST_PULSES_MIN": 2,
    "CALIBRATION_OFFSET": 512,
    "CALIBRATION_PPM": 50_000,
    "COMPLIANCE_PERMILLE": 900,
    "CONTACTS": 8,
    "CYCLE_MAX_MS": 5_400_000,
    "CYCLE_MIN_MS": 1_000,
    "DC_MEAN_MS": 1_000,
    "DC_PA": 100_000,
    "DENSITY_NC_PER_CM2": 30_000,
    "DISCHARGE_LEAST_PERMILLE": 100,
    "DISCHARGE_PERMILLE": 2_000,
    "DITHER_PERMILLE": 500,
    "GAP_MAX_NS": 1_000_000,
    "GROUP_SLOTS": 8,
    "GROUP_WORK": 825,
    "LEASE_DEFAULT_MS": 2_000,
    "LEASE_MAX_MS": 10_000,
    "LEASE_MIN_MS": 200,
    "MEASURE_AGE_MS": 60_000,
    "MEASURE_AREA_UM2": 2_000_000,
    "MEASURE_ERROR_PERMILLE": 20,
    "MEASURE_UA": 500,
    "PERIOD_MAX_NS": 1_000_000_000,
    "PERIOD_TIMES": 64,
    "PHASE_CHARGE_PC": 10_000_000,
    "PROGRAMS": 4,
    "RAIL_PERMILLE": 800,
    "RAMP_MAX_MS": 60_000,
    "RATE_MAX_MILLIHZ": 10_000_000,
    "RATE_MIN_MILLIHZ": 1_000,
    "RECHARGE_MAX_NS": 11_000_000,
    "RECHARGE_RATIO_MAX": 10,
    "RUN_ERROR_PERMILLE": 100,
    "RUN_FLOOR_LSB": 4,
    "SCOPE_DELAY_MAX_US": 2_000_000,
    "SEGMENTS": 32,
    "SENSE_FLOOR_UA": 60,
    "SENSE_TOLERANCE_PERMILLE": 150,
    "SESSION_MAX_MS": 86_400_000,
    "SESSION_PULSES_MAX": 1_000_000_000,
    "SHANNON_DQ_MILLI": 31_622,
    "STEP_MS": 20,
    "STEP_UP_UA": 500,
    "TABLE_WORDS": 2_048,
    "WATCHDOG_MS": 250,
    "WIDTH_MAX_NS": 1_000_000,
    "WIDTH_MIN_NS": 10_000,
}


def test_req_01_req_02_req_04_the_ceilings_are_those_of_their_sources() -> None:
    assert dict(limits.rows()) == CEILINGS


@pytest.mark.parametrize(
    ("ceiling", "value"),
    [
        ("RECHARGE_MAX_NS", 11 * 1_000_000),  # ten times the longest phase, and one for its trim
        ("ACTIVE_RUN_MAX_NS", 12 * 1_000_000),
        ("SHANNON_DQ_MILLI", int(1_000 * 10**1.5)),  # k = 1.5, rounded down
    ],
)
def test_req_06_req_13_what_follows_from_others(ceiling: str, value: int) -> None:
    assert CEILINGS[ceiling] == value
