"""Calls of the command line in tests, and their results."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from scs import resources
from scs.cli import app as cli
from scs.cli import interrupts

TONIC = str(resources.path("profiles/tonic_50hz.yaml"))
COUNTED = str(resources.path("profiles/tonic_48_pulses.yaml"))
ROOT = Path(__file__).resolve().parents[3]
GOOD, REFUSED, USAGE, NO_DEVICE, INTERRUPTED = 0, 1, 2, 3, 130

PROGRAM = """\
lead: octrode-3mm
programs:
  - name: low back
    cathodes: [E3]
    anodes: [E4]
    rate: 50 Hz
    pulse_width: 200 us
"""
ALONE = f"""\
name: alone
{PROGRAM}\
    amplitude: 1 mA
    recharge: active
limits: {{amplitude: 3 mA}}
ramp: {{up: 0 s, down: 0 s}}
stand_alone: true
"""
LEASED = ALONE.replace("stand_alone: true\n", "").replace("down: 0 s", "down: 1 s")


def scs(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(cli.app, arguments, env={"COLUMNS": "120", **environment})


def environment() -> dict[str, str]:
    """Return the environment in which a process finds the packages of this tree."""
    paths = [str(ROOT / name) for name in ("firmware", "host", "sim")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONUNBUFFERED": "1"}


# the command line, which ends when its stdin does: also where the process that holds it is killed
OWNED = """
import os, sys, threading
from scs.cli import main
threading.Thread(target=lambda: (os.read(0, 1), os._exit(1)), daemon=True).start()
sys.exit(main())
"""


def owned(*arguments: str, folder: Path) -> subprocess.Popen[bytes]:
    """Start a command in a folder; it ends with this process, or when its stdin is closed."""
    return subprocess.Popen(
        [sys.executable, "-c", OWNED, *arguments],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        env=environment(),
    )


def process(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "scs", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )


def asked(*arguments: str, **environment: str) -> tuple[Result, Any]:
    """Return the result of a command with --json, and its JSON."""
    done = scs(*arguments, "--json", **environment)
    return done, json.loads(done.stdout) if done.stdout else {}


def as_json(*arguments: str, **environment: str) -> Any:
    return asked(*arguments, **environment)[1]


def shift(file: str, port: str, *options: str) -> tuple[Result, Any]:
    return asked("shift", file, "--port", port, *options)


def status(port: str) -> Any:
    return as_json("status", "--port", port)


def interrupt_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each command that runs a device begin as if Ctrl-C was pressed."""

    def entered(self: interrupts.Interrupts) -> interrupts.Interrupts:
        self.code = 128 + signal.SIGINT
        return self

    monkeypatch.setattr(interrupts.Interrupts, "__enter__", entered)


def moved_by(file: str, number: int) -> str:
    """Return the text of a file with its contacts moved by hand."""
    text = Path(file).read_text()
    return text.replace("[E4]", f"[E{4 + number}]").replace("[E3]", f"[E{3 + number}]")


def left_alone(port: str, file: str, text: str = ALONE, state: str = "RUNNING") -> None:
    assert status(port)["state"] == state
    assert Path(file).read_text() == text
