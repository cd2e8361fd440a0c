"""Start-up time of `scs --help`, beside a Python that imports what prints the help."""

import sys
from pathlib import Path

from timing import command_s

from sim_validation.rows import Row

TIMES = 5
MOST = 2  # times as long as the imports alone


def measure() -> list[Row]:
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "typer and rich": [sys.executable, "-c", "import typer.rich_utils, rich.markdown"],
        "scs --help": [str(Path(sys.executable).with_name("scs")), "--help"],
    }
    for command in commands.values():  # once before, so that the files are in memory
        command_s(command, 1)
    taken_s = {name: command_s(command, TIMES) for name, command in commands.items()}
    times = taken_s["scs --help"] / taken_s["typer and rich"]
    return [
        *(Row(f"start-up: {name}", seconds, "s") for name, seconds in taken_s.items()),
        Row("start-up: scs --help, times typer and rich", times, "", ("<", MOST)),
    ]
