"""check and trace: what a profile is, before any device has it.

Role: the commands about a profile's file. Invariant: errors of the file come all at once, each
with file, line and field. Requirements: REQ-60. Next: ../judging.py, ../recording.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..failures import GOOD, REFUSED, WrongUsage
from . import options

if TYPE_CHECKING:
    from ..judging import Judgement
    from ..profile import Profile


def check(
    profile: options.ProfileFile,
    board: options.BoardRow = "",
    stage: options.StageRow = "",
    load: options.LoadRow = "",
    json: options.Json = False,
) -> None:
    """Every safety figure of a profile beside its limit, and what the stage makes of it.

    The verdict is the device's own: the same code judges the same words. Exit 1 if refused.

    Examples:  scs check profiles/tonic_50hz.yaml   ·   scs check my.yaml --load resistor-1k --json
    """
    from .. import boards
    from ..judging import Judgement, judge
    from ..profile import Profile, ProfileError

    row = boards.board(options.board_name(board, stage, load))
    try:
        read = Profile.read(profile)
        verdict = judge(read, row)
    except ProfileError as reason:
        if not json:
            raise
        verdict = Judgement((), reason.rows, ())
    if json:
        _as_json(verdict)
    else:
        _show(read, row.name, verdict)
    raise typer.Exit(GOOD if verdict.ok else REFUSED)


def _as_json(verdict: Judgement) -> None:
    from . import say

    say.as_json(
        {
            "ok": verdict.ok,
            "figures": [one.as_dict() for one in verdict.figures],
            "errors": [one.as_dict() for one in verdict.errors],
            "actual": [one.as_dict() for one in verdict.actual],
        }
    )


def _show(profile: Profile, board: str, verdict: Judgement) -> None:
    from rich.markup import escape

    from ..profile import ProfileError
    from . import say

    console = say.console()
    console.print(f"[bold]{escape(profile.name)}[/bold] on {board}, lead {profile.lead.name}\n")
    made = say.table("Requested and actual", "program", "quantity", ">requested", ">actual")
    for one in verdict.actual:
        shown = (say.number(one.requested, one.unit), say.number(one.actual, one.unit))
        made.add_row(escape(one.program), one.name.replace("_", " "), *shown)
    console.print(made)
    if verdict.figures:
        console.print()
        console.print(say.figures("Safety figures", verdict.figures))
    if not verdict.ok:
        raise ProfileError(profile.file, verdict.errors)
    console.print("\n[green]The device will take this profile.[/green]")


OutputFile = Annotated[
    Path, typer.Option("--output", "-o", help="File: .csv, .npz, .png, .svg or .vcd.")
]
ForTime = Annotated[str, typer.Option("--for", metavar="TIME", help="How much of it.")]
SampleRate = Annotated[
    str, typer.Option(metavar="HZ", help="Evenly sampled; else a row at each change.")
]
FromStart = Annotated[
    bool,
    typer.Option(
        "--from-start",
        help="Begin with START and its soft start, not with a period at full amplitude; "
        "always so for a session counted in pulses.",
    ),
]


def trace(
    profile: options.ProfileFile,
    output: OutputFile,
    for_: ForTime = "1s",
    rate: SampleRate = "",
    from_start: FromStart = False,
    fault: options.Faults = None,
    board: options.BoardRow = "",
    stage: options.StageRow = "",
    load: options.LoadRow = "",
) -> None:
    """Current and voltage at the load, from the simulated board, into a file.

    CSV has the columns time_s,current_a,voltage_v; NPZ arrays of these names. A cathodic first
    phase is negative.

    Examples:  scs trace my.yaml --for 1s -o my.csv   ·   scs trace my.yaml -o my.png --from-start
    """
    from .. import export
    from ..profile import Profile
    from ..recording import record

    for_s, rate_hz = _extent(for_, rate)
    export.checked(output)
    name = options.board_name(board, stage, load)
    faults = options.simulated_faults(fault)
    read = Profile.read(profile)
    from_start = from_start or bool(read.group.header.session_pulses)
    taken = record(read, name, for_s, from_start=from_start, rate_hz=rate_hz, faults=faults)
    export.write(output, taken.trace, read.name)
    typer.echo(f"{output}: {for_s:g} s of {read.name!r} on {name}, {len(taken.trace)} rows")


def _extent(for_: str, rate: str) -> tuple[float, float | None]:
    """(seconds, hertz or None), not more than can be kept."""
    from .. import export
    from ..recording import LONGEST_S

    for_s = options.seconds(for_, "--for")
    rate_hz = options.hertz(rate, "--rate") if rate else None
    if for_s > LONGEST_S:
        raise WrongUsage(f"--for: {for_} is longer than {LONGEST_S:g} s")
    if rate_hz and rate_hz * for_s > export.MOST_ROWS:
        raise WrongUsage(f"--rate: that is more than {export.MOST_ROWS} rows; sample more slowly")
    return for_s, rate_hz
