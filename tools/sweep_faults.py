"""Kill a small sweep at random instants, complete it, and compare its table with a whole one.

Usage: python tools/sweep_faults.py [INSTANTS] [SEED]   (100 and 1 without)
Each time a process with two workers is killed with SIGKILL, somewhere between its begin and its
end; the same command then completes the folder, and both tables must be the same byte for byte.
Exit code: 1 if any was not.
"""

import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from scs import resources
from scs.cli import app as cli
from scs.sweeps import folder
from scs.sweeps.spec import Spec

SPEC = """\
profile: {profile}
sample: {{kind: latin-hypercube, count: 60, seed: 5}}
rows_per_chunk: 4
vary:
  programs[0].amplitude: {{from: 0.5 mA, to: 8 mA}}
  programs[0].pulse_width: {{from: 60 us, to: 500 us}}
"""
TABLES = ("table.parquet", "table.csv")


def campaign(
    place: Path, instants: int, seed: int, say: Callable[[str], None] = print
) -> list[str]:
    """Return a line about each kill after which the sweep did not complete to the same table."""
    spec = place / "killed.yaml"
    spec.write_text(SPEC.format(profile=resources.path("profiles/tonic_50hz.yaml")))
    folder.computed(folder.manifest(Spec.read(spec)), 0)  # imports all that the work needs
    begun_s = time.monotonic()
    whole = _completed(spec, place / "whole")
    lasts_s = time.monotonic() - begun_s
    draw, failures, early = np.random.default_rng(seed), [], 0
    for number in range(instants):
        target, after_s = place / "killed", draw.uniform(0, lasts_s)
        pid = _started(spec, target)
        time.sleep(after_s)
        os.kill(pid, signal.SIGKILL)
        early += os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) != 0
        chunks = len(list(target.glob("chunks/*.parquet")))
        same = _completed(spec, target) == whole
        line = f"kill {number + 1} of {instants} after {after_s:.3f} s, {chunks} chunks there"
        say(f"{line}: {'the same table' if same else 'ANOTHER TABLE'}")
        failures += [] if same else [line]
        shutil.rmtree(target)
    say(f"{len(failures)} of {instants} went wrong; {early} were killed before their end")
    return failures


def _completed(spec: Path, target: Path) -> list[bytes]:
    code = os.waitstatus_to_exitcode(os.waitpid(_started(spec, target), 0)[1])
    return [(target / name).read_bytes() for name in TABLES] if code == 0 else []


def _started(spec: Path, target: Path) -> int:
    """Start the command in a process that has all imports done, and return its number."""
    pid = os.fork()
    if pid:
        return pid
    code = 70
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        cli.app(["sweep", str(spec), "-o", str(target), "--jobs", "2"])
    except SystemExit as end:
        code = int(end.code or 0)
    finally:
        os._exit(code)


if __name__ == "__main__":
    COUNT, SEED = (int(word) for word in [*sys.argv[1:], *("100", "1")[len(sys.argv) - 1 :]])
    with tempfile.TemporaryDirectory() as name:
        sys.exit(1 if campaign(Path(name), COUNT, SEED) else 0)
