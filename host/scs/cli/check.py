"""check: check a profile without a device.

Role: the command. Invariant: all errors of the file are reported at once, each with file, line and
field. Requirements: REQ-60.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from ..errors import GOOD, REFUSED
from . import console, options

if TYPE_CHECKING:
    from rich.table import Table

    from ..safety.check import Judgement


def check(
    profile: options.ProfileFile, *, fixture: options.Fixture, json: options.Json = False
) -> None:
    """Check a profile: every safety figure and its limit, requested and actual values.

    Runs the device's own safety kernel, so that the verdict is the same. Exit 1 if refused.

    Examples:  scs check profiles/tonic_50hz.yaml   ·   scs check my.yaml --load resistor-1k --json
    """
    from ..catalog import boards
    from ..profile.profile import Profile, ProfileError
    from ..safety.check import Judgement, judge

    board = boards.board(fixture.full_name())
    try:
        therapy = Profile.read(profile)
        verdict = judge(therapy, board)
    except ProfileError as reason:
        if not json:
            raise
        verdict = Judgement((), reason.rows, ())
    if json:
        _as_json(verdict)
        raise typer.Exit(GOOD if verdict.ok else REFUSED)
    name, lead = console.escape(therapy.name), therapy.lead.name
    console.show(f"[bold]{name}[/bold] on {board.name}, lead {lead}\n", *_tables(verdict))
    if not verdict.ok:
        raise ProfileError(therapy.file, verdict.errors)
    console.show("\n[green]The device will accept this profile.[/green]")


def _as_json(verdict: Judgement) -> None:
    console.as_json(
        {
            "ok": verdict.ok,
            "figures": [row.as_dict() for row in verdict.figures],
            "errors": [row.as_dict() for row in verdict.errors],
            "actual": [asdict(row) for row in verdict.actual],
            "slots": [asdict(row) for row in verdict.slots],
            "delivery": asdict(verdict.delivery) if verdict.delivery else None,
        }
    )


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
