"""200 seeded faults on the emulated chip, judged as those of the simulated board are.

Role: the kinds of tools/safety_case/fault_kinds.py that the chip's rig can bring about, in a
session of the tonic therapy, which is gone through once: at the instant of each fault the whole
chip is kept, has the fault, goes on to the end of its output, and is put back.
Invariant: what is judged is the current that the pins make in the simulator's stage and load, by
monitor.py, which shares no code with the firmware.
"""

import copy
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from tests.chip.support import MS, ChipTalk
from tests.system.conversation import Reply

from safety_case import fault_judge
from safety_case.fault_kinds import KINDS, Drawn
from safety_case.fault_session import Played, by_contact, profile
from safety_case.therapies import BOARD, THERAPIES
from scs.catalog import boards
from scs_sim.chip.emulator import Edge
from scs_sim.chip.rig_files import Files
from scs_sim.circuit.plant import Plant
from stimcore import commands, packing

SEED = 1
THERAPY = THERAPIES["tonic"]
TICK_US = 125
POLL_US = 75_000  # between two STATUS: a quarter of the lease
AMPLITUDE_US = 250_000  # when the host sets the amplitude, once the ramp is over
BEGIN_US, END_US = 10_000, 400_000  # since START: faults happen within
ATTEMPT_MS, ATTEMPTS = 60, 4  # of a request
LISTENS_US = 150_000  # from a fault until the host sends STOP
MUST_US = 500_000  # the same for a fault that has to end the output by itself
ENDS_US = 900_000  # the longest until a silent host's lease, with what a fault makes of it, is over
BLEEDS_US = 60_000
RAM, RAM_WORDS = 0x2000_0000, 0x42000 // 4
Spoil = Callable[[bytes], bytes]
Inject = Callable[["SpoiltTalk"], None]


class SpoiltTalk(ChipTalk):
    """A conversation of which one piece is changed on its way.

    spoils: what the next bytes to the device and from it are changed to.
    """

    def __init__(self, files: Files, folder: Path, name: str):
        super().__init__(files, folder, name)
        self.spoils: list[Spoil | None] = [None, None]
        self.condition: tuple[int, str] | None = None  # of the lead, from a cycle on

    def exchange(self, data: bytes, us: int) -> bytes:
        received = self.chip.step(1_000 * us, self._passed(0, data)).received
        return self._passed(1, received)

    def _passed(self, way: int, data: bytes) -> bytes:
        spoil = self.spoils[way]
        if not data or spoil is None:
            return data
        self.spoils[way] = None
        return spoil(data)

    def kept(self) -> dict[str, Any]:
        """Keep the chip as it is, with its logs; return the conversation."""
        self.chip.keep()
        return copy.deepcopy({key: value for key, value in vars(self).items() if key != "chip"})

    def put_back(self, kept: dict[str, Any]) -> None:
        """Go back to where kept() was called last."""
        self.chip.restore()
        vars(self).update(copy.deepcopy(kept))


