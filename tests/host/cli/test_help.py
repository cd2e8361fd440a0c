"""Options common to every command, and the tables: help, version, exit codes."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.host.cli.support import GOOD, TONIC, USAGE, as_json, environment, scs

from scs.cli import check as profile_commands

LOOK = ("demo", "check", "diff", "shift", "trace", "report", "compare", "sim")
DRIVE = ("run", "status", "amplitude", "titrate", "stop", "halt", "faults", "store", "flash")
STORE = ("list", "save", "recall", "erase")
NAMES = (*LOOK, *DRIVE, "boards", "wiring", "ports", "schema")


def test_every_command_has_a_line_and_an_example() -> None:
    overview = scs("--help").output
    for name in NAMES:
        assert re.search(rf"\b{name} +\w", overview), name
        for command in [f"store {action}" for action in STORE] if name == "store" else [name]:
            text = scs(*command.split(), "--help")
            assert text.exit_code == GOOD
            assert f"scs {command}" in text.output.split("Example")[-1]


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys; from scs.cli.app import app\n"
        "try: app(['--help'])\n"
        "except SystemExit: pass\n"
        "print(*sorted({'numpy', 'pydantic', 'pint', 'serial', 'yaml', 'matplotlib', 'scs_sim'}"
        " & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr.strip() == ""


def test_a_check_imports_its_own_command_and_nothing_that_it_does_not_need() -> None:
    script = (
        "import sys; from scs.cli import main; sys.argv = ['scs', *sys.argv[1:]]\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'pint', 'rich', 'serial', 'matplotlib', 'scs_sim'}\n"
        "others = {f'scs.cli.{name}' for name in ('run', 'trace', 'sweep', 'device', 'flash')}\n"
        "print(*sorted((heavy | others) & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "check", TONIC, "--format", "github"],
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stderr.strip(), done.stdout[:9]) == ("", "::notice ")


def test_version() -> None:
    assert scs("--version").output.strip() == "scs 0.1.0"


@pytest.mark.parametrize("arguments", [["frobnicate"], ["run"], ["check", TONIC, "--bord", "pico"]])
def test_wrong_usage_is_exit_2(arguments: list[str]) -> None:
    assert scs(*arguments).exit_code == USAGE


def test_boards_ports_and_faults_for_scripts() -> None:
    rows = as_json("boards")
    assert {"kind": "board", "name": "pico"}.items() <= rows[0].items()
    assert isinstance(as_json("ports"), list)
    assert "open_lead" in as_json("faults", "--simulated")
    for table in (["boards"], ["ports"], ["faults", "--simulated"]):
        assert scs(*table).exit_code == GOOD


def test_schema_to_stdout_and_to_a_file(tmp_path: Path) -> None:
    answer = json.loads(scs("schema").stdout)
    assert answer["properties"]["programs"]
    path = tmp_path / "schema.json"
    assert scs("schema", "-o", str(path)).exit_code == GOOD
    assert json.loads(path.read_text()) == answer
    assert scs("schema", "-o", str(tmp_path)).exit_code == USAGE


def test_a_bug_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(profile_commands.options.Fixture, "full_name", broken)
    assert isinstance(scs("check", TONIC).exception, RuntimeError)
