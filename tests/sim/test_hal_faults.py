"""Ends of a stream by itself: starving, the sentinel, the watchdog; to the tick."""

import pytest
from tests.support.benches import (
    US,
    Idler,
    bench,
    biphasic,
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
    one = running(what)
    one.tick = at_tick
    one.sequencer.run_to(at_tick)
    one.sequencer.dma.starve()
    one.advance_us(10_000)
    state = one.hal.stream_state()
    assert state.status == STARVED
    assert not one.gate
    assert list(one.sequencer.latched) == expected((what, 2))[:latched]
    assert (state.periods, state.record) == divmod(latched - 1, 4)
    # RUN falls 5 ticks after the hold of the last record: 139 less, 5 more
    assert state.ticks_in == what.ticks[state.record] - 139 + 5


def test_req_50_a_train_without_a_word_ends_before_it_begins() -> None:
    one = bench()
    one.hal.stream_load(biphasic())
    one.hal.stream_start(0)
    one.sequencer.dma.abort()
    one.advance_us(1_000)
    assert one.hal.stream_state() == (STARVED, 0, 0, 0)
    assert not one.gate


def test_req_51_a_run_of_active_beyond_its_ceiling_drops_the_gate() -> None:
    what = biphasic()
    one = running(what._replace(max_active_ticks=20_000))
    one.advance_us(10_000)
    state = one.hal.stream_state()
    assert (state.status, state.periods, state.record) == (TRIPPED, 0, 0)
    assert 20_000 < state.ticks_in <= 20_000 + 2 * US  # within 2 us
    assert not one.gate
    one.hal.stream_load(what)
    one.hal.stream_start(0)
    one.advance_us(10_000)
    assert one.hal.stream_state().status == RUNNING


def test_req_51_the_ceiling_itself_does_not_trip() -> None:
    one = running(biphasic()._replace(max_active_ticks=25_000))
    one.advance_us(10_000)
    assert one.hal.stream_state().status == RUNNING


def test_req_51_the_ceiling_follows_a_swap_to_longer_and_back_to_shorter_runs() -> None:
    short, long = biphasic(width=12_500), biphasic(width=37_500)
    one = running(short)
    for what in (long, short):
        one.advance_us(2_100)
        one.hal.stream_load(what)
        one.advance_us(5_000)
        assert one.hal.stream_state().status == RUNNING
        assert one.hal.stream_words() == what.words
    one.hal.stream_load(long._replace(max_active_ticks=12_500))
    one.advance_us(5_000)
    assert one.hal.stream_state().status == TRIPPED


def test_req_51_the_ceiling_comes_down_once_the_swap_is_seen() -> None:
    one = running(biphasic(width=37_500))
    one.hal.stream_load(biphasic(width=12_500))
    one.advance_us(5_000)
    one.hal.stream_state()
    one.advance_us(2_000)  # the ceiling is taken at the start of a run
    one.sequencer.dma.corrupt(12)  # 1024 ticks more in the first record
    one.advance_us(5_000)
    state = one.hal.stream_state()
    assert (state.status, state.record) == (TRIPPED, 0)
    assert 12_500 < state.ticks_in < 12_500 + 2 * US


def test_req_52_a_loop_that_stands_still_is_reset_with_the_output_off() -> None:
    one = running(biphasic())
    one.advance_us(10_200)
    before = one.device
    one.inject("hung_loop")
    one.advance_us(250_000 - 1)
    assert one.gate
    assert one.resets == 0
    one.advance_us(1)
    assert not one.gate
    assert (one.resets, one.hal.reset_cause()) == (1, 1)
    assert one.device is not before
    assert one.hal.stream_state() == (IDLE, 0, 0, 0)
    one.advance_us(1_000)
    # fed at 10.2 ms, bitten at 260.2 ms: a microsecond before the cathodic phase would have ended
    rows = one.scope().events(0.260_19)
    assert rows.current_a[:2] == pytest.approx([-2e-3, -2e-3])
    assert rows.time_s[1] == pytest.approx(0.260_2, abs=1e-12)
    assert set(rows.current_a[2:]) == {0.0}


def test_a_device_that_steps_without_feeding_is_reset_too() -> None:
    class Careless(Idler):
        def step(self) -> None:
            """Leave the watchdog unfed."""

    one = bench(Careless)
    one.advance_us(600_000)
    assert one.resets == 2
