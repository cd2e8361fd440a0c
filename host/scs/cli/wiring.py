"""wiring: show the wiring as a table and as a drawing.

Role: shows boards.yaml's wiring of one combination.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import WrongUsage
from . import console, options

Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE.svg", help="Also write a drawing.")
]


def wiring(output: Output = None, *, fixture: options.Fixture, json: options.Json = False) -> None:
    """Show the board's pins and their connections, the nets within the stage, and the parts list.

    Examples:  scs wiring --stage r2r-1 --load resistor-500   ·   scs wiring -o wiring.svg
    """
    from ..catalog import wiring as facts

    name = fixture.full_name()
    wires, nets, parts = facts.rows(name), facts.nets(name), facts.parts(name)
    if output is not None:
        if output.suffix.lower() != ".svg":
            raise WrongUsage(f"-o {output}: the drawing is an SVG; try -o wiring.svg")
        console.write_text(output, facts.svg(name))
    if json:
        rows = [[row._asdict() for row in table] for table in (wires, nets, parts)]
        console.as_json({"board": name, "wires": rows[0], "nets": rows[1], "parts": rows[2]})
        return
    pins = [
        ("" if wire.gpio is None else str(wire.gpio), str(wire.pin), wire.net, wire.to)
        for wire in wires
    ]
    bill = [(part.ref, str(part.pieces), part.part, part.does) for part in parts]
    console.show(
        console.table(name, (">GPIO", ">pin", "net", "goes to"), pins),
        "",
        console.table("Within the stage", ("net", "joins"), nets),
        "",
        console.table("Parts", ("name", ">pieces", "part", "purpose"), bill),
    )
