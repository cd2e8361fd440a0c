"""The decay bound: never below exp(-t/tau), and close above it."""

import math

from hypothesis import given
from hypothesis import strategies as st

from stimcore import charge


def test_req_08_decay_of_nothing_is_nothing() -> None:
    assert charge.decay(0, 250_000) == 65_536


def test_req_08_decay_by_one_time_constant() -> None:
    # exp(-1) x 65536 = 24109.35
    assert 24_110 <= charge.decay(250_000, 250_000) <= 24_130


def test_req_08_decay_by_ten_time_constants_and_by_a_thousand() -> None:
    # exp(-10) x 65536 = 2.97; what is left is never called nothing
    assert 3 <= charge.decay(2_500_000, 250_000) <= 6
    assert charge.decay(250_000_000, 250_000) == 1


@given(st.integers(0, 12_000), st.integers(1_000, 10_000_000))
def test_req_08_decay_is_an_upper_bound_and_a_tight_one(thousandths: int, tau: int) -> None:
    ticks = tau * thousandths // 1000
    exact = 65_536 * math.exp(-ticks / tau)
    bound = charge.decay(ticks, tau)
    assert exact * (1 - 1e-12) <= bound
    assert bound <= exact * 1.001 + 4


@given(st.integers(0, 1 << 31), st.integers(1, 10_000_000))
def test_req_08_decay_is_an_upper_bound_of_any_times(ticks: int, tau: int) -> None:
    assert 65_536 * math.exp(-ticks / tau) * (1 - 1e-12) <= charge.decay(ticks, tau) <= 65_536


@given(st.integers(1, 20_000_000), st.integers(100_000, 10_000_000))
def test_req_08_a_short_discharge_counts_for_something(ticks: int, tau: int) -> None:
    if ticks * 65_536 >= 2 * tau:
        assert charge.decay(ticks, tau) < 65_536
