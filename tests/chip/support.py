"""A conversation with the real firmware on the emulated chip, in deterministic virtual time.

Role: the same frames as tests/system/support.py sends to the simulated board; time passes only in
step(). Invariant: nothing here knows what the device should answer. Next: test_session.py.
"""

import binascii
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.system.support import Reply

from scs import boards, firmware
from scs_sim import chipimage
from scs_sim.chip import Chip, Edge, plant_facts
from scs_sim.chipfiles import Files
from stimcore import commands, frame, program

SERIAL = "pico/mcp4922-8/resistor-500"
LADDER = "pico/r2r-1/resistor-500"
MS = 1_000_000  # ns
BOOT_MS = 1_500
SLICE_NS = 100_000


@cache
def image(name: str, folder: Path) -> Path:
    """The file system for a combination, compiled once."""
    content = firmware.board_files(name)
    return chipimage.build_image(content, folder / (name.replace("/", "_") + ".img"))


class ChipTalk:
    """The chip, and one host that speaks in steps."""

    def __init__(self, files: Files, folder: Path, name: str = SERIAL):
        board, pins = boards.board(name), boards.pins(name)
        self.board = board
        self.pins = pins
        facts = plant_facts(board, boards.electrical(name), pins)
        watched = [pins[one] for one in ("gate", "active", "sync", "run")]
        self.chip = Chip(files, image=image(name, folder), plant=facts, watch=watched)
        self.sequence = -1
        self.took_ms = 0.0  # from the last command to its reply
        self._decoder = frame.Decoder()

    def __enter__(self) -> "ChipTalk":
        return self

    def __exit__(self, *_reason: object) -> None:
        self.chip.close()

    @property
    def cycle(self) -> int:
        return int(self.chip.time()["cycles"])

    def pass_ms(self, ms: float) -> None:
        self._heard(self.chip.step(ms * MS).received)

    def _heard(self, received: bytes) -> list[tuple[int, int, bytes]]:
        """The frames that end in it; an interrupt that allocates says so in plain text."""
        assert b"exception" not in received, received
        return self._decoder.feed(received)

    def send(self, opcode: int, *values: object, patience_ms: int = 500) -> Reply:
        """One command and its reply."""
        self.sequence = (self.sequence + 1) & 255
        payload = commands.pack_fields(commands.by_opcode(opcode)[2], values)
        step = self.chip.step(SLICE_NS, frame.encode(self.sequence, opcode, payload))
        since_ns = step.ns - SLICE_NS
        while step.ns - since_ns < patience_ms * MS:
            for number, kind, body in self._heard(step.received):
                if (number, kind) == (self.sequence, opcode | commands.REPLY):
                    self.took_ms = (step.ns - since_ns) / MS
                    return Reply(opcode, body)
            step = self.chip.step(SLICE_NS)
        raise AssertionError(f"no answer to {opcode:#x} within {patience_ms} ms")

    def hello(self) -> float:
        """Ask until the device answers; emulated milliseconds since power-on."""
        until_ms = self.chip.time()["ns"] / MS + BOOT_MS
        while True:
            try:
                assert self.send(commands.HELLO, commands.PROTOCOL, patience_ms=50).status == 0
            except AssertionError:
                now_ms = self.chip.time()["ns"] / MS
                assert now_ms < until_ms, "the device does not boot"
            else:
                return float(self.chip.time()["ns"] / MS)

    def stage(self, group: program.Group) -> Reply:
        """Begin, pieces, commit; the reply to the commit."""
        blob = program.pack(group)
        begun = self.send(commands.STAGE_BEGIN, len(blob), binascii.crc32(blob))
        assert begun.status == 0
        for at in range(0, len(blob), commands.PIECE_BYTES):
            assert self.send(commands.STAGE_DATA, at, blob[at : at + 128]).status == 0
        return self.send(commands.COMMIT)

    def armed(self, group: program.Group) -> "ChipTalk":
        reply = self.stage(group)
        assert reply.status == 0, reply.rows
        assert self.send(commands.ARM, reply["hash"]).status == 0
        return self

    def running(self, group: program.Group) -> "ChipTalk":
        self.armed(group)
        self.chip.frames(clear=True)
        self.chip.edges(clear=True)
        assert self.send(commands.START).status == 0
        return self

    def status(self) -> Reply:
        return self.send(commands.STATUS)

    def edges(self, name: str) -> Iterator[Edge]:
        """The edges at the pin of that name since the start."""
        pin = self.pins[name]
        return (edge for edge in self.chip.edges() if edge.pin == pin)

    def rises(self, name: str) -> list[int]:
        return [edge.cycle for edge in self.edges(name) if edge.level]
