"""CPU time of whole commands, beside the same commands at an earlier commit, in one run.

The earlier tree is taken from this repository's history into a temporary folder; a shallow clone
has it not, and then nothing is measured. What is compared is user and system time of the process,
the start of Python included.
"""

import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from timing import cpu_s

from sim_validation.rows import Row

ROOT = Path(__file__).resolve().parents[1]
BEFORE = "2620823"  # the last one whose simulated board took a turn of the loop every 200 us
SCS = "from scs.cli import main; main()"
RUN = "run profiles/{}.yaml --port sim --for {}"
# (command, least ratio)
COMMANDS = (
    (RUN.format("tonic_50hz", "60s"), 5),
    (RUN.format("burst_dr", "60s"), 5),
    (RUN.format("hf10", "5s"), 6),  # as long as it takes to see: 40 s of CPU before
    ("trace profiles/tonic_50hz.yaml --for 60s -o {folder}/tonic.npz", 15),
)


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        if not extracted(folder):
            print(f"{BEFORE} is not in this clone: nothing to compare with", file=sys.stderr)
            return []
        rows = []
        for command, least in COMMANDS:
            asked = command.format(folder=folder).split()
            now_s, before_s = (of_tree_s(tree, asked) for tree in (ROOT, Path(folder)))
            rows.append(Row(f"scs {command}", now_s, "s of CPU"))
            name = f"… CPU of {BEFORE}, times as much"
            rows.append(Row(name, before_s / now_s, "", (">", least)))
        return rows


def extracted(folder: str) -> bool:
    """Put the earlier tree into a folder; return False where this clone has it not."""
    git = [shutil.which("git") or "git", "archive", BEFORE]
    archive = subprocess.run(git, cwd=ROOT, capture_output=True, check=False)
    if archive.returncode:
        return False
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(folder, filter="data")
    return True


def of_tree_s(tree: Path, arguments: list[str]) -> float:
    """Return the CPU time of `scs` with these arguments, from the sources of a tree."""
    return of_code_s(tree, SCS, *arguments)


def of_code_s(tree: Path, code: str, *arguments: str) -> float:
    """Return the CPU time of Python code with the sources of a tree, in its folder."""
    sources = os.pathsep.join(str(tree / part) for part in ("host", "sim", "firmware"))
    here = f"import os, sys; os.chdir({str(tree)!r}); sys.path[:0] = {sources!r}.split(os.pathsep)"
    return cpu_s([sys.executable, "-c", f"{here}\n{code}", *arguments], 1)
