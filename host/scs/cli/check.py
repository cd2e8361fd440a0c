"""check: check a profile without a device.

Role: the command. Invariant: all errors of the file are reported at once, each with file, line and
field. Requirements: REQ-60.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from ..errors import GOOD, REFUSED
from . import options

if TYPE_CHECKING:
    from rich.table import Table

    from ..profile.profile import Profile
    from ..safety.check import Judgement
    from ..safety.delivery import Delivery


def check(
    profile: options.ProfileFile,
    board: options.BoardRow = "",
    stage: options.StageRow = "",
    load: options.LoadRow = "",
    json: options.Json = False,
) -> None:
    """Check a profile: every safety figure and its limit, requested and actual values.

    Runs the device's own safety kernel, so that the verdict is the same. Exit 1 if refused.

    Examples:  scs check profiles/tonic_50hz.yaml   ·   scs check my.yaml --load resistor-1k --json
    """
    from ..catalog import boards
    from ..profile.profile import Profile, ProfileError
    from ..safety.check import Judgement, judge

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
    from . import console

    console.as_json(
        {
            "ok": verdict.ok,
            "figures": [one.as_dict() for one in verdict.figures],
            "errors": [one.as_dict() for one in verdict.errors],
            "actual": [one.as_dict() for one in verdict.actual],
            "slots": [one.as_dict() for one in verdict.slots],
            "delivery": verdict.delivery.as_dict() if verdict.delivery else None,
        }
    )


def _slots(verdict: Judgement) -> Table:
    from rich.markup import escape

    from . import console

    period = console.number(verdict.slots[0].period_ms, "ms")
    table = console.table(
        f"Schedule of a period of {period}", "program", ">turns", ">first at", ">every"
    )
    for one in verdict.slots:
        times = (console.number(one.phase_ms, "ms"), console.number(one.every_ms, "ms"))
        turns = f"{one.turns}, {one.others} at the other contacts" if one.others else str(one.turns)
        table.add_row(escape(one.program), turns, *times)
    return table


def _delivery(planned: Delivery) -> Table:
    from . import console

    title = (
        f"The session delivers {planned.pulses} pulses in {console.number(planned.seconds, 's')}"
    )
    table = console.table(title, "contact", ">charge driven")
    for contact, nanocoulombs in planned.charge_nc.items():
        table.add_row(contact, console.number(nanocoulombs / 1000, "uC"))
    return table


def _show(profile: Profile, board: str, verdict: Judgement) -> None:
    from rich.markup import escape

    from ..profile.profile import ProfileError
    from . import console

    screen = console.console()
    screen.print(f"[bold]{escape(profile.name)}[/bold] on {board}, lead {profile.lead.name}\n")
    table = console.table("Requested and actual", "program", "quantity", ">requested", ">actual")
    for one in verdict.actual:
        shown = (console.number(one.requested, one.unit), console.number(one.actual, one.unit))
        table.add_row(escape(one.program), one.name.replace("_", " "), *shown)
    screen.print(table)
    if len(verdict.slots) > 1 or any(one.turns > 1 for one in verdict.slots):
        screen.print()
        screen.print(_slots(verdict))
    if verdict.delivery:
        screen.print()
        screen.print(_delivery(verdict.delivery))
    if verdict.figures:
        screen.print()
        screen.print(console.figures("Safety figures", verdict.figures))
    if not verdict.ok:
        raise ProfileError(profile.file, verdict.errors)
    screen.print("\n[green]The device will accept this profile.[/green]")
