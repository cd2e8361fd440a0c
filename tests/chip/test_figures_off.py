"""How fast the output goes off, whoever asks for it and whatever the firmware is at.

Times are emulated ones, at the pins: `make chip` prints them beside their limits. A command counts
from the moment at which the host hands over its last byte. Next: test_figures.py.
"""

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from tests.chip.support import MS, ChipTalk
from tests.system.groups import steady

from scs_sim.chipfigures import record
from scs_sim.chipfiles import Files
from stimcore import commands, errors, program, states

MS_TICKS = 125_000
TURN_MS = 10  # of the loop, while pulses go on
HANG_MS = 250
HANG_PIN = 22
HANGING = f"""
import machine
import hal_rp2
wait = hal_rp2.Hal.wait
pin = machine.Pin({HANG_PIN}, machine.Pin.IN, machine.Pin.PULL_DOWN)
def hang(self):
    wait(self)
    while pin.value():
        pass
hal_rp2.Hal.wait = hang
"""


@pytest.fixture(scope="module")
def shared(chip_files: Files, chip_folder: Path) -> Iterator[ChipTalk]:
    with ChipTalk(chip_files, chip_folder) as found:
        found.hello()
        yield found


def started(talk: ChipTalk, what: program.Group) -> Callable[[], None]:
    """The group is staged; what is returned runs it, from LOADED."""
    talk.rest()
    digest = talk.stage(what)["hash"]

    def start() -> None:
        assert talk.send(commands.ARM, digest).status == 0
        talk.mark()
        assert talk.send(commands.START).status == 0

    return start


def off_ms(talk: ChipTalk, data: bytes, wait_ms: int) -> float:
    """From sending these bytes to the fall of the gate."""
    sent = talk.cycle
    assert talk.level("gate")
    talk.raw(data, 1_000 * wait_ms)
    return (talk.falls("gate")[0] - sent) / MS_TICKS


def test_req_32_halt_in_the_steady_state(shared: ChipTalk) -> None:
    talk, worst = shared, 0.0
    start = started(talk, steady())
    for phase in range(24):
        start()
        talk.pass_ms(50 + phase * 1.13 * TURN_MS / 10)
        worst = max(worst, off_ms(talk, talk.framed(commands.HALT), 40))
    assert record("HALT to gate low, steady state, worst of 24", worst, "ms", "<=", 2)


def amplitude(talk: ChipTalk, phase: int) -> None:
    values = commands.pack_fields(commands.by_opcode(commands.AMPLITUDE)[2], (0, 600 + phase))
    talk.raw(talk.framed(commands.AMPLITUDE, values), 1_300 * phase + 100)


def storm(talk: ChipTalk, phase: int) -> None:
    """More questions than it can answer: its memory fills with garbage too."""
    for at in range(30 + phase):
        talk.raw(talk.framed((commands.STATUS, commands.LEDGER)[at % 2]), 1_700)


def nothing(_talk: ChipTalk, _phase: int) -> None:
    """The ramp goes on by itself."""


@pytest.mark.parametrize(
    ("name", "ramp_ms", "before"),
    [
        ("an amplitude is computed", 0, amplitude),
        ("STATUS and LEDGER pour in", 0, storm),
        ("the amplitude ramps", 5_000, nothing),
    ],
)
def test_req_32_halt_while_the_firmware_is_busy(
    shared: ChipTalk, name: str, ramp_ms: int, before: Callable[[ChipTalk, int], None]
) -> None:
    talk, worst = shared, 0.0
    start = started(talk, steady({"ramp_up_ms": ramp_ms}, amplitude_ua=1_500))
    for phase in range(20):
        start()
        talk.pass_ms(120 + phase * 1.13 * TURN_MS / 10)
        before(talk, phase)
        worst = max(worst, off_ms(talk, talk.framed(commands.HALT), 60))
        talk.pass_ms(300)  # whatever still waits for an answer
    assert record(f"HALT to gate low while {name}", worst, "ms", "<=", 10)


