"""`scs doctor`: what is missing here, and what the boards are, without a change to any."""

import json
import os
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from tests.host.cli.support import ALONE, scs
from tests.host.flashing.fakeboard import FakeBoard
from tests.host.flashing.support import GOOD, REFUSED, USAGE
from tests.support.serving import serving

from scs import sim_bridge
from scs.device.link import Link
from scs.flashing import diagnosis, drives, ports
from scs.flashing.ports import Found
from stimcore import commands, frame, packing

REQUIREMENTS = [
    "numpy>=1.26",
    "no-such-thing>=1",
    'no-arrow>=15; extra == "sweep"',
    'scipy>=1.11; extra == "sweep"',
    'scs-bench[sweep]; extra == "dask"',
    'no-dask>=1; extra == "dask"',
]


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnosis.metadata, "requires", lambda _name: ["numpy>=1.26"])
    monkeypatch.setattr(diagnosis, "HEAR_S", 0.1)


def doctor(*arguments: str) -> tuple[int, dict[str, Any]]:
    """Return the exit code, and the rows by name."""
    done = scs("doctor", "--json", *arguments)
    answer = json.loads(done.stdout)
    assert answer["ok"] == (done.exit_code == GOOD)
    return done.exit_code, {row["name"]: row for row in answer["rows"]}


@pytest.fixture
def bench() -> sim_bridge.SimBoard:
    return sim_bridge.make()


@pytest.fixture
def served(bench: sim_bridge.SimBoard) -> Iterator[str]:
    with serving(sim_bridge.listen(bench)) as server:
        yield server.address


def test_without_a_board_all_is_well() -> None:
    code, rows = doctor()
    assert code == GOOD
    assert rows["boards"]["state"] == "note"
    assert rows["scs-bench"]["text"].startswith("0.1.0")
    shown = scs("doctor").stdout
    assert shown.endswith("all that is needed is well\n")
    assert "boards: none that runs MicroPython is connected" in shown


def test_what_is_not_installed_comes_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "requires", lambda _name: REQUIREMENTS)
    monkeypatch.setattr(diagnosis.shutil, "which", lambda name: f"/x/{name}" * (name != "ngspice"))
    code, rows = doctor()
    assert code == REFUSED
    assert rows["packages"] == {
        "name": "packages",
        "state": "problem",
        "text": "not installed: no-such-thing",
        "cure": "pip install no-such-thing",
    }
    sweep, dask = rows["extra sweep"], rows["extra dask"]
    assert (sweep["state"], sweep["text"]) == ("note", "scs sweep: no-arrow not installed")
    assert sweep["cure"] == "pip install 'scs-bench[sweep]'"
    assert dask["text"] == "scs sweep --dask: no-arrow, no-dask not installed"
    assert rows["extra chip"]["state"] == "ok"
    assert (rows["ngspice"]["state"], rows["ngspice"]["cure"]) == ("note", "apt install ngspice")
    assert rows["sigrok-cli"]["state"] == "ok"


def test_a_running_board_is_told_and_goes_on_running(served: str, tmp_path: Path) -> None:
    profile = tmp_path / "alone.yaml"
    profile.write_text(ALONE)
    assert scs("run", str(profile), "--detach", "--port", served).exit_code == GOOD
    code, rows = doctor("--port", served)
    assert code == GOOD
    assert rows[served]["state"] == "ok"
    assert rows[served]["text"] == "firmware 0.1.0, pico/mcp4922-8/randles-500, RUNNING"
    assert json.loads(scs("status", "--port", served, "--json").stdout)["state"] == "RUNNING"


