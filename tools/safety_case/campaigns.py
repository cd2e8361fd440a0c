"""Run the short campaigns of the safety case two at a time, then its matrix; `make safety`.

Role: each campaign is a process of its own that writes build/safety/NAME.json; what it says is
printed when it has ended, with the time it took. Invariant: all run, whatever one of them finds.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import NamedTuple

from . import results

# the longest first, so that none is left to run alone; each keeps to one processor
SHORT = (
    "tests/mutate.py --sample 20",
    "-m safety_case.states --healthy --jobs 1",
    "-m safety_case.interlocks",
    "-m safety_case.proofs",
    "-m safety_case.fuzz --seconds 20",
    "-m safety_case.contracts",
    "-m safety_case.faults --singles 300 --doubles 60 --jobs 1",
)
MATRIX = "-m safety_case.matrix"


class Ran(NamedTuple):
    """A campaign that has ended: its exit code, what it printed, and seconds of wall and CPU."""

    command: str
    code: int
    printed: str
    wall_s: float
    cpu_s: float


def ran(command: str) -> Ran:
    """Run a campaign to its end."""
    since_s = time.monotonic()
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
        process = subprocess.Popen(
            [sys.executable, *command.split()],
            cwd=results.ROOT,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        _process, status, usage = os.wait4(process.pid, 0)
        process.returncode = code = os.waitstatus_to_exitcode(status)
        output.seek(0)
        printed = output.read()
    cpu_s = usage.ru_utime + usage.ru_stime  # of its own processes too, which it has waited for
    return Ran(command, code, printed, time.monotonic() - since_s, cpu_s)


def main(given: list[str] | None = None) -> int:
    """Run all; return the exit code, 1 if one has failed."""
    parser = argparse.ArgumentParser(prog="python -m safety_case.campaigns", description=__doc__)
    parser.add_argument("--at-once", type=int, default=min(2, os.cpu_count() or 1), metavar="N")
    arguments = parser.parse_args(given)
    since_s, cpu_s, failed = time.monotonic(), 0.0, 0
    with ThreadPoolExecutor(arguments.at_once) as pool:
        for each in chain(pool.map(ran, SHORT), map(ran, (MATRIX,))):
            print(f"== python {each.command}", each.printed.rstrip(), sep="\n")
            print(f"   {each.wall_s:.0f} s, {each.cpu_s:.0f} s of CPU", flush=True)
            cpu_s += each.cpu_s
            failed |= each.code != 0
    print(f"all of it: {time.monotonic() - since_s:.0f} s, {cpu_s:.0f} s of CPU")
    return failed


if __name__ == "__main__":
    sys.exit(main())
