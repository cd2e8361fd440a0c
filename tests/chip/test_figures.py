"""Figures that the board must reach, measured on the real firmware in emulated time.

Role: each figure is kept with its limit for the table that `make chip` prints, then judged.
A latency is counted from the first byte of the command on the USB link to the edge at the pin.
Invariant: the worst of many instants is kept, never a mean (but for the round trip's median).
"""

import random
from itertools import pairwise
from pathlib import Path
from statistics import median

import pytest
from tests.chip.support import MS, SERIAL, ChipTalk
from tests.support.signing import KEY
from tests.system.groups import STAND_ALONE, group, steady

from scs import Profile, resources
from scs.safety import check
from scs_sim.chip.rig_files import Files
from sim_validation.chipfigures import record
from stimcore import access, commands, packing, program, store

TICKS_A_MS = 125_000
OVERHEAD = 139  # ticks of the serial sequencer between the end of a hold and the next latch
NEVER_MS = 600
FAST = {"rate_millihz": 2_000_000, "width_ns": 10_000, "gap_ns": 10_000, "ratio": 1}  # 2 kHz

# main.py but that it tells what is left of the memory instead of going on
MEMORY = b"""
import gc, micropython
micropython.kbd_intr(-1)
from board_config import BOARD, CHIP, PINS
from rp2_port.hal import Hal
from stimcore.device import Device

hal = Hal(BOARD, CHIP, PINS)
device = Device(BOARD, hal, hal.self_test())
while True:
    device.turn()
    gc.collect()
    hal.link_write(b"free=%d;" % gc.mem_free())
"""


def until(talk: ChipTalk, name: str, level: int, data: bytes = b"") -> float:
    """Measure milliseconds from sending these bytes until the pin of that name has that level."""
    before = talk.cycle
    step = talk.chip.step(NEVER_MS * MS, data, until=(talk.pins[name], level))
    assert step.met, f"{name} did not become {level}"
    talk.decoder.feed(step.received)
    return (step.cycles - before) / TICKS_A_MS


def halted(talk: ChipTalk) -> float:
    """Measure milliseconds from HALT to the gate's fall; its reply is awaited and dropped."""
    took_ms = until(talk, "gate", 0, talk.framed(commands.HALT))
    talk.pass_ms(400)  # the replies, and the journal's write after them
    return took_ms


def restart(talk: ChipTalk, digest: int) -> None:
    """Arm and start what is loaded."""
    assert talk.arm(digest).status == 0
    talk.mark()
    assert talk.send(commands.START).status == 0


def digest_of(talk: ChipTalk, what: program.Group) -> int:
    """Stage a program, whatever went on before; the hash to arm."""
    talk.send(commands.HALT)
    reply = talk.stage(what)
    assert reply.status == 0, reply.rows
    return int(reply["hash"])


# --- exactness --------------------------------------------------------------------------------
def test_phases_and_periods_are_exact_over_a_thousand_periods(talk: ChipTalk) -> None:
    talk.running(steady(rate_millihz=200_000)).pass_ms(5_100)
    starts = talk.rises("sync")[:1_001]
    assert len(starts) == 1_001
    worst = max(abs(end - start - 625_000) for start, end in pairwise(starts))
    assert record("1,000 periods: error of a period", worst, "cycles", "<=", 0)
    wanted = [(hold >> 2) + OVERHEAD for hold in talk.words()[::2]]
    latched = [cycle for cycle, _frame in talk.latches() if starts[0] <= cycle <= starts[-1]]
    lengths = [end - start for start, end in pairwise(latched)]
    assert len(lengths) == 1_000 * len(wanted)
    worst = max(abs(length - wanted[at % len(wanted)]) for at, length in enumerate(lengths))
    assert record("1,000 periods: error of a phase", worst, "cycles", "<=", 0)


def test_ten_kilohertz_goes_on_without_the_processor(talk: ChipTalk) -> None:
    profile = Profile.read(resources.path("profiles/hf10.yaml"))
    talk.running(profile.group).pass_ms(1_500)  # its ramp is over
    before = talk.chip.time()
    talk.pass_ms(500)
    after = talk.chip.time()
    awake = (after["awake_cycles"] - before["awake_cycles"]) / (after["cycles"] - before["cycles"])
    assert record("processor awake at 10 kHz", 100 * awake, "%", "<=", 50)
    talk.chip.fault("stop_cpu")
    talk.mark()
    talk.pass_ms(101)
    starts = talk.rises("sync")[:1_001]
    assert len(starts) == 1_001 and talk.gate
    worst = max(abs(end - start - 12_500) for start, end in pairwise(starts))
    name = "10 kHz, processor stopped: error of 1,000 periods"
    assert record(name, worst, "cycles", "<=", 0)


# --- off --------------------------------------------------------------------------------------
def test_req_32_halt_in_steady_state(talk: ChipTalk) -> None:
    digest, worst = digest_of(talk, steady()), 0.0
    for number in range(24):
        restart(talk, digest)
        talk.pass_ms(60 + 0.83 * number)  # all over a period of 20 ms
        worst = max(worst, halted(talk))
    assert record("HALT to gate low, steady state", worst, "ms", "<=", 2)


