"""Start-up of `scs --help` and CPU of `scs check`, beside a Python that imports what they need."""

import sys
from pathlib import Path

from timing import command_s, cpu_s

from sim_validation.rows import Row

TIMES = 5
MOST = 2  # times as long as the imports alone
PROFILE = Path(__file__).parents[1] / "profiles/tonic_50hz.yaml"
NEEDED = "import typer._adapters, yaml, pydantic; type('A', (pydantic.BaseModel,), {})"


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
    check = [commands["scs --help"][0], "check", str(PROFILE)]
    needed_s, check_s = cpu_s([sys.executable, "-c", NEEDED], TIMES), cpu_s(check, TIMES)
    return [
        *(Row(f"start-up: {name}", seconds, "s") for name, seconds in taken_s.items()),
        Row("start-up: scs --help, times typer and rich", times, "", ("<", MOST)),
        Row("CPU: typer, pydantic and yaml", needed_s, "s"),
        Row("CPU: scs check", check_s, "s"),
        Row("CPU: scs check, times typer, pydantic and yaml", check_s / needed_s, "", ("<", MOST)),
    ]
