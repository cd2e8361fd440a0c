"""Shared by the tests of the PIO: programs from text, records, and the pins of boards.yaml."""

from textwrap import dedent, indent
from types import FunctionType

from scs_sim.bench.decode import SerialPins, at_rest, decode_serial
from scs_sim.pio.asm import Program, asm_pio
from scs_sim.pio.operations import Wiring

SDI_DAC, SDI_SWITCH, SCK, NCS, ACTIVE, SYNC, RUN, GATE = range(2, 10)
SERIAL = Wiring(out_base=SDI_DAC, set_base=ACTIVE, sideset_base=SCK)
PARALLEL = Wiring(out_base=10, set_base=ACTIVE)
SERIAL_PINS = {"out_base": SDI_DAC, "set_base": ACTIVE, "sideset_base": SCK}
PARALLEL_PINS = {"out_base": 10, "set_base": ACTIVE}
IDLE, DRIVE, FIRST = 0, 1, 2  # flags


def pio(text: str, **config: object) -> Program:
    """Assemble instructions given as text: their names are none of a test's module."""
    source = "def program():\n" + indent(dedent(text).strip(), "    ")
    (code,) = (c for c in compile(source, "program", "exec").co_consts if hasattr(c, "co_code"))
    return asm_pio(**config)(FunctionType(code, {}, "program"))


def words(*records: tuple[int, int, int]) -> list[int]:
    """Return (hold, flags, frame) records as the words the sequencer pulls."""
    return [word for hold, flags, frame in records for word in (hold << 2 | flags, frame)]


def rises(edges: list[tuple[int, int, int]], pin: int) -> list[int]:
    """Return the ticks at which a pin goes high."""
    return [tick for tick, number, level in edges if number == pin and level]


def falls(edges: list[tuple[int, int, int]], pin: int) -> list[int]:
    """Return the ticks at which a pin goes low."""
    return [tick for tick, number, level in edges if number == pin and not level]


def latches(edges: list[tuple[int, int, int]], pins: SerialPins) -> list[tuple[int, int]]:
    """Return a whole recording's (tick, frame) pairs; raise ValueError for a malformed frame."""
    frames, state = decode_serial(edges, at_rest(pins))
    if state.bad_frames:
        raise ValueError(f"{state.bad_frames} frames were latched after other than 16 clocks")
    return frames
