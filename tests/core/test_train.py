"""Amplitude over time: hand-worked ramps, and the soft start as an invariant of any history."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.groups import TONIC, group

from stimcore.train import DONE, DOWN, REST, UP, Train


def train(*targets_ua: int, **header: int) -> Train:
    return Train(group(*[TONIC._replace(amplitude_ua=one) for one in targets_ua], **header))


def steps(one: Train, times_ms: list[int]) -> list[tuple[int, ...]]:
    return [tuple(one.step(now)) for now in times_ms]


# --- up -------------------------------------------------------------------------------------------
def test_req_18_without_a_ramp_it_rises_by_500_ua_every_20_ms() -> None:
    one = train(1_800)
    assert one.preview() == (500,)
    assert one.begin(1_000) == (500,)
    found = steps(one, [1_019, 1_020, 1_030, 1_039, 1_040, 1_060, 1_080])
    assert found == [(), (1_000,), (), (), (1_500,), (1_800,), ()]


def test_req_18_a_loop_that_comes_late_gains_nothing() -> None:
    one = train(2_000)
    one.begin(0)
    assert steps(one, [5_000, 5_001, 5_019, 5_020]) == [(1_000,), (), (), (1_500,)]


def test_req_33_a_ramp_up_takes_the_time_it_was_given() -> None:
    # 2000 uA in 1 s: 40 uA in 20 ms, 60 uA in 30 ms
    one = train(2_000, ramp_up_ms=1_000)
    assert one.begin(0) == (40,)
    assert steps(one, [20, 50, 70]) == [(80,), (140,), (180,)]


def test_req_33_a_ramp_takes_its_time_where_a_period_is_long_too() -> None:
    # 16 pulses at 50 Hz are 320 ms: 900 uA in 1 s are 288 uA a period, and 500 at most
    one = Train(group(TONIC._replace(amplitude_ua=900, count=16), ramp_up_ms=1_000))
    assert one.begin(0) == (18,)
    assert steps(one, [320, 640, 960, 1_280]) == [(306,), (594,), (882,), (900,)]
    fast = Train(group(TONIC._replace(amplitude_ua=2_000, count=16), ramp_up_ms=1_000))
    fast.begin(0)
    assert steps(fast, [320, 9_000]) == [(540,), (1_040,)]


def test_req_33_a_ramp_slower_than_1_ua_a_step_still_rises() -> None:
    one = train(10, ramp_up_ms=60_000)
    assert one.begin(0) == (1,)
    assert steps(one, [20, 40]) == [(2,), (3,)]


def test_req_33_each_program_has_its_own_ramp() -> None:
    one = train(2_000, 100, ramp_up_ms=1_000)
    assert one.begin(0) == (40, 2)
    assert steps(one, [20]) == [(80, 4)]


# --- live changes ---------------------------------------------------------------------------------
def test_req_18_a_new_target_is_followed_at_once_where_the_last_step_was_long_ago() -> None:
    one = train(500)
    one.begin(0)
    assert steps(one, [20, 5_000]) == [(), ()]
    one.targets_ua[0] = 700
    assert steps(one, [5_001, 5_002]) == [(700,), ()]


def test_req_33_a_ramp_makes_up_for_two_steps_at_most() -> None:
    one = train(200, ramp_up_ms=1_000, ramp_down_ms=1_000)
    one.begin(0)
    one.levels_ua = [200]
    one.targets_ua[0] = 1_000
    assert steps(one, [9_000]) == [(240,)]  # 1000 uA x 40 ms / 1 s
    one.end()
    assert steps(one, [20_000]) == [(200,)]


def test_req_18_a_new_target_above_is_approached_in_steps_and_one_below_at_once() -> None:
    one = train(500)
    one.begin(0)
    assert steps(one, [20]) == [()]
    one.targets_ua[0] = 1_700
    assert steps(one, [40, 60, 80, 100]) == [(1_000,), (1_500,), (1_700,), ()]
    one.targets_ua[0] = 300
    assert steps(one, [120, 140]) == [(300,), ()]


@pytest.mark.parametrize(
    ("target", "ramp_up_ms", "took_ms"),
    [(1_500, 0, 60), (1_501, 0, 80), (2_000, 1_000, 1_000), (0, 0, 20)],
)
def test_req_18_how_long_the_way_will_take(target: int, ramp_up_ms: int, took_ms: int) -> None:
    one = train(2_000, ramp_up_ms=ramp_up_ms)
    one.targets_ua[0] = target
    assert one.ramp_ms(0) == took_ms


# --- down -----------------------------------------------------------------------------------------
def test_req_33_a_stop_without_a_ramp_does_not_wait_for_a_step() -> None:
    one = train(500)
    one.begin(0)
    one.end()
    assert one.phase == DOWN
    assert steps(one, [1, 20, 40]) == [(0,), (), ()]
    one.ended()
    assert one.phase == DONE


def test_req_33_a_ramp_down_takes_the_time_it_was_given() -> None:
    # 500 uA in 100 ms: 100 uA in 20 ms
    one = train(500, ramp_down_ms=100)
    one.begin(0)
    one.end()
    assert steps(one, [20, 40, 60, 90, 110]) == [(400,), (300,), (200,), (50,), (0,)]


def test_req_33_a_stop_in_the_middle_of_a_ramp_up() -> None:
    one = train(2_000, ramp_up_ms=1_000, ramp_down_ms=1_000)
    one.begin(0)
    one.step(20)
    one.end()
    assert steps(one, [40, 60, 80]) == [(40,), (0,), ()]


def test_req_33_a_ramp_down_slower_than_1_ua_a_step_still_falls() -> None:
    one = train(2, ramp_down_ms=60_000)
    one.begin(0)
    one.end()
    assert steps(one, [20, 40]) == [(1,), (0,)]


def test_req_32_a_halt_leaves_nothing() -> None:
    one = train(500, cycle_on_ms=1_000, cycle_off_ms=1_000)
    one.begin(0)
    one.halt()
    assert (one.phase, one.levels_ua) == (DONE, [0])
    assert steps(one, [20, 5_000]) == [(), ()]
    assert not one.rested(10_000)


# --- cycles ---------------------------------------------------------------------------------------
def test_req_33_a_cycle_rests_from_the_end_of_its_on_time() -> None:
    one = train(400, cycle_on_ms=1_000, cycle_off_ms=3_000)
    one.begin(0)
    assert steps(one, [999, 1_018, 1_019]) == [(), (0,), ()]
    one.ended()
    assert one.phase == REST
    assert steps(one, [2_000]) == [()]
    assert [one.rested(now) for now in (4_017, 4_018)] == [False, True]
    assert one.begin(4_018) == (400,)
    assert one.phase == UP


def test_req_33_a_stop_ends_the_cycle_in_its_rest_and_in_its_on_time() -> None:
    for resting in (True, False):
        one = train(400, cycle_on_ms=1_000, cycle_off_ms=1_000)
        one.begin(0)
        if resting:
            steps(one, [1_000])
            one.ended()
        one.end()
        if not resting:
            assert steps(one, [20]) == [(0,)]
            one.ended()
        assert one.phase == DONE
        assert not one.rested(60_000)


def test_req_33_the_next_start_cycles_again() -> None:
    one = train(400, cycle_on_ms=1_000, cycle_off_ms=1_000)
    one.begin(0)
    one.end()
    steps(one, [20])
    one.ended()
    one.begin(10_000)
    assert steps(one, [11_000]) == [(0,)]
    one.ended()
    assert one.phase == REST


# --- any history ----------------------------------------------------------------------------------
moves = st.one_of(
    st.tuples(st.just("wait"), st.integers(0, 45)),
    st.tuples(st.just("wait"), st.integers(0, 3_000)),
    st.tuples(st.just("target"), st.integers(1, 12_500)),
    st.tuples(st.just("end"), st.just(0)),
)


@given(
    st.integers(1, 12_500),
    st.sampled_from([0, 10, 500, 60_000]),
    st.sampled_from([0, 500]),
    st.sampled_from([0, 1_000]),
    st.lists(moves, max_size=60),
)
def test_req_18_no_history_makes_a_rise_too_large_or_too_soon(
    target: int, up_ms: int, down_ms: int, cycle_ms: int, history: list[tuple[str, int]]
) -> None:
    times = dict(ramp_up_ms=up_ms, ramp_down_ms=down_ms, cycle_on_ms=cycle_ms)
    one = train(target, 1_000, cycle_off_ms=cycle_ms, **times)
    now, ended = 0, False
    before, before_ms = one.begin(0), 0
    assert max(before) <= 500
    for move, value in history:
        if move == "target":
            one.targets_ua[0] = value
        elif move == "end":
            one.end()
            ended = True
        else:
            now += value
        levels = one.step(now)
        if levels:
            assert now - before_ms >= 20 or max(levels) == 0  # an end waits for nothing
            assert all(new - old <= 500 for new, old in zip(levels, before, strict=True))
            assert all(0 <= new <= 12_500 for new in levels)
            assert not ended or max(levels) <= max(before)
            before, before_ms = levels, now


@given(st.integers(1, 12_500), st.integers(0, 60_000), st.integers(0, 60_000))
def test_req_33_every_ramp_arrives(target: int, up_ms: int, down_ms: int) -> None:
    one = train(target, ramp_up_ms=up_ms, ramp_down_ms=down_ms)
    one.begin(0)
    now = 0
    while one.levels_ua[0] < target:
        now += 20
        one.step(now)
        assert now <= max(up_ms, 500) * 2 + 20
    one.end()
    turned = now
    while one.levels_ua[0]:
        now += 20
        one.step(now)
        assert now - turned <= 2 * down_ms + 20
