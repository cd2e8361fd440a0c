"""How exact and how fast it is: the real firmware on the emulated chip, measured at its pins.

Times are emulated ones; `make chip` prints them beside their limits. Next: test_figures_off.py.
"""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from statistics import median

import pytest
from tests.chip.support import ChipTalk
from tests.system.groups import steady

from scs import Profile, resources
from scs_sim.chipfigures import record
from scs_sim.chipfiles import Files
from stimcore import commands, frame, program

MS_TICKS = 125_000
ASK_US = 5_000


@pytest.fixture(scope="module")
def shared(chip_files: Files, chip_folder: Path) -> Iterator[ChipTalk]:
    with ChipTalk(chip_files, chip_folder) as found:
        found.hello()
        yield found
        found.rest()


def fast(rate_mhz: int) -> program.Group:
    """Small enough for the ceiling of direct current."""
    return steady(rate_mhz=rate_mhz, width_ns=10_000, gap_ns=10_000, ratio=1, amplitude_ua=100)


def test_from_power_on_to_hello(chip_files: Files, chip_folder: Path) -> None:
    with ChipTalk(chip_files, chip_folder) as talk:
        hello = frame.encode(0, commands.HELLO, commands.PROTOCOL.to_bytes(2, "little"))
        while not talk.raw(hello, ASK_US):
            assert talk.now_us() < 3e6, "it does not boot"
        assert record("boot to HELLO", talk.now_us() / 1e3, "ms", "<=", 1_500)


HEAP = b"""\
import gc, hal_rp2, board_config as c
from stimcore.device import Device
h = hal_rp2.Hal(c.BOARD, c.CHIP, c.PINS); d = Device(c.BOARD, h, h.self_test())
gc.collect(); print("free", gc.mem_free())
"""


def test_memory_when_ready(talk: ChipTalk) -> None:
    """At MicroPython's prompt, which has main.py's objects made once more."""
    assert talk.send(commands.MAINTENANCE).status == 0
    talk.chip.step(1e9)
    said = talk.chip.step(2e9, HEAP.replace(b"\n", b"\r\n")).received
    free = int(said.rpartition(b"free ")[2].split()[0])
    assert record("free memory when ready", free / 1000, "kB", ">=", 120)


def test_pulses_are_exact_to_the_cycle(shared: ChipTalk) -> None:
    talk = shared.running(fast(1_000_000))
    talk.pass_ms(1_005)
    starts = talk.rises("sync")[:1_001]
    assert len(starts) == 1_001
    period = max(abs(b - a - MS_TICKS) for a, b in pairwise(starts))
    assert record("period error, worst of 1,000", period, "cycles", "<=", 0)
    frames = talk.latches()[:4_000]
    wanted = [1_250, 1_250, 1_250, MS_TICKS - 3 * 1_250]  # drive, gap, recharge, discharge
    found = [b - a for (a, _), (b, _) in pairwise(frames)]
    phase = max(abs(ticks - wanted[at % 4]) for at, ticks in enumerate(found))
    assert record("phase error, worst of 4,000", phase, "cycles", "<=", 0)
    talk.rest()


def test_the_processor_sleeps_while_pulses_go_on(shared: ChipTalk) -> None:
    talk = shared.running(steady())
    talk.pass_ms(300)
    before = talk.chip.time()
    talk.pass_ms(1_000)
    after = talk.chip.time()
    awake = after["awake_cycles"] - before["awake_cycles"]
    share = 100 * awake / (after["cycles"] - before["cycles"])
    assert record("processor awake while pulses go on", share, "%", "<=", 33)
    assert len(talk.rises("sync")) >= 64
    talk.rest()


def round_trips_ms(talk: ChipTalk, opcode: int, *values: int) -> float:
    took = []
    for _ in range(80):
        talk.pass_us(3_370)
        talk.send(opcode, *values)
        took.append(talk.took_ms)
    return median(took)


def test_round_trips(shared: ChipTalk) -> None:
    talk = shared
    took_ms = round_trips_ms(talk, commands.STATUS)
    assert record("round trip of STATUS, p50", took_ms, "ms", "<=", 3)
    talk.running(steady()).pass_ms(100)
    took_ms = round_trips_ms(talk, commands.START)  # refused: it runs
    assert record("shortest round trip while pulses go on, p50", took_ms, "ms", "<=", 3)
    took_ms = round_trips_ms(talk, commands.STATUS)
    assert record("round trip of STATUS while pulses go on, p50", took_ms, "ms", "<=", 4)
    talk.rest()


def test_from_a_profile_to_armed(shared: ChipTalk) -> None:
    """The one with the most words takes longest; all of those for this stage are tried."""
    worst = 0.0
    for path in sorted(resources.path("profiles").glob("*.yaml")):
        group = Profile.read(path).group
        if path.name.startswith("r2r"):
            continue
        since_us = shared.now_us()
        shared.armed(group)
        worst = max(worst, (shared.now_us() - since_us) / 1_000)
        shared.rest()
    assert worst > 0
    assert record("stage, validate and arm, slowest profile", worst, "ms", "<=", 500)


def test_from_start_to_the_first_pulse(shared: ChipTalk) -> None:
    worst = 0.0
    talk = shared
    for phase in range(8):
        talk.armed(steady())
        talk.pass_us(1_300 * phase)
        talk.mark()
        sent = talk.cycle
        assert talk.send(commands.START).status == 0
        talk.pass_ms(20)
        worst = max(worst, (talk.rises("active")[0] - sent) / MS_TICKS)
        talk.rest()
    assert record("START to the first pulse, worst of 8", worst, "ms", "<=", 10)


def test_a_new_amplitude(shared: ChipTalk) -> None:
    """At 1 kHz, where to wait for the boundary of a period takes next to nothing: all of it is
    counted, from the host's last byte to the first pulse of the new amplitude."""
    talk, took_ms = shared.running(fast(1_000_000)), []
    form = commands.by_opcode(commands.AMPLITUDE)[2]
    for phase in range(16):
        talk.pass_us(80_000 + 1_300 * phase)
        talk.mark()
        sent = talk.cycle
        values = commands.pack_fields(form, (0, 100 if phase % 2 else 120))
        talk.raw(talk.framed(commands.AMPLITUDE, values), 60_000)
        words = {one.cycle: one.dac for one in talk.chip.frames()}
        first, *others = [cycle for cycle in talk.rises("sync") if cycle in words]
        changed = next(cycle for cycle in others if words[cycle] != words[first])
        took_ms.append((changed - sent) / MS_TICKS)
    assert record("new amplitude at its first pulse, worst of 16", max(took_ms), "ms", "<=", 25)
    talk.rest()
