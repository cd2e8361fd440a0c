"""The log of the pins: what a logic analyser on the simulated board would show, to the tick."""

import numpy as np
import pytest
from tests.support.benches import (
    CURRENT,
    LADDER,
    LADDER_PINS,
    RESISTOR,
    SERIAL_PINS,
    US,
    Idler,
    biphasic,
    board,
    frame,
    stream,
)

from scs_sim.bench import pins
from scs_sim.bench.board import SimBoard
from scs_sim.bench.decode import SerialPins, at_rest, decode_serial

GATE, SYNC, RUN, ACTIVE, SCK, NCS = 9, 7, 8, 6, 4, 5
FIRST_LATCH = 136  # 3 ticks to look at the FIFO, 5 to pull, 128 to shift
PERIOD = 125_000


def logged(ladder: bool = False) -> SimBoard:
    """Return a bench whose pins are logged, started at its first microsecond."""
    pins = {**(LADDER_PINS if ladder else SERIAL_PINS), "gate": GATE, "load_id": 28}
    if ladder:
        pins |= {f"data{n}": 10 + n for n in range(8)}
    electrical = dict(stage=LADDER if ladder else CURRENT, load=RESISTOR, pins=pins)
    sim = SimBoard(board(int(ladder)), electrical, make_device=Idler)
    sim.sequencer.log_pins()
    return sim


def streaming(for_us: int) -> SimBoard:
    """Return a logged bench that has streamed biphasic pulses for so long."""
    sim = logged()
    sim.hal.stream_load(biphasic())
    sim.hal.stream_start(0)
    sim.advance_us(for_us)
    return sim


def taken(sim: SimBoard) -> list[tuple[int, int, int]]:
    sim.scope()
    assert sim.sequencer.pin_log is not None
    return [tuple(row) for row in sim.sequencer.pin_log.take(sim.tick).tolist()]


def of(edges: list[tuple[int, int, int]], pin: int) -> list[tuple[int, int]]:
    return [(tick, level) for tick, at, level in edges if at == pin]


def test_what_the_chips_make_of_the_logged_edges_is_what_they_latched() -> None:
    sim = streaming(5_000)
    edges = taken(sim)
    frames, state = decode_serial(edges, at_rest(SerialPins(2, 3, SCK, NCS)))
    assert frames == list(sim.sequencer.latched)
    assert state.bad_frames == 0
    assert frames[:2] == [(FIRST_LATCH, frame(1728, 1, 2)), (25_136, frame(2048, 0, 0))]


def test_the_lines_beside_the_data_are_those_of_the_records() -> None:
    sim = streaming(1_500)
    edges = taken(sim)
    first, second = FIRST_LATCH, FIRST_LATCH + PERIOD
    assert of(edges, GATE) == [(0, 1)]
    assert of(edges, RUN) == [(first, 1)]
    assert of(edges, SYNC) == [
        (first, 1),
        (first + 25_000, 0),
        (second, 1),
        (second + 25_000, 0),
    ]
    assert of(edges, ACTIVE)[:4] == [
        (first, 1),
        (first + 25_000, 0),
        (first + 28_750, 1),
        (first + 53_750, 0),
    ]
    assert 28 not in {pin for _, pin, _ in edges}  # an input


def test_it_may_be_taken_in_pieces() -> None:
    whole, pieces = logged(), logged()
    for sim in (whole, pieces):
        sim.hal.stream_load(biphasic())
        sim.hal.stream_start(0)
    pin_edges = []
    for us in (100, 37, 1, 862, 2_000):
        pieces.advance_us(us)
        pin_edges += taken(pieces)
    whole.advance_us(3_000)
    assert pin_edges == taken(whole)
    assert len(pin_edges) > 500


def test_nothing_moves_after_a_halt() -> None:
    sim = streaming(100)  # in mid-phase; the executor knows the phase to its end
    sim.hal.halt()
    sim.advance_us(1_000)
    edges = taken(sim)
    halt = 100 * US
    assert edges[-1][0] == halt
    assert [edge for edge in edges if edge[0] == halt] == [
        (halt, ACTIVE, 0),
        (halt, SYNC, 0),
        (halt, RUN, 0),
        (halt, GATE, 0),
    ]


def test_a_frame_that_a_halt_cuts_is_not_latched_and_the_next_begins_anew() -> None:
    sim = streaming(1)  # 125 ticks: the frame is shifted up to tick 136
    sim.hal.halt()
    edges = taken(sim)
    assert edges[-1] == (125, GATE, 0)
    assert RUN not in {pin for _, pin, _ in edges}
    log = sim.sequencer.pin_log
    assert log is not None
    assert log.levels[NCS] == 0
    sim.hal.stream_load(biphasic())
    sim.hal.stream_start(0)
    sim.advance_us(50)
    again = taken(sim)
    assert (125, NCS, 1) in again
    assert of(again, RUN) == [(125 + FIRST_LATCH, 1)]


def test_a_new_start_begins_with_the_pins_at_rest() -> None:
    sim = streaming(100)
    sim.hal.halt()
    taken(sim)
    log = sim.sequencer.pin_log
    assert log is not None
    assert log.levels[GATE] == 0
    sim.hal.stream_load(biphasic(code=100))
    sim.hal.stream_start(0)
    sim.advance_us(50)
    again = taken(sim)
    frames, _ = decode_serial(again, at_rest(SerialPins(2, 3, SCK, NCS)))
    assert frames == [(halt_tick(sim) + FIRST_LATCH, frame(1948, 1, 2))]


def halt_tick(sim: SimBoard) -> int:
    return sim.tick - 50 * US


def test_a_ladder_shows_its_code_on_eight_pins() -> None:
    sim = logged(ladder=True)
    what = stream((50_000, 2, 100 << 24), (75_000, 0, 128 << 24), overhead=12)
    sim.hal.stream_load(what)
    sim.hal.stream_start(0)
    sim.advance_us(300)
    log = sim.sequencer.pin_log
    assert log is not None
    taken(sim)
    code = sum(log.levels[10 + n] << n for n in range(8))
    assert code == 100
    sim.advance_us(300)
    taken(sim)
    assert sum(log.levels[10 + n] << n for n in range(8)) == 128


@pytest.mark.parametrize("pin", [SCK, NCS, GATE])
def test_every_edge_is_a_change(pin: int) -> None:
    sim = logged()
    sim.hal.stream_load(biphasic())
    sim.hal.stream_start(2)
    sim.advance_us(4_000)
    levels = [level for _, level in of(taken(sim), pin)]
    assert len(levels) >= 2
    assert np.all(np.diff(levels) != 0)


def test_what_nobody_takes_is_bounded_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pins, "KEPT", 64)
    sim = logged()
    log = sim.sequencer.pin_log
    assert log is not None
    sim.hal.stream_load(biphasic())
    sim.hal.stream_start(0)
    sim.advance_us(100_000)  # 100 periods of 4 records
    pin_edges = taken(sim)
    assert log.dropped > 300 * 40
    assert len(pin_edges) < 65 * 70
    frames, state = decode_serial(pin_edges, at_rest(SerialPins(2, 3, SCK, NCS)))
    assert frames == list(sim.sequencer.latched)[-len(frames) :]
    assert state.bad_frames <= 1  # the frame in which the log now begins
