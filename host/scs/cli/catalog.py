"""boards, ports, schema: list the available choices.

Role: tables for people and for scripts.
"""

from __future__ import annotations

import json as jsonlib
from pathlib import Path
from typing import Annotated, Any

import typer

from . import options

PICO_VENDOR = 0x2E8A  # Raspberry Pi's USB vendor id


def boards(json: options.Json = False) -> None:
    """List the boards, output stages and dummy loads for --board, --stage and --load.

    Example:  scs boards --json
    """
    from ..catalog import boards as rows
    from . import console

    found = rows.rows()
    if json:
        console.as_json(found)
        return
    table = console.table(
        "A combination is named BOARD/STAGE/LOAD", "kind", "name", "figures", "about"
    )
    for row in found:
        name = f"{row['name']} (default)" if row["default"] else str(row["name"])
        table.add_row(str(row["kind"]), name, str(row["figures"]), str(row["about"]))
    console.console().print(table)


def ports(json: options.Json = False) -> None:
    """List the serial ports of this computer.

    Example:  scs ports
    """
    from . import console

    found = _ports()
    if json:
        console.as_json(found)
    elif not found:
        typer.echo("no serial port found; --port sim needs none")
    else:
        table = console.table("Serial ports", "port", "what", "Pico?")
        for row in found:
            table.add_row(row["port"], row["description"], "yes" if row["pico"] else "")
        console.console().print(table)


def _ports() -> list[dict[str, Any]]:
    from serial.tools import list_ports

    return [
        {
            "port": one.device,
            "description": one.description or "",
            "serial_number": one.serial_number or "",
            "pico": one.vid == PICO_VENDOR,
        }
        for one in sorted(list_ports.comports())
    ]


def schema(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Output file; default stdout.")
    ] = None,
) -> None:
    """Print the JSON Schema of a profile, for completion and checks in an editor.

    Example:  scs schema -o profile.schema.json
    """
    from ..documents.atomic_write import aside
    from ..profile.profile import Profile

    text = jsonlib.dumps(Profile.json_schema(), indent=2, ensure_ascii=False) + "\n"
    if output is None:
        typer.echo(text, nl=False)
        return

    def fill(part: Path) -> None:
        part.write_text(text, encoding="utf-8")

    aside(output, fill)
    typer.echo(f"{output}: the JSON Schema of profiles")
