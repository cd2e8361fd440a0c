"""The stream of the seam: counted, stopped, swapped and cut, to the tick."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.benches import (
    RANDLES,
    US,
    bench,
    biphasic,
    frame,
    stream,
)
from tests.support.exploring import examples
from tests.support.started_streams import FIRST_LATCH, IDLE_FRAME, expected, running

from scs_sim.bench.stream import ENDED, HALTED


@pytest.mark.parametrize("periods", [1, 2, 48])
def test_req_35_a_counted_train_has_exactly_so_many_periods(periods: int) -> None:
    what = biphasic()
    sim = running(what, periods)
    sim.advance_us(60_000)
    assert sim.hal.stream_state() == (ENDED, periods, 0, 0)
    assert list(sim.sequencer.latched) == expected((what, periods))
    assert not sim.gate


def test_req_33_stop_ends_after_the_period_that_is_played() -> None:
    """Stop while DMA is in the next period too: its 8 words are a whole period ahead."""
    what = biphasic()
    sim = running(what)
    sim.advance_us(2_100)
    sim.hal.stream_stop()
    sim.advance_us(10_000)
    assert sim.hal.stream_state() == (ENDED, 3, 0, 0)
    assert list(sim.sequencer.latched) == expected((what, 3))
    assert not sim.gate


def test_stop_right_after_the_start_ends_after_one_period() -> None:
    sim = running(biphasic())
    sim.hal.stream_stop()
    sim.advance_us(10_000)
    assert sim.hal.stream_state() == (ENDED, 1, 0, 0)


def test_stop_of_a_long_table_ends_with_the_period_under_way() -> None:
    records = [(500, 2, frame(2047, 1, 2))] + [(500, 0, IDLE_FRAME)] * 40
    sim = running(stream(*records))
    sim.advance_us(10)
    sim.hal.stream_stop()
    sim.advance_us(10_000)
    assert sim.hal.stream_state() == (ENDED, 1, 0, 0)


def test_a_swap_happens_at_a_period_boundary_and_is_told_when_it_plays() -> None:
    first, second = biphasic(320), biphasic(400)
    sim = running(first)
    sim.advance_us(2_100)
    since = sim.hal.stream_load(second)
    assert since in (3, 4)
    assert sim.hal.stream_words() == first.words
    sim.advance_us(3_000)
    assert sim.hal.stream_words() == second.words
    sim.hal.halt()
    assert list(sim.sequencer.latched)[: 4 * 5] == expected((first, since), (second, 5))[:20]


@examples(40)
@given(
    st.lists(st.tuples(st.integers(1, 6_000), st.integers(1, 500)), max_size=6),
    st.integers(200, 1_500),
)
def test_no_swap_loses_doubles_or_cuts_a_pulse(
    swaps: list[tuple[int, int]], period_us: int
) -> None:
    period = max(period_us, 450) * US
    tables = [biphasic(320, period=period)]
    sim = running(tables[0])
    since = 0
    for wait_us, code in swaps:
        sim.advance_us(wait_us)
        tables.append(biphasic(code, period=period))
        since = sim.hal.stream_load(tables[-1])
    sim.advance_us(3 * period_us + 2_000)
    state = sim.hal.stream_state()
    latched = list(sim.sequencer.latched)
    assert [tick for tick, _ in latched] == [row[0] for row in expected((tables[0], 99))][
        : len(latched)
    ]
    periods = [tuple(bits for _, bits in latched[at : at + 4]) for at in range(0, len(latched), 4)]
    whole = periods if len(periods[-1]) == 4 else periods[:-1]
    assert all(one_period in {table.frames for table in tables} for one_period in whole)
    assert len(periods) == state.periods + 1
    # the last one staged is the one that plays, since the period that was named
    assert set(whole[since:]) == {tables[-1].frames}


def test_halt_drops_the_gate_at_its_instant_and_keeps_the_cut() -> None:
    sim = running(biphasic(), load=RANDLES)
    sim.advance_us(3_300)
    sim.hal.halt()
    assert not sim.gate
    state = sim.hal.stream_state()
    # 3300 us: in the fourth period 300 us less the start, past 25000 and 3750 ticks
    assert state == (HALTED, 3, 2, 300 * US - FIRST_LATCH - 28_750)
    sim.advance_us(1_000)
    assert sim.hal.stream_state() == state
    rows = sim.scope().rows(0.003_29, 0.003_31)
    assert rows.time_s[1:3] == pytest.approx([0.0033, 0.0033])
    assert rows.current_a[1] == pytest.approx(2e-3)
    assert abs(rows.current_a[2]) < 20e-6  # bled: what the capacitor holds through 10 kohm


def test_halt_before_the_first_latch_delivers_nothing() -> None:
    sim = running(biphasic())
    sim.advance_us(1)
    sim.hal.halt()
    assert sim.hal.stream_state() == (HALTED, 0, 0, 0)
    sim.advance_us(1_000)
    assert set(sim.scope().rows().current_a) == {0.0}


def test_a_restart_shows_nothing_of_what_was_latched_before() -> None:
    sim = running(biphasic())
    sim.advance_us(100)
    sim.hal.halt()  # the DAC and the switches keep a cathodic phase
    sim.hal.stream_load(biphasic(320))
    sim.advance_us(100)
    sim.hal.stream_start(0)
    sim.advance_us(1)
    rows = sim.scope().rows(99.9e-6)
    assert rows.current_a[0] == pytest.approx(-2e-3)
    assert set(rows.current_a[2:]) == {0.0}


def test_start_without_a_stream_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing is staged"):
        bench().hal.stream_start(0)
