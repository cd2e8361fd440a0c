"""The pulse monitor on samples written by hand: which phases it looks at, what it refuses.

An ADC code is 12.5 uA and 8 mV, its zero 2048; a pair of current and voltage comes each 8 us.
"""

import pytest
from tests.support.tables import IDEAL, MS, Rec, admit, discharge, drive, idle

from stimcore import errors
from stimcore.kernel import Stream
from stimcore.pulse_monitor import Watch

ZERO = 2_048
PAIRS = 1_024  # a capture: 8192 us


def stream_of(*records: Rec) -> Stream:
    stream = admit(IDEAL, *records).stream
    assert stream is not None
    return stream


def ten_kilohertz() -> Stream:
    """Return 2 mA x 30 us, 20 us of gap, the same back, 20 us of discharge."""
    return stream_of(drive(-320, 3_750), idle(2_500), drive(320, 3_750), discharge(2_500))


def _flows(steps: list[tuple[int, int]], at_us: int) -> int:
    for lasts_us, microamps in steps:
        if at_us < lasts_us:
            return microamps
        at_us -= lasts_us
    return 0


def capture_of(steps: list[tuple[int, int]], offset_us: int, base_mv: int = 0) -> list[int]:
    """Sample a train of (us, uA), repeated, at 500 ohm without any capacitance."""
    whole = sum(step[0] for step in steps)
    out = []
    for pair in range(PAIRS):
        at = (offset_us + 8 * pair) % whole
        microamps = _flows(steps, at)
        out += [
            ZERO + microamps * 2 // 25,
            ZERO + (microamps * 500 // 1_000 + base_mv * 1_000) // 8_000,
        ]
    return out


TRAIN = [(30, -2_000), (20, 0), (30, 2_000), (20, 0)]


def rows(
    stream: Stream, steps: list[tuple[int, int]], captures: int = 60, base_mv: int = 0
) -> list[tuple]:
    """Return the rows judged in so many captures, each where the watch wants it."""
    watch, rows_seen = Watch(IDEAL), []
    for _ in range(captures):
        offset_us = watch.delay_us(stream)
        row = watch.judge(stream, offset_us, capture_of(steps, offset_us, base_mv))
        if row:
            return [*rows_seen, row]
        rows_seen.append(row)
    return rows_seen


def test_req_58_a_phase_of_30_us_is_judged_by_its_current() -> None:
    assert rows(ten_kilohertz(), TRAIN) == [()] * 60


@pytest.mark.parametrize(("weak", "record"), [(0, 0), (2, 2)])
def test_req_58_a_phase_of_30_us_with_too_little_current_is_found(weak: int, record: int) -> None:
    steps = [(us, ua * 8 // 10 if at == weak else ua) for at, (us, ua) in enumerate(TRAIN)]
    code, at, measured, commanded = rows(ten_kilohertz(), steps)[-1]
    assert (code, at) == (errors.FAULT_SENSE, record)
    assert (abs(measured), abs(commanded)) == (1_600_000, 2_000_000)


def test_req_58_within_its_tolerance_a_short_phase_is_left_alone() -> None:
    # 15 % of 2 mA: 1.7 mA is within, 1.6875 mA (a code less) is not
    inside = [(us, ua * 17 // 20) for us, ua in TRAIN]
    assert rows(ten_kilohertz(), inside) == [()] * 60
    outside = [(us, ua * 27 // 32) for us, ua in TRAIN]
    assert rows(ten_kilohertz(), outside)[-1][0] == errors.FAULT_SENSE


@pytest.mark.parametrize(("us", "looked_at"), [(22, True), (12, False)])
def test_req_58_from_22_us_on_a_phase_always_has_a_sample(us: int, looked_at: bool) -> None:
    ticks, rest_us = 125 * us, 200 - 3 * us
    table = drive(-320, ticks), idle(ticks), drive(320, ticks), discharge(125 * rest_us)
    nothing = [(200, 0)]  # no current at all
    rows_seen = rows(stream_of(*table), nothing, 1)
    assert [row[0] for row in rows_seen if row] == ([errors.FAULT_OPEN] if looked_at else [])


def test_req_59_what_a_discharge_of_20_us_leaves_is_judged() -> None:
    # permitted are 4 codes of 8 mV, one of 12.5 uA in 500 ohm, and the mean of the load's own
    # voltage: 60 nC held for 50 us of 100 and then fading, on 2.5 uF: 14 mV
    assert rows(ten_kilohertz(), TRAIN, base_mv=40) == [()] * 60
    for base_mv in (80, -80):
        code, _record, value, limit = rows(ten_kilohertz(), TRAIN, base_mv=base_mv)[-1]
        assert (code, value) == (errors.FAULT_RESIDUAL, base_mv)
        assert 38 < limit <= 60


def test_req_58_every_phase_has_its_turn() -> None:
    pulses = [record for _ in range(5) for record in (drive(-160, 12_500), idle(12_500))]
    table = stream_of(*pulses, drive(160, 62_500), discharge(20 * MS))
    watch, seen = Watch(IDEAL), []
    for _ in range(12):
        watch.delay_us(table)
        seen.append(watch._at)
        watch._pass(table, table.record(watch._at))
    assert seen == [0, 2, 4, 6, 8, 10] * 2
