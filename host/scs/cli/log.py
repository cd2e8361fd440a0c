"""log: read, verify and export a device's journal.

Role: one command. Invariant: the journal is printed whatever is wrong with it; a problem makes the
exit code 1. Requirements: REQ-68.
"""

from __future__ import annotations

import json as json_text
from pathlib import Path
from typing import Annotated

import typer

from ..documents import atomic_write
from ..errors import REFUSED, WrongUsage
from . import console, options

Output = Annotated[
    Path | None,
    typer.Option("-o", "--output", metavar="FILE", help="Export to a .json or .csv file."),
]
Since = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Verify against an earlier .json export, too."),
]


@options.spread
def log(
    *,
    output: Output = None,
    since: Since = None,
    force: options.Force = False,
    device: options.Running,
    json: options.Json = False,
) -> None:
    """Show what the device armed, started, changed and stopped, and verify that nothing is missing.

    The device keeps at least the newest 48 events, through every loss of power. They are chained:
    an entry that was changed or taken out is named, and the exit code is 1. Removal of the newest
    shows against an earlier export (--since).

    Example:  scs log --port /dev/ttyACM0 -o journal.json
    """
    if output is not None:
        if output.suffix not in (".json", ".csv"):
            raise WrongUsage(f"{output}: a journal is exported to .json or .csv; e.g. journal.json")
        if output.exists() and not force:
            raise WrongUsage(f"{output} exists; --force overwrites it")
        atomic_write.check(output)
    with device.attached() as stim:
        journal = stim.log()
    if since is not None:
        journal = journal.since(since)
    if output is not None:
        text = json_text.dumps(journal.as_dict(), indent=1, ensure_ascii=False) + "\n"
        console.write_text(output, text if output.suffix == ".json" else journal.as_csv())
    if json:
        console.as_json(journal.as_dict())
    else:
        rows = [
            (str(entry.number), f"{entry.device_s:.3f}", entry.event, console.escape(entry.text))
            for entry in journal.entries
        ]
        columns = (">entry", ">device s", "event", "")
        console.show(console.table(f"Journal of board {journal.unique_id}", columns, rows))
    for problem in journal.problems:
        console.complain(f"the journal is not whole: {problem}")
    if journal.problems:
        raise typer.Exit(REFUSED)
