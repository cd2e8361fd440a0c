"""A conversation with the real firmware on the emulated chip, in deterministic virtual time.

Role: tests/system/conversation.py for the chip; time passes only in step().
Invariant: nothing here knows what the device should answer.
"""

import copy
import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from tests.system.conversation import Conversation, Reply

from scs.catalog import boards
from scs.flashing import firmware_files
from scs_sim.chip import flash_image
from scs_sim.chip.emulator import Chip, Edge, Frame, plant_facts
from scs_sim.chip.rig_files import Files
from stimcore import commands

SERIAL = "pico/mcp4922-8/resistor-500"
LADDER = "pico/r2r-1/resistor-500"
MS = 1_000_000  # ns
HELLO = commands.PROTOCOL.to_bytes(2, "little")
DATA_CHANNEL = 1 << 0  # of the DMA: moves the words
NOISE = 1 / 200  # of all bytes, and up to 16 of its own in 5 ms: as in scs_sim/bench/board.py
STRAY_US = 5_000
OPEN_ID = 4095


@cache
def image(name: str, folder: Path, extra: tuple[tuple[str, bytes], ...] = ()) -> Path:
    """Return the file system for a combination, compiled once; `extra` replaces files in it."""
    content = {**firmware_files.board_files(name), **dict(extra)}
    mark = f"_{abs(hash(extra))}" if extra else ""
    return flash_image.build_image(content, folder / f"{name.replace('/', '_')}{mark}.img")


def take(space: dict[str, Any], *modules: ModuleType) -> None:
    """Take the test functions of modules of tests/system into a module of tests here."""
    for module in modules:
        for name, value in vars(module).items():
            if name.startswith("test_"):
                assert name not in space, f"{name} stands in two modules"
                space[name] = value


