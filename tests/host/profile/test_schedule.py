"""Several rates in one period: worked by hand, refused with what would do, and never meeting."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scs.profile.scheduling import Clash, Slot, Train, plan

US = 1_000


def train(rate_hz: float, extent_us: int, **more: int) -> Train:
    return Train(int(1000 * rate_hz), extent_us * US, **more)


def slots(*trains: Train) -> list[Slot]:
    result = plan(trains)
    assert not isinstance(result, Clash), result
    return result


def clash(*trains: Train) -> Clash:
    result = plan(trains)
    assert isinstance(result, Clash)
    return result


def meetings(trains: list[Train], places: list[Slot], rest_us: int) -> int:
    """Count the pulses of a period that begin before the one before has ended and rested."""
    period = Fraction(1_000_000_000_000 * places[0].count, trains[0].rate_millihz)
    pulses = sorted(
        (slot.offset_ns + turn * period / slot.count, train.extent_ns)
        for train, slot in zip(trains, places, strict=True)
        for turn in range(slot.count)
    )
    pulses.append((pulses[0][0] + period, 0))
    return sum(b[0] < a[0] + a[1] + rest_us * US for a, b in pairwise(pulses))


@pytest.mark.parametrize(
    ("rates", "counts"),
    [
        ((50,), [1]),
        ((50, 50), [1, 1]),
        ((50, 300), [1, 6]),  # 20 ms
        ((50, 1200), [1, 24]),
        ((50, 70), [5, 7]),  # 100 ms
        ((20, 40, 60, 100), [1, 2, 3, 5]),  # 50 ms
        ((33.3, 66.6), [1, 2]),
    ],
)
def test_req_23_the_least_period_holds_whole_numbers_of_pulses(
    rates: tuple[float, ...], counts: list[int]
) -> None:
    places = slots(*[train(rate, 100) for rate in rates])
    assert [place.count for place in places] == counts
    assert places[0].offset_ns == 0


def test_req_23_equal_programs_stand_as_far_apart_as_they_can() -> None:
    # 20 ms, pulses of 1 ms: rests of 4 ms between four, to the microsecond
    places = slots(*[train(50, 1_000)] * 4)
    assert [round(place.offset_ns / 1e6, 2) for place in places] == [0, 5, 10, 15]


def test_req_23_two_pulses_share_what_is_common_to_their_times() -> None:
    # of 20 ms and 3.333 ms that is 3.333 ms: two pulses, two rests of 14 us, to the last ns
    fits = 1_000_000_000 // 300
    good = train(50, 0), Train(300_000, fits - 28 * US)
    assert [slot.count for slot in slots(*good)] == [1, 6]
    bad = clash(train(50, 0), Train(300_000, fits - 28 * US + 1))
    assert (bad.kind, bad.first, bad.second) == ("fit", 0, 1)
    assert (bad.need_ns, bad.room_ns) == (fits + 1, fits)


def test_req_23_a_clash_names_rates_that_do() -> None:
    # 5 ms in common, 9 + 1 ms wanted: with 40 and 40 Hz there are 25 ms, with 60 Hz 8.3 ms
    bad = clash(train(40, 1_000), train(50, 9_000))
    assert (bad.kind, bad.need_ns, bad.room_ns) == ("fit", 10_028_000, 5_000_000)
    assert bad.rates_millihz == (40_000, 80_000)


def test_req_23_rates_that_never_come_round_are_refused() -> None:
    bad = clash(train(50, 200), train(51.3, 200))
    assert (bad.kind, bad.second, bad.need_ns) == ("period", 1, 10_000_000_000)
    assert len(bad.rates_millihz) == 2
    assert bad.rates_millihz[0] < 51_300 < bad.rates_millihz[1]
    many = clash(train(2, 50), train(200, 50))  # 100 pulses in 500 ms
    assert (many.kind, many.need_ns, many.room_ns) == ("count", 100, 64)


def test_req_23_an_offset_that_was_asked_for_is_kept_or_refused() -> None:
    places = slots(train(50, 200), train(50, 200, offset_ns=3_000_000))
    assert [place.offset_ns for place in places] == [0, 3_000_000] or places[
        1
    ].offset_ns == 3_000_000
    bad = clash(train(50, 200, offset_ns=0), train(50, 200, offset_ns=100_000))
    assert (bad.kind, bad.first, bad.second) == ("offset", 0, 1)
    wide = clash(train(50, 9_990, offset_ns=0), train(50, 9_990, offset_ns=10_000_000))
    assert (wide.kind, wide.rates_millihz) == ("fit", ())  # whatever the phase and the rate
    close = train(50, 200, offset_ns=0), train(50, 200, offset_ns=213_999), train(50, 200)
    assert clash(*close).kind == "offset"


def test_a_block_of_pulses_makes_the_period_longer() -> None:
    assert slots(train(50, 200, block=2))[0].count == 2
    both = slots(train(50, 200, block=16), train(100, 200))
    assert [place.count for place in both] == [16, 32]
    assert clash(train(50, 200, block=51)).kind == "period"


@given(
    st.lists(st.sampled_from([10, 20, 30, 40, 50, 60, 100, 150, 300]), min_size=1, max_size=4),
    st.lists(st.integers(60, 1_500), min_size=4, max_size=4),
)
def test_req_23_pulses_never_meet(rates: list[int], extents: list[int]) -> None:
    trains = [train(rate, extent) for rate, extent in zip(rates, extents, strict=False)]
    places = plan(trains)
    if isinstance(places, Clash):
        assert len(trains) > 1
        assert places.kind == "count" or places.need_ns > places.room_ns or len(trains) > 2
        return
    assert meetings(trains, places, 14) == 0
    for asked, slot in zip(trains, places, strict=True):
        assert slot.count * trains[0].rate_millihz == places[0].count * asked.rate_millihz
        assert slot.offset_ns < asked.every_ns
