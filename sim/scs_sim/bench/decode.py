"""Decoding of pin edges into the frames that the output stage's chips latch.

Role: plays the DAC and the switch register (shift at each rise of SCK, latch at the rise of nCS)
or the eight bits of the ladder. It knows pins, not programs: a wrong frame shows as one.
Invariant: edges come in order of tick, those of one tick in order of pin.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

FRAME_BITS = 32  # two lines, 16 clocks


class SerialPins(NamedTuple):
    """GPIO numbers of a serial stage, by the names that boards.yaml gives them."""

    sdi_dac: int
    sdi_switch: int
    sck: int
    ncs: int


class SerialState(NamedTuple):
    """State of the chips between two pieces of a recording: lines and shift registers.

    `frame` interleaves the two lines as word 1 of a record does: even bits DAC, odd bits
    switches. `bad_frames` counts rises of nCS after anything but 16 clocks; the DAC ignores
    those (MCP4922 data sheet, 5.2).
    """

    pins: SerialPins
    levels: int  # bit n: pin n
    frame: int = 0
    bits: int = 0
    bad_frames: int = 0


def at_rest(pins: SerialPins) -> SerialState:
    """Return the state before the first edge: nCS high, all else low."""
    return SerialState(pins, 1 << pins.ncs)


def decode_serial(
    edges: Iterable[tuple[int, int, int]], state: SerialState
) -> tuple[list[tuple[int, int]], SerialState]:
    """Return the (tick, frame of 32 bits) pairs latched by `edges`, and the state to go on from."""
    dac, switch, sck, ncs = state.pins
    _, levels, frame, bits, bad = state
    latched: list[tuple[int, int]] = []
    for tick, pin, level in edges:
        if pin == sck and level and not levels >> ncs & 1:
            pair = (levels >> switch & 1) << 1 | levels >> dac & 1
            frame, bits = (frame << 2 | pair) & 0xFFFF_FFFF, bits + 2
        elif pin == ncs and level and not levels >> ncs & 1:
            if bits == FRAME_BITS:
                latched.append((tick, frame))
            else:
                bad += 1
        elif pin == ncs and not level:
            frame = bits = 0
        levels = levels & ~(1 << pin) | level << pin
    return latched, SerialState(state.pins, levels, frame, bits, bad)


def decode_parallel(
    edges: Iterable[tuple[int, int, int]], value: int, base: int
) -> tuple[list[tuple[int, int]], int]:
    """Return the (tick, code) pairs at which the ladder's eight bits take another code.

    `value` is the code before the first edge; the last one is returned to go on from. A record
    that repeats the code before it changes no pin and does not show.
    """
    codes: dict[int, int] = {}
    for tick, pin, level in edges:
        if base <= pin < base + 8:
            value = value & ~(1 << pin - base) | level << pin - base
            codes[tick] = value
    return list(codes.items()), value