class ChipTalk(Conversation):
    """The chip, and one host that speaks in steps."""

    SLICE_US = 100

    def __init__(
        self,
        files: Files,
        folder: Path,
        name: str = SERIAL,
        extra: tuple[tuple[str, bytes], ...] = (),
    ):
        super().__init__(boards.board(name))
        self.pins = pins = boards.pins(name)
        self.is_ladder = "data0" in pins
        facts = plant_facts(self.row, boards.electrical(name), pins)
        watched = [pins[pin] for pin in ("gate", "active", "sync", "run")]
        self.chip = Chip(files, image=image(name, folder, extra), plant=facts, watch=watched)
        self.booted_ms = 0.0  # since the bench was switched on
        self._kept: dict[str, Any] = {}
        self._noise: random.Random | None = None
        self._marked_cycle = 0
        self._marked_lines = {pins[name]: 0 for name in ("gate", "run")}

    def __enter__(self) -> "ChipTalk":
        return self

    def __exit__(self, *_reason: object) -> None:
        self.chip.close()

    # --- a conversation -------------------------------------------------------------------
    def exchange(self, data: bytes, us: int) -> bytes:
        if self._noise is None:
            received = self.chip.step(1_000 * us, data).received
            # what an interrupt that allocates writes to the link, before it is switched off
            assert b"Uncaught exception" not in received, received
            return received
        received = b""
        data = self._spoiled(data)
        while us > 0:
            passing_us = min(us, STRAY_US)
            strays = self._noise.randbytes(self._noise.randint(1, 16) * passing_us // STRAY_US)
            received += self.chip.step(1_000 * passing_us, data + strays).received
            us -= passing_us
            data = b""
        return self._spoiled(received)

    def _spoiled(self, data: bytes) -> bytes:
        noise = self._noise or random.Random()
        out = bytearray()
        for byte in data:
            hit = noise.random() < NOISE
            out.append(byte ^ 1 << noise.randrange(8) if hit else byte)
        return bytes(out)

    def now_us(self) -> float:
        return float(self.chip.time()["ns"]) / 1_000

    def hello(self) -> Reply:
        """Send HELLO, also while it boots; `booted_ms` then says when it answered."""
        reply = self.insist(commands.HELLO, HELLO)
        self.booted_ms = self.now_us() / 1_000
        return reply

    @property
    def gate(self) -> bool:
        levels = self.chip.levels()
        return bool(levels[self.pins["gate"]] and levels[self.pins["run"]])

    @property
    def current_a(self) -> float:
        return float(self.chip.plant()["current_a"])

    def mark(self) -> None:
        self._marked_cycle = self.cycle
        self._marked_lines = {self.pins[name]: self.level(name) for name in ("gate", "run")}
        self.chip.frames(clear=True)
        self.chip.edges(clear=True)

    def latches(self) -> list[tuple[int, int]]:
        frames = self.chip.frames()
        return [(frame.cycle, frame.dac if self.is_ladder else frame.woven) for frame in frames]

    def steps(self) -> list[tuple[float, float]]:
        """Return the current that the words at the pins give with a stage without errors."""
        changes = [(frame.cycle, self._amperes(frame)) for frame in self.chip.frames()]
        lines = self._marked_lines.copy()
        events = [(edge.cycle, edge) for edge in self.chip.edges() if edge.pin in lines]
        steps, amps = [], 0.0
        for cycle, what in sorted([*changes, *events], key=lambda change: change[0]):
            if isinstance(what, Edge):
                lines[what.pin] = what.level
            else:
                amps = what
            steps.append((cycle / self.row.clock_hz, amps if all(lines.values()) else 0.0))
        return steps

    def _amperes(self, word: Frame) -> float:
        source, back = word.switches >> 8, word.switches & 0xFF
        drives = self.is_ladder or (source and back and not source & back)
        code = (word.dac if self.is_ladder else word.dac & 0xFFF) - self.row.code_mid
        return code * self.row.na_per_code * 1e-9 if drives else 0.0

    def words(self) -> list[int]:
        return self.chip.live_words()

    def flip(self, word: int, mask: int) -> None:
        self.chip.fault("flip", address=self.chip.live_table()[0] + 4 * word, mask=mask)

    def inject(self, name: str) -> None:
        faults = {
            "open_lead": lambda: self.chip.lead("open lead"),
            "short": lambda: self.chip.lead("short"),
            "healed": lambda: self.chip.lead("healthy"),
            "starved_fifo": self.starve,
            "corrupt_word": lambda: self.flip(3, 1),
            "link_noise": self._make_noisy,
            "hung_loop": lambda: self.chip.fault("stop_cpu"),
            "wrong_load": lambda: self.show(2, OPEN_ID),
        }
        if name not in faults:
            pytest.skip(f"only the simulated board has the fault {name}")
        faults[name]()

    def starve(self) -> None:
        """Stop the words to the sequencer; the ADC's own DMA goes on."""
        self.chip.fault("stop_dma", channels=DATA_CHANNEL)

    def show(self, channel: int, code: int) -> None:
        """Fix the code of an ADC channel, whatever flows."""
        self.chip.adc(channel, code)

    def remember(self) -> None:
        """Keep the chip and the conversation as they are now."""
        self.mark()
        self.chip.keep()
        own = {name: value for name, value in vars(self).items() if name not in ("chip", "_kept")}
        self._kept = copy.deepcopy(own)

    def restore(self) -> None:
        """Put both back to where remember() found them."""
        self.chip.set_speed(0)
        self.chip.restore()
        vars(self).update(copy.deepcopy(self._kept))

    def _make_noisy(self) -> None:
        self._noise = random.Random(3)

    # --- what only a chip has -------------------------------------------------------------
    @property
    def cycle(self) -> int:
        return int(self.chip.time()["cycles"])

    def pass_ms(self, ms: float) -> None:
        self.pass_us(round(1_000 * ms))

    def edges(self, name: str) -> Iterator[Edge]:
        """Yield the edges at the pin of that name since the mark."""
        pin = self.pins[name]
        return (edge for edge in self.chip.edges() if edge.pin == pin)

    def rises(self, name: str) -> list[int]:
        return [edge.cycle for edge in self.edges(name) if edge.level]

    def falls(self, name: str) -> list[int]:
        return [edge.cycle for edge in self.edges(name) if not edge.level]

    def level(self, name: str) -> int:
        """Return the present level of the pin of that name."""
        return self.chip.levels()[self.pins[name]]
