"""Generate docs/reference/wiring.md: pins, parts and the expected oscilloscope readings.

Role: text() returns the text. Invariant: every number comes from boards.yaml, or from a shipped
profile that the device's own compiler has turned into phases.
"""

from collections.abc import Iterator
from itertools import groupby

from markdown import page, table
from scs import Profile, resources
from scs.catalog import boards, wiring
from scs.documents import units
from stimcore import period
from stimcore.board import Board

SEEN = (("r2r-1", "r2r_tonic"), ("mcp4922-8", "tonic_48_pulses"), ("mcp4922-8", "tonic_50hz"))
LOAD = "resistor-500"
KINDS = ("open", "drive", "discharge", "mark", "soft discharge")


def text() -> str:
    """Return the text of the page."""
    stages = "\n".join("".join(stage_section(stage)) for stage in boards.catalogue().model.stages)
    seen_there = "\n".join("".join(seen(stage, profile)) for stage, profile in SEEN)
    return page("wiring", stages=stages, loads=load_table(), load=LOAD, seen=seen_there)


def stage_section(stage: str) -> Iterator[str]:
    name = f"pico/{stage}/{LOAD}"
    about = boards.catalogue().model.stages[stage].about
    yield f"## {stage}\n\n{about}.\n\n![The schematic of {stage}](stage-{stage}.svg)\n\n"
    wires = [
        ["" if wire.gpio is None else f"GP{wire.gpio}", str(wire.pin), f"`{wire.net}`", wire.to]
        for wire in wiring.rows(name)
    ]
    yield table(["GPIO", "pin", "net", "goes to"], wires)
    yield "\n"
    yield "Within the stage, beside the lines above:\n\n"
    yield table(["net", "joins"], [list(net) for net in wiring.nets(name)])
    yield "\n"
    needed = [part for part in wiring.parts(name) if part not in wiring.load_parts(LOAD)]
    rows = [[part.ref, str(part.pieces), part.part, part.does] for part in needed]
    yield table(["parts", "pieces", "what", "what for"], rows)


def load_table() -> str:
    """Return the parts of every dummy load and the voltage at its identification resistor."""
    rows = []
    for load, about in boards.catalogue().model.loads.items():
        board = boards.board(load=load)
        parts = ", ".join(f"{part.ref} {part.part}" for part in wiring.load_parts(load))
        volts = f"{3.3 * board.load_id_code / 4096:.3f} V"
        rows.append([f"`{load}`", about.about, parts, volts])
    return table(["load", "what it is", "parts", "at `load_id`"], rows)


def seen(stage: str, profile: str) -> Iterator[str]:
    """Yield the phases of one period of a profile."""
    board = boards.board(f"pico/{stage}/{LOAD}")
    group = Profile.read(resources.path(f"profiles/{profile}.yaml")).group
    levels = tuple(program.amplitude_ua for program in group.programs)
    compiled = period.compile_group(board, group, levels)
    total_ns = sum(ticks for *_rest, ticks in compiled) * 1_000_000_000 // board.clock_hz
    rate = 1_000_000_000 / total_ns
    yield f"### {stage}, `profiles/{profile}.yaml`: {rate:g} Hz\n\n"
    rows: list[list[str]] = []
    at = 0
    for (kind, _source, _back, code), alike in groupby(compiled, key=lambda phase: phase[:4]):
        ticks = sum(phase[4] for phase in alike)  # the last rest is several records
        first = "high" if kind == period.DRIVE and not at else "low"
        times = [microseconds(board, at), microseconds(board, ticks), KINDS[kind]]
        active = "high" if kind == period.DRIVE else "low"
        rows.append([*times, *levels_of(board, code), active, first])
        at += ticks
    head = ["from", "for", "phase", "current", "at the load", "`sense_current`"]
    yield table([*head, "`sense_voltage`", "`active`", "`sync`"], rows)


def levels_of(board: Board, code: int) -> list[str]:
    """Return current, load voltage and both sense lines for a code."""
    amps = code * board.na_per_code * 1e-9
    volts = amps * board.load_ohm
    lsb = 3.3 / 4096
    sensed = amps / (board.sense_na_per_lsb * 1e-9), volts / (board.sense_uv_per_lsb * 1e-6)
    lines = [f"{(board.adc_zero + codes) * lsb:.3f} V" for codes in sensed]
    return [f"{amps * 1e3:.3f} mA", f"{volts:.3f} V", *lines]


def microseconds(board: Board, ticks: int) -> str:
    """Format a number of ticks as a time."""
    return units.text(ticks * 1_000_000_000 // board.clock_hz, "ns")