def test_req_32_halt_behind_other_frames_in_the_same_packet(shared: ChipTalk) -> None:
    talk, worst = shared, 0.0
    start = started(talk, steady())
    for phase in range(8):
        start()
        talk.pass_ms(50 + phase * 1.13 * TURN_MS / 10)
        frames = talk.framed(commands.LEDGER) + talk.framed(commands.STATUS)
        worst = max(worst, off_ms(talk, frames + talk.framed(commands.HALT), 40))
    assert record("HALT to gate low, behind LEDGER and STATUS", worst, "ms", "<=", 10)


def test_req_33_stop_without_a_ramp(shared: ChipTalk) -> None:
    talk, worst = shared, 0.0
    start = started(talk, steady())
    for phase in range(20):
        start()
        talk.pass_ms(60 + phase * 1.07)
        worst = max(worst, off_ms(talk, talk.framed(commands.STOP), 60))
        assert talk.ledger()["truncated"] == 0
    assert record("STOP to gate low at 50 Hz, no ramp, worst of 20", worst, "ms", "<=", 20 + 5)


def test_req_50_starved_the_output_does_not_outlast_the_last_whole_record(talk: ChipTalk) -> None:
    """RUN disconnects the load; GATE follows as soon as the processor sees it."""
    talk.running(steady()).pass_ms(51)
    talk.chip.fault("stop_dma")
    talk.pass_ms(60)
    (*_others, last) = talk.chip.frames()
    fell = talk.falls("run")[-1]
    lengths = [record_ticks(talk, word) for word in talk.words()[::2]]
    held = min(length for length in lengths if length >= fell - last.cycle)
    past_us = (fell - last.cycle - held) / 125
    assert record("starved: RUN low after the last whole record", past_us, "us", "<=", 0)
    gate_ms = (talk.falls("gate")[-1] - fell) / MS_TICKS
    assert record("starved: GATE low after RUN", gate_ms, "ms", "<=", 20)
    assert talk.fault()[0] == errors.FAULT_STARVED


def record_ticks(talk: ChipTalk, word: int) -> int:
    return (word >> 2) + talk.row.overhead_ticks


def test_req_51_the_sentinel_trips_with_the_processor_stopped(talk: ChipTalk) -> None:
    talk.running(steady()).pass_ms(50)
    talk.chip.step(40 * MS, until=(talk.pins["active"], 0))
    talk.chip.fault("stop_cpu")
    talk.flip(0, 1 << 22)  # the first phase 8 ms longer
    talk.pass_ms(70)
    active = [(edge.cycle, edge.level) for edge in talk.edges("active")]
    runs = [end - start for (start, level), (end, _) in pairwise(active) if level]
    fell = talk.falls("gate")[0]
    rise = max(cycle for cycle, level in active if level and cycle < fell)
    past_us = (fell - rise - max(runs[:4])) / 125
    assert past_us > 0
    assert record("sentinel trip past its ceiling, processor stopped", past_us, "us", "<=", 2)


def test_req_52_a_hung_loop_drops_the_gate(chip_files: Files, chip_folder: Path) -> None:
    """Python turns on the spot, with its interrupts alive; nothing feeds the watchdog."""
    source = (Path(__file__).parents[2] / "firmware" / "main.py").read_text(encoding="utf-8")
    extra = (("main.py", (HANGING + source).encode()),)
    with ChipTalk(chip_files, chip_folder, extra=extra) as talk:
        talk.hello()
        talk.running(steady()).pass_ms(60)
        talk.chip.drive(HANG_PIN, 1)
        since = talk.cycle
        talk.pass_ms(HANG_MS + 50)
        hung_ms = (talk.falls("gate")[0] - since) / MS_TICKS
        assert record("loop hung in Python: gate low", hung_ms, "ms", "<=", HANG_MS)
        assert hung_ms > HANG_MS - 2 * TURN_MS  # it was the watchdog
        talk.chip.drive(HANG_PIN, None)
        talk.hello()
        assert (talk.state(), talk.fault()[0]) == (
            states.NAMES[states.FAULT],
            errors.FAULT_WATCHDOG,
        )
