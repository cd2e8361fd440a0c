"""check: check profiles without a device, for people, scripts, a CI and an editor.

Role: the command. Invariant: all profiles are judged, and all errors of a file are reported at
once, each with file, line, field and id. Requirements: REQ-60.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import GOOD, REFUSED, WrongUsage
from . import console, options

if TYPE_CHECKING:
    from rich.table import Table

    from stimcore.board import Board

    from ..profile.profile import Profile
    from ..safety.check import Judgement


class Form(StrEnum):
    """Value of --format."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"
    SARIF = "sarif"


Profiles = Annotated[list[Path], typer.Argument(metavar="PROFILE", help="Profiles, .yaml files.")]
Format = Annotated[
    Form | None,
    typer.Option(
        "--format",
        help="text (the default); json, of several profiles a list; github: workflow commands that "
        "annotate a pull request; sarif: a SARIF 2.1.0 log.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="The same as --format json.")]
Watch = Annotated[
    bool, typer.Option("--watch", help="Check again whenever a profile is saved, until Ctrl-C.")
]


@dataclass(frozen=True)
class Checked:
    """Verdict on a file; `profile` is None where it cannot be read as one."""

    file: Path
    profile: Profile | None
    verdict: Judgement


def check(
    profiles: Profiles,
    *,
    fixture: options.Fixture,
    form: Format = None,
    json: Json = False,
    watch: Watch = False,
) -> None:
    """Check profiles: every safety figure and its limit, requested and actual values.

    Runs the device's own safety kernel, so that the verdict is the same. All are checked; exit 1 if
    any is refused. With --watch, Ctrl-C ends with 130.

    Examples:  scs check profiles/tonic_50hz.yaml   ·   scs check my.yaml --load resistor-1k --json
    ·   scs check my.yaml --watch   ·   scs check profiles/*.yaml --format github
    """
    from ..catalog import boards

    if json and form not in (None, Form.JSON):
        raise WrongUsage(f"--json is --format json, not {form}; leave out one of the two")
    board, chosen = boards.board(fixture.full_name()), Form.JSON if json else form or Form.TEXT
    if not watch:
        raise typer.Exit(_show([_judged(file, board) for file in profiles], board, chosen))
    from .watch import saves

    for _ in saves(profiles):
        _show([_judged(file, board) for file in profiles], board, chosen)
        typer.echo(f"watching {', '.join(map(str, profiles))}; Ctrl-C ends", err=True)


def _judged(file: Path, board: Board) -> Checked:
    from ..profile.profile import Profile, ProfileError
    from ..safety.check import Judgement, judge

    try:
        profile = Profile.read(file)
        return Checked(file, profile, judge(profile, board))
    except ProfileError as reason:
        return Checked(file, None, Judgement((), reason.rows, ()))


def _show(rows: list[Checked], board: Board, form: Form) -> int:
    """Print verdicts in a form; return the exit code."""
    if form is Form.TEXT:
        _as_text(rows, board)
    elif form is Form.JSON:
        values = [_values(row.verdict) for row in rows]
        several = [
            {"file": str(row.file), **value} for row, value in zip(rows, values, strict=True)
        ]
        console.as_json(values[0] if len(rows) == 1 else several)
    else:
        from . import annotations

        refused = [annotations.Refused(row.file, row.verdict.errors) for row in rows]
        if form is Form.SARIF:
            console.as_json(annotations.sarif(refused))
        else:
            typer.echo("\n".join(annotations.github(refused)))
    return GOOD if all(row.verdict.ok for row in rows) else REFUSED


def _as_text(rows: list[Checked], board: Board) -> None:
    """Print the tables of one profile, or a line for each of several; the errors on stderr."""
    from ..profile.profile import ProfileError

    for row in rows:
        if len(rows) > 1:
            typer.echo(f"{row.file}: {'ok' if row.verdict.ok else 'refused'}")
        elif row.profile:
            name, lead = console.escape(row.profile.name), row.profile.lead.name
            title = f"[bold]{name}[/bold] on {board.name}, lead {lead}\n"
            console.show(title, *_tables(row.verdict))
    refused = [
        ProfileError(str(row.file), row.verdict.errors) for row in rows if not row.verdict.ok
    ]
    if refused:
        console.refuse(*refused)
    elif len(rows) == 1:
        console.show("\n[green]The device will accept this profile.[/green]")
    else:
        console.show(f"[green]The device will accept these {len(rows)} profiles.[/green]")


def _values(verdict: Judgement) -> dict[str, Any]:
    return {
        "ok": verdict.ok,
        "figures": [row.as_dict() for row in verdict.figures],
        "errors": [row.as_dict() for row in verdict.errors],
        "actual": [asdict(row) for row in verdict.actual],
        "slots": [asdict(row) for row in verdict.slots],
        "delivery": asdict(verdict.delivery) if verdict.delivery else None,
    }


def _tables(verdict: Judgement) -> list[Table | str]:
    from ..messages import safety_metrics

    number = console.number
    rows = [
        (
            row.program,
            row.name.replace("_", " "),
            number(row.requested, row.unit),
            number(row.actual, row.unit),
        )
        for row in verdict.actual
    ]
    columns = ("program", "quantity", ">requested", ">actual")
    tables: list[Table | str] = [console.table("Requested and actual", columns, rows)]
    if len(verdict.slots) > 1 or any(slot.turns > 1 for slot in verdict.slots):
        turns = []
        for slot in verdict.slots:
            others = f", {slot.others} at the other contacts" if slot.others else ""
            times = (number(slot.phase_ms, "ms"), number(slot.every_ms, "ms"))
            turns.append((slot.program, f"{slot.turns}{others}", *times))
        title = f"Schedule of a period of {number(verdict.slots[0].period_ms, 'ms')}"
        columns = ("program", ">turns", ">first at", ">every")
        tables += ["", console.table(title, columns, turns)]
    if verdict.delivery:
        planned = verdict.delivery
        title = f"The session delivers {planned.pulses} pulses in {number(planned.seconds, 's')}"
        sharing = planned.shared_with
        charges = [
            (safety_metrics.shared_name(name, sharing[name]), number(nc / 1000, "uC"))
            for name, nc in planned.charge_nc.items()
        ]
        tables += ["", console.table(title, ("contact", ">charge driven"), charges)]
        if any(sharing.values()):
            tables.append(safety_metrics.SHARED_NOTE)
    if verdict.figures:
        tables += ["", console.figures("Safety figures", verdict.figures)]
    return tables
