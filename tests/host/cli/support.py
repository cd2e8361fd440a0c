"""How the tests of the command line call it, and what it answers with."""

import os
import subprocess
import sys
from pathlib import Path

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


def scs(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(cli.app, arguments, env={"COLUMNS": "120", **environment})


def environment() -> dict[str, str]:
    """What a process needs to find the packages of this tree."""
    paths = [str(ROOT / name) for name in ("firmware", "host", "sim")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONUNBUFFERED": "1"}


def process(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "scs.cli", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
