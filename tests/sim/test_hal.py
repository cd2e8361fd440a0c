"""The seam in virtual time: what the device is told, and what leaves the stage, to the tick."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sim.bench_support import (
    LADDER_PINS,
    RANDLES,
    SERIAL_PINS,
    US,
    Echo,
    Idler,
    Stream,
    bench,
    biphasic,
    board,
    frame,
    stream,
)

from scs_sim.board import SimBoard
from scs_sim.stream import ENDED, HALTED, IDLE, RUNNING, STARVED, TRIPPED, latch_offset_ticks, lines

IDLE_FRAME = frame(2048, 0, 0)
# from the start: look at the FIFO (3), fetch and shift the first record (5 + 128), latch
FIRST_LATCH = 136


def running(what: Stream, periods: int = 0, **options) -> SimBoard:
    """A bench whose stream was started at its first microsecond."""
    one = bench(**options)
    one.hal.stream_load(what)
    one.hal.stream_start(periods)
    return one


def expected(*parts: tuple[Stream, int]) -> list[tuple[int, int]]:
    """(tick, frame) of every latch of so many periods of each stream, one after the other."""
    at, out = FIRST_LATCH, []
    for what, periods in parts:
        for ticks, bits in list(zip(what.ticks, what.frames, strict=True)) * periods:
            out.append((at, bits))
            at += ticks
    return out


def test_power_on_is_idle_with_the_gate_low() -> None:
    one = bench()
    assert not one.gate
    assert one.hal.stream_state() == (IDLE, 0, 0, 0, 0)
    assert one.hal.reset_cause() == 0
    assert one.hal.stream_words() == b""


def test_time_wraps_at_two_to_the_thirty_microseconds() -> None:
    one = bench()
    one.advance_us((1 << 30) - 5)
    assert one.hal.now_us() == (1 << 30) - 5
    one.advance_us(7)
    assert (one.hal.now_us(), one.now_us()) == (2, (1 << 30) + 2)


def test_a_turn_costs_200_us_while_a_stream_runs_and_5_ms_while_nothing_happens() -> None:
    one = bench()
    one.advance_us(20_000)
    assert one.device.turns_us == [0, 5_000, 10_000, 15_000, 20_000]
    one.hal.stream_load(biphasic())
    one.hal.stream_start(0)
    one.advance_us(6_000)
    assert one.device.turns_us[5:] == list(range(25_000, 26_001, 200))


def test_a_byte_calls_an_idle_loop_within_one_turn() -> None:
    one = bench(Echo)
    one.advance_us(1_000)  # in the middle of an idle turn
    one.host_write(b"abc")
    one.advance_us(199)
    assert one.host_read() == b""
    one.advance_us(1)
    assert one.host_read() == b"bcd"


def test_waiting_for_bytes_ends_when_they_are_there() -> None:
    one = bench(Echo)
    one.advance_us(1_000)
    one.host_write(b"abc")
    one.advance_us(1_000_000, until_waiting=3)
    assert (one.now_us(), one.host_read()) == (1_200, b"bcd")
    one.advance_us(1_000, until_waiting=1)
    assert one.now_us() == 2_200


@pytest.mark.parametrize(("stage", "ticks"), [(0, 131), (1, 4)], ids=["serial", "parallel"])
def test_the_latch_comes_so_long_after_the_pull_of_the_frame(stage: int, ticks: int) -> None:
    # pull at h+8; latch at h+139 and at h+12
    assert latch_offset_ticks(board(stage), lines(LADDER_PINS if stage else SERIAL_PINS)) == ticks


def test_every_record_is_latched_at_its_tick_with_its_bits() -> None:
    what = biphasic()
    one = running(what)
    one.advance_us(10_000)
    one.scope()
    # ten periods of 1 ms less the start: the first three records of the tenth, and its fourth
    assert list(one.sequencer.latched) == expected((what, 10))


def test_the_measured_current_is_that_of_the_bits() -> None:
    one = running(biphasic(), load=RANDLES)
    one.advance_us(5_000)
    rows = one.scope().events(0.0, 0.0005)
    latch_s = FIRST_LATCH / 125e6
    assert rows.time_s[2:-1:2] == pytest.approx(
        [latch_s, latch_s + 200e-6, latch_s + 230e-6, latch_s + 430e-6]
    )
    assert rows.current_a[3:9] == pytest.approx([-2e-3, 0, 0, 2e-3, 2e-3, 0], abs=3e-6)
    # 1 V, then 0.16 V more while 2.5 uF charge (and leak 32 pA x ... a little)
    assert rows.voltage_v[2:4] == pytest.approx([-1.0, -1.16], abs=1e-4)


def test_sample_sees_what_flowed_since_the_last_call() -> None:
    one = running(biphasic())
    one.advance_us(2_000)
    window = one.hal.sample()
    # 2 mA / 12.5 uA and 1 V / 8 mV, both ways; 250 kS/s for 2 ms
    assert window == (1888, 2208, 1923, 2173, 500)
    one.advance_us(300)
    assert one.hal.sample()[:2] == (1888, 2208)  # the third period's cathode and half an anode
    one.advance_us(400)
    assert one.hal.sample()[:2] == (2048, 2208)
    assert one.hal.sample() == (4095, 0, 4095, 0, 0)


@pytest.mark.parametrize("periods", [1, 2, 48])
def test_req_35_a_counted_train_has_exactly_so_many_periods(periods: int) -> None:
    what = biphasic()
    one = running(what, periods)
    one.advance_us(60_000)
    assert one.hal.stream_state() == (ENDED, periods, 0, 0, 0)
    assert list(one.sequencer.latched) == expected((what, periods))
    assert not one.gate


def test_req_33_stop_ends_after_the_period_that_is_played() -> None:
    """Where DMA is in the next one too: its 8 words are a whole period ahead."""
    what = biphasic()
    one = running(what)
    one.advance_us(2_100)
    one.hal.stream_stop()
    one.advance_us(10_000)
    assert one.hal.stream_state() == (ENDED, 3, 0, 0, 0)
    assert list(one.sequencer.latched) == expected((what, 3))
    assert not one.gate


def test_stop_right_after_the_start_ends_after_one_period() -> None:
    one = running(biphasic())
    one.hal.stream_stop()
    one.advance_us(10_000)
    assert one.hal.stream_state() == (ENDED, 1, 0, 0, 0)


def test_stop_of_a_long_table_ends_with_the_period_under_way() -> None:
    records = [(500, 2, frame(2047, 1, 2))] + [(500, 0, IDLE_FRAME)] * 40
    one = running(stream(*records))
    one.advance_us(10)
    one.hal.stream_stop()
    one.advance_us(10_000)
    assert one.hal.stream_state() == (ENDED, 1, 0, 0, 0)


def test_a_swap_happens_at_a_period_boundary_and_is_told_when_it_plays() -> None:
    first, second = biphasic(320), biphasic(400)
    one = running(first)
    one.advance_us(2_100)
    one.hal.stream_load(second)
    assert one.hal.stream_words() == first.words
    one.advance_us(3_000)
    state = one.hal.stream_state()
    assert state.swap_at in (3, 4)
    assert one.hal.stream_words() == second.words
    one.hal.halt()
    assert (
        list(one.sequencer.latched)[: 4 * 5] == expected((first, state.swap_at), (second, 5))[:20]
    )


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.integers(1, 6_000), st.integers(1, 500)), max_size=6),
    st.integers(200, 1_500),
)
def test_no_swap_loses_doubles_or_cuts_a_pulse(
    swaps: list[tuple[int, int]], period_us: int
) -> None:
    period = max(period_us, 450) * US
    tables = [biphasic(320, period=period)]
    one = running(tables[0])
    for wait_us, code in swaps:
        one.advance_us(wait_us)
        tables.append(biphasic(code, period=period))
        one.hal.stream_load(tables[-1])
    one.advance_us(3 * period_us + 2_000)
    state = one.hal.stream_state()
    latched = list(one.sequencer.latched)
    assert [tick for tick, _ in latched] == [row[0] for row in expected((tables[0], 99))][
        : len(latched)
    ]
    periods = [tuple(bits for _, bits in latched[at : at + 4]) for at in range(0, len(latched), 4)]
    whole = periods if len(periods[-1]) == 4 else periods[:-1]
    assert all(one_period in {table.frames for table in tables} for one_period in whole)
    assert len(periods) == state.periods + 1
    # the last one staged is the one that plays, since the period that was named
    assert set(whole[state.swap_at :]) == {tables[-1].frames}


def test_halt_drops_the_gate_at_its_instant_and_keeps_the_cut() -> None:
    one = running(biphasic(), load=RANDLES)
    one.advance_us(3_300)
    one.hal.halt()
    assert not one.gate
    state = one.hal.stream_state()
    # 3300 us: in the fourth period 300 us less the start, past 25000 and 3750 ticks
    assert state == (HALTED, 3, 0, 2, 300 * US - FIRST_LATCH - 28_750)
    one.advance_us(1_000)
    assert one.hal.stream_state() == state
    rows = one.scope().events(0.003_29, 0.003_31)
    assert rows.time_s[1:3] == pytest.approx([0.0033, 0.0033])
    assert rows.current_a[1] == pytest.approx(2e-3)
    assert abs(rows.current_a[2]) < 20e-6  # bled: what the capacitor holds through 10 kohm


def test_halt_before_the_first_latch_delivers_nothing() -> None:
    one = running(biphasic())
    one.advance_us(1)
    one.hal.halt()
    assert one.hal.stream_state() == (HALTED, 0, 0, 0, 0)
    one.advance_us(1_000)
    assert set(one.scope().events().current_a) == {0.0}


def test_a_restart_shows_nothing_of_what_was_latched_before() -> None:
    one = running(biphasic())
    one.advance_us(100)
    one.hal.halt()  # the DAC and the switches keep a cathodic phase
    one.hal.stream_load(biphasic(320))
    one.advance_us(100)
    one.hal.stream_start(0)
    one.advance_us(1)
    rows = one.scope().events(99.9e-6)
    assert rows.current_a[0] == pytest.approx(-2e-3)
    assert set(rows.current_a[2:]) == {0.0}


def test_start_without_a_stream_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing is staged"):
        bench().hal.stream_start(0)


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
    assert one.hal.stream_state() == (STARVED, 0, 0, 0, 0)
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
    assert one.hal.stream_state() == (IDLE, 0, 0, 0, 0)
    one.advance_us(1_000)
    # fed at 10.2 ms, bitten at 260.2 ms: a microsecond before the cathodic phase would have ended
    rows = one.scope().events(0.260_19)
    assert rows.current_a[:2] == pytest.approx([-2e-3, -2e-3])
    assert rows.time_s[1] == pytest.approx(0.260_2, abs=1e-12)
    assert set(rows.current_a[2:]) == {0.0}


def test_a_device_that_steps_without_feeding_is_reset_too() -> None:
    class Careless(Idler):
        def step(self) -> None:
            """Does not feed."""

    one = bench(Careless)
    one.advance_us(600_000)
    assert one.resets == 2


def test_the_ladder_plays_its_codes() -> None:
    what = stream(
        (2_500, 2, 28 << 24),
        (500, 0, 128 << 24),
        (2_500, 1, 228 << 24),
        (7_000, 0, 128 << 24),
        overhead=12,
    )
    one = running(what, 2, ladder=True)
    one.advance_us(300)
    assert one.hal.stream_state() == (ENDED, 2, 0, 0, 0)
    rows = one.scope().events()
    # 100 codes x 12.5 mV behind 1.5 kohm
    assert min(rows.current_a) == pytest.approx(-1.25 / 1500)
    assert max(rows.current_a) == pytest.approx(1.25 / 1500)
    # RUN connects the ladder, at its middle, one tick before the first latch at tick 9
    steps = [round(t * 125e6) for t in rows.time_s[1::2]]
    assert steps[:5] == [8, 9, 9 + 2_500, 9 + 3_000, 9 + 5_500]


def test_a_ladder_counts_records_that_repeat_a_code() -> None:
    quiet = [(2_000, 0, 128 << 24)] * 3
    one = running(stream((2_500, 2, 28 << 24), *quiet, overhead=12), ladder=True)
    one.advance_us(50)
    state = one.hal.stream_state()
    # 6250 ticks less the 9 to the first latch: past 2500 and one of 2000
    assert (state.record, state.ticks_in) == (2, 6_250 - 9 - 4_500)


def test_the_identification_resistor_is_the_declared_one_unless_it_is_missing() -> None:
    one = bench()
    assert one.hal.load_id() == 1309
    one.inject("wrong_load")
    assert one.hal.load_id() == 4095


def test_two_runs_with_one_seed_are_equal() -> None:
    def run(seed: int) -> tuple[bytes, tuple[int, ...]]:
        one = running(biphasic(), device=Echo, faults="link_noise", seed=seed, noise=True)
        one.host_write(bytes(range(256)) * 8)
        one.advance_us(50_000)
        return one.host_read(), one.hal.sample()

    assert run(5) == run(5)
    assert run(5)[0] != run(6)[0]


def test_charge_returned_is_charge_delivered() -> None:
    one = running(biphasic(), load=RANDLES)
    one.advance_us(20_001)
    begin = 10e-3 + FIRST_LATCH / 125e6
    first_phase = one.scope().charge_c(begin, begin + 200e-6)
    assert first_phase == pytest.approx(-0.4e-6, rel=1e-9)  # 2 mA x 200 us
    period = one.scope().charge_c(begin, begin + 1e-3)
    assert abs(period) < 1e-9 * math.e
