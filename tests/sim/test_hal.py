"""The seam in virtual time: time, turns, latches, samples, the ladder; to the tick."""

import math

import numpy as np
import pytest
from tests.support.benches import (
    LADDER_PINS,
    RANDLES,
    SERIAL_PINS,
    Echo,
    bench,
    biphasic,
    board,
    stream,
)
from tests.support.started_streams import FIRST_LATCH, expected, running

from scs_sim.bench.stream import ENDED, IDLE, latch_offset_ticks, lines


def test_power_on_is_idle_with_the_gate_low() -> None:
    sim = bench()
    assert not sim.gate
    assert sim.hal.stream_state() == (IDLE, 0, 0, 0)
    assert sim.hal.reset_cause() == 0
    assert sim.hal.stream_words() == b""


def test_time_wraps_at_two_to_the_thirty_microseconds() -> None:
    sim = bench()
    sim.advance_us((1 << 30) - 5)
    assert sim.hal.now_us() == (1 << 30) - 5
    sim.advance_us(7)
    assert (sim.hal.now_us(), sim.now_us()) == (2, (1 << 30) + 2)


def test_a_turn_costs_200_us_and_the_loop_sleeps_as_long_as_it_asks_to() -> None:
    sim = bench()
    sim.advance_us(20_000)
    assert sim.device.turns_us == [0, 5_000, 10_000, 15_000, 20_000]
    sim.hal.stream_load(biphasic())
    sim.hal.stream_start(0)
    sim.advance_us(6_000)
    assert sim.device.turns_us[5:] == list(range(25_000, 26_001, 200))


def test_a_byte_calls_an_idle_loop_within_one_turn() -> None:
    sim = bench(Echo)
    sim.advance_us(1_000)  # in the middle of an idle turn
    sim.host_write(b"abc")
    sim.advance_us(199)
    assert sim.host_read() == b""
    sim.advance_us(1)
    assert sim.host_read() == b"bcd"


def test_waiting_for_bytes_ends_when_they_are_there() -> None:
    sim = bench(Echo)
    sim.advance_us(1_000)
    sim.host_write(b"abc")
    sim.advance_us(1_000_000, until_waiting=3)
    assert (sim.now_us(), sim.host_read()) == (1_200, b"bcd")
    sim.advance_us(1_000, until_waiting=1)
    assert sim.now_us() == 2_200


@pytest.mark.parametrize(("stage", "ticks"), [(0, 131), (1, 4)], ids=["serial", "parallel"])
def test_the_latch_comes_so_long_after_the_pull_of_the_frame(stage: int, ticks: int) -> None:
    # pull at h+8; latch at h+139 and at h+12
    assert latch_offset_ticks(board(stage), lines(LADDER_PINS if stage else SERIAL_PINS)) == ticks


def test_every_record_is_latched_at_its_tick_with_its_bits() -> None:
    what = biphasic()
    sim = running(what)
    sim.advance_us(10_000)
    sim.scope()
    # ten periods of 1 ms less the start: the first three records of the tenth, and its fourth
    assert list(sim.sequencer.latched) == expected((what, 10))


def test_the_measured_current_is_that_of_the_bits() -> None:
    sim = running(biphasic(), load=RANDLES)
    sim.advance_us(5_000)
    rows = sim.scope().rows(0.0, 0.0005)
    latch_s = FIRST_LATCH / 125e6
    before = np.flatnonzero(np.diff(rows.time_s) == 0)  # a step is two rows of one time
    assert rows.time_s[before] == pytest.approx(
        [latch_s, latch_s + 200e-6, latch_s + 230e-6, latch_s + 430e-6]
    )
    assert rows.current_a[before] == pytest.approx([0, -2e-3, 0, 2e-3], abs=3e-6)
    assert rows.current_a[before + 1] == pytest.approx([-2e-3, 0, 2e-3, 0], abs=3e-6)
    # 1 V, then 0.16 V more while 2.5 uF charge (and leak 32 pA x ... a little)
    volts = [rows.voltage_v[before[0] + 1], rows.voltage_v[before[1]]]
    assert volts == pytest.approx([-1.0, -1.16], abs=1e-4)


def test_sample_sees_what_flowed_since_the_last_call() -> None:
    sim = running(biphasic())
    sim.advance_us(2_000)
    window = sim.hal.sample()
    # 2 mA / 12.5 uA and 1 V / 8 mV, both ways; 250 kS/s for 2 ms
    assert window == (1888, 2208, 1923, 2173, 500)
    sim.advance_us(300)
    assert sim.hal.sample()[:2] == (1888, 2208)  # the third period's cathode and half an anode
    sim.advance_us(400)
    assert sim.hal.sample()[:2] == (2048, 2208)
    assert sim.hal.sample() == (4095, 0, 4095, 0, 0)


def test_the_ladder_plays_its_codes() -> None:
    what = stream(
        (2_500, 2, 28 << 24),
        (500, 0, 128 << 24),
        (2_500, 1, 228 << 24),
        (7_000, 0, 128 << 24),
        overhead=12,
    )
    sim = running(what, 2, ladder=True)
    sim.advance_us(300)
    assert sim.hal.stream_state() == (ENDED, 2, 0, 0)
    rows = sim.scope().rows()
    # 100 codes x 12.5 mV behind 1.5 kohm
    assert min(rows.current_a) == pytest.approx(-1.25 / 1500)
    assert max(rows.current_a) == pytest.approx(1.25 / 1500)
    # RUN connects the ladder, at its middle, one tick before the first latch at tick 9
    steps = [round(t * 125e6) for t in rows.time_s[1::2]]
    assert steps[:5] == [8, 9, 9 + 2_500, 9 + 3_000, 9 + 5_500]


def test_a_ladder_counts_records_that_repeat_a_code() -> None:
    quiet = [(2_000, 0, 128 << 24)] * 3
    sim = running(stream((2_500, 2, 28 << 24), *quiet, overhead=12), ladder=True)
    sim.advance_us(50)
    state = sim.hal.stream_state()
    # 6250 ticks less the 9 to the first latch: past 2500 and one of 2000
    assert (state.record, state.ticks_in) == (2, 6_250 - 9 - 4_500)


def test_the_identification_resistor_is_the_declared_one_unless_it_is_missing() -> None:
    sim = bench()
    assert sim.hal.load_id() == 1309
    sim.inject("wrong_load")
    assert sim.hal.load_id() == 4095


def test_two_runs_with_one_seed_are_equal() -> None:
    def run(seed: int) -> tuple[bytes, tuple[int, ...]]:
        sim = running(biphasic(), device=Echo, faults="link_noise", seed=seed, noise=True)
        sim.host_write(bytes(range(256)) * 8)
        sim.advance_us(50_000)
        return sim.host_read(), sim.hal.sample()

    assert run(5) == run(5)
    assert run(5)[0] != run(6)[0]


def test_charge_returned_is_charge_delivered() -> None:
    sim = running(biphasic(), load=RANDLES)
    sim.advance_us(20_001)
    begin = 10e-3 + FIRST_LATCH / 125e6
    first_phase = sim.scope().charge_c(begin, begin + 200e-6)
    assert first_phase == pytest.approx(-0.4e-6, rel=1e-9)  # 2 mA x 200 us
    period = sim.scope().charge_c(begin, begin + 1e-3)
    assert abs(period) < 1e-9 * math.e
