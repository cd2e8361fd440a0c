"""Periods that repeat are taken at once: nothing can be seen of it, whenever somebody looks.

The oracle is the same bench with its pins logged: there every word is executed.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.benches import (
    CURRENT,
    RANDLES,
    RESISTOR,
    SERIAL_PINS,
    Sleeper,
    biphasic,
    board,
    frame,
    stream,
)
from tests.support.exploring import examples

from scs_sim.bench.board import SimBoard
from scs_sim.bench.stream import ENDED, RUNNING
from scs_sim.circuit.adc import EMPTY

# a stage whose output settles and whose contacts are blocked: three rates in every piece; and one
# that is the same in every period from the second one on
SLOW = dict(
    stage=dict(CURRENT, settle_tau_s=1e-6, blocking_f=10e-6, soft_ohm=1_000.0),
    load=dict(RANDLES, series_ohm=1_500.0),
)
SETTLED = dict(stage=dict(CURRENT, settle_tau_s=1e-6, soft_ohm=1_000.0), load=RESISTOR)
PINS = dict(SERIAL_PINS, gate=9)
PULSE = (
    (3_000, 2, frame(1_728, 1, 2)),
    (500, 0, frame(2048, 0, 0)),
    (3_000, 1, frame(2_368, 1, 2)),
)
REST = (6_000, 0, frame(2048, 0, 3))
STREAMS = {
    "three pulses, 18 records": stream(*[*PULSE, REST, REST, REST] * 3),
    "a pulse, 12 records": stream(*PULSE, *[REST] * 9),
    "1 kHz": biphasic(),
    "1 kHz, stronger": biphasic(480),
    "1 kHz, above the compliance": biphasic(2_000, 40_000),
    "10 kHz": biphasic(320, 3_000, 12_500),
    "7.9 kHz, no whole number of samples": biphasic(320, 3_000, 15_789),
    "200 Hz": biphasic(320, 25_000, 625_000),
    "two records": stream((5_000, 2, frame(1_900, 1, 2)), (9_000, 0, frame(2048, 0, 3))),
    "nothing ever flows": stream((5_000, 0, frame(2048, 0, 3)), (9_000, 0, frame(2048, 0, 3))),
}
FAULTS = ["open_lead", "short", "healed", "no_discharge", "stuck_dac", "drifted_load"]
ACTS = (
    st.tuples(st.just("load"), st.sampled_from(sorted(STREAMS)))
    | st.tuples(st.just("inject"), st.sampled_from([*FAULTS, "starved_fifo", "corrupt_word"]))
    | st.tuples(st.sampled_from(["sample", "arm", "take", "stop", "halt"]), st.just(0))
    | st.tuples(st.just("start"), st.sampled_from([0, 0, 7, 300]))
)


def made(logged: bool, parts: dict = SLOW) -> SimBoard:
    sim = SimBoard(board(), dict(parts, pins=PINS), make_device=Sleeper)
    if logged:
        sim.sequencer.log_pins()
    return sim


def act(sim: SimBoard, name: str, value: int | str) -> object:
    """Do one thing to a bench; return what it answers."""
    if name == "load":
        return sim.hal.stream_load(STREAMS[str(value)])
    if name == "start":
        sim.hal.halt()
        sim.hal.stream_load(STREAMS["three pulses, 18 records"])
        sim.hal.stream_start(int(value))
    elif name == "inject":
        sim.inject(str(value))
    elif name == "sample":
        return sim.hal.sample()
    elif name == "arm":
        sim.hal.capture_arm(20)
    elif name == "take":
        taken = sim.hal.capture_take()
        return (taken[0], *taken[1]) if taken else ()
    elif name == "stop":
        sim.hal.stream_stop()
    else:
        sim.hal.halt()
    return sim.hal.stream_state()


Acts = list[tuple[int, tuple[str, int | str]]]


def compare(parts: dict, first: str, acts: Acts) -> None:
    """Do the same to a bench that repeats and to one that executes; they must answer the same."""
    pair = made(False, parts), made(True, parts)
    for sim in pair:
        sim.hal.stream_load(STREAMS[first])
        sim.hal.stream_start(0)
    for us, (name, value) in acts:
        for sim in pair:
            sim.advance_us(us)
        answers = [act(sim, name, value) for sim in pair]
        if name in ("sample", "take"):  # a code may be rounded the other way
            assert answers[0] == pytest.approx(answers[1], abs=1)
        else:
            assert answers[0] == answers[1]
        assert pair[0].hal.stream_words() == pair[1].hal.stream_words()
    traces = [sim.scope() for sim in pair]
    assert pair[0].sequencer.latched == pair[1].sequencer.latched
    assert len(traces[0]) == len(traces[1])
    for seen, executed in zip(*(trace.rows() for trace in traces), strict=True):
        np.testing.assert_allclose(seen, executed, rtol=1e-9, atol=1e-9)
    assert pair[0].gate == pair[1].gate


@examples(150)
@given(
    st.sampled_from(sorted(STREAMS)),
    st.lists(st.tuples(st.integers(1, 30_000), ACTS), min_size=2, max_size=10),
)
def test_a_bench_that_repeats_is_the_bench_that_executes(first: str, acts: Acts) -> None:
    compare(SLOW, first, [*acts, (20_000, ("sample", 0))])


@examples(150)
@given(
    st.sampled_from(sorted(STREAMS)),
    st.lists(st.integers(1, 4_000), min_size=4, max_size=12),
    st.lists(st.tuples(st.integers(1, 6_000), ACTS), min_size=1, max_size=4),
)
def test_a_settled_train_that_is_watched_goes_on_as_if_executed(
    first: str, looks: list[int], acts: Acts
) -> None:
    watched = [(us, ("sample", 0)) for us in looks]
    compare(SETTLED, first, [*watched, *acts, (2_000, ("sample", 0))])


def test_a_settled_train_that_is_watched_is_not_solved_anew() -> None:
    sim = made(False, SETTLED)
    sim.hal.stream_load(STREAMS["200 Hz"])
    sim.hal.stream_start(0)
    sim.advance_us(50_000)
    sim.hal.sample()
    entered, windows = [], []
    enter = sim.plant.load._enter
    sim.plant.load._enter = lambda tick: (entered.append(tick), enter(tick))[1]
    for _ in range(100):
        sim.advance_us(2_500)
        windows.append(sim.hal.sample())
    assert len(entered) == 0
    # half a period with the pulse, 2 mA for 200 us there and back, and half without
    flowing = sorted({window[:2] for window in windows})
    assert flowing == [(2048 - 160, 2048 + 160), (2048, 2048)]
    assert len(sim.scope()) == 4 * 60 + 1


def test_a_long_look_takes_periods_at_once_and_few_are_executed() -> None:
    sim = made(logged=False)
    sim.hal.stream_load(STREAMS["10 kHz"])
    sim.hal.stream_start(0)
    executed = []
    step = sim.sequencer._step
    sim.sequencer._step = lambda: (executed.append(sim.tick), step())[1]
    sim.advance_us(1_000_000)
    assert sim.hal.stream_state()[:2] == (RUNNING, 9_999)
    assert len(executed) < 100  # 40,000 records of two words
    # 2 mA for 24 us, there and back; every fourth microsecond a sample of each
    window = sim.hal.sample()
    assert window.samples == 250_000
    assert (window.current_min, window.current_max) == (2048 - 160, 2048 + 160)


def test_req_35_a_count_ends_at_its_period_however_late_somebody_looks() -> None:
    sim = made(logged=False)
    sim.hal.stream_load(STREAMS["10 kHz"])
    sim.hal.stream_start(1_234)
    sim.advance_us(200_000)
    assert sim.hal.stream_state() == (ENDED, 1_234, 0, 0)
    assert len(sim.sequencer.latched) == 4 * 1_234
    assert sim.hal.sample() != EMPTY
    assert not sim.gate
