"""The decoders of the pins, on edges written by hand."""

import pytest
from tests.support import pio
from tests.support.pio import NCS, SCK, SDI_DAC, SDI_SWITCH

from scs_sim.bench.decode import SerialPins, at_rest, decode_parallel, decode_serial

Edges = list[tuple[int, int, int]]
PINS = SerialPins(SDI_DAC, SDI_SWITCH, SCK, NCS)


def latches(edges: Edges) -> list[tuple[int, int]]:
    return pio.latches(edges, PINS)


def clocked(start: int, pairs: list[tuple[int, int]], levels: tuple[int, int] = (0, 0)) -> Edges:
    """Clock in (DAC, switch) pairs between fall and rise of nCS: 10 ticks a step."""
    edges = [(start, NCS, 0)]
    for dac, switch in pairs:
        start += 10
        for pin, old, new in zip((SDI_DAC, SDI_SWITCH), levels, (dac, switch), strict=True):
            edges += [(start, pin, new)] * (old != new)
        edges += [(start + 4, SCK, 1), (start + 8, SCK, 0)]
        levels = dac, switch
    return [*edges, (start + 10, NCS, 1)]


def test_even_bits_are_the_dacs_and_odd_bits_the_switches() -> None:
    ones_then_zeros = [(1, 0)] * 8 + [(0, 1)] * 8
    assert latches(clocked(100, ones_then_zeros)) == [(270, 0x5555_AAAA)]


def test_a_piece_goes_on_where_the_last_one_stopped() -> None:
    edges = clocked(0, [(1, 1)] * 16) + clocked(500, [(0, 1)] * 16, (1, 1))
    frames, state = [], at_rest(PINS)
    for edge in edges:
        more, state = decode_serial([edge], state)
        frames += more
    assert frames == latches(edges) == [(170, 0xFFFF_FFFF), (670, 0xAAAA_AAAA)]


@pytest.mark.parametrize("count", [0, 1, 15, 17])
def test_a_frame_of_other_than_16_clocks_is_not_latched_but_counted(count: int) -> None:
    edges = clocked(0, [(1, 0)] * count)
    frames, state = decode_serial(edges, at_rest(PINS))
    assert (frames, state.bad_frames) == ([], 1)
    with pytest.raises(ValueError, match="1 frames were latched after other than 16 clocks"):
        latches(edges)
    after, _ = decode_serial(clocked(500, [(0, 0)] * 16, (int(count > 0), 0)), state)
    assert after == [(670, 0)]  # nothing of the bad one is left


def test_clocks_while_ncs_is_high_shift_nothing() -> None:
    stray = [(tick, SCK, tick // 10 % 2) for tick in range(0, 60, 10)]
    edges = clocked(100, [(1, 1)] * 16)
    assert latches(stray + edges[:5] + edges[5:]) == [(270, 0xFFFF_FFFF)]
    inside = clocked(0, [(1, 1)] * 16)[:-1]
    assert latches([*inside, (200, NCS, 1), *stray[1:2]]) == [(200, 0xFFFF_FFFF)]
    middle = [*inside[:9], (38, NCS, 1), (39, SCK, 1), (40, SCK, 0), (41, NCS, 0)]
    assert decode_serial([*middle, (50, NCS, 1)], at_rest(PINS))[1].bad_frames == 2


def test_other_pins_can_be_named() -> None:
    moved = [(tick, pin + 10, level) for tick, pin, level in clocked(0, [(1, 0)] * 16)]
    assert pio.latches(moved, SerialPins(12, 13, 14, 15)) == [(170, 0x5555_5555)]


def test_the_ladders_code_is_read_once_per_tick() -> None:
    edges = [(5, 10, 1), (5, 17, 0), (9, 6, 1), (12, 10, 0), (12, 13, 1)]
    assert decode_parallel(edges, 0x80, 10) == ([(5, 0x01), (12, 0x08)], 0x08)
    assert decode_parallel([(1, 4, 1)], 0, base=4) == ([(1, 1)], 1)
