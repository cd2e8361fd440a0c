"""explain: tell cause and cure of an error by its id.

Role: the command. Invariant: it knows every id that an error may have.
"""

from __future__ import annotations

from typing import Annotated

import typer

from ..errors import WrongUsage
from . import console, options

Ids = Annotated[
    list[str] | None,
    typer.Argument(metavar="ID", help="Ids of errors, e.g. running-charge; default: all."),
]


def explain(ids: Ids = None, json: options.Json = False) -> None:
    """Tell cause and cure of an error by its id; without one, list them all.

    Examples:  scs explain running-charge   ·   scs explain --json
    """
    from ..documents.problem import nearest
    from ..messages import explanations

    known = explanations.rows()
    rows = [] if ids else list(known.values())
    for id_ in ids or ():
        row = explanations.find(id_)
        if row is None:
            near = nearest(id_, known)
            raise WrongUsage(f"{id_!r} is no id of an error{near}; `scs explain` lists all of them")
        rows.append(row)
    if json:
        console.as_json([row._asdict() for row in rows])
    elif ids:
        parts = (f"{row.id} ({row.group})\n cause  {row.cause}\n cure   {row.cure}" for row in rows)
        typer.echo("\n".join(parts))
    else:
        columns = ("id", "error of", "cause")
        console.show(
            console.table("Errors", columns, [(row.id, row.group, row.cause) for row in rows])
        )
