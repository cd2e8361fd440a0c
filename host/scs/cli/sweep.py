"""sweep: judge many profiles, on all cores or many machines, into one table.

Role: `scs sweep SPEC -o FOLDER`, and the steps of its own `merge` and `plot`. Invariant: what is
computed is kept, however the command ends; the same command computes the rest.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from ..errors import WrongUsage
from . import console, options

if TYPE_CHECKING:
    from ..sweeps.folder import Manifest


class _RunByDefault(TyperGroup):
    """Group whose command is `run` where none is named: scs sweep SPEC.yaml."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        return super().resolve_command(ctx, args if args[0] in self.commands else ["run", *args])


app = typer.Typer(
    cls=_RunByDefault,
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="Judge many profiles: scs sweep SPEC.yaml -o FOLDER.",
    context_settings={"ignore_unknown_options": True},  # they are those of `run`
)

SpecFile = Annotated[Path, typer.Argument(metavar="SPEC", help="Spec of the sweep, a .yaml file.")]
Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder of `scs sweep -o FOLDER`.")]
NewFolder = Annotated[
    Path,
    typer.Option(
        "--output", "-o", metavar="FOLDER", help="Folder of the sweep, new or to be completed."
    ),
]
Jobs = Annotated[int, typer.Option(min=0, max=1024, help="Processes; 0 for one a core.")]
Dask = Annotated[
    str, typer.Option(metavar="ADDRESS", help="Dask scheduler instead, e.g. tcp://10.0.0.5:8786.")
]
Chunk = Annotated[
    int | None,
    typer.Option(
        metavar="NUMBER", help="Compute this chunk alone, from 0, e.g. $SLURM_ARRAY_TASK_ID."
    ),
]
Picture = Annotated[
    Path, typer.Option("--output", "-o", metavar="FILE", help="Output file: .png or .svg.")
]
AxisName = Annotated[
    str, typer.Option(metavar="FIELD", help="Field on this axis; default: the first that varies.")
]
Only = Annotated[
    list[str] | None,
    typer.Option(
        metavar="FIELD=VALUE", help="Only rows with this value, e.g. load=randles-500; repeatable."
    ),
]


@app.command()
def run(
    spec: SpecFile,
    output: NewFolder,
    jobs: Jobs = 0,
    dask: Dask = "",
    chunk: Chunk = None,
    json: options.Json = False,
) -> None:
    """Judge every profile of a sweep and write a table: admitted or refused, why, all figures.

    The table is FOLDER/table.parquet and table.csv. An interrupted sweep goes on with the same
    command.

    Examples:  scs sweep run examples/amplitude_width.yaml -o map
    """
    from ..sweeps import folder as folders
    from ..sweeps.spec import Spec

    held = folders.manifest(Spec.read(spec))
    if chunk is not None and not 0 <= chunk < held.chunks:
        last = held.chunks - 1
        raise WrongUsage(f"--chunk: {chunk} is not 0 to {last}: {spec} has {held.chunks} chunks")
    folders.begin(output, held)
    for message in folders.damaged(output, held):
        typer.echo(message, err=True)
    if chunk is not None:
        if chunk not in folders.kept(output):
            folders.keep(output, held, chunk, folders.computed(held, chunk))
        console.result({"chunk": chunk}, f"chunk {chunk} of {held.chunks} is kept", json=json)
        return
    _compute(output, held, jobs, dask)
    merge(output, json)


def _compute(folder: Path, held: Manifest, jobs: int, dask: str) -> None:
    """Compute what is missing; raise typer.Exit if interrupted."""
    from ..sweeps import engines
    from ..sweeps import folder as folders
    from .interrupts import Interrupts
    from .progress import bar

    with (
        engines.engine(jobs or engines.cores(), dask) as (pool, ahead),
        Interrupts() as stop,
        bar(f"judging {held.values['rows']} profiles") as advance,
    ):
        missing = engines.run(folder, held, pool, ahead, advance, lambda: bool(stop))
    if missing:
        there = len(folders.kept(folder))
        message = f"interrupted: {there} of {held.chunks} chunks are kept; the same command goes on"
        typer.echo(message, err=True)
        raise typer.Exit(stop.code)


@app.command()
def merge(folder: Folder, json: options.Json = False) -> None:
    """Write the table of a sweep from its chunks, as after `scs sweep SPEC --chunk`.

    Example:  scs sweep merge map
    """
    from ..sweeps import folder as folders
    from .progress import bar

    with bar("merging") as advance:
        merged = folders.merge(folder, advance)
    rows = folders.read(folder).values["rows"]
    value = {"rows": rows, "admitted": merged.admitted, "files": [str(f) for f in merged.files]}
    names = " and ".join(str(file) for file in merged.files)
    console.result(value, f"{names}: {rows} rows, {merged.admitted} admitted", json=json)


@app.command()
def plot(
    folder: Folder,
    output: Picture,
    x: AxisName = "",
    y: AxisName = "",
    only: Only = None,
    force: options.Force = False,
) -> None:
    """Draw a map of two fields: where the profile is admitted, and which rule refuses it elsewhere.

    A point that stands for several rows is admitted if all of them are.

    Example:  scs sweep plot map -o map.png --only load=randles-500
    """
    from ..recordings import writers
    from ..sweeps import admission_map

    writers.checked(output, (".png", ".svg"))
    options.check_output(output, force=force)
    filters = dict(entry.partition("=")[::2] for entry in only or [])
    console.write_picture(output, admission_map.drawn(folder, x, y, filters))
    typer.echo(str(output))
