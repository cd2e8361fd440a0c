"""Check that the README shows the demo's real output and names only commands that exist."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scs.cli.app import MODULES, app

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_readme_shows_what_the_demo_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "90")
    result = CliRunner().invoke(app, ["demo", "-o", str(tmp_path)])
    assert result.exit_code == 0, result.output
    printed = {line.rstrip() for line in result.output.splitlines()}
    shown = [line for line in README.splitlines() if "│" in line or "┃" in line]
    assert len(shown) == 11
    assert [line for line in shown if line not in printed] == []


@pytest.mark.parametrize("page", ["README.md", "docs/reference/commands.md"])
def test_every_command_that_a_page_names_exists(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    named = set(re.findall(r"^\.venv/bin/scs ([a-z]+)", text, re.MULTILINE))
    assert {"check", "run", "trace", "sim"} <= named
    assert named <= set(MODULES)
