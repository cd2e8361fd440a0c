"""wiring: show the wiring, draw it, check it and write it for other tools.

Role: shows boards.yaml's wiring of one combination. Invariant: one invocation writes one format.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import REFUSED, WrongUsage
from . import console, options

Output = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", metavar="FILE", help="Output file; without a format, a drawing (.svg)."
    ),
]
Spice = Annotated[bool, typer.Option("--spice", help="Write the stage as an ngspice subcircuit.")]
Kicad = Annotated[bool, typer.Option("--kicad", help="Write a KiCad netlist.")]
Bom = Annotated[bool, typer.Option("--bom", help="Write the bill of materials as CSV.")]
Check = Annotated[
    bool, typer.Option("--check", help="Check the circuit against the data sheets of its parts.")
]


def wiring(
    output: Output = None,
    spice: Spice = False,
    kicad: Kicad = False,
    bom: Bom = False,
    check: Check = False,
    force: options.Force = False,
    *,
    fixture: options.Fixture,
    json: options.Json = False,
) -> None:
    """Show the board's pins and their connections, the nets within the stage, and the parts list.

    Examples:  scs wiring --stage r2r-1 --load resistor-500   ·   scs wiring -o wiring.svg   ·
    scs wiring --spice -o stage.cir   ·   scs wiring --bom   ·   scs wiring --check
    """
    given = {"--spice": spice, "--kicad": kicad, "--bom": bom, "--check": check}
    chosen = [option for option, on in given.items() if on]
    if len(chosen) > 1:
        raise WrongUsage(f"{' and '.join(chosen)} are two outputs; ask for one at a time")
    name = fixture.full_name()
    if check:
        _check(name, json=json)
    elif chosen:
        _export(chosen[0], name, output, force=force)
    else:
        _show(name, output, json=json)


def _check(name: str, *, json: bool) -> None:
    """Print what the rule check finds; exit 1 if it finds anything."""
    from ..catalog import boards
    from ..catalog.board_file import BoardError
    from ..circuit import rules

    problems = boards.catalogue().document.located(rules.check(name))
    if json:
        console.as_json({"board": name, "problems": [problem.as_dict() for problem in problems]})
        if problems:
            raise typer.Exit(REFUSED)
    elif problems:
        raise BoardError("boards.yaml", problems)
    else:
        console.show(f"{name}: the circuit agrees with the data sheets of its parts")


def _export(option: str, name: str, output: Path | None, *, force: bool) -> None:
    """Write the stage in the format of an option, on stdout without a file."""
    from ..circuit import kicad, netlist, spice

    stage = netlist.of(name)
    if option == "--spice":
        text = spice.subcircuit(stage)
    else:
        text = kicad.text(stage) if option == "--kicad" else kicad.bill_text(stage)
    if output is None:
        typer.echo(text, nl=False)
    else:
        options.check_output(output, force=force)
        console.write_text(output, text)


def _show(name: str, output: Path | None, *, json: bool) -> None:
    """Print the tables, and write the drawing."""
    from ..catalog import wiring as facts

    wires, nets, parts = facts.rows(name), facts.nets(name), facts.parts(name)
    if output is not None:
        if output.suffix.lower() != ".svg":
            raise WrongUsage(
                f"-o {output}: without --spice, --kicad or --bom the output is a drawing; "
                "try -o wiring.svg"
            )
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
