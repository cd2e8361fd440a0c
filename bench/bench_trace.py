"""`scs trace` by the model against the board: CPU a simulated second, memory of 1 s and of 1 h.

Each is a process of its own, as a user meets it; what both share, the start and the soft start, is
taken off by a trace of 1 ms.
"""

import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from scs import resources
from sim_validation.rows import Row

PROFILE = str(resources.path("profiles/tonic_50hz.yaml"))
RATIO, GROWTH = 10.0, 1.3  # at least: board / model; at most: an hour / a second
CHILD = "import resource, runpy, sys; sys.argv = ['scs', *sys.argv[1:]]\ntry:\n"
CHILD += "    runpy.run_module('scs', run_name='__main__')\nfinally:\n"
CHILD += "    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "x.npz"
        start_s, _ = traced("1ms", file)
        board_s = (traced("30s", file, "board")[0] - start_s) / 30
        hour_s, hour_mb = traced("1h", file)
        _, second_mb = traced("1s", file)
        model_s = (hour_s - start_s) / 3600
    return [
        Row("scs trace of 1 ms: start and soft start, CPU", start_s, "s"),
        Row("CPU a simulated second to NPZ, board", board_s * 1e3, "ms"),
        Row("CPU a simulated second to NPZ, model", model_s * 1e3, "ms"),
        Row("CPU, board / model", board_s / model_s, "", (">", RATIO)),
        Row("memory of a trace of 1 s", second_mb, "MB"),
        Row("memory of a trace of 1 h", hour_mb, "MB"),
        Row("memory, 1 h / 1 s", hour_mb / second_mb, "", ("<", GROWTH)),
    ]


def traced(for_: str, file: Path, fidelity: str = "model") -> tuple[float, float]:
    """Return (CPU s, peak memory MB) of a trace."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = ["trace", PROFILE, "--for", for_, "--fidelity", fidelity, "-o", str(file)]
    done = subprocess.run(
        [sys.executable, "-c", CHILD, *command], check=True, capture_output=True, text=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu_s, int(done.stdout.splitlines()[-1]) / 1e3
