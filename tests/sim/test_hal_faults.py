"""Ends of a stream by itself: starving, the sentinel, the watchdog; to the tick."""

import pytest
from tests.support.benches import (
    US,
    Idler,
    Sleeper,
    bench,
    biphasic,
    frame,
    stream,
)
from tests.support.started_streams import expected, running

from scs_sim.bench.stream import IDLE, RUNNING, STARVED, TRIPPED


@pytest.mark.parametrize(
    ("at_tick", "latched"),
    # FIRST_LATCH less 131 is the pull of the first frame; 8 words are then in the FIFO
    [(0, 4), (1_000, 5), (25_001, 5), (25_003, 5), (25_006, 6), (53_760, 8)],
)
def test_req_50_a_train_that_starves_drops_the_gate_before_an_incomplete_record(
    at_tick: int, latched: int
) -> None:
    what = biphasic()
    sim = running(what)
    sim.tick = at_tick
    sim.sequencer.run_to(at_tick)
    sim.sequencer.starve(sim.tick)
    sim.advance_us(10_000)
    state = sim.hal.stream_state()
    assert state.status == STARVED
    assert not sim.gate
    assert list(sim.sequencer.latched) == expected((what, 2))[:latched]
    assert (state.periods, state.record) == divmod(latched - 1, 4)
    # RUN falls 5 ticks after the hold of the last record: 139 less, 5 more
    assert state.ticks_in == what.ticks[state.record] - 139 + 5


def test_req_50_a_train_without_a_word_ends_before_it_begins() -> None:
    sim = bench()
    sim.hal.stream_load(biphasic())
    sim.hal.stream_start(0)
    sim.sequencer.dma.abort()
    sim.advance_us(1_000)
    assert sim.hal.stream_state() == (STARVED, 0, 0, 0)
    assert not sim.gate


def test_req_51_a_run_of_active_beyond_its_ceiling_drops_the_gate() -> None:
    what = biphasic()
    sim = running(what._replace(max_active_ticks=20_000))
    sim.advance_us(10_000)
    state = sim.hal.stream_state()
    assert (state.status, state.periods, state.record) == (TRIPPED, 0, 0)
    assert 20_000 < state.ticks_in <= 20_000 + 2 * US  # within 2 us
    assert not sim.gate
    sim.hal.stream_load(what)
    sim.hal.stream_start(0)
    sim.advance_us(10_000)
    assert sim.hal.stream_state().status == RUNNING


def test_req_51_the_ceiling_itself_does_not_trip() -> None:
    sim = running(biphasic()._replace(max_active_ticks=25_000))
    sim.advance_us(10_000)
    assert sim.hal.stream_state().status == RUNNING


def test_req_51_the_ceiling_follows_a_swap_to_longer_and_back_to_shorter_runs() -> None:
    short, long = biphasic(width=12_500), biphasic(width=37_500)
    sim = running(short)
    for what in (long, short):
        sim.advance_us(2_100)
        sim.hal.stream_load(what)
        sim.advance_us(5_000)
        assert sim.hal.stream_state().status == RUNNING
        assert sim.hal.stream_words() == what.words
    sim.hal.stream_load(long._replace(max_active_ticks=12_500))
    sim.advance_us(5_000)
    assert sim.hal.stream_state().status == TRIPPED


# 200 us and 160 us of one active run in 1 ms; the rest is longer than what DMA holds ahead
ONE_RUN = [
    stream((width, 2, frame(1_728, 1, 2)), *[((125_000 - width) // 10, 0, frame(2048, 0, 3))] * 10)
    for width in (25_000, 20_000)
]


def test_req_51_a_ceiling_that_came_down_is_not_taken_for_a_longer_run_behind_it() -> None:
    """The swap to shorter runs is seen as late as the one back to longer ones is staged."""
    longer, shorter = ONE_RUN
    sim = running(longer, device=Sleeper)
    sim.hal.stream_load(shorter)
    sim.advance_us(3_300)  # in the rest of the fourth period, and so is DMA
    sim.hal.stream_load(longer)
    sim.advance_us(5_000)
    assert sim.hal.stream_state()[:2] == (RUNNING, 8)


def test_req_51_the_ceiling_comes_down_once_the_swap_is_seen() -> None:
    sim = running(biphasic(width=37_500))
    sim.hal.stream_load(biphasic(width=12_500))
    sim.advance_us(5_000)
    sim.hal.stream_state()
    sim.advance_us(2_000)  # the ceiling is taken at the start of a run
    sim.sequencer.corrupt(sim.tick, 12)  # 1024 ticks more in the first record
    sim.advance_us(5_000)
    state = sim.hal.stream_state()
    assert (state.status, state.record) == (TRIPPED, 0)
    assert 12_500 < state.ticks_in < 12_500 + 2 * US


def test_req_52_a_loop_that_stands_still_is_reset_with_the_output_off() -> None:
    sim = running(biphasic())
    sim.advance_us(10_200)
    before = sim.device
    sim.inject("hung_loop")
    sim.advance_us(250_000 - 1)
    assert sim.gate
    assert sim.resets == 0
    sim.advance_us(1)
    assert not sim.gate
    assert (sim.resets, sim.hal.reset_cause()) == (1, 1)
    assert sim.device is not before
    assert sim.hal.stream_state() == (IDLE, 0, 0, 0)
    sim.advance_us(1_000)
    # fed at 10.2 ms, bitten at 260.2 ms: a microsecond before the cathodic phase would have ended
    rows = sim.scope().rows(0.260_19)
    assert rows.current_a[:2] == pytest.approx([-2e-3, -2e-3])
    assert rows.time_s[1] == pytest.approx(0.260_2, abs=1e-12)
    assert set(rows.current_a[2:]) == {0.0}


def test_a_device_that_steps_without_feeding_is_reset_too() -> None:
    class Careless(Idler):
        def turn(self) -> None:
            """Leave the watchdog unfed."""

    sim = bench(Careless)
    sim.advance_us(600_000)
    assert sim.resets == 2
