"""presets, new: list the shipped therapies and copy one into a new profile.

Role: the two commands. Invariant: `new` overwrites a file only with --force.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from . import console, options

NARROW = 90  # columns, below which the table has only what tells therapies apart

PresetName = Annotated[str, typer.Argument(metavar="PRESET", help="A name from `scs presets`.")]
NewFile = Annotated[
    Path | None, typer.Argument(metavar="FILE", help="Output file; default ./PRESET.yaml.")
]


def presets(json: options.Json = False) -> None:
    """List the shipped therapies: rate, first phase, recharge, charge, Shannon k, stages.

    The width is that of the first phase; beside it the width of an active recharge.

    Examples:  scs presets   ·   scs presets --json   ·   scs new burst_dr my.yaml
    """
    from .. import presets as shipped

    if json:
        console.as_json([asdict(preset) for preset in shipped.rows()])
        return
    rows = []
    for preset in shipped.rows():
        charge = "" if preset.charge_uc is None else console.number(preset.charge_uc, "uC")
        shannon = "" if preset.shannon_k is None else f"{preset.shannon_k:.2f}"
        stages = [stage for stage, reason in preset.stages.items() if not reason]
        widths = (preset.width, preset.recharge)
        values = [preset.name, preset.rate, *widths, preset.amplitude, charge, shannon]
        rows.append([*values, ", ".join(stages) or "none"])
    columns = ["preset", "rate", "width", "recharge", "amplitude", ">charge", ">k", "stages"]
    if console.console().width < NARROW:
        columns, rows = columns[:3], [row[:3] for row in rows]
    table = console.table("Shipped therapies", columns, rows)
    table.columns[0].no_wrap = True
    advice = "Run `scs check` on a file from `scs new PRESET` to see why a stage refuses it."
    console.show(table, advice)


def new(preset: PresetName, file: NewFile = None, force: options.Force = False) -> None:
    """Create a profile from a shipped therapy, comments included.

    Beside it goes profile.schema.json, for editors, as its first line says; another file of that
    name is left as it is.

    Examples:  scs new tonic_50hz   ·   scs new burst_dr my.yaml
    """
    from .. import presets as shipped

    text = shipped.text(preset)
    target = file or Path(f"{preset}.yaml")
    options.check_output(target, force=force)
    console.write_text(target, text)
    typer.echo(f"{target}: {preset}; check it with `scs check {target}`")
    beside = target.with_name(shipped.SCHEMA)
    if not beside.exists():
        console.write_text(beside, shipped.schema())
    elif beside.read_bytes() != shipped.schema().encode():
        typer.echo(
            f"{beside} is not of this release: scs schema -o {beside} writes it anew", err=True
        )
