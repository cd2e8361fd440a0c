"""The decay bound: never below exp(-t/tau), and close above it."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.tables import IDEAL

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
    # 26.5 of them: two of 65,536 after the first 10.5, one after the other 16
    assert charge.decay(6_625_000, 250_000) == 1


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


@pytest.mark.parametrize(
    ("changed", "code_ticks", "picocoulombs"),
    [
        ({}, 20, 1),
        ({"clock_hz": 133_000_000}, 532, 25),
        ({"clock_hz": 133_000_000}, -533, 26),
        ({"clock_hz": 150_000_000}, 24, 1),
        ({"clock_hz": 150_000_000}, 24_000_000_000, 1_000_000_000),
        ({"na_per_code": 6_251}, 125_000, 6_251),
    ],
)
def test_req_04_a_code_for_a_tick_in_picocoulombs(
    changed: dict[str, int], code_ticks: int, picocoulombs: int
) -> None:
    assert charge.picocoulombs(IDEAL._replace(**changed), code_ticks) == picocoulombs


def flowing(ticks: int, code: int) -> tuple[int, bool, bool, int, int, int, int]:
    return ticks, True, False, 1, 2, code, 0


@pytest.mark.parametrize(
    ("records", "runs"),
    [
        ([(300, 1), (300, 1)], [(0, 600)]),
        # a recharge to exactly 0, and what goes on from there
        ([(300, -9), (300, 9), (300, 9)], [(0, 300), (600, 300)]),
        # a recharge that overshoots by a code for a tick, and by less than a tick of its code
        ([(300, -1), (301, 1)], [(0, 300), (300, 301)]),
        ([(1_201, -500), (301, 2_000)], [(0, 1_201), (1_201, 301)]),
    ],
)
def test_req_02_first_phases(records: list[tuple[int, int]], runs: list[tuple[int, int]]) -> None:
    assert charge.pulses([flowing(*record) for record in records])[0] == runs


def test_req_35_a_run_where_the_last_one_ends_is_its_opposite_phase() -> None:
    assert charge.count([(0, 5), (5, 8), (20, 5), (26, 5)]) == 3
    assert charge.count([(10, 5), (15, 5)]) == 1
    assert charge.count([(1, 5)]) == 1
