"""scs pair: a key for a served board, handed on, used, removed."""

import json
from pathlib import Path

import pytest
from tests.host.cli.support import GOOD, REFUSED, USAGE, scs

from scs import sim_bridge
from scs.device import keys
from stimcore import access

BOARD = "53494d0000000001"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(keys.FOLDER, str(tmp_path / "keys"))
    return tmp_path


def paired(served: str) -> None:
    done = scs("pair", "--port", served)
    assert done.exit_code == GOOD, done.output
    assert done.output.startswith(f"board {BOARD} is paired; its key is kept in ")


def test_req_70_a_paired_board_runs_for_its_holder_alone(
    leased: str, served: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paired(served)
    assert json.loads(scs("status", "--json", "--port", served).output)["paired"] == "yes"
    assert scs("run", leased, "--for", "1s", "--port", served).exit_code == GOOD
    assert scs("store", "save", "1", leased, "--port", served).exit_code == GOOD
    monkeypatch.setenv(keys.FOLDER, str(folder / "another computer"))
    refused = scs("run", leased, "--for", "1s", "--port", served)
    assert refused.exit_code == REFUSED
    assert "the board is paired, and this needs a key: the programmer's" in refused.output
    assert scs("halt", "--port", served).exit_code == GOOD


def test_req_70_an_operators_key_is_handed_on(
    leased: str, served: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paired(served)
    assert scs("store", "save", "1", leased, "--port", served).exit_code == GOOD
    file = str(folder / "operator.key")
    assert scs("pair", "--port", served, "--export-operator", file).exit_code == GOOD
    kept = scs("pair", "--import", file)
    assert kept.exit_code == REFUSED
    assert "the own key of board 53494d0000000001 is kept here" in kept.output
    monkeypatch.setenv(keys.FOLDER, str(folder / "another computer"))
    done = scs("pair", "--json", "--import", file)
    assert json.loads(done.output)["roles"] == ["operator"]
    assert scs("run", "--slot", "1", "--for", "1s", "--port", served).exit_code == GOOD
    refused = scs("store", "erase", "1", "--port", served)
    assert refused.exit_code == REFUSED
    assert "the programmer's, and the session has the operator's" in refused.output


def test_a_session_may_have_less_than_the_key_gives(leased: str, served: str) -> None:
    paired(served)
    for role, code in (("observer", REFUSED), ("operator", REFUSED), ("programmer", GOOD)):
        done = scs("run", leased, "--for", "1s", "--role", role, "--port", served)
        assert done.exit_code == code, done.output
    assert scs("status", "--role", "boss", "--port", served).exit_code == USAGE


def test_req_70_a_board_that_is_paired_is_not_paired_again(served: str) -> None:
    paired(served)
    again = scs("pair", "--port", served)
    assert again.exit_code == REFUSED
    assert "is paired already; its holder unpairs it: scs pair --remove" in again.output


def test_req_70_remove_erases_the_key_on_both_sides(
    served: str, folder: Path, board: sim_bridge.SimBoard
) -> None:
    paired(served)
    done = scs("pair", "--remove", "--json", "--port", served)
    assert json.loads(done.output) == {"unique_id": BOARD, "paired": False, "kept": None}
    assert list((folder / "keys").iterdir()) == []
    assert board.device.access.kept == access.NONE
    paired(served)


def test_req_70_a_key_that_was_erased_at_the_board_is_not_replaced_unasked(
    served: str, board: sim_bridge.SimBoard
) -> None:
    paired(served)
    board.device.access.pair(0, b"", 1)
    done = scs("pair", "--port", served)
    assert done.exit_code == REFUSED
    assert "its key was erased at the board" in done.output
    assert scs("pair", "--remove", "--port", served).exit_code == GOOD
    paired(served)


def test_req_70_a_board_that_does_not_take_the_key_leaves_none_here(
    running: str, folder: Path
) -> None:
    done = scs("pair", "--port", running)
    assert done.exit_code == REFUSED
    assert "pairing is not allowed while the device is RUNNING" in done.output
    assert list((folder / "keys").iterdir()) == []


def test_export_needs_a_key_and_only_one_thing_is_done_at_a_time(served: str, folder: Path) -> None:
    done = scs("pair", "--port", served, "--export-operator", str(folder / "a"))
    assert done.exit_code == REFUSED
    assert f"no key of board {BOARD} is kept here" in done.output
    assert scs("pair", "--port", served, "--remove", "--import", "a").exit_code == USAGE
    assert scs("pair", "--port", "sim").exit_code == USAGE
