"""titrate: step a program's amplitude up to its ceiling and note thresholds in the profile.

Role: the command. Invariant: the log is shown even if the file cannot be written; the device is
halted however the command ends. Requirements: REQ-22, REQ-61.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..documents.problem import FileRefused
from ..errors import Failure, WrongUsage
from . import options

if TYPE_CHECKING:
    from ..device.titration import Step
    from ..profile.profile import Profile

Wanted = Annotated[str, typer.Option("--program", metavar="NAME", help="Program name or number.")]
Size = Annotated[
    str,
    typer.Option(
        "--step", metavar="CURRENT", help="Step size; default: the program's step, or 100 uA."
    ),
]
Dwell = Annotated[str, typer.Option("--dwell", metavar="TIME", help="Dwell time at each step.")]
Note = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=VOLTAGE",
        help="Note perception, comfort or discomfort at this voltage; repeatable.",
    ),
]
Target = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="Output file; default PROFILE itself."),
]


def titrate(
    profile: options.ProfileFile,
    port: options.Port = "sim",
    program: Wanted = "1",
    step: Size = "",
    dwell: Dwell = "1s",
    note: Note = None,
    output: Target = None,
    json: options.Json = False,
    board: options.BoardRow = "",
    stage: options.StageRow = "",
    load: options.LoadRow = "",
    timeout: options.Patience = options.PATIENCE_S,
) -> None:
    """Step one program's amplitude up to its ceiling and log the measurements at each step.

    On a dummy load a threshold is noted by voltage; discomfort ends the titration. Noted thresholds
    are written to the profile, keeping its comments.

    Examples:  scs titrate my.yaml --port sim --note perception=0.6V --note discomfort=1.2V
    """
    from ..device import titration as walking
    from ..device.stimulator import Stimulator
    from ..profile import program_names
    from ..profile.profile import Profile

    read = Profile.read(profile)
    number = program_names.program_number(program, read.program_names)
    step_ua = _step_ua(step, read, number)
    dwell_s, marks = options.seconds(dwell, "--dwell"), _marks(note or [])
    walked = walking.prepared(read, number, step_ua)
    with Stimulator(port, options.wanted_board(board, stage, load), patience_s=timeout) as stim:
        steps, why = walking.run(stim, walked, step_ua, dwell_s, marks)
    written, refusal = _written(read, number, steps, output or profile)
    _show(read.program_names[number], steps, why, written, json=json)
    if refusal is not None:
        raise refusal


def _written(
    read: Profile, number: int, steps: list[Step], target: Path
) -> tuple[Path | None, FileRefused | Failure | None]:
    """Write the noted thresholds; return the file, or the error to raise after the log."""
    from ..device import titration as walking
    from ..profile import edit

    if not any(one.noted for one in steps):
        return None, None
    try:
        edit.save(walking.noted(read, number, steps), target)
    except (FileRefused, Failure) as reason:
        return None, reason
    return target, None


def _step_ua(text: str, read: Profile, number: int) -> int:
    from ..device.titration import STEP_UA
    from ..documents import units
    from ..profile.schema import STEPS

    if not text:
        return read.settings[number].step_ua or STEP_UA
    try:
        found = units.integer(text, "uA", "100 uA")
    except units.UnitError as reason:
        raise WrongUsage(f"--step: {reason}") from None
    if not STEPS[0] <= found <= STEPS[1]:
        raise WrongUsage(f"--step: {text} is outside 1 uA to 1 mA; try 100 uA")
    return found


def _marks(notes: list[str]) -> dict[str, float]:
    """Parse thresholds as NAME=VOLTAGE in volts; they must rise in the order of ORDER."""
    from ..documents import units
    from ..profile.thresholds import ORDER

    found: dict[str, float] = {}
    for note in notes:
        name, _, volts = note.partition("=")
        if name not in ORDER:
            listed = ", ".join(ORDER)
            raise WrongUsage(f"--note: {name} is not one of {listed}; write perception=0.6V")
        try:
            found[name] = units.integer(volts, "mV", "0.6V") / 1000
        except units.UnitError as reason:
            raise WrongUsage(f"--note {name}: {reason}") from None
    rising = [found[name] for name in ORDER if name in found]
    if rising != sorted(rising) or any(one <= 0 for one in rising):
        raise WrongUsage(f"--note: voltages rise from above 0 in the order {', '.join(ORDER)}")
    return found


def _show(name: str, steps: list[Step], why: str, target: Path | None, *, json: bool) -> None:
    from rich.markup import escape

    from . import console

    if json:
        rows = [one.as_dict() for one in steps]
        noted = {each: one.amplitude_ua / 1000 for one in steps for each in one.noted}
        file = str(target) if target else None
        told = {"program": name, "steps": rows, "noted_ma": noted, "ended": why, "file": file}
        console.as_json(told)
        return
    columns = (">amplitude", ">actual", ">measured", ">voltage", ">pulses", "noted")
    table = console.table(f"{name}, step by step", *columns)
    for one in steps:
        table.add_row(
            console.number(one.amplitude_ua / 1000, "mA"),
            console.number(one.actual_ma, "mA"),
            console.number(one.current_ma, "mA"),
            console.number(one.voltage_v, "V"),
            str(one.pulses),
            ", ".join(one.noted),
        )
    screen = console.console()
    screen.print(table)
    screen.print(f"ended: {escape(why)}")
    where = f"thresholds written to {target}" if target else "no threshold was written"
    screen.print(escape(where))
