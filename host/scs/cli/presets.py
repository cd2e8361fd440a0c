"""presets, new: list the shipped therapies and copy one into a new profile.

Role: the two commands. Invariant: `new` overwrites a file only with --force.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import WrongUsage
from . import options

if TYPE_CHECKING:
    from ..presets import Preset

PresetName = Annotated[str, typer.Argument(metavar="PRESET", help="A name from `scs presets`.")]
NewFile = Annotated[
    Path | None, typer.Argument(metavar="FILE", help="Output file; default ./PRESET.yaml.")
]
Force = Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")]


def presets(json: options.Json = False) -> None:
    """List the shipped therapies: rate, width, charge, Shannon k, and the stages that accept them.

    Examples:  scs presets   ·   scs presets --json   ·   scs new burst_dr my.yaml
    """
    from .. import presets as shipped
    from . import console

    if json:
        console.as_json([one.as_dict() for one in shipped.rows()])
        return
    table = console.table(
        "Shipped therapies", "preset", "rate", "width", "amplitude", ">charge", ">k", "taken by"
    )
    table.columns[0].no_wrap = True
    for one in shipped.rows():
        charge = "" if one.charge_uc is None else console.number(one.charge_uc, "uC")
        shannon = "" if one.shannon_k is None else f"{one.shannon_k:.2f}"
        table.add_row(one.name, one.rate, one.width, one.amplitude, charge, shannon, _taken(one))
    console.console().print(table)
    console.console().print(
        "Run `scs check` on a file from `scs new PRESET` to see why a stage refuses it."
    )


def _taken(one: Preset) -> str:
    return ", ".join(stage for stage, reason in one.stages.items() if not reason) or "none"


def new(preset: PresetName, file: NewFile = None, force: Force = False) -> None:
    """Create a profile from a shipped therapy, comments included.

    Examples:  scs new tonic_50hz   ·   scs new burst_dr my.yaml
    """
    from .. import presets as shipped
    from ..documents.atomic_write import aside

    text = shipped.text(preset)
    target = file or Path(f"{preset}.yaml")
    if target.exists() and not force:
        raise WrongUsage(f"{target} already exists; name another file or use --force")

    def fill(part: Path) -> None:
        part.write_text(text, encoding="utf-8")

    aside(target, fill)
    typer.echo(f"{target}: {preset}; check it with `scs check {target}`")
