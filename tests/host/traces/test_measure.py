"""Measured from a trace alone; every expected number is worked out by hand."""

import math

import numpy as np
import pytest

from scs.traces.waveform_analysis import measure, pattern, pulses


def steps(*pieces: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Return a stepwise trace of (length s, current A), two rows a piece."""
    ends = np.cumsum([length for length, _ in pieces])
    starts = np.concatenate(([0.0], ends[:-1]))
    times = np.column_stack((starts, ends)).reshape(-1)
    return times, np.repeat([current for _, current in pieces], 2)


PULSE = ((200e-6, -2e-3), (30e-6, 0.0), (800e-6, 0.5e-3), (18_970e-6, 0.0))


def test_a_biphasic_train() -> None:
    measured = measure(*steps(*PULSE * 5))
    assert len(measured.pulses) == 5
    assert measured.amplitude_a == pytest.approx(-2e-3)
    assert measured.width_s == pytest.approx(200e-6)
    assert measured.charge_c == pytest.approx(-0.4e-6)
    assert measured.pulses.anodic.charge_c == pytest.approx([0.4e-6] * 5)
    assert measured.period_s == pytest.approx(0.02)
    assert measured.rate_hz == pytest.approx(50.0)
    assert measured.pulses_per_period == 1
    assert measured.intra_rate_hz is None
    assert measured.running_c == pytest.approx(0.4e-6)
    assert measured.residual_c == pytest.approx(0.0, abs=1e-18)


def test_an_anodic_train_has_positive_figures() -> None:
    measured = measure(*steps(*[(length, -current) for length, current in PULSE] * 3))
    assert measured.amplitude_a == pytest.approx(2e-3)
    assert measured.charge_c == pytest.approx(0.4e-6)


def test_what_the_recharge_leaves_is_residual_charge_and_dc() -> None:
    # 0.5 mA x 790 us = 0.395 uC of 0.4 uC: 5 nC a period is left, at 50 Hz 250 nA
    pulse = ((200e-6, -2e-3), (790e-6, 0.5e-3), (19_010e-6, 0.0))
    measured = measure(*steps(*pulse * 4))
    assert measured.residual_c == pytest.approx(-5e-9)
    assert measured.dc_a == pytest.approx(-250e-9)
    assert len(measured.pulses) == 4


def test_a_recharge_in_two_steps_is_one() -> None:
    pulse = ((200e-6, -2e-3), (600e-6, 0.5e-3), (250e-6, 0.4e-3), (18_950e-6, 0.0))
    measured = measure(*steps(*pulse * 3))
    assert len(measured.pulses) == 3
    assert measured.pulses.anodic.charge_c == pytest.approx([0.4e-6] * 3)


def test_a_first_phase_in_two_steps_is_one_pulse() -> None:
    pulse = ((100e-6, -2e-3), (100e-6, -1e-3), (300e-6, 1e-3), (19_500e-6, 0.0))
    parts = pulses(*steps(*pulse * 3))
    assert len(parts) == 3
    assert parts.charge_c == pytest.approx([-0.3e-6] * 3)


def test_a_burst_has_two_rates_and_its_charge_adds_up() -> None:
    # five pulses of 1 ms and 0.35 mA, 2 ms apart; 1.75 uC come back in 1 ms of 1.75 mA
    burst = ((1e-3, -0.35e-3), (1e-3, 0.0)) * 4 + ((1e-3, -0.35e-3), (1e-3, 1.75e-3), (15e-3, 0.0))
    measured = measure(*steps(*burst * 3))
    assert len(measured.pulses) == 15
    assert measured.pulses_per_period == 5
    assert measured.pulses.width_s == pytest.approx([1e-3] * 15)
    assert measured.period_s == pytest.approx(25e-3)
    assert measured.rate_hz == pytest.approx(40.0)
    assert measured.intra_rate_hz == pytest.approx(500.0)
    assert measured.charge_c == pytest.approx(-0.35e-6)
    assert measured.running_c == pytest.approx(1.75e-6)
    assert measured.pulses.anodic.charge_c[4] == pytest.approx(1.75e-6)
    assert measured.pulses.anodic.charge_c[0] == pytest.approx(0.0)


def test_two_programs_that_take_turns_are_one_pattern() -> None:
    first = ((1e-3, -1e-3), (1e-3, 1e-3), (8e-3, 0.0))
    second = ((1e-3, -3e-3), (1e-3, 3e-3), (8e-3, 0.0))
    measured = measure(*steps(*(first + second) * 3))
    assert measured.pulses_per_period == 2
    assert measured.rate_hz == pytest.approx(50.0)


def test_a_passive_recharge_is_a_curve() -> None:
    # 0.4 uC come back as 0.4 mA that decays with 1 ms; after 20 ms e^-20 of it is left
    tau, after = 1e-3, np.linspace(0.0, 19.8e-3, 4000)
    times, current = [], []
    for at in range(3):
        begin = 0.02 * at
        times += [np.array([begin, begin + 200e-6]), begin + 200e-6 + after]
        current += [np.array([-2e-3, -2e-3]), 0.4e-3 * np.exp(-after / tau)]
    measured = measure(np.concatenate(times), np.concatenate(current))
    assert len(measured.pulses) == 3
    assert measured.width_s == pytest.approx(200e-6)
    assert measured.pulses.anodic.charge_c == pytest.approx([0.4e-6] * 3, rel=1e-4)
    assert measured.residual_c == pytest.approx(0.0, abs=1e-11)


def test_what_leaks_every_period_never_hides_a_pulse() -> None:
    # 10 % of each pulse is never brought back: after 30 periods that is three pulses' charge
    pulse = ((200e-6, -2e-3), (720e-6, 0.5e-3), (19_080e-6, 0.0))
    measured = measure(*steps(*pulse * 30))
    assert len(measured.pulses) == 30
    assert measured.residual_c == pytest.approx(-40e-9)


def test_a_trace_that_begins_within_a_burst_finds_the_next_ones_whole() -> None:
    burst = ((1e-3, -1e-3), (1e-3, 0.0)) * 2 + ((1e-3, -1e-3), (1e-3, 3e-3), (5e-3, 0.0))
    parts = pulses(*steps((0.5e-3, 0.0), *burst[2:], *burst, *burst))
    assert len(parts) == 2 + 3 + 3


def test_evenly_sampled_the_edges_are_found_between_samples() -> None:
    times = np.arange(0.0, 0.06, 1e-5)
    phase = np.round(times % 0.02 - 3e-3, 9)
    first, recharge = (phase >= 0) & (phase < 200e-6), (phase >= 200e-6) & (phase < 1e-3)
    current = np.where(first, -2e-3, np.where(recharge, 0.5e-3, 0.0))
    measured = measure(times, current)
    assert len(measured.pulses) == 3
    assert measured.pulses.start_s == pytest.approx([3e-3, 23e-3, 43e-3], abs=1e-5)
    # half of 2 mA lies half an interval before the first sample of the phase, and 0.4 of one
    # after its last, where the current crosses to the recharge: 0.5 + 19 + 0.4 samples
    assert measured.width_s == pytest.approx(199e-6, abs=1e-9)
    assert measured.charge_c == pytest.approx(-0.4e-6, rel=0.05)
    assert measured.rate_hz == pytest.approx(50.0)


def test_a_ramp_still_shows_its_rate() -> None:
    ramp = [
        piece
        for level in (1, 2, 3, 4)
        for piece in ((1e-3, -level * 1e-3), (1e-3, level * 1e-3), (8e-3, 0.0))
    ]
    measured = measure(*steps(*ramp))
    assert measured.rate_hz == pytest.approx(100.0)
    assert measured.pulses.amplitude_a == pytest.approx([-1e-3, -2e-3, -3e-3, -4e-3])


def test_one_pulse_has_no_rate() -> None:
    measured = measure(*steps(*PULSE))
    assert measured.rate_hz is None
    assert measured.residual_c is None
    assert pattern(measured.pulses) is None


def test_irregular_pulses_have_no_pattern() -> None:
    lengths = (3e-3, 5e-3, 11e-3, 2e-3)
    irregular = [piece for rest in lengths for piece in ((1e-3, -1e-3), (1e-3, 1e-3), (rest, 0.0))]
    assert measure(*steps(*irregular)).rate_hz is None


@pytest.mark.parametrize(
    ("times", "current"),
    [
        ([0.0], [0.0]),
        ([0.0, 1.0], [0.0]),
        ([1.0, 0.0], [0.0, 0.0]),
        ([0.0, 1.0], [math.nan, 0.0]),
        ([0.0, 1.0], [0.0, 0.0]),
        ([1.0, 1.0], [1.0, 0.0]),
    ],
)
def test_no_trace_or_no_pulse_is_said(times: list[float], current: list[float]) -> None:
    with pytest.raises(ValueError):
        measure(times, current)
