"""Amplitude over time: hand-worked ramps, and the soft start as an invariant of any history."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.programs import TONIC, group

from stimcore.ramp import DONE, DOWN, REST, UP, Train, least_ramp_up_ms


def train(*targets_ua: int, rate_millihz: int = 50_000, **header: int) -> Train:
    programs = [
        TONIC._replace(amplitude_ua=target_ua, rate_millihz=rate_millihz)
        for target_ua in targets_ua
    ]
    return Train(group(*programs, **header))


def begun(*targets_ua: int, rate_millihz: int = 50_000, **header: int) -> Train:
    run = train(*targets_ua, rate_millihz=rate_millihz, **header)
    run.start(0)
    run.begin()
    return run


def steps(run: Train, periods: list[int]) -> list[tuple[int, ...]]:
    """Return the new levels in each of these periods, all staged in time."""
    out = []
    for period in periods:
        if run.wants_change:
            run.follow(period, tuple(run.levels_ua))
        levels = tuple(run.step(period))
        run.staged(period, levels)
        out.append(levels)
    return out


# --- up -------------------------------------------------------------------------------------------
def test_req_18_without_a_ramp_it_rises_by_500_ua_every_20_ms() -> None:
    run = begun(1_800)
    assert run.levels_ua == [500]
    assert steps(run, [1, 2, 3, 4]) == [(1_000,), (1_500,), (1_800,), ()]
    fast = begun(1_200, rate_millihz=1_000_000)  # 20 periods of 1 ms
    assert steps(fast, [1, 19, 20, 39, 40]) == [(), (), (1_000,), (), (1_200,)]
    faster = begun(1_200, rate_millihz=1_000_001)  # 20 of its periods are less than 20 ms
    assert steps(faster, [20, 21]) == [(), (1_000,)]


def test_req_18_programs_at_other_rates_share_the_period_of_the_first() -> None:
    # once in 20 ms, and twice: a step is a period either way
    once = TONIC._replace(amplitude_ua=1_200)
    twice = once._replace(rate_millihz=100_000, count=2)
    for both in (group(once, twice), group(twice, once)):
        run = Train(both)
        run.start(0)
        run.begin()
        assert steps(run, [1, 2, 3]) == [(1_000, 1_000), (1_200, 1_200), ()]


def test_req_18_a_loop_that_comes_late_rises_no_faster() -> None:
    run = begun(2_000)
    assert steps(run, [250, 251]) == [(1_000,), (1_500,)]
    # 1 ms periods: a step that is 15 ms late is followed by one 25 ms later, not by one 5 ms later
    fast = begun(2_000, rate_millihz=1_000_000)
    assert steps(fast, [35, 40, 54, 55, 60]) == [(1_000,), (), (), (1_500,), ()]


@pytest.mark.parametrize(
    ("rate_millihz", "wanted"),
    [
        (50_000, {0: 40, 1: 80, 24: 1_000, 48: 1_960, 49: 2_000}),  # 2 mA x 20 ms / 1 s
        (20_000, {0: 100, 1: 200, 9: 1_000, 18: 1_900, 19: 2_000}),
        (10_000, {0: 200, 4: 1_000, 9: 2_000}),
        (4_000, {0: 500, 1: 1_000, 2: 1_500, 3: 2_000}),
        (500_000, {0: 40, 9: 40, 10: 80, 489: 1_960, 490: 2_000}),  # every 10th period of 2 ms
    ],
)
def test_req_33_each_period_is_as_high_as_the_ramp_at_its_end(
    rate_millihz: int, wanted: dict[int, int]
) -> None:
    run = begun(2_000, rate_millihz=rate_millihz, ramp_up_ms=1_000)
    levels = {0: run.levels_ua[0]}
    for period in range(1, max(wanted) + 1):
        steps(run, [period])
        levels[period] = run.levels_ua[0]
    assert {period: levels[period] for period in wanted} == wanted


def test_req_33_a_step_that_was_missed_is_made_up_for() -> None:
    run = begun(2_000, ramp_up_ms=1_000)
    assert steps(run, [9, 10]) == [(400,), (440,)]


def test_req_33_a_ramp_slower_than_1_ua_a_step_still_rises() -> None:
    run = begun(10, ramp_up_ms=60_000)
    assert run.levels_ua == [1]
    assert steps(run, [599, 2_999]) == [(2,), (10,)]


def test_req_33_each_program_has_its_own_ramp() -> None:
    run = begun(2_000, 100, ramp_up_ms=1_000)
    assert run.levels_ua == [40, 2]
    assert steps(run, [1]) == [(80, 4)]


@pytest.mark.parametrize(
    ("rate_millihz", "amplitude_ua", "least_ms"),
    [
        (50_000, 2_000, 80),  # four steps of 20 ms
        (50_000, 2_001, 81),
        (1_000, 4_000, 8_000),  # eight periods of 1 s
        (3_000, 1_000, 667),  # two of 333.3 ms
        (1_000_000, 25_500, 1_020),
        (9_999_991, 25, 2),  # a twentieth of a step of 200 periods, which take 20.000018 ms
    ],
)
def test_req_18_the_shortest_ramp_has_steps_of_500_ua(
    rate_millihz: int, amplitude_ua: int, least_ms: int
) -> None:
    assert least_ramp_up_ms(amplitude_ua, rate_millihz, 1) == least_ms
    assert least_ramp_up_ms(amplitude_ua, 10 * rate_millihz, 10) == least_ms  # of another program


# --- live changes ---------------------------------------------------------------------------------
def test_req_18_a_new_target_is_followed_from_the_next_period() -> None:
    run = begun(500)
    assert steps(run, [1, 250]) == [(), ()]
    run.targets_ua[0] = 700
    run.retarget()
    assert steps(run, [251, 252]) == [(700,), ()]


def test_req_18_a_new_target_above_is_approached_in_steps_and_one_below_at_once() -> None:
    run = begun(500)
    run.targets_ua[0] = 1_700
    run.retarget()
    assert steps(run, [1, 2, 3, 4]) == [(1_000,), (1_500,), (1_700,), ()]
    run.targets_ua[0] = 300
    run.retarget()
    assert steps(run, [5, 6]) == [(300,), ()]


def test_req_18_a_target_raised_again_and_again_gains_nothing() -> None:
    """Each command begins a new way, and yet 20 ms lie between two steps up."""
    run = begun(2_000, rate_millihz=1_000_000)
    for period in range(1, 20):
        run.retarget()
        assert steps(run, [period]) == [()]
    run.retarget()
    assert steps(run, [20]) == [(1_000,)]


def test_req_18_only_a_rise_delays_the_next_one() -> None:
    run = begun(500, 100, rate_millihz=1_000_000)
    for at, target, levels in (
        (30, 300, (300, 100)),
        (35, 700, (700, 100)),
        (40, 900, ()),
        (55, 900, (900, 100)),
    ):
        run.targets_ua[0] = target
        run.retarget()
        assert steps(run, [at]) == [levels]
    slight = begun(500, rate_millihz=1_000_000)
    for at, target, levels in ((30, 501, (501,)), (35, 600, ())):
        slight.targets_ua[0] = target
        slight.retarget()
        assert steps(slight, [at]) == [levels]


def test_req_33_a_ramp_to_a_new_target_begins_where_it_is() -> None:
    run = begun(500, ramp_up_ms=1_000)
    steps(run, list(range(1, 50)))
    assert run.levels_ua == [500]
    run.targets_ua[0] = 1_000  # 20 uA a period
    run.retarget()
    assert steps(run, [100, 101]) == [(520,), (540,)]


def test_req_33_what_was_staged_and_given_up_is_never_part_of_the_way() -> None:
    run = begun(2_000)
    assert steps(run, [1]) == [(1_000,)]
    run.targets_ua[0] = 300
    run.retarget()
    run.follow(1, (500,))  # 1 mA was staged, 0.5 mA flows
    assert tuple(run.step(1)) == (300,)
    run.end()
    run.follow(1, (500,))
    assert tuple(run.step(1)) == (0,)


@pytest.mark.parametrize(
    ("target", "ramp_up_ms", "rate_millihz", "takes_ms"),
    [
        (1_500, 0, 50_000, 60),  # three steps, the first one with the next period
        (1_501, 0, 50_000, 80),
        (2_000, 1_000, 50_000, 1_000),
        (2_000, 10_000, 1_000, 10_000),
        (1_000, 0, 500_000, 22),  # the second step is ten periods of 2 ms after the first
        (1, 0, 50_000, 20),
        (2_000, 1_000, 500_000, 982),  # 50 steps of ten periods, the first one with the next
        (2_000, 1_020, 50_000, 1_020),  # 51 steps
        (1, 0, 1_000_001, 0),  # a period is less than 1 ms
    ],
)
def test_req_18_how_long_the_way_will_take(
    target: int, ramp_up_ms: int, rate_millihz: int, takes_ms: int
) -> None:
    run = begun(2_000, ramp_up_ms=ramp_up_ms, rate_millihz=rate_millihz)
    run.targets_ua[0] = target
    assert run.settles_in_ms(0, 0) == takes_ms


def test_req_18_the_way_from_a_level_that_flows() -> None:
    run = begun(1_500)
    assert run.settles_in_ms(0, 500) == 40  # two steps
    assert run.settles_in_ms(0, 1_700) == 20  # down at once, with the next period


# --- down -----------------------------------------------------------------------------------------
def test_req_33_a_stop_without_a_ramp_does_not_wait_for_a_step() -> None:
    run = begun(500, rate_millihz=1_000_000)
    run.end()
    assert run.phase == DOWN
    assert steps(run, [1, 20, 40]) == [(0,), (), ()]
    run.ended()
    assert run.phase == DONE


def test_req_33_a_ramp_down_takes_the_time_it_was_given() -> None:
    # 500 uA in 100 ms: 100 uA in 20 ms
    run = begun(500, ramp_down_ms=100)
    run.end()
    assert steps(run, [9, 10, 11, 12, 13]) == [(400,), (300,), (200,), (100,), (0,)]


@pytest.mark.parametrize("since", [30, 33])
def test_req_33_a_ramp_down_falls_every_20_ms_from_its_start(since: int) -> None:
    # 500 uA in 1 s, periods of 1 ms: after 1 ms half a uA, taken for one; after 21 ms ten
    run = begun(500, rate_millihz=1_000_000, ramp_down_ms=1_000)
    run.end()
    places = [since, since + 1, since + 14, since + 19, since + 20]
    assert steps(run, places) == [(499,), (), (), (), (490,)]
    timed = begun(500, rate_millihz=1_000_000, session_ms=since, ramp_down_ms=1_000)
    assert steps(timed, places) == [(499,), (), (), (), (490,)]


def test_req_33_a_stop_in_the_middle_of_a_ramp_up_never_rises() -> None:
    run = begun(2_000, ramp_up_ms=1_000, ramp_down_ms=1_000)
    steps(run, [1, 2])
    run.end()
    assert steps(run, [3, 4, 5, 6]) == [(80,), (40,), (0,), ()]


def test_req_33_a_ramp_down_slower_than_1_ua_a_step_still_falls() -> None:
    run = begun(2, ramp_down_ms=60_000)
    run.end()
    assert steps(run, [20, 1_500, 3_019]) == [(1,), (), (0,)]


def test_req_32_a_halt_leaves_nothing() -> None:
    run = begun(500, cycle_on_ms=1_000, cycle_off_ms=1_000)
    run.halt()
    assert (run.phase, run.levels_ua) == (DONE, [0])
    assert steps(run, [1, 250]) == [(), ()]
    assert not run.rested(10_000)


# --- cycles and sessions --------------------------------------------------------------------------
def test_req_33_a_cycle_is_counted_from_its_start() -> None:
    run = begun(400, cycle_on_ms=1_000, cycle_off_ms=3_000)
    for number in range(1, 4):
        assert run.ends == 50
        run.ended()
        assert run.phase == REST
        assert [run.rested(4_000 * number + late) for late in (-1, 0)] == [False, True]
        run.begin()
        assert (run.phase, run.levels_ua) == (UP, [400])


def test_req_33_the_ramps_of_a_cycle_lie_within_its_on_time() -> None:
    # 50 periods of 20 ms: ten up, and in the last ten 40 uA less in each
    run = begun(400, cycle_on_ms=1_000, cycle_off_ms=1_000, ramp_up_ms=200, ramp_down_ms=200)
    levels = [run.levels_ua[0]]
    for period in range(1, 50):
        steps(run, [period])
        levels.append(run.levels_ua[0])
    up = list(range(40, 401, 40))
    assert levels == up + [400] * 30 + up[::-1]


def test_req_33_the_last_period_of_a_slow_ramp_down_still_has_a_current() -> None:
    # 10 uA in 1 s: a fifth of a uA in the last 20 ms
    run = begun(10, cycle_on_ms=1_000, cycle_off_ms=1_000, ramp_down_ms=1_000)
    assert steps(run, [49]) == [(1,)]


def test_req_33_an_on_time_is_whole_periods() -> None:
    assert begun(400, rate_millihz=3_000, cycle_on_ms=1_000, cycle_off_ms=1_000).ends == 3
    assert begun(400, rate_millihz=1_500, cycle_on_ms=1_000, cycle_off_ms=1_000).ends == 1
    assert begun(400, rate_millihz=999_999, cycle_on_ms=1_000, cycle_off_ms=1_000).ends == 999


def test_req_33_a_stop_ends_the_cycle_in_its_rest_and_in_its_on_time() -> None:
    for resting in (True, False):
        run = begun(400, cycle_on_ms=1_000, cycle_off_ms=1_000)
        if resting:
            run.ended()
        run.end()
        if not resting:
            assert steps(run, [20]) == [(0,)]
            run.ended()
        assert run.phase == DONE
        assert not run.rested(60_000)


def test_req_33_the_next_start_cycles_again() -> None:
    run = begun(400, cycle_on_ms=1_000, cycle_off_ms=1_000)
    run.end()
    run.ended()
    run.start(10_000)
    run.begin()
    run.ended()
    assert [run.rested(now) for now in (11_999, 12_000)] == [False, True]


def test_req_33_without_a_cycle_a_run_has_no_end_and_nothing_comes_after_it() -> None:
    run = begun(400)
    assert run.ends == 0
    run.ended()
    assert run.phase == DONE


def test_req_33_a_run_lasts_as_long_as_its_on_time_or_what_is_left_of_its_pulses() -> None:
    assert [begun(400).lasts(left) for left in (0, 7)] == [0, 7]
    cycle = begun(400, cycle_on_ms=1_000, cycle_off_ms=1_000)
    assert [cycle.lasts(left) for left in (0, 7, 60)] == [50, 7, 50]


def test_a_session_counts_from_its_start_and_has_a_period_at_least() -> None:
    run = train(400, session_ms=1_000)
    run.start(10_000)
    run.begin()
    assert (run.ends, run.times_out) == (50, True)
    # half a period of 1 s; of its ramp down the first fifth is over at the end of the next one
    short = begun(400, rate_millihz=1_000, session_ms=500, ramp_down_ms=5_000)
    assert (short.turns, short.times_out) == (1, True)
    assert steps(short, [1]) == [(320,)]
    assert short.phase == DOWN


def test_a_session_that_ends_with_an_on_time_ends_in_it() -> None:
    run = begun(400, session_ms=1_000, cycle_on_ms=1_000, cycle_off_ms=1_000)
    assert (run.turns, run.times_out) == (50, True)
    run.ended()
    assert run.phase == DONE


def test_a_session_is_whole_periods_and_its_ramp_down() -> None:
    # 1 s at 50 Hz, then 10 periods down
    bare = begun(400, session_ms=1_000)
    assert (bare.ends, bare.times_out) == (50, True)
    run = begun(400, session_ms=1_000, ramp_down_ms=200)
    assert (run.ends, run.turns, run.times_out) == (0, 50, True)
    steps(run, list(range(1, 50)))
    assert run.levels_ua == [400]
    assert steps(run, [50, 51, 58, 59]) == [(360,), (320,), (40,), (0,)]
    run.ended()
    assert run.phase == DONE


def test_a_session_that_ends_within_its_ramp_up_goes_down_from_there() -> None:
    # 400 uA in 1 s are 8 uA a period; from the 25th one on 40 uA less in each
    run = begun(400, session_ms=500, ramp_up_ms=1_000, ramp_down_ms=200)
    steps(run, list(range(1, 25)))
    assert run.levels_ua == [200]
    assert steps(run, [25, 26, 27, 28, 29]) == [(160,), (120,), (80,), (40,), (0,)]


def test_a_session_of_several_on_times_ends_in_the_last_of_them() -> None:
    # 2.5 s of 1 s on and 1 s off: all of the first on time, half of the second
    run = begun(400, session_ms=2_500, cycle_on_ms=1_000, cycle_off_ms=1_000)
    assert (run.ends, run.turns, run.times_out) == (50, 0, False)
    run.ended()
    run.begin()
    assert (run.ends, run.times_out) == (25, True)
    run.ended()
    assert run.phase == DONE


# --- any history ----------------------------------------------------------------------------------
moves = st.one_of(
    st.tuples(st.just("wait"), st.integers(1, 45)),
    st.tuples(st.just("wait"), st.integers(1, 3_000)),
    st.tuples(st.just("target"), st.integers(1, 12_500)),
    st.tuples(st.just("late"), st.integers(1, 3)),
    st.tuples(st.just("end"), st.just(0)),
)


@given(
    st.integers(1, 12_500),
    st.sampled_from([1_000, 50_000, 333_000, 10_000_000]),
    st.sampled_from([0, 10, 500, 60_000]),
    st.sampled_from([0, 500]),
    st.sampled_from([0, 60_000]),
    st.lists(moves, max_size=60),
)
def test_req_18_no_history_makes_a_rise_too_large_or_too_soon(
    target: int, rate_millihz: int, up_ms: int, down_ms: int, cycle_ms: int, history: list
) -> None:
    times = dict(ramp_up_ms=up_ms, ramp_down_ms=down_ms, cycle_on_ms=cycle_ms)
    run = begun(target, 1_000, rate_millihz=rate_millihz, cycle_off_ms=cycle_ms, **times)
    flowing, rose = tuple(run.levels_ua), 0
    assert max(flowing) <= 500
    period, late = 0, 0
    for move, value in history:
        if move == "target":
            run.targets_ua[0] = value
            run.retarget()
        elif move == "end":
            run.end()
        elif move == "late":
            late = value
        else:
            period += value
        run.follow(period + 1, flowing)
        levels = tuple(run.step(period + 1))
        if not levels:
            continue
        since = period + 1 + late
        run.staged(since, levels)
        if any(new > old for new, old in zip(levels, flowing, strict=True)):
            assert (since - rose) * 1_000_000 >= 20 * rate_millihz
            rose = since
        assert all(new - old <= 500 for new, old in zip(levels, flowing, strict=True))
        assert all(0 <= new <= 12_500 for new in levels)
        assert run.phase != DOWN or max(levels) <= max(flowing)
        flowing, period, late = levels, since, 0


@given(
    st.integers(1, 12_500),
    st.sampled_from([1_000, 20_000, 50_000, 1_000_000]),
    st.integers(0, 60_000),
    st.integers(0, 60_000),
)
def test_req_33_every_ramp_arrives_in_its_time(
    target: int, rate_millihz: int, up_ms: int, down_ms: int
) -> None:
    up_ms = max(up_ms, -(-target * max(20, 1_000_000 // rate_millihz) // 500))
    run = begun(target, rate_millihz=rate_millihz, ramp_up_ms=up_ms, ramp_down_ms=down_ms)
    period_ms = 1_000_000 / rate_millihz
    step = max(1, int(20 / period_ms))
    period = 0
    while run.levels_ua[0] < target:
        period += step
        steps(run, [period])
        assert (period + step) * period_ms <= up_ms + 2 * max(20, period_ms)
    run.end()
    turned = period
    while run.levels_ua[0]:
        period += step
        steps(run, [period])
        assert (period - turned) * period_ms <= down_ms + 2 * max(20, period_ms)


# --- how long nothing changes ------------------------------------------------------------------
@pytest.mark.parametrize(
    ("rate_millihz", "header", "ends"),
    [
        (50_000, {}, 0),
        (50_000, {"cycle_on_ms": 1_000, "cycle_off_ms": 1_000}, 49),  # a step before the 50th
        (50_000, {"cycle_on_ms": 1_000, "cycle_off_ms": 1_000, "ramp_down_ms": 200}, 39),
        (50_000, {"session_ms": 1_000}, 49),
        (50_000, {"session_ms": 1_000, "ramp_down_ms": 200}, 50),  # it falls from there on
        # at 1 kHz a step is 20 periods: 1000 - 205 - 20 = 775, and the boundary before it
        (1_000_000, {"cycle_on_ms": 1_000, "cycle_off_ms": 1_000, "ramp_down_ms": 205}, 760),
        (1_000, {"cycle_on_ms": 1_000, "cycle_off_ms": 1_000}, 0),  # a single period
        (1_000, {"cycle_on_ms": 2_000, "cycle_off_ms": 1_000}, 1),
    ],
)
def test_req_33_a_plateau_ends_where_the_way_down_may_begin(
    rate_millihz: int, header: dict[str, int], ends: int
) -> None:
    assert begun(400, rate_millihz=rate_millihz, **header).plateau_ends() == ends


def test_req_33_the_loop_sleeps_no_longer_than_until_a_level_may_change() -> None:
    assert begun(400).quiet_ms(1) == 1_000  # at its target, for ever
    assert begun(2_000).quiet_ms(1) == 10  # half a period: the next step is due
    cycle = {"cycle_on_ms": 1_000, "cycle_off_ms": 1_000, "ramp_down_ms": 200}
    assert begun(400, **cycle).quiet_ms(1) == 37 * 20  # from the period before it
    assert begun(400, **cycle).quiet_ms(39) == 10
    long = {"cycle_on_ms": 20_000, "cycle_off_ms": 1_000}
    assert begun(400, **long).quiet_ms(1) == 255 * 20
    single = {"cycle_on_ms": 1_000, "cycle_off_ms": 1_000}
    assert begun(400, rate_millihz=1_000, **single).quiet_ms(1) == 1_000


def test_req_33_a_period_of_two_pulses_takes_twice_their_time() -> None:
    run = Train(group(TONIC._replace(amplitude_ua=400, count=2), session_ms=1_000))
    run.start(0)
    run.begin()
    assert (run.turns, run.ends) == (25, 25)  # of 40 ms
    assert begun(2_000, ramp_up_ms=1_000).preview() == (40,)
    run = Train(group(TONIC._replace(amplitude_ua=2_000, count=2), ramp_up_ms=1_000))
    assert run.preview() == (80,)
