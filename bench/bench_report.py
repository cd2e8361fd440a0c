"""From a recorded run of 10 s to its HTML report, and the trace to each other format.

The report is timed as a user meets it: a process of its own, `scs report DIR -o x.html`.
"""

import sys
import tempfile
from functools import partial
from pathlib import Path

from timing import best_s, command_s

from scs import resources
from scs.recordings import run_folder, writers
from scs.recordings.writers import Taken
from sim_validation.rows import Row

STEMS = ("tonic_50hz", "burst_dr")
FOR_S = 10
MOST, LIMIT_MB = 10.0, 3.0  # times the start of scs; of the page
SCS = [sys.executable, "-m", "scs"]


def measure() -> list[Row]:
    start_s = command_s([*SCS, "--help"], 3)
    with tempfile.TemporaryDirectory() as name:
        return [row for stem in STEMS for row in of_profile(stem, Path(name), start_s)]


def of_profile(stem: str, folder: Path, start_s: float) -> list[Row]:
    kept, page = folder / stem, folder / f"{stem}.html"
    profile = str(resources.path(f"profiles/{stem}.yaml"))
    simulate = [*SCS, "run", profile, "--for", f"{FOR_S}s", "--record", str(kept)]
    simulated_s = command_s(simulate, 1)
    report_s = command_s([*SCS, "report", str(kept), "-o", str(page)], 3)
    size_mb = page.stat().st_size / 1e6
    what = f"{FOR_S} s of {stem}"
    return [
        Row(f"simulate and record {what}", simulated_s, "s"),
        Row(f"HTML report of {what}", report_s, "s"),
        Row(f"HTML report of {what}, times scs --help", report_s / start_s, "", ("<", MOST)),
        Row(f"HTML report of {what}: size", size_mb, "MB", ("<", LIMIT_MB)),
        *(written(kept, folder, stem, ending) for ending in (".csv", ".npz", ".wav")),
    ]


def written(kept: Path, folder: Path, stem: str, ending: str) -> Row:
    recorded = run_folder.read(kept)
    if recorded.rows is None:
        raise RuntimeError("the simulated board gave no trace")
    what = Taken(recorded.rows, stem, run=recorded)
    written_s = best_s(partial(writers.save, folder / f"{stem}{ending}", what), 1)
    return Row(f"{ending} of {FOR_S} s of {stem}", len(recorded.rows) / written_s, "rows/s")
