"""The firmware's search for a HALT in USB's memory: its viper functions as plain ones."""

import sys
import types
from pathlib import Path
from typing import Any

import pytest

from stimcore import commands, frame

SOURCE = Path(__file__).resolve().parents[2] / "firmware" / "rp2_port/halt_watch.py"
USB, BUFFER = 0x5010_0000, 0x1C0
CONTROL, AVAILABLE = 0x94, 1 << 10
HALT = commands.HALT


class Bytes:
    """USB's memory, by byte."""

    def __init__(self, memory: bytearray):
        self.memory = memory

    def __getitem__(self, at: int) -> int:
        return self.memory[at]


class Words(Bytes):
    """The same, or a buffer, by word."""

    def __getitem__(self, at: int) -> int:
        return int.from_bytes(self.memory[4 * at : 4 * at + 4], "little")


class Watched:
    """heard(), and the memory it looks at."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch):
        for name in ("micropython", "rp2_port.registers"):
            stub = types.ModuleType(name)
            plain = dict.fromkeys(("viper", "native"), lambda function: function)
            vars(stub).update(plain)
            monkeypatch.setitem(sys.modules, name, stub)
        self.memory = bytearray(4096)
        self.memory[0x14:0x18] = (0xA800_0000 | BUFFER).to_bytes(4, "little")
        space: dict[str, Any] = {"uint": lambda word: word & 0xFFFF_FFFF, "__package__": "rp2_port"}
        space["ptr8"] = lambda what: Bytes(self.memory) if what == USB else what
        space["ptr32"] = lambda what: Words(self.memory if what == USB else what)
        exec(compile(SOURCE.read_text(encoding="utf-8"), str(SOURCE), "exec"), space)
        self._heard = space["heard"]
        room = bytearray(8) + space["_POLYNOMIAL"].to_bytes(4, "little")
        self.room = room + bytes((HALT, 0, 0))

    def put(self, packet: bytes, *, fetched: bool = True) -> None:
        self.memory[BUFFER : BUFFER + len(packet)] = packet
        control = 64 | AVAILABLE if fetched else len(packet)
        self.memory[CONTROL : CONTROL + 4] = control.to_bytes(4, "little")

    def heard(self) -> bool:
        return bool(self._heard(self.room))


@pytest.fixture
def usb(monkeypatch: pytest.MonkeyPatch) -> Watched:
    return Watched(monkeypatch)


def test_req_32_a_halt_of_any_sequence_number_is_heard_once(usb: Watched) -> None:
    for sequence in range(256):
        usb.put(frame.encode(sequence, HALT, b""))
        assert [usb.heard(), usb.heard()] == [True, False]


def test_req_32_the_same_halt_again_after_another_packet_is_heard_again(usb: Watched) -> None:
    for packet, expected in ((HALT, True), (commands.STATUS, False), (HALT, True)):
        usb.put(frame.encode(7, packet, b""))
        assert usb.heard() is expected


@pytest.mark.parametrize(("fetched", "expected"), [(True, False), (False, True)])
def test_req_32_behind_another_frame_only_a_packet_that_nobody_fetched_is_believed(
    fetched: bool, expected: bool, usb: Watched
) -> None:
    usb.put(frame.encode(1, commands.STATUS, b"") + frame.encode(2, HALT, b""), fetched=fetched)
    assert usb.heard() is expected


def test_req_32_a_halt_that_is_not_yet_whole_is_not_heard(usb: Watched) -> None:
    usb.put(frame.encode(1, HALT, b"")[:-1] + b"\x05", fetched=False)
    assert not usb.heard()


def test_req_40_a_damaged_halt_is_not_heard(usb: Watched) -> None:
    whole = frame.encode(9, HALT, b"")
    for bit in range(8 * len(whole)):
        packet = bytearray(whole)
        packet[bit // 8] ^= 1 << bit % 8
        usb.put(packet)
        assert not usb.heard()


def test_req_41_no_other_command_is_taken_for_a_halt(usb: Watched) -> None:
    for opcode in range(256):
        usb.put(frame.encode(3, opcode, b""))
        assert usb.heard() is (opcode == HALT)
