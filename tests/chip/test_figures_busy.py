"""Latencies of the output's end under load: a flood of requests, and a loop that hangs.

Role: figures for the table of `make chip`, beside those of test_figures.py.
Invariant: the worst of many instants is kept.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.chip.support import ChipTalk
from tests.chip.test_figures import TICKS_A_MS, digest_of, halted, restart, until
from tests.system.groups import steady

from scs_sim.chip.rig_files import Files
from sim_validation.chipfigures import record
from stimcore import commands, errors

TURN_MS = 10  # of the loop, while pulses go on
HANG_MS = 250
HANG_PIN, HUNG_PIN = 22, 21  # asked to hang; hangs now
HANGING = f"""
import micropython
micropython.kbd_intr(-1)
import machine
from rp2_port import hal
wait = hal.Hal.wait
pin = machine.Pin({HANG_PIN}, machine.Pin.IN, machine.Pin.PULL_DOWN)
hung = machine.Pin({HUNG_PIN}, machine.Pin.OUT, value=0)
def hang(self, most_ms):
    wait(self, most_ms)
    while pin.value():
        hung.value(1)
hal.Hal.wait = hang
"""


def pouring(talk: ChipTalk, phase: int) -> None:
    """Send more questions than it can answer: its memory fills with garbage too."""
    for at in range(30 + phase):
        talk.raw(talk.framed((commands.STATUS, commands.LEDGER)[at % 2]), 1_700)


def in_front(talk: ChipTalk, phase: int) -> None:
    """Send a HALT behind others in one packet, which the interrupt sees only before a fetch."""
    talk.chip.step(100, talk.framed(commands.LEDGER) + talk.framed(commands.STATUS))
    talk.pass_us(70 * phase)


@pytest.mark.parametrize(
    ("name", "before"), [("questions pour in", pouring), ("questions stand before it", in_front)]
)
def test_req_32_halt_among_questions(
    talk: ChipTalk, name: str, before: Callable[[ChipTalk, int], None]
) -> None:
    worst = 0.0
    digest = digest_of(talk, steady())
    for phase in range(12):
        restart(talk, digest)
        talk.pass_ms(60 + phase * 1.13)
        before(talk, phase)
        worst = max(worst, halted(talk))
        talk.pass_ms(250)  # whatever still waits for an answer
        talk.hello()  # some had no room
    assert record(f"HALT to gate low while {name}", worst, "ms", "<=", 10)


def test_req_52_a_loop_that_hangs_in_python_is_ended_by_the_watchdog(
    chip_files: Files, chip_folder: Path
) -> None:
    """It turns on the spot with its interrupts alive, and they do not feed the watchdog."""
    source = (Path(__file__).parents[2] / "firmware" / "main.py").read_bytes()
    extra = (("main.py", HANGING.encode() + source),)
    with ChipTalk(chip_files, chip_folder, extra=extra) as talk:
        talk.hello()
        talk.running(steady()).pass_ms(60)
        talk.chip.watch(talk.pins["gate"], HUNG_PIN)
        talk.chip.drive(HANG_PIN, 1)
        until(talk, "gate", 0)
        hangs, falls = talk.chip.edges()[:2]
        assert (hangs.pin, hangs.level, falls.level) == (HUNG_PIN, 1, 0)
        took_ms = (falls.cycle - hangs.cycle) / TICKS_A_MS
        assert record("loop hung in Python to gate low", took_ms, "ms", "<=", HANG_MS)
        assert took_ms > HANG_MS - 2 * TURN_MS  # it was the watchdog
        talk.chip.drive(HANG_PIN, 0)
        talk.hello()
        assert (talk.state(), talk.fault()[0]) == ("FAULT", errors.FAULT_WATCHDOG)
