"""The fenced blocks of the documentation, and the commands and outputs in them.

Role: blocks() reads them; Session runs the commands of a page in one folder, as written, with the
ports and files of HERE in place of those of a reader's own. Invariant: a line of a block is a
command, or a line of the output of the command before it.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from scs.cli.app import app

ROOT = Path(__file__).resolve().parents[2]
PAGES = ["README.md", *sorted(str(page.relative_to(ROOT)) for page in ROOT.glob("docs/**/*.md"))]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TOOLS = ("head", "sigrok-cli")  # other programs in a block
ELISION = "..."


@dataclass(frozen=True)
class Block:
    """One fenced block: its page, language ("" for none) and text."""

    page: str
    language: str
    text: str

    @property
    def key(self) -> tuple[str, str]:
        """Page and first line, which name it."""
        return self.page, self.text.partition("\n")[0].rstrip()

    def commands(self) -> Iterator[tuple[str, list[str]]]:
        """Yield each command and the lines shown as its output."""
        text = self.text.replace("\\\n", "")
        command, shown = "", list[str]()
        prompted = text.startswith("$ ")
        for line in text.splitlines():
            if line.startswith("$ ") or not prompted:
                if command:
                    yield command, shown
                command, shown = line.removeprefix("$ "), []
            else:
                shown.append(line)
        yield command, shown


def blocks() -> list[Block]:
    """Return every fenced block of the README and of docs/."""
    return [
        Block(page, language, text)
        for page in PAGES
        for language, text in FENCE.findall((ROOT / page).read_text(encoding="utf-8"))
    ]


class Session:
    """Runs commands in a folder; `here`: words of a command -> what stands for them here."""

    def __init__(self, folder: Path, here: dict[str, str], monkeypatch: pytest.MonkeyPatch):
        self._folder, self._here = folder, here
        self._environment = monkeypatch
        self.printed: list[str] = []  # by the last command
        for name in ("examples", "leads", "profiles"):
            (folder / name).symlink_to(ROOT / name)
        monkeypatch.chdir(folder)
        monkeypatch.delenv("COLUMNS", raising=False)
        monkeypatch.delenv("SCS_PORT", raising=False)

    def run(self, command: str) -> int:
        """Run a command and return its exit code; `printed` has its lines that are not blank."""
        words = shlex.split(command, comments=True)
        if words[0] == "export":
            name, _, value = words[1].partition("=")
            self._environment.setenv(name, self._here.get(value, value))
            return 0
        words = [self._here.get(word, word) for word in words]
        if words[0] in TOOLS:
            done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
            self.printed = _lines(done.stdout)
            return done.returncode
        assert words[0].removeprefix(".venv/bin/") == "scs", command
        result = CliRunner().invoke(app, words[1:])
        assert result.exception is None or isinstance(result.exception, SystemExit), result
        self.printed = _lines(result.output)
        return result.exit_code


def parsed(command: str) -> None:
    """Assert that `scs` takes the options of a command, without carrying it out."""
    words = shlex.split(command, comments=True)[1:]
    group = typer.main.get_command(app)
    context = group.make_context("scs", words)
    while hasattr(group, "resolve_command"):
        name, group, words = group.resolve_command(context, words)
        context = group.make_context(name, list(words), parent=context)


def can_run(command: str) -> bool:
    """Return whether the program of a command is on this computer."""
    return not command.startswith("sigrok-cli") or shutil.which("sigrok-cli") is not None


def shows(shown: list[str], printed: list[str], *, part: bool = False) -> str:
    """Return the first line shown that was not printed in its place, "" if there is none.

    `...` stands for any lines; part: so do the beginning and the end.
    """
    at, free = 0, part
    for line in _lines(textwrap.dedent("\n".join(shown)) if part else "\n".join(shown)):
        if line == ELISION:
            free = True
            continue
        rest = [text.lstrip() if part else text for text in printed[at:]]
        wanted = line.lstrip() if part else line
        if wanted not in rest or not (free or rest[0] == wanted):
            return line
        at, free = at + rest.index(wanted) + 1, False
    return "" if free or part or at == len(printed) else f"more than shown: {printed[at]}"


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines() if line.strip()]
