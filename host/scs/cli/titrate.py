"""titrate: step a program's amplitude up to its ceiling and note thresholds in the profile.

Role: the command. Invariant: the log is shown even if the file cannot be written; the device is
halted however the command ends. Requirements: REQ-22, REQ-61.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ..documents.problem import FileRefused
from ..errors import Failure, WrongUsage
from . import console, options

if TYPE_CHECKING:
    from pathlib import Path

    from ..device.titration import Step
    from ..profile.profile import Profile

DWELL_MOST_S = 600.0  # a step is held until it is judged, which takes seconds
Wanted = Annotated[str, typer.Option("--program", metavar="NAME", help="Program name or number.")]
Size = Annotated[
    str,
    typer.Option(
        "--step", metavar="CURRENT", help="Step size; default: the program's step, or 100 uA."
    ),
]
Dwell = Annotated[
    str, typer.Option("--dwell", metavar="TIME", help="Dwell time at each step, 10 min at most.")
]
Note = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=VOLTAGE",
        help="Note perception, comfort or discomfort at this voltage; repeatable.",
    ),
]


def titrate(
    profile: options.ProfileFile,
    program: Wanted = "1",
    step: Size = "",
    dwell: Dwell = "1s",
    note: Note = None,
    output: options.ProfileOutput = None,
    force: options.Force = False,
    *,
    device: options.Device,
    json: options.Json = False,
) -> None:
    """Step one program's amplitude up to its ceiling and log the measurements at each step.

    On a dummy load a threshold is noted by voltage; discomfort ends the titration. Noted thresholds
    are written to the profile; every other line stays.

    Examples:  scs titrate my.yaml --port sim --note perception=0.6V --note discomfort=1.2V
    """
    from ..device import titration
    from ..documents import atomic_write
    from ..profile import edit, program_names
    from ..profile.profile import Profile

    options.check_output(output, force=force)
    if note and output is None:
        atomic_write.check(profile)  # before anything flows
    before = Profile.read(profile)
    number = program_names.program_number(program, before.program_names)
    step_ua = _step_ua(step, before, number)
    dwell_s, marks = _dwell_s(dwell), _marks(note or [])
    alone = titration.prepared(before, number, step_ua)
    with device.stimulator(halt_on_exit=True) as stim:
        steps, why = titration.run(stim, alone, step_ua, dwell_s, marks)
    target, refusal = None, None
    if any(row.noted for row in steps):
        target = output or profile
        try:
            edit.save(titration.noted(before, number, steps), target, before)
        except (FileRefused, Failure) as reason:
            target, refusal = None, reason  # raised after the log
    name = before.program_names[number]
    if json:
        noted = {mark: row.amplitude_ua / 1000 for row in steps for mark in row.noted}
        rows, file = [row.as_dict() for row in steps], str(target) if target else None
        console.as_json(
            {"program": name, "steps": rows, "noted_ma": noted, "ended": why, "file": file}
        )
    else:
        _show(name, steps, why, target)
    if refusal is not None:
        raise refusal


def _show(name: str, steps: list[Step], why: str, target: Path | None) -> None:
    columns = (">amplitude", ">actual", ">measured", ">voltage", ">pulses", "noted")
    cells = [
        (
            console.number(row.amplitude_ua / 1000, "mA"),
            console.number(row.actual_ma, "mA"),
            console.number(row.current_ma, "mA"),
            console.number(row.voltage_v, "V"),
            str(row.pulses),
            ", ".join(row.noted),
        )
        for row in steps
    ]
    ending = f"thresholds written to {target}" if target else "no threshold was written"
    console.show(
        console.table(f"{name}, step by step", columns, cells),
        console.escape(f"ended: {why}"),
        console.escape(ending),
    )


def _dwell_s(text: str) -> float:
    dwell_s = options.seconds(text, "--dwell")
    if dwell_s > DWELL_MOST_S:
        raise WrongUsage(
            f"--dwell: {text} is above {DWELL_MOST_S / 60:g} min; a step is held until it is "
            "judged, a longer output is a run (scs run --for); try 10s"
        )
    return dwell_s


def _step_ua(text: str, read: Profile, number: int) -> int:
    from ..device.titration import STEP_UA
    from ..documents import units
    from ..profile.fields import span

    if not text:
        return read.settings[number].step_ua or STEP_UA
    with options.naming("--step"):
        step_ua = units.integer(text, "uA", "100 uA")
    least_ua, most_ua = span("step")
    if not least_ua <= step_ua <= most_ua:
        raise WrongUsage(f"--step: {text} is outside 1 uA to 1 mA; try 100 uA")
    return step_ua


def _marks(notes: list[str]) -> dict[str, float]:
    """Parse thresholds as NAME=VOLTAGE in volts; they must rise in the order of ORDER."""
    from ..documents import units
    from ..profile.thresholds import ORDER

    volts_of: dict[str, float] = {}
    for note in notes:
        name, _, voltage = note.partition("=")
        if name not in ORDER:
            listed = ", ".join(ORDER)
            raise WrongUsage(f"--note: {name} is not one of {listed}; e.g. perception=0.6V")
        with options.naming(f"--note {name}"):
            volts_of[name] = units.integer(voltage, "mV", "0.6V") / 1000
    rising = [volts_of[name] for name in ORDER if name in volts_of]
    if rising != sorted(rising) or any(volts <= 0 for volts in rising):
        raise WrongUsage(f"--note: voltages rise from above 0 in the order {', '.join(ORDER)}")
    return volts_of
