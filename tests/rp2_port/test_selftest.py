"""The board's self-test on stand-ins: a finding within its range passes, beyond it is the row."""

import sys
import types
from pathlib import Path
from typing import Any

import pytest
from tests.support.tables import BOARD

from stimcore import errors

SOURCE = Path(__file__).resolve().parents[2] / "firmware" / "rp2_port/selftest.py"
CHIP = (0, 8, 0, 36, 0x1F, 0x4005_8000)
RUNS = 1 << 30  # the ENABLE bit of WATCHDOG's CTRL
SEQUENCER, SENTINEL = (0xA042, 0x0060, 0xE000), (0x80A0, 0xA0C7)


class Board:
    """Parts that the self-test looks at; a test changes one thing."""

    def __init__(self) -> None:
        self.gate_was_low, self.gate_level = True, 0
        self.sequencer: tuple[int, ...] = SEQUENCER
        self.sentinel: tuple[int, ...] = SENTINEL
        self.codes = [2_048, 2_048]
        self.hz, self.watchdog = 125_000_000, RUNS

    def row(self, monkeypatch: pytest.MonkeyPatch) -> tuple[int, ...]:
        pinned = {"sequencer_serial": SEQUENCER, "sentinel": SENTINEL}
        for name, contents in (
            ("pio_programs", {"sentinel": (self.sentinel,)}),
            ("registers", {"peek": lambda _address: self.watchdog}),
            ("pio_golden", {"PINNED": pinned}),
        ):
            stub = types.ModuleType(f"rp2_port.{name}")
            vars(stub).update(contents)
            monkeypatch.setitem(sys.modules, stub.__name__, stub)
            monkeypatch.setattr(f"rp2_port.{name}", stub, raising=False)
        space: dict[str, Any] = {"__package__": "rp2_port"}
        exec(compile(SOURCE.read_text(encoding="utf-8"), str(SOURCE), "exec"), space)
        space["_measured_hz"] = lambda: self.hz
        gate = types.SimpleNamespace(value=lambda: self.gate_level)
        sense = types.SimpleNamespace(read=self.codes.__getitem__)
        parts = (gate, self.gate_was_low, (self.sequencer,), sense, CHIP)
        row: tuple[int, ...] = space["row"](BOARD, parts)
        return row


def test_req_52_a_sound_board_is_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Board().row(monkeypatch) == ()


@pytest.mark.parametrize(
    ("field", "wrong", "index", "value", "limit"),
    [
        ("gate_was_low", False, 0, 1, 0),
        ("gate_level", 1, 0, 2, 0),
        ("sequencer", (0xA042, 0x0061, 0xE000), 1, 1, -1),
        ("sequencer", SEQUENCER[:2], 1, 2, -1),
        ("sentinel", (*SENTINEL, 0xE001), 2, 2, -1),
        ("codes", [2_048 - 41, 2_048], 3, 2_007, 2_008),
        ("codes", [2_048, 2_048 + 41], 4, 2_089, 2_088),
        ("hz", 124_374_000, 5, 124_374, 124_375),  # half a percent, and a kHz
        ("hz", 125_626_000, 5, 125_626, 125_625),
        ("watchdog", 0, 6, 0, 1),
    ],
)
def test_req_52_each_finding_out_of_range_is_the_row(
    field: str, wrong: Any, index: int, value: int, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = Board()
    setattr(board, field, wrong)
    assert board.row(monkeypatch) == (errors.FAULT_SELF_TEST, index, value, limit)


def test_req_52_a_finding_at_the_end_of_its_range_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    board = Board()
    board.codes, board.hz = [2_008, 2_088], 124_375_000
    assert board.row(monkeypatch) == ()
