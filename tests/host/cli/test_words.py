"""Output of commands: in a user's words, in the terminal's width, as soon as it is known."""

import ast
import errno
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import serial
from tests.host.cli.support import GOOD, NO_DEVICE, ROOT, TONIC, USAGE, as_json, environment, scs
from tests.support.serving import serving

from scs import sim_bridge
from scs.device import link
from scs.messages import refusals
from stimcore import commands, states

NARROW = {"COLUMNS": "60"}


# --- protocol names never reach a user ---------------------------------------------------------
def error_texts() -> list[tuple[str, str]]:
    """Return the file and the text of every string of the host that is no docstring."""
    texts = []
    for path in sorted((ROOT / "host/scs").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        docs = {
            id(node.body[0].value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }
        texts += [
            (path.name, node.value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in docs
        ]
    return [row for row in texts if row[0] != "error_texts.py"]  # with the protocol's own page


def test_no_text_names_a_command_of_the_protocol() -> None:
    names = "|".join(row[1].upper() for row in commands.TABLE)
    named = re.compile(rf"\b({names}|opcode)\b|stage (begin|data)")
    plain = re.compile(r"(START|STOP|HALT) ?")  # of buttons and tables: also plain words
    leaks = [
        (file, text)
        for file, text in error_texts()
        if (match := named.search(text)) and not plain.fullmatch(match.group()) and " " in text
    ]
    assert leaks == []


@pytest.mark.parametrize("command", [row[1] for row in commands.TABLE])
def test_a_command_out_of_its_state_is_told_as_what_was_asked_for(command: str) -> None:
    row = next(row for row in commands.TABLE if row[1] == command)
    if row[4] == states.ANY or command == "clear_fault":
        return
    text = refusals.not_in_state(command, "OFF")
    assert text.partition(" ")[0] not in {row[1] for row in commands.TABLE}
    assert "_" not in text.partition(" is not allowed")[0]


# --- ports ---------------------------------------------------------------------------------------
def test_a_served_board_in_use_says_that_another_program_holds_it() -> None:
    with (
        serving(sim_bridge.listen(sim_bridge.make())) as server,
        link.Link(server.address) as other,
    ):
        other.request(commands.HELLO, commands.PROTOCOL)
        done = scs("status", "--port", server.address)
    assert done.exit_code == NO_DEVICE
    assert "another program holds it" in done.stderr
    assert "`scs ports`" in done.stderr


@pytest.mark.parametrize(
    "reason",
    [(errno.EBUSY, "busy"), ("could not open port 'COM3': PermissionError(13, 'denied')",)],
)
def test_a_serial_port_in_use_says_that_another_program_holds_it(
    reason: tuple[object, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    def held(*_: object, **__: object) -> None:
        raise serial.SerialException(*reason)

    monkeypatch.setattr(serial, "serial_for_url", held)
    done = scs("status", "--port", "/dev/ttyACM0")
    assert done.exit_code == NO_DEVICE
    assert "cannot open /dev/ttyACM0" in done.stderr
    assert "another program holds it, or this user may not open it; see `scs ports`" in done.stderr


def test_a_place_in_use_cannot_be_served_on() -> None:
    with serving(sim_bridge.listen(sim_bridge.make())) as server:
        done = scs("sim", "--listen", server.address.removeprefix("socket://"))
    assert done.exit_code == NO_DEVICE
    assert "another program holds it; e.g. 127.0.0.1:0" in done.stderr


@pytest.mark.parametrize("place", ["127.0.0.1:7000", "localhost:7000", "[::1]:7000"])
def test_a_port_without_its_protocol_is_told_how_it_is_written(place: str) -> None:
    done = scs("status", "--port", place)
    assert done.exit_code == USAGE
    assert f"for example socket://{place}" in done.stderr


@pytest.mark.parametrize("name", ["/dev/tty\nACM0", "socket://127.0.0.1:70\x1b[31m00", "sim\r"])
def test_a_port_with_a_control_character_is_shown_cleaned(name: str) -> None:
    for command in (("status",), ("run", TONIC), ("flash", "--dry-run")):
        done = scs(*command, "--port", name)
        assert done.exit_code == USAGE
        (line,) = done.stderr.splitlines()
        assert line.isprintable()
        assert repr(name) in line


def test_a_served_simulator_needs_no_flashing() -> None:
    with serving(sim_bridge.listen(sim_bridge.make())) as server:
        done = scs("flash", "--port", server.address)
        assert as_json("status", "--port", server.address)["state"] == "OFF"
    assert done.exit_code == USAGE
    assert "nothing to flash" in done.stderr
    assert "BOOTSEL" not in done.stderr


# --- titrate -------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["folder", "read-only", "no folder"])
def test_titrate_checks_its_file_before_anything_flows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    def flows(*_: object) -> None:
        raise AssertionError("the device was opened")

    monkeypatch.setattr("scs.device.session.Session.open", flows)
    target = tmp_path / ("none/x.yaml" if kind == "no folder" else "x.yaml")
    if kind == "folder":
        target.mkdir()
    elif kind == "read-only":
        target.write_text("old")
        target.chmod(0o444)
    done = scs("titrate", TONIC, "-o", str(target), "--force", "--note", "perception=0.6V")
    assert done.exit_code == USAGE, done.output
    assert f"cannot write {target}" in done.stderr


def test_titrate_checks_the_profile_that_it_will_note_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def flows(*_: object) -> None:
        raise AssertionError("the device was opened")

    monkeypatch.setattr("scs.device.session.Session.open", flows)
    mine = tmp_path / "my.yaml"
    mine.write_text(Path(TONIC).read_text(encoding="utf-8"), encoding="utf-8")
    mine.chmod(0o444)
    done = scs("titrate", str(mine), "--note", "perception=0.6V")
    assert done.exit_code == USAGE
    assert f"cannot write {mine}: it is read-only" in done.stderr


def test_a_dwell_time_has_an_upper_bound() -> None:
    done = scs("titrate", TONIC, "--dwell", "601s")
    assert done.exit_code == USAGE
    assert "--dwell: 601s is above 10 min" in done.stderr
    assert "scs run --for" in done.stderr
    assert "10 min" in scs("titrate", "--help").stdout


# --- amplitude -----------------------------------------------------------------------------------
def test_an_amplitude_takes_a_name_and_an_unquoted_value(running: str, alone: str) -> None:
    shown = scs("amplitude", "1", "1.8", "mA", "--port", running)
    assert (shown.exit_code, shown.stdout[:18]) == (GOOD, "requested 1.8 mA, ")
    done = scs("amplitude", "low back", "1.5", "mA", "--profile", alone, "--port", running)
    assert done.stdout.startswith("requested 1.5 mA, actual 1.5 mA")


def test_a_name_is_that_of_the_profile_here_which_the_device_runs(
    running: str, alone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(Path(alone).parent)
    (Path(alone).parent / "broken.yaml").write_text("{")
    done = scs("amplitude", "low back", "1.5 mA", "--port", running)
    assert done.stdout.startswith("requested 1.5 mA, actual 1.5 mA")
    unknown = scs("amplitude", "leg", "1.5 mA", "--port", running)
    assert "no program is called 'leg'; known are low back" in unknown.stderr


def test_a_name_without_its_profile_is_refused_with_what_to_write(
    running: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    done = scs("amplitude", "low back", "1.5 mA", "--port", running)
    assert done.exit_code == USAGE
    assert "--profile my.yaml" in done.stderr
    other = scs("amplitude", "low back", "1 mA", "--profile", TONIC, "--port", running)
    assert "the device runs another program" in other.stderr


# --- 60 columns, and a pipe ----------------------------------------------------------------------
@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["run", "--help"],
        ["store", "--help"],
        ["check", TONIC],
        ["presets"],
        ["boards"],
        ["wiring"],
        ["faults", "--simulated"],
        ["run", str(ROOT / "profiles/tonic_48_pulses.yaml")],
        ["diff", TONIC, str(ROOT / "profiles/khz1.yaml")],
    ],
)
def test_tables_and_help_fit_into_60_columns(arguments: list[str]) -> None:
    done = scs(*arguments, **NARROW)
    drawn = [line for line in done.stdout.splitlines() if re.search("[│┃━─]", line)]
    assert len(drawn) > 2
    assert [line for line in drawn if len(line) > 60] == []
    if "--help" not in arguments:
        assert [line for line in drawn if "…" in line] == []


def test_columns_widen_a_table_too() -> None:
    wide = scs("presets", COLUMNS="200").stdout
    assert max(map(len, wide.splitlines())) > 110
    assert "mcp4922-8, r2r-1" in wide


def test_a_piped_run_prints_as_it_goes() -> None:
    """The board is served, at its own speed: the run would last an hour."""
    board = sim_bridge.make()
    with serving(sim_bridge.listen(board)) as server:
        command = [sys.executable, "-m", "scs", "run", TONIC, "--for", "1h", "--port"]
        variables = environment() | {"COLUMNS": "120"}  # a line each, however long the figures
        del variables["PYTHONUNBUFFERED"]
        with subprocess.Popen(
            [*command, server.address], stdout=subprocess.PIPE, text=True, env=variables
        ) as run:
            assert run.stdout is not None
            watchdog = threading.Timer(60, run.kill)
            watchdog.start()
            lines = [run.stdout.readline() for _ in range(3)]
            assert run.poll() is None
            run.terminate()
            rest = run.stdout.read()
            watchdog.cancel()
    assert lines[0].startswith("Tonic 50 Hz, guarded cathode on pico/mcp4922-8/randles-500")
    assert lines[1].startswith("load measured before arming: E2 50")
    assert "RUNNING" in lines[2], lines
    assert "Delivered" in rest
