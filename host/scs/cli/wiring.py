"""wiring: show the wiring as a table and as a drawing.

Role: shows boards.yaml's wiring of one combination.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import WrongUsage
from . import options

if TYPE_CHECKING:
    from ..catalog import wiring as facts
    from ..catalog import wiring_schema

Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE.svg", help="Also write a drawing.")
]


def wiring(
    board: options.BoardRow = "",
    stage: options.StageRow = "",
    load: options.LoadRow = "",
    output: Output = None,
    json: options.Json = False,
) -> None:
    """Show the board's pins and their connections, the nets within the stage, and the parts list.

    Examples:  scs wiring --stage r2r-1 --load resistor-500   ·   scs wiring -o wiring.svg
    """
    from ..catalog import wiring as facts
    from . import console

    name = options.board_name(board, stage, load)
    wires, nets, parts = facts.rows(name), facts.nets(name), facts.parts(name)
    if output is not None:
        _draw(name, output)
    if json:
        rows = [[one._asdict() for one in table] for table in (wires, nets, parts)]
        console.as_json({"board": name, "wires": rows[0], "nets": rows[1], "parts": rows[2]})
        return
    _print(name, wires, nets, parts)


def _print(
    name: str, wires: list[wiring_schema.Wire], nets: list[facts.Net], parts: list[facts.Needed]
) -> None:
    from . import console

    table = console.table(name, ">GPIO", ">pin", "net", "goes to")
    for wire in wires:
        table.add_row("" if wire.gpio is None else str(wire.gpio), str(wire.pin), wire.net, wire.to)
    inner = console.table("Within the stage", "net", "joins")
    for net in nets:
        inner.add_row(*net)
    bill = console.table("Parts", "name", ">pieces", "part", "what for")
    for part in parts:
        bill.add_row(part.ref, str(part.pieces), part.part, part.does)
    console.console().print(table, "", inner, "", bill, sep="\n")


def _draw(name: str, output: Path) -> None:
    from ..catalog import wiring as facts
    from ..documents.atomic_write import aside

    if output.suffix.lower() != ".svg":
        raise WrongUsage(f"-o {output}: the drawing is an SVG; try -o wiring.svg")
    text = facts.svg(name)

    def fill(part: Path) -> None:
        part.write_text(text, encoding="utf-8")

    aside(output, fill)
