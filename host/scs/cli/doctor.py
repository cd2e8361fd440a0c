"""doctor: look at this computer and at the boards on it.

Role: the command. Invariant: nothing is changed, on the computer or on a device.
"""

from __future__ import annotations

from typing import Annotated

import typer

from ..errors import GOOD, REFUSED, WrongUsage
from . import console, options

DoctorPort = Annotated[
    str,
    typer.Option(
        envvar="SCS_PORT",
        help="A serial port or socket://HOST:PORT; default: every connected board.",
    ),
]


def doctor(port: DoctorPort = "", json: options.Json = False) -> None:
    """Look for what is missing: packages, tools, ports and their rights, boards and their firmware.

    Nothing is changed: a board is only asked what it is, and one that runs goes on running (as each
    question does, that renews its lease). Exit 1 if there is a problem; what an optional feature
    lacks is a note, and no problem.

    Examples:  scs doctor   ·   scs doctor --port /dev/ttyACM0 --json
    """
    from ..device.link import is_sim
    from ..flashing import diagnosis, ports

    if port and is_sim(port):
        raise WrongUsage(f"{port}: {ports.SIMULATED}, and nothing to look at; leave --port out")
    rows = [*diagnosis.computer(), *diagnosis.boards(port)]
    good = all(row.state != diagnosis.PROBLEM for row in rows)
    if json:
        console.as_json({"ok": good, "rows": [row._asdict() for row in rows]})
    else:
        for row in rows:
            typer.echo(f"{row.state:8}{row.name}: {row.text}")
            if row.cure:
                typer.echo(f"{'':8}{'':2}-> {row.cure}")
        typer.echo(
            "all that is needed is well" if good else "see the lines that begin with problem"
        )
    raise typer.Exit(GOOD if good else REFUSED)