class Host:
    """The host of one session: it polls, sets an amplitude, and notes why it gave up."""

    def __init__(self, talk: SpoiltTalk) -> None:
        self.talk = talk
        self.start_us = self.silent_us = talk.now_us()
        self.next_us = POLL_US  # since START, of the next request
        self.stop_us = float("inf")
        self.reason = ""
        self.state = self.latched = 0

    def passed_us(self) -> int:
        """Return the microseconds since START."""
        return round(self.talk.now_us() - self.start_us)

    def go_on(self, until_us: int) -> None:
        """Let time pass with the requests that are due, until an instant since START."""
        while not self.reason and self.next_us <= until_us:
            self.talk.pass_us(max(0, self.next_us - self.passed_us()))
            due = POLL_US * (self.next_us // POLL_US + 1)
            if self.next_us == AMPLITUDE_US:
                self.request(commands.AMPLITUDE, 0, 2_600)
            else:
                self.look()
                due = AMPLITUDE_US if self.next_us < AMPLITUDE_US < due else due
            self.next_us = due
        self.talk.pass_us(max(0, until_us - self.passed_us()))

    def request(self, opcode: int, *values: int) -> Reply | None:
        """Ask until it is answered; None where the link is lost."""
        talk = self.talk
        data = talk.framed(opcode, packing.pack(commands.by_opcode(opcode)[2], values))
        for _ in range(ATTEMPTS):
            self.silent_us = talk.now_us()
            for sequence, kind, payload in talk.ask(data, ATTEMPT_MS):
                if (sequence, kind) == (talk.sequence, opcode | commands.REPLY):
                    return Reply(opcode, payload)
        self.reason = "LinkLost"
        return None

    def look(self) -> None:
        """Ask for the status; note the state and the fault."""
        reply = self.request(commands.STATUS)
        if reply is not None and not reply.status:
            self.state, self.latched = reply["state"], reply["fault"]
            if self.latched:
                self.reason = f"DeviceFault: {self.latched}"


class Run(NamedTuple):
    """One fault as it was drawn: its kind, its instant since START, and what brings it about."""

    kind: str
    at_us: int
    inject: Inject


# --- kinds ----------------------------------------------------------------------------------------
def _changed(change: Callable[[np.random.Generator, bytes], bytes]) -> Callable[..., Inject]:
    def draw(random: np.random.Generator) -> Inject:
        way = int(random.integers(2))

        def inject(talk: SpoiltTalk) -> None:
            talk.spoils[way] = lambda data: change(random, data)

        return inject

    return draw


def _torn(random: np.random.Generator, data: bytes) -> bytes:
    at = int(random.integers(1, max(2, len(data))))
    return data[:at] if random.random() < 0.5 else data[at:]


def _flipped(random: np.random.Generator, data: bytes) -> bytes:
    spoilt = bytearray(data)
    spoilt[int(random.integers(len(data)))] ^= 1 << int(random.integers(8))
    return bytes(spoilt)


def _late(random: np.random.Generator) -> Inject:
    """Let the next frame to the device come after one that was sent later."""

    def inject(talk: SpoiltTalk) -> None:
        def held(data: bytes) -> bytes:
            talk.spoils[0] = lambda later: later + data
            return b""

        talk.spoils[0] = held

    return inject


def _cut(random: np.random.Generator) -> Inject:
    """Pull the cable after some bytes of the next frame."""
    share = random.random()

    def inject(talk: SpoiltTalk) -> None:
        def cut(data: bytes) -> bytes:
            talk.chip.step(100_000, data[: round(share * len(data))])
            talk.chip.fault("pull_usb")
            return b""

        talk.spoils[0] = cut

    return inject


def _noise(random: np.random.Generator) -> Inject:
    strays = random.bytes(int(random.integers(1, 200)))
    return lambda talk: talk.pass_us(0) if talk.raw(strays, 1_000) else None


def _word(random: np.random.Generator) -> Inject:
    at, bit = random.random(), int(random.integers(32))
    return lambda talk: talk.flip(int(at * talk.chip.live_table()[1]), 1 << bit)


def _ram(random: np.random.Generator) -> Inject:
    address, bit = RAM + 4 * int(random.integers(RAM_WORDS)), int(random.integers(32))
    return lambda talk: talk.chip.fault("flip", address=address, mask=1 << bit)


def _adc(random: np.random.Generator) -> Inject:
    codes = [int(code) for code in random.integers(0, 4096, 2)]
    channels = [(0,), (1,), (0, 1)][int(random.integers(3))]

    def inject(talk: SpoiltTalk) -> None:
        for channel in channels:
            talk.show(channel, codes[channel])

    return inject


def _lead(condition: str) -> Callable[..., Inject]:
    def inject(talk: SpoiltTalk) -> None:
        talk.condition = (talk.cycle, condition)
        talk.chip.lead(condition)

    return lambda _random: inject


def _late_turn(random: np.random.Generator) -> Inject:
    us = int(random.integers(1_000, 200_000))

    def inject(talk: SpoiltTalk) -> None:
        talk.chip.fault("stop_cpu")
        talk.chip.fault("start_cpu", after_ns=1_000 * us)

    return inject


def _power(random: np.random.Generator) -> Inject:
    off_ns = int(random.integers(0, 2 * MS))
    return lambda talk: talk.chip.fault("power", off_ns=off_ns)


# kind of fault_kinds.KINDS: (runs, how one is drawn)
DRAWN: dict[str, tuple[int, Callable[[np.random.Generator], Inject]]] = {
    "word_bit": (30, _word),
    "state_bit": (30, _ram),  # any bit of RAM: what the interpreter needs is among it
    "frame_dropped": (10, _changed(lambda _random, _data: b"")),
    "frame_doubled": (10, _changed(lambda _random, data: 2 * data)),
    "frame_torn": (10, _changed(_torn)),
    "frame_flipped": (10, _changed(_flipped)),
    "frame_late": (10, _late),
    "link_noise": (10, _noise),
    "link_cut": (10, _cut),
    "adc_stuck": (10, _adc),
    "open": (10, _lead("open lead")),
    "short": (10, _lead("short")),
    "starved": (10, lambda _random: lambda talk: talk.starve()),
    "hung_loop": (10, lambda _random: lambda talk: talk.chip.fault("stop_cpu")),
    "late_turn": (10, _late_turn),
    "brown_out": (10, _power),
}


def drawn() -> list[Run]:
    """Return the runs in order of their instants."""
    out = []
    for number, (kind, (runs, draw)) in enumerate(DRAWN.items()):
        for at in range(runs):
            random = np.random.default_rng((SEED, number, at))
            out.append(Run(kind, int(random.integers(BEGIN_US, END_US)), draw(random)))
    return sorted(out, key=lambda run: run.at_us)


# --- a session ------------------------------------------------------------------------------------
def ended(talk: SpoiltTalk, host: Host, run: Run) -> Played:
    """Go on from a fault to the end of the output; return what was seen."""
    resets = talk.chip.time()["stats"]["resets"]
    run.inject(talk)
    must = KINDS[run.kind].must_s is not None
    until_us = run.at_us + (MUST_US if must else LISTENS_US)
    while talk.gate and not host.reason and host.passed_us() < until_us:
        host.go_on(min(until_us, host.passed_us() + 25_000))
    if talk.gate and not host.reason:
        host.stop_us = talk.now_us()
        host.request(commands.STOP)
    silent_us = host.passed_us()
    while talk.gate and host.passed_us() < silent_us + ENDS_US:
        talk.pass_us(10_000)
    talk.pass_us(BLEEDS_US)
    has_reset = talk.chip.time()["stats"]["resets"] - resets
    if not has_reset and host.reason != "LinkLost":
        last_us, host.reason = host.silent_us, ""
        host.look()
        host.silent_us = last_us  # what asks when all is over renews no lease
    start_s = host.start_us / 1e6
    return Played(
        host.reason,
        False,
        start_s,
        host.stop_us / 1e6,
        host.silent_us / 1e6,
        talk.now_us() / 1e6,
        at_load(talk),
        host.latched,
        host.state,
        has_reset,
        talk.gate,
        {},
        {},
        b"",
        ([], []),
        [],
    )


def at_load(talk: SpoiltTalk) -> dict[int, Any]:
    """Return the current of each contact since the mark, as the pins make it."""
    plant = Plant(talk.row, boards.electrical(BOARD))
    lines = {talk.pins[name]: 0 for name in ("gate", "run")}
    events: list[tuple[int, int, Any]] = [
        (edge.cycle, edge.pin != talk.pins["run"], edge)
        for edge in talk.chip.edges()
        if edge.pin in lines
    ]
    events += [(word.cycle, 2, word.woven) for word in talk.chip.frames()]
    events += [(talk.condition[0], 3, talk.condition[1])] if talk.condition else []
    for cycle, _order, what in sorted(events, key=lambda event: event[:2]):
        if isinstance(what, Edge):
            lines[what.pin] = what.level
            plant.set_gate(cycle, all(lines.values()))
        elif isinstance(what, str):
            plant.set_condition(cycle, what)
        else:
            plant.latch(cycle, what)
    plant.run_to(talk.cycle)
    latched = [
        (cycle, what) for cycle, order, what in sorted(events, key=lambda e: e[:2]) if order == 2
    ]
    return by_contact(plant.trace, latched, talk.row.clock_hz)


@pytest.fixture
def talk(chip_files: Files, chip_folder: Path) -> Iterator[SpoiltTalk]:
    with SpoiltTalk(chip_files, chip_folder, BOARD) as spoilt:
        yield spoilt


def test_req_31_none_of_200_faults_makes_the_load_see_more_than_its_bound(
    talk: SpoiltTalk,
) -> None:
    talk.hello()
    talk.running(profile(THERAPY.name, THERAPY.text).group)
    host, runs = Host(talk), drawn()
    ends: Counter[tuple[str, str]] = Counter()
    violations = []
    for run in runs:
        host.go_on(run.at_us)
        calm, kept = dict(vars(host)), talk.kept()
        played = ended(talk, host, run)
        fault = Drawn(run.kind, round(host.start_us) + run.at_us, [])
        verdict = fault_judge.at_load(THERAPY, [fault], played)
        ends[run.kind, verdict.outcome] += 1
        violations += [f"{run.kind} at {run.at_us} us: {text}" for text in verdict.violations]
        talk.put_back(kept)
        vars(host).update(calm)
    assert violations == []
    assert ends.total() == 200
