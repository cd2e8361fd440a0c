"""The PIO executor beside rp2040-pio-emulator, on the same words of a 50 Hz train.

Their edges must be equal as far as the emulator gets in a second or so; the emulator's time for
the whole train is its rate times the cycles, which it would take an hour to run.
"""

import struct
import time

from timing import best_s

from scs import resources
from scs.catalog import boards
from scs.profile.profile import Profile
from scs_sim.pio import asm, executor
from scs_sim.pio.operations import Wiring
from sim_validation import oracle
from sim_validation.rows import Row
from stimcore import output

PERIODS = 50  # one second
CYCLES_BOTH = 32_000  # the first phase and the latch after it


def measure() -> list[Row]:
    board = boards.board(stage="mcp4922-8")
    profile = Profile.read(resources.path("profiles/tonic_50hz.yaml"))
    levels_ua = tuple(program.amplitude_ua for program in profile.group.programs)
    stream = output.judge(board, profile.group, levels_ua).stream
    words = struct.unpack(f"<{len(stream.words) // 4}I", stream.words)
    program = asm.assemble("sequencer_serial")
    whole = [*words] * PERIODS
    cycles = stream.period_ticks * PERIODS

    begun = time.perf_counter()
    theirs, _state = oracle.outcome(program, whole, CYCLES_BOTH, Wiring(0, 4, 2))
    their_rate = CYCLES_BOTH / (time.perf_counter() - begun)
    ours = executor.run(program, whole, until_tick=CYCLES_BOTH, **PINS)
    our_s = best_s(lambda: executor.run(program, whole, until_tick=cycles, **PINS), 5)
    same = [tuple(edge) for edge in ours.tolist()] == [tuple(edge) for edge in theirs]
    return [
        Row("PIO: rp2040-pio-emulator", their_rate, "cycles/s"),
        Row("PIO: executor", cycles / our_s, "cycles/s"),
        Row("PIO: edges that differ", 0 if same else 1, "", ("<", 1)),
        Row("PIO: edges compared", len(ours), "", (">", 10)),
        Row("PIO: times faster on 1 s at 50 Hz", cycles / our_s / their_rate, "", (">", 300_000)),
    ]


PINS = {"out_base": 0, "sideset_base": 2, "set_base": 4}