def test_older_firmware_of_the_same_tables_is_a_note(
    served: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for ours, age in (("0.10.0", "older"), ("0.0.9", "newer")):
        monkeypatch.setattr(diagnosis, "VERSION", ours)
        code, rows = doctor("--port", served)
        assert (code, rows[served]["state"], rows[served]["cure"]) == (GOOD, "note", "scs flash")
        assert f"firmware 0.1.0, {age} than this host's {ours}, pico/" in rows[served]["text"]


def test_firmware_of_other_tables_is_a_problem(
    served: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "tables_digest", lambda: 1)
    code, rows = doctor("--port", served)
    assert (code, rows[served]["state"]) == (REFUSED, "problem")
    assert "it has other commands or limits than this host" in rows[served]["text"]


def test_a_latched_fault_is_a_problem(served: str, tmp_path: Path) -> None:
    with serving(sim_bridge.listen(sim_bridge.make(fault="open_lead@0.5"))) as server:
        profile = tmp_path / "alone.yaml"
        profile.write_text(ALONE)
        assert scs("run", str(profile), "--for", "3s", "--port", server.address).exit_code == 1
        code, rows = doctor("--port", server.address)
    row = rows[server.address]
    assert (code, row["state"], row["cure"]) == (
        REFUSED,
        "problem",
        f"scs faults --port {server.address}",
    )
    assert "FAULT: open_load: almost no current flows" in row["text"]


def test_a_prompt_is_recognised_and_its_board_left_as_it_was(board: FakeBoard) -> None:
    board.echoes = True
    board.files["main.py"] = b"print(1)"
    code, rows = doctor("--port", board.url)
    assert (code, rows[board.url]["cure"]) == (REFUSED, "scs flash")
    assert rows[board.url]["text"] == "MicroPython 1.28.0 at its prompt, without our firmware"
    assert (board.files, board.resets, board.is_raw) == ({"main.py": b"print(1)"}, 0, False)


def test_nobody_elses_program_gets_a_ctrl_c(board: FakeBoard, monkeypatch: pytest.MonkeyPatch):
    sent = b""
    write = Link._write

    def noted(self: Link, data: bytes) -> None:
        nonlocal sent
        sent += data
        write(self, data)

    monkeypatch.setattr(Link, "_write", noted)
    monkeypatch.setattr(diagnosis, "PATIENCE_S", 0.4)
    board.is_silent = True
    code, rows = doctor("--port", board.url)
    assert (code, rows[board.url]["state"]) == (REFUSED, "problem")
    assert "no answer from" in rows[board.url]["text"]
    assert sent
    assert b"\x03" not in sent
    request = packing.pack(commands.TABLE[0][2], (commands.PROTOCOL,))
    assert b"\x03" in frame.encode(0, commands.HELLO, request)  # what another number would send


def test_a_port_that_may_not_be_opened_comes_with_the_rule(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = tmp_path / "ttyACM0"
    port.touch(mode=0o600)
    monkeypatch.setattr(os, "access", lambda *_: False)
    monkeypatch.setattr(diagnosis, "_group", lambda _number: "dialout")
    monkeypatch.setattr(ports, "boards", lambda: [Found(str(port), "e6", "Pico")])
    code, rows = doctor()
    row = rows[str(port)]
    assert code == REFUSED
    assert row["text"] == "this user may not open it: -rw-------, group dialout"
    assert row["cure"].startswith("sudo usermod -aG dialout $USER, and log in again; or as /etc/")
    assert 'ATTRS{idVendor}=="2e8a"' in row["cure"]


def test_a_board_in_bootsel_is_to_be_flashed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / drives.INFO).write_text("Board-ID: RPI-RP2\n")
    monkeypatch.setattr(drives, "mounts", lambda: [tmp_path])
    code, rows = doctor()
    assert (code, rows[str(tmp_path)]["cure"]) == (REFUSED, "scs flash")
    assert rows[str(tmp_path)]["text"] == "RP2040 in BOOTSEL, without MicroPython"


def test_the_simulated_board_and_a_port_of_a_wrong_form_are_wrong() -> None:
    done = scs("doctor", "--port", "sim")
    assert (done.exit_code, done.stdout) == (USAGE, "")
    assert "leave --port out" in done.stderr
    code, rows = doctor("--port", "127.0.0.1:7000")
    assert (code, rows["127.0.0.1:7000"]["state"]) == (REFUSED, "problem")
    assert "for example socket://127.0.0.1:7000" in rows["127.0.0.1:7000"]["text"]
