"""Speed of the emulated chip: emulated seconds in a second of processor time.

Role: `python -m sim_validation.chipspeed` prints the table that `make chip` ends with. Each case is
a script at MicroPython's raw REPL, after a power-on of its own.
Invariant: time is the rig's own use of the processor, and the best of REPEATS counts, so that other
work on the computer is not in it (but for caches).
"""

from __future__ import annotations

import sys
from typing import NamedTuple

from scs_sim.chip import rig_files
from scs_sim.chip.emulator import Chip, ChipError

from .rows import number

MS = 1_000_000  # ns
REPEATS = 3
HEAD = "emulated seconds in a second of processor time"
SPEEDS = rig_files.CACHE / "speeds.txt"
PIECE_BYTES = 200

TRAIN = """
import rp2, time
from array import array
from machine import Pin
from uctypes import addressof
LOW = (rp2.PIO.OUT_LOW, rp2.PIO.OUT_LOW)
@rp2.asm_pio(out_init=LOW, sideset_init=LOW, fifo_join=rp2.PIO.JOIN_TX)
def train():
    pull()
    mov(y, osr)
    pull()
    set(x, 15).side(0)
    label("bit")
    out(pins, 2).side(0)
    jmp(x_dec, "bit").side(1)
    label("hold")
    jmp(y_dec, "hold").side(2)
buf = array("I", [word for hold in {holds} for word in (hold, 0x5a5a5a5a)])
start = array("I", [addressof(buf)])
sm = rp2.StateMachine(0, train, freq=125_000_000, out_base=Pin(2), sideset_base=Pin(4))
data, again = rp2.DMA(), rp2.DMA()
again.config(read=start, write=data.registers[15:16], count=1, ctrl=again.pack_ctrl(
    size=2, inc_read=False, inc_write=False, chain_to=again.channel))
data.config(read=buf, write=sm, count=len(buf), ctrl=data.pack_ctrl(
    size=2, inc_write=False, treq_sel=0, chain_to=again.channel), trigger=True)
sm.active(1)
while True: time.sleep_ms(1000)
"""
POLLING = """
import rp2, time
from machine import Pin
@rp2.asm_pio()
def polling():
    label("again")
    jmp(pin, "again")
sm = rp2.StateMachine(0, polling, freq=125_000_000, jmp_pin=Pin(2))
sm.active(1)
while True: time.sleep_ms(1000)
"""


class Case(NamedTuple):
    """`name`, the script, and how much emulated time to measure at once."""

    name: str
    script: str
    span_ms: float


CASES = (
    Case("idle, in sleep_ms(1000)", "import time\nwhile True: time.sleep_ms(1000)", 50_000),
    Case(
        "50 Hz biphasic frames by DMA, CPU asleep",
        TRAIN.format(holds=[25_000, 3_750, 100_000, 2_371_100]),
        5_000,
    ),
    Case(
        "10 kHz biphasic frames by DMA, CPU asleep",
        TRAIN.format(holds=[2_500, 1_000, 2_500, 6_350]),
        200,
    ),
    Case("a loop of sleep_ms(1)", "import time\nwhile True: time.sleep_ms(1)", 500),
    Case("busy Python", "while True: pass", 50),
    Case("a state machine that polls a pin at 125 MHz", POLLING, 10),
)


def start(chip: Chip, script: str) -> None:
    """Run a script that does not end, after a power-on. ChipError with what it complains of."""
    chip.reset("power")
    chip.step(1_000 * MS)  # boots; a first time also makes its file system
    chip.step(100 * MS, b"\r\x03\x03\r\x01")  # to the raw REPL
    for at in range(0, len(script), PIECE_BYTES):
        chip.step(20 * MS, script[at : at + PIECE_BYTES].encode())
    reply = chip.step(300 * MS, b"\x04").received
    if reply != b"OK":
        raise ChipError(f"the script did not begin: {reply.decode(errors='replace')}")


def speed(chip: Chip, case: Case) -> float:
    """Return emulated seconds in a second of the rig's processor time, the best of REPEATS."""
    start(chip, case.script)
    best = 0.0
    for _ in range(REPEATS):
        begun_ms = chip.time()["cpu"]
        chip.step(case.span_ms * MS)
        best = max(best, case.span_ms / (chip.time()["cpu"] - begun_ms))
    return best


def main() -> int:
    """Print the table, and keep it in build/chip; 1 where the chip cannot start."""
    lines = [HEAD]
    try:
        with Chip(rig_files.files()) as chip:
            print(HEAD)
            for case in CASES:
                lines.append(f"{case.name:45}{number(speed(chip, case)):>8}")
                print(lines[-1], flush=True)
    except rig_files.NoChip as reason:
        sys.stderr.write(f"{reason}\n")
        return 1
    SPEEDS.parent.mkdir(parents=True, exist_ok=True)
    SPEEDS.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
