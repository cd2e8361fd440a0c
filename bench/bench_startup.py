"""Start-up time of `scs --help`, beside a Python that does nothing."""

import subprocess
import sys
from functools import partial
from pathlib import Path

from row import Row, median_s

TIMES = 5


def measure() -> list[Row]:
    script = Path(sys.executable).with_name("scs")
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "scs --help": [str(script), "--help"],
    }
    for command in commands.values():  # once before, so that the files are in memory
        run(command)
    targets = {"scs --help": ("<", 0.3)}
    return [
        Row(f"start-up: {name}", median_s(partial(run, command), TIMES), "s", targets.get(name))
        for name, command in commands.items()
    ]


def run(command: list[str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
