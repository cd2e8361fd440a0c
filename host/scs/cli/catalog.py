"""boards, ports, schema: list the available choices.

Role: tables for people and for scripts.
"""

from __future__ import annotations

import json as jsonlib
from pathlib import Path
from typing import Annotated

import typer

from . import console, options

PICO_VENDOR = 0x2E8A  # Raspberry Pi's USB vendor id


def boards(json: options.Json = False) -> None:
    """List the boards, output stages and dummy loads for --board, --stage and --load.

    Example:  scs boards --json
    """
    from ..catalog import boards as catalog

    rows = catalog.rows()
    if json:
        console.as_json(rows)
        return
    cells = []
    for row in rows:
        name = f"{row['name']} (default)" if row["default"] else str(row["name"])
        cells.append((str(row["kind"]), name, str(row["figures"]), str(row["about"])))
    title = "A combination is named BOARD/STAGE/LOAD"
    console.show(console.table(title, ("kind", "name", "figures", "about"), cells))


def ports(json: options.Json = False) -> None:
    """List the serial ports of this computer.

    Example:  scs ports
    """
    from serial.tools import list_ports

    rows = [
        (port.device, port.description or "", port.serial_number or "", port.vid == PICO_VENDOR)
        for port in sorted(list_ports.comports())
    ]
    if json:
        keys = ("port", "description", "serial_number", "pico")
        console.as_json([dict(zip(keys, row, strict=True)) for row in rows])
    elif not rows:
        typer.echo("no serial port found; --port sim needs none")
    else:
        cells = [(port, about, "yes" if pico else "") for port, about, _, pico in rows]
        console.show(console.table("Serial ports", ("port", "description", "Pico?"), cells))


def schema(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Output file; default stdout.")
    ] = None,
) -> None:
    """Print the JSON Schema of a profile, for completion and checks in an editor.

    A profile names it in its first line: # yaml-language-server: $schema=profile.schema.json

    Example:  scs schema -o profile.schema.json
    """
    from ..profile.profile import Profile

    text = jsonlib.dumps(Profile.json_schema(), indent=2, ensure_ascii=False) + "\n"
    if output is None:
        typer.echo(text, nl=False)
        return
    console.write_text(output, text)
    typer.echo(f"{output}: the JSON Schema of profiles")
