"""Calls of the command line in tests, and their results."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from scs import resources
from scs.cli import app as cli

TONIC = str(resources.path("profiles/tonic_50hz.yaml"))
COUNTED = str(resources.path("profiles/tonic_48_pulses.yaml"))
ROOT = Path(__file__).resolve().parents[3]
GOOD, REFUSED, USAGE, NO_DEVICE, INTERRUPTED = 0, 1, 2, 3, 130

ALONE = """\
name: alone
lead: octrode-3mm
programs:
  - name: low back
    cathodes: [E3]
    anodes: [E4]
    rate: 50 Hz
    pulse_width: 200 us
    amplitude: 1 mA
    recharge: active
limits: {amplitude: 3 mA}
ramp: {up: 0 s, down: 0 s}
stand_alone: true
"""
LEASED = ALONE.replace("stand_alone: true\n", "").replace("down: 0 s", "down: 1 s")


def scs(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(cli.app, arguments, env={"COLUMNS": "120", **environment})


def environment() -> dict[str, str]:
    """Return the environment in which a process finds the packages of this tree."""
    paths = [str(ROOT / name) for name in ("firmware", "host", "sim")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONUNBUFFERED": "1"}


def process(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "scs.cli", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )


def shift(file: str, port: str, *options: str) -> tuple[Result, dict[str, Any]]:
    done = scs("shift", file, "--port", port, "--json", *options)
    return done, json.loads(done.stdout) if done.stdout else {}


def status(port: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(scs("status", "--json", "--port", port).stdout)
    return found


def moved_by(file: str, number: int) -> str:
    """Return the text of a file with its contacts moved by hand."""
    text = Path(file).read_text()
    return text.replace("[E4]", f"[E{4 + number}]").replace("[E3]", f"[E{3 + number}]")


def left_alone(port: str, file: str, text: str = ALONE, state: str = "RUNNING") -> None:
    assert status(port)["state"] == state
    assert Path(file).read_text() == text
