"""demo: program and measure two therapies, with a picture and their traces.

Role: the command behind `make demo`. Invariant: exit 1 if the measured values differ from the
programmed ones.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import GOOD, REFUSED, WrongUsage
from . import console, options

if TYPE_CHECKING:
    from ..demo import Shown


Folder = Annotated[
    Path,
    typer.Option("--output", "-o", metavar="DIR", help="Output folder for pictures and traces."),
]


def demo(
    output: Folder = Path("demo-output"),
    board: options.BoardRow = "",
    load: options.LoadRow = "",
) -> None:
    """Run two published therapies on the simulated board; show measured values and limits.

    Tonic (50 Hz, 200 us) and a five-pulse burst run through the same link, firmware and
    sequencer as on a bench. Writes a picture and CSV files.

    Example:  scs demo -o /tmp/demo
    """
    from ..catalog import boards
    from ..demo import PROFILES, show
    from ..profile.profile import Profile
    from ..resources import path

    name = options.Fixture(board=board, load=load).full_name()
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as reason:
        raise WrongUsage(f"cannot write into {output}: {reason.strerror}") from None
    therapies = []
    for file in PROFILES:
        begun_s = time.perf_counter()
        therapy = show(Profile.read(path(file)), boards.board(name))
        _show(therapy, time.perf_counter() - begun_s)
        therapies.append(therapy)
    _write(output, therapies)
    good = all(therapy.ok for therapy in therapies)
    if not good:
        console.show("[bold red]The measured values differ from the programmed ones.[/bold red]")
    raise typer.Exit(GOOD if good else REFUSED)


def _show(therapy: Shown, wall_s: float) -> None:
    rows = [
        (
            row.name,
            "" if row.programmed is None else console.number(row.programmed, row.unit),
            console.number(row.measured, row.unit),
            "" if row.limit is None else f"≤ {console.number(row.limit, row.unit)}",
            "" if row.ok is None else console.mark(row.ok),
        )
        for row in therapy.rows
    ]
    length = f"{therapy.trace.time_s[-1] * 1e3:g} ms"
    console.show(
        f"[bold]{therapy.profile.name}[/bold]   [dim]{therapy.profile.file}[/dim]",
        console.table("", ("quantity", ">programmed", ">measured", ">limit", ""), rows),
        f"[dim]{length} of it measured, on {therapy.board}, in {wall_s:.1f} s[/dim]\n",
    )


def _write(output: Path, therapies: list[Shown]) -> None:
    from ..recordings import writers
    from ..traces import plot

    panels = []
    for therapy in therapies:
        period_s = therapy.measured.period_s or 0.0
        two_periods = therapy.trace.window(0.96 * period_s, 2.96 * period_s)  # from before an edge
        panels.append((therapy.profile.name, _note(therapy), two_periods))
    picture = output / "demo.png"
    console.write_picture(picture, plot.of_therapies(panels))
    typer.echo(f"picture  {picture}")
    for therapy in therapies:
        file = output / f"{Path(therapy.profile.file).stem}.csv"
        writers.write(file, therapy.trace)
        typer.echo(f"trace    {file}")


def _note(therapy: Shown) -> str:
    """Return the picture's note with the measured values."""
    measured = {row.name: row.measured for row in therapy.rows}
    return (
        f"measured: {measured['amplitude']:.3f} mA, {measured['pulse width']:.1f} µs, "
        f"{measured['rate']:.2f} Hz, {measured['charge per phase']:.3f} µC a phase"
    )
