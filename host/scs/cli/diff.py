"""diff: compare two profiles in clinical terms.

Role: prints the result of profile/clinical_diff.py. Invariant: exit 0 if both are the same therapy,
1 if they are not, 2 if a file cannot be read as a profile, as diff does. Requirements:
REQ-60.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import GOOD, REFUSED, USAGE, WrongUsage
from . import options

if TYPE_CHECKING:
    from ..documents.problem import Problem
    from ..profile.clinical_diff import Difference
    from ..profile.profile import Profile

One = Annotated[Path, typer.Argument(metavar="A", help="A profile, a .yaml file.")]
Other = Annotated[Path, typer.Argument(metavar="B", help="The profile to compare with A.")]


def diff(a: One, b: Other, json: options.Json = False) -> None:
    """Compare two profiles: contacts, rate, width, amplitude, charge, ramps, session, limits.

    Programs are matched by name, else by their order; differences of names and titles are ignored.
    Exit 1 if the therapies differ, 2 if a file is not a profile.

    Examples:  scs diff monday.yaml friday.yaml   ·   scs diff mine.yaml theirs.yaml --json
    """
    from ..profile.clinical_diff import compare

    one, other, errors = _both(a, b)
    if one is None or other is None:
        if not json:
            lines = [line for found in errors for line in found[1]]
            raise WrongUsage("\n".join(lines))
        _as_json(a, b, [], [row for found in errors for row in found[0]])
        raise typer.Exit(USAGE)
    found = compare(one, other)
    if json:
        _as_json(a, b, found, [])
    else:
        _show(a, b, one, other, found)
    raise typer.Exit(REFUSED if found else GOOD)


Refusals = list[tuple[list[dict[str, str | int]], list[str]]]  # rows with their file, lines


def _both(a: Path, b: Path) -> tuple[Profile | None, Profile | None, Refusals]:
    """Return both profiles, None for a refused one, and all errors of both."""
    from ..profile.profile import Profile, ProfileError

    read: list[Profile | None] = []
    refused: Refusals = []
    for path in (a, b):
        try:
            read.append(Profile.read(path))
        except ProfileError as reason:
            read.append(None)
            rows = [_row(path, complaint) for complaint in reason.rows]
            refused.append((rows, reason.lines()))
    return read[0], read[1], refused


def _row(path: Path, complaint: Problem) -> dict[str, str | int]:
    return {"file": str(path), **complaint.as_dict()}


def _as_json(a: Path, b: Path, found: list[Difference], errors: list[dict[str, str | int]]) -> None:
    from . import console

    console.as_json(
        {
            "same": not found and not errors,
            "a": str(a),
            "b": str(b),
            "differences": [one.as_dict() for one in found],
            "errors": errors,
        }
    )


def _show(a: Path, b: Path, one: Profile, other: Profile, found: list[Difference]) -> None:
    from rich.markup import escape

    from . import console

    screen = console.console()
    for letter, path, profile in (("A", a, one), ("B", b, other)):
        screen.print(f"{letter}  {escape(str(path))}: {escape(profile.name)}")
    if not found:
        screen.print("[green]The same therapy.[/green]")
        return
    table = console.table("Differences", "program", "quantity", ">A", ">B")
    for row in found:
        texts = (escape(row.a_text), escape(row.b_text))
        alone = f" (only in {row.only.upper()})" if row.only else ""
        table.add_row(escape(row.program + alone) or "all", row.quantity, *texts)
    screen.print(table)
