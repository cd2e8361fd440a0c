"""diff: compare two profiles in clinical terms.

Role: prints the result of profile/clinical_diff.py. Invariant: exit 0 if both are the same therapy,
1 if they are not, 2 if a file cannot be read as a profile, as diff does. Requirements:
REQ-60.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from ..errors import GOOD, REFUSED, USAGE
from . import console, options

First = Annotated[Path, typer.Argument(metavar="A", help="A profile, a .yaml file.")]
Second = Annotated[Path, typer.Argument(metavar="B", help="The profile to compare with A.")]


def diff(a: First, b: Second, json: options.Json = False) -> None:
    """Compare two profiles: contacts, rate, width, amplitude, charge, ramps, session, limits.

    Programs are matched by name, else by their order; differences of names and titles are ignored.
    Exit 1 if the therapies differ, 2 if a file is not a profile.

    Examples:  scs diff monday.yaml friday.yaml   ·   scs diff mine.yaml theirs.yaml --json
    """
    from ..profile.clinical_diff import compare
    from ..profile.profile import Profile, ProfileError

    profiles, errors, refused = [], [], []
    for path in (a, b):
        try:
            profiles.append(Profile.read(path))
        except ProfileError as reason:
            errors += [{"file": str(path), **row.as_dict()} for row in reason.rows]
            refused.append(reason)
    if errors and not json:
        console.refuse(*refused)
        raise typer.Exit(USAGE)
    differences = [] if errors else compare(*profiles)
    if json:
        console.as_json(
            {
                "same": not differences and not errors,
                "a": str(a),
                "b": str(b),
                "differences": [asdict(row) for row in differences],
                "errors": errors,
            }
        )
        raise typer.Exit(USAGE if errors else REFUSED if differences else GOOD)
    for letter, path, profile in zip("AB", (a, b), profiles, strict=True):
        name = console.escape(profile.name)
        console.show(f"{letter}  {console.escape(str(path))}: {name}")
    if not differences:
        console.show("[green]The same therapy.[/green]")
        return
    rows = []
    for row in differences:
        alone = f" (only in {row.only.upper()})" if row.only else ""
        rows.append((row.program + alone or "all", row.quantity, row.a_text, row.b_text))
    console.show(console.table("Differences", ("program", "quantity", ">A", ">B"), rows))
    raise typer.Exit(REFUSED)
