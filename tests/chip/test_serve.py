"""`scs sim --chip` in one terminal, `scs run` in another: the chip as a device of its own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from scs import resources
from scs_sim.chip import rig_files

PATIENCE_S = 50.0  # of the computer's own time: a busy one emulates slowly
COUNTED = str(resources.path("profiles/tonic_48_pulses.yaml"))


def scs(*arguments: str) -> subprocess.Popen[str]:
    paths = [str(rig_files.ROOT / name) for name in ("firmware", "host", "sim")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    command = [sys.executable, "-m", "scs", *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, stdout=pipe, stderr=pipe, stdin=pipe, text=True, env=environment
    )


@pytest.fixture
def served(chip_files: rig_files.Files) -> Iterator[subprocess.Popen[str]]:
    with scs("sim", "--chip", "--until-eof") as server:
        yield server
        server.kill()


def test_a_profile_runs_over_the_socket_and_ctrl_c_ends_the_chip(
    served: subprocess.Popen[str],
) -> None:
    assert served.stdout is not None
    address = served.stdout.readline().strip()
    with scs("run", COUNTED, "--port", address, "--timeout", "30", "--json") as running:
        out, err = running.communicate(timeout=PATIENCE_S)
    assert running.returncode == 0, err
    assert json.loads(out)["delivered"]["pulses"] == 48
    served.send_signal(signal.SIGINT)
    _out, err = served.communicate(timeout=PATIENCE_S)  # ends when the rig has closed it too
    assert served.returncode == 0
    assert "Traceback" not in err