def busy(talk: ChipTalk, what: program.Group, work: bytes, after_ms: float) -> float:
    """Send HALT so long after other work was sent, while the output runs."""
    restart(talk, digest_of(talk, what))
    talk.pass_ms(55)
    talk.chip.step(after_ms * MS, work)
    return halted(talk)


def test_req_32_halt_while_the_processor_is_busy(talk: ChipTalk) -> None:
    ramp, worst = group(STAND_ALONE | {"ramp_up_ms": 10_000}, amplitude_ua=2_000), 0.0
    for number in range(12):
        worst = max(worst, busy(talk, ramp, b"", 3.7 * number))
    assert record("HALT to gate low, within a ramp", worst, "ms", "<=", 10)
    worst = 0.0
    for number in range(16):
        talk.pass_ms(1)
        payload = packing.pack("program u8, amplitude_ua u32", (0, 700 + number))
        restart(talk, digest_of(talk, steady(amplitude_ua=1_000)))
        talk.pass_ms(70)
        talk.chip.step(2.1 * number * MS, talk.framed(commands.AMPLITUDE, payload))
        worst = max(worst, halted(talk))
    assert record("HALT to gate low, within AMPLITUDE", worst, "ms", "<=", 10)
    worst = 0.0
    for number in range(8):
        restart(talk, digest_of(talk, steady()))
        talk.pass_ms(61 + number)
        asked = b"".join(
            talk.framed(opcode)
            for opcode in (commands.LEDGER, commands.STATUS, commands.FIGURES) * 2
        )
        talk.chip.step(2.9 * number * MS, asked)
        worst = max(worst, halted(talk))
    assert record("HALT to gate low, six questions before it", worst, "ms", "<=", 10)


def test_req_32_halt_while_a_program_is_committed(talk: ChipTalk) -> None:
    """The output is off: the gate stays low, and the answer comes."""
    blob = program.pack(steady())
    talk.stage(blob)
    talk.mark()
    since_us = talk.now_us()
    talk.chip.step(4 * MS, talk.framed(commands.COMMIT))
    kinds = [answer[1] for answer in talk.ask(talk.framed(commands.HALT))]
    while commands.HALT | commands.REPLY not in kinds:
        kinds += [answer[1] for answer in talk.ask(b"")]
    reply_ms = (talk.now_us() - since_us) / 1_000
    rose = bool(talk.rises("gate") or talk.level("gate"))
    name = "HALT while a program is committed: gate low"
    assert record(name, reply_ms if rose else 0, "ms", "<=", 10)


def test_req_32_stop_without_a_ramp(talk: ChipTalk) -> None:
    """RUN opens the output by itself where the words end; the gate follows within a turn."""
    digest, worst = digest_of(talk, steady()), 0.0
    for number in range(24):
        restart(talk, digest)
        talk.pass_ms(60 + 0.87 * number)
        worst = max(worst, until(talk, "run", 0, talk.framed(commands.STOP)))
        talk.pass_ms(50)
        assert not talk.level("gate")
    assert record("STOP without ramp at 50 Hz", worst, "ms", "<=", 20 + 5)


# --- on ---------------------------------------------------------------------------------------
def test_start_to_the_first_pulse(talk: ChipTalk) -> None:
    digest, worst = digest_of(talk, steady()), 0.0
    for _ in range(8):
        assert talk.arm(digest).status == 0
        worst = max(worst, until(talk, "active", 1, talk.framed(commands.START)))
        talk.pass_ms(30)
        halted(talk)
    assert record("START to first pulse", worst, "ms", "<=", 10)


def test_stage_validate_and_arm_the_largest_program(talk: ChipTalk) -> None:
    worst, which = 0.0, ""
    for stem in resources.stems("profiles"):
        profile = Profile.read(resources.path(f"profiles/{stem}.yaml"))
        if profile.lead.name == "dummy-2":
            continue  # for the other stage
        if not check.judge(profile, talk.row).ok:
            continue  # refused, and docs/reference/profiles.md says why
        since_us = talk.now_us()
        digest = talk.stage(profile.group)["hash"]
        staged_us = talk.now_us() - since_us
        talk.measured()  # comes before ARM and is no part of it
        assert talk.send(commands.ARM, digest).status == 0
        took_ms = staged_us / 1_000 + talk.took_ms
        talk.send(commands.HALT)
        if took_ms > worst:
            worst, which = took_ms, stem
    assert which
    assert record("stage, validate and arm, slowest profile", worst, "ms", "<=", 500)


def test_a_new_amplitude(talk: ChipTalk) -> None:
    """From the command to the first pulse that has it: up to three periods of it are waiting."""
    talk.running(steady(**FAST, amplitude_ua=100)).pass_ms(200)
    worst = 0.0
    for number in range(12):
        talk.pass_ms(61 + 0.37 * number)
        talk.chip.frames(clear=True)
        before, sent = talk.latches(), talk.cycle
        reply = talk.send(commands.AMPLITUDE, 0, 80 if number % 2 else 90)
        assert reply.status == 0 and not before
        talk.pass_ms(60)
        latches = talk.latches()
        old = {frame for _cycle, frame in latches[:8]}  # two periods
        first = next(cycle for cycle, frame in latches if frame not in old)
        worst = max(worst, (first - sent) / TICKS_A_MS)
    assert record("AMPLITUDE to the first pulse of it, at 2 kHz", worst, "ms", "<=", 25)


