"""Captures of the simulated ADC: where they stand, what their codes are, when they are whole."""

import numpy as np
import pytest
from tests.support.benches import US, Idler, bench, biphasic

from scs_sim.bench.board import SimBoard

PAIRS, PAIR_US = 1024, 8  # 8.192 ms
AT_LEAST_US = 2  # how well the start of a period is known


def running(**options) -> SimBoard:
    """Run 1 kHz of 2 mA for 200 us, 30 us of nothing, 2 mA back, into 500 ohm."""
    sim = bench(Idler, **options)
    sim.hal.stream_load(biphasic())
    sim.hal.stream_start(0)
    return sim


def taken(sim: SimBoard, delay_us: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (us since SYNC, current codes, voltage codes)."""
    sim.hal.capture_arm(delay_us)
    for _ in range(1000):
        sim.advance_us(100)
        captured = sim.hal.capture_take()
        if captured:
            offset_us, data = captured
            pairs = np.array(data).reshape(PAIRS, 2)
            return offset_us + PAIR_US * np.arange(PAIRS), pairs[:, 0], pairs[:, 1]
    raise AssertionError("no capture in 100 ms")


@pytest.mark.parametrize("delay_us", [0, 1, 5_003, 70_000])
def test_the_pulse_stands_where_the_period_has_it(delay_us: int) -> None:
    time_us, current, voltage = taken(running(), delay_us)
    assert delay_us <= time_us[0] + AT_LEAST_US <= delay_us + 16
    # -2 mA / 12.5 uA = -160; -1 V / 8 mV = -125
    assert set(current) == {2048 - 160, 2048, 2048 + 160}
    assert set(voltage) == {2048 - 125, 2048, 2048 + 125}
    in_period = time_us % 1000
    cathodic, voltage_us = current == 2048 - 160, (in_period + 4) % 1000
    assert np.all(cathodic[(in_period > AT_LEAST_US) & (in_period < 200 - AT_LEAST_US)])
    assert not np.any(cathodic[(in_period > 200 + AT_LEAST_US) & (in_period < 998)])
    below = voltage == 2048 - 125
    assert np.all(below[(voltage_us > AT_LEAST_US) & (voltage_us < 200 - AT_LEAST_US)])
    assert not np.any(below[(voltage_us > 200 + AT_LEAST_US) & (voltage_us < 998)])


def test_it_is_handed_out_once_and_only_when_whole() -> None:
    sim = running()
    sim.hal.capture_arm(0)
    sim.advance_us(8_190)  # less than 8.192 ms: whatever the period, it cannot be whole
    assert sim.hal.capture_take() == ()
    sim.advance_us(1_100)
    assert sim.hal.capture_take() != ()
    assert sim.hal.capture_take() == ()


def test_arming_again_drops_what_was_under_way() -> None:
    sim = running()
    sim.hal.capture_arm(0)
    sim.advance_us(9_100)
    sim.hal.capture_arm(0)
    assert sim.hal.capture_take() == ()


def test_an_output_that_ended_leaves_no_capture() -> None:
    sim = running()
    sim.hal.capture_arm(0)
    sim.advance_us(5_000)
    sim.hal.halt()
    sim.advance_us(20_000)
    assert sim.hal.capture_take() == ()


def test_noise_is_of_one_code_and_the_same_for_the_same_seed() -> None:
    quiet = taken(running())[1].astype(float)
    noisy = taken(running(noise=True, seed=5))[1].astype(float)
    again = taken(running(noise=True, seed=5))[1].astype(float)
    assert np.array_equal(noisy, again)
    assert 0.9 < np.std(noisy - quiet) < 1.2  # 1 LSB, and the rounding of 0.29
    assert abs(np.mean(noisy - quiet)) < 0.15


def test_codes_end_at_0_and_4095() -> None:
    sim = bench(Idler, load=dict(series_ohm=500.0, capacitance_f=0.0, leak_ohm=float("inf")))
    sim.plant.sense.misread((125.0, 80_000.0), (0.0, 0.0))  # codes of 0.1 uA and 0.1 uV
    sim.hal.stream_load(biphasic(width=25 * US * 8))
    sim.hal.stream_start(0)
    _, current, voltage = taken(sim)
    assert {0, 2048, 4095} == set(current) == set(voltage)


def test_a_start_drops_what_was_armed_and_sampled_before_it_as_on_the_board() -> None:
    sim = running()
    sim.hal.capture_arm(20_000)
    sim.advance_us(5_000)
    sim.hal.halt()
    sim.hal.stream_load(biphasic())
    sim.hal.stream_start(0)
    assert sim.hal.sample().samples == 0
    sim.advance_us(100_000)
    assert sim.hal.capture_take() == ()
    sim.hal.capture_arm(0)
    sim.advance_us(10_000)
    assert sim.hal.capture_take() != ()
