"""The decay bound: never below exp(-t/tau), and close above it."""

import math

from hypothesis import given
from hypothesis import strategies as st
from tests.core.support import BOARD

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


@st.composite
def tables(draw: st.DrawFn) -> list[tuple[int, bool, bool, int, int, int, bool]]:
    """Decoded records: currents between contacts of a few pairs, rests, discharges."""
    masks = draw(st.lists(st.sampled_from(PAIRS), min_size=1, max_size=3))
    out = []
    for _ in range(draw(st.integers(1, 12))):
        kind, ticks = draw(st.integers(0, 3)), draw(st.integers(300, 60_000))
        source, back = draw(st.sampled_from(masks))
        code = draw(st.integers(1, 2_000)) * draw(st.sampled_from([-1, 1]))
        if kind < 2:
            out.append((ticks, True, False, source, back, code, False))
        else:
            out.append((ticks, False, False, 0, 15 if kind == 2 else 0, 0, kind == 2))
    return out


PAIRS = [(1, 2), (2, 1), (1, 6), (4, 8), (5, 2), (1, 14), (8, 4), (3, 12)]


@given(tables())
def test_req_07_contacts_that_share_their_figures_have_them_each(
    records: list[tuple[int, bool, bool, int, int, int, bool]],
) -> None:
    """Those switched alike, and those on the other side: as if each had been walked by itself."""
    errors = [charge._error_pc(BOARD, one) if one[1] else 0 for one in records]
    found = charge.walk(BOARD, records)
    for index in range(4):
        alone = charge._seen(BOARD, records, errors, 1 << index)
        assert vars(found[index]) == vars(alone)