def status_ms(talk: ChipTalk, *, unsigned: bool = False) -> float:
    """Return the median round trip of STATUS; unsigned: a signed one after it keeps the lease."""
    talk.SLICE_US = 20  # what a reply's arrival is known to
    took_ms = []
    chance = random.Random(50)  # at no rate of its own: the loop has several
    for _ in range(60):
        talk.pass_ms(chance.uniform(15, 60))
        signer = talk.signer
        talk.signer = None if unsigned else signer
        talk.status()
        took_ms.append(talk.took_ms)
        talk.signer = signer
        if unsigned:
            talk.status()
    return median(took_ms)


def test_round_trips(talk: ChipTalk) -> None:
    took_ms = status_ms(talk.running(steady()))
    assert record("STATUS and back, median, running", took_ms, "ms", "<=", 3)


def test_req_70_round_trips_of_a_paired_board(talk: ChipTalk) -> None:
    """STATUS needs no key; one that a holder signs to renew its lease has two more hashes."""
    took_ms = status_ms(talk.paired().opened().running(steady()))
    assert record("signed STATUS and back, median, running", took_ms, "ms", "<=", 5)
    took_ms = status_ms(talk, unsigned=True)
    assert record("STATUS and back of a paired board", took_ms, "ms", "<=", 3.5)


# --- at rest ----------------------------------------------------------------------------------
@pytest.mark.parametrize("is_paired", [False, True])
def test_memory(chip_files: Files, chip_folder: Path, is_paired: bool) -> None:
    extra = (("main.py", MEMORY),)
    if is_paired:
        extra += ((f"store/{access.SLOT}/0", store.pack(0, KEY)),)
    with ChipTalk(chip_files, chip_folder, SERIAL, extra) as other:
        received = other.exchange(b"", 2_000_000)
    free = int(received.split(b"free=")[-1].split(b";")[0])
    name = "memory free when ready, paired" if is_paired else "memory free when ready"
    assert record(name, free / 1_000, "kB", ">=", 120)


def test_boot_to_hello(talk: ChipTalk) -> None:
    assert record("switched on to HELLO", talk.booted_ms, "ms", "<=", 1_500)


def test_the_processor_sleeps_while_pulses_go_on(talk: ChipTalk) -> None:
    talk.running(steady()).pass_ms(500)
    before = talk.chip.time()
    talk.mark()
    talk.pass_ms(2_000)
    after = talk.chip.time()
    assert len(talk.rises("sync")) == 100
    awake = (after["awake_cycles"] - before["awake_cycles"]) / (after["cycles"] - before["cycles"])
    assert record("processor awake while pulses go on", 100 * awake, "%", "<=", 50)


# --- by itself --------------------------------------------------------------------------------
def test_req_51_the_sentinel_trips_with_the_processor_stopped(talk: ChipTalk) -> None:
    talk.running(steady()).pass_ms(50)
    assert talk.chip.step(60 * MS, until=(talk.pins["active"], 0)).met
    talk.chip.fault("stop_cpu")
    number = next(at for at, word in enumerate(talk.words()[::2]) if word & 3)
    talk.flip(2 * number, 1 << 22)  # the first phase 8 ms longer
    talk.pass_ms(60)
    fell = talk.falls("gate")[-1]
    # the sequencer goes on
    rise = max(cycle for cycle in talk.rises("active") if cycle < fell)
    ceiling = 100_000  # the recharge, four times 200 us, is the longest active phase
    over_us = (fell - rise - ceiling) / 125
    assert over_us > 0
    assert record("sentinel past its ceiling, processor stopped", over_us, "us", "<=", 2)


def test_req_50_a_starved_sequencer_drops_the_gate(talk: ChipTalk) -> None:
    talk.running(steady()).pass_ms(53)
    talk.starve()
    talk.pass_ms(60)
    last = talk.latches()[-1][0]
    longest = max((hold >> 2) + OVERHEAD for hold in talk.words()[::2])
    late = (talk.falls("run")[-1] - last - longest) / longest
    assert record("FIFO starved: RUN low after the last record", late, "records", "<=", 1)
    late = (talk.falls("gate")[-1] - last - longest) / longest
    assert record("FIFO starved: gate low after the last record", late, "records", "<=", 1)


def test_req_52_a_hung_loop_is_ended_by_the_watchdog(talk: ChipTalk) -> None:
    talk.running(steady()).pass_ms(30)
    since = talk.cycle
    talk.chip.fault("stop_cpu")
    took_ms = until(talk, "gate", 0)
    assert talk.cycle > since
    assert record("loop hung to gate low", took_ms, "ms", "<=", 250)
