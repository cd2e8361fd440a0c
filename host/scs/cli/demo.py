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
from . import options

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from ..demo import Comparison, Shown
    from ..traces.trace import Trace


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
    from ..demo import PROFILES
    from . import console

    name = options.board_name(board, "", load)
    _made(output)
    screen = console.console()
    shown = [_one(screen, file, name) for file in PROFILES]
    _write(output, shown)
    good = all(one.ok for one in shown)
    if not good:
        screen.print("[bold red]The measured values differ from the programmed ones.[/bold red]")
    raise typer.Exit(GOOD if good else REFUSED)


def _one(console: Console, file: str, name: str) -> Shown:
    """Run and print one therapy."""
    from ..catalog import boards
    from ..demo import show
    from ..profile.profile import Profile
    from ..resources import path

    begun = time.perf_counter()
    one = show(Profile.read(path(file)), boards.board(name))
    _print(console, one, time.perf_counter() - begun)
    return one


def _made(output: Path) -> None:
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as reason:
        raise WrongUsage(f"cannot write into {output}: {reason.strerror}") from None


def _print(console: Console, one: Shown, wall_s: float) -> None:
    console.print(f"[bold]{one.profile.name}[/bold]   [dim]{one.profile.file}[/dim]")
    console.print(_table(one))
    periods = f"{one.trace.time_s[-1] * 1e3:g} ms"
    console.print(f"[dim]{periods} of it measured, on {one.board}, in {wall_s:.1f} s[/dim]\n")


def _table(one: Shown) -> Table:
    from . import console

    table = console.table("", "quantity", ">programmed", ">measured", ">limit", "")
    table.title = None
    for row in one.rows:
        table.add_row(
            row.name,
            "" if row.programmed is None else console.number(row.programmed, row.unit),
            console.number(row.measured, row.unit),
            "" if row.limit is None else f"≤ {console.number(row.limit, row.unit)}",
            "" if row.ok is None else console.mark(row.ok),
        )
    return table


def _write(output: Path, shown: list[Shown]) -> None:
    from ..documents import atomic_write
    from ..recordings import plot, writers

    panels = [(one.profile.name, _note(one), _two_periods(one)) for one in shown]
    picture = output / "demo.png"
    atomic_write.aside(picture, lambda part: plot.save(plot.of_therapies(panels), part, "png"))
    typer.echo(f"picture  {picture}")
    for one in shown:
        file = output / f"{Path(one.profile.file).stem}.csv"
        writers.write(file, one.trace)
        typer.echo(f"trace    {file}")


def _two_periods(one: Shown) -> Trace:
    """Return two periods, starting just before an edge."""
    period_s = one.measured.period_s or 0.0
    return one.trace.window(0.96 * period_s, 2.96 * period_s)


def _note(one: Shown) -> str:
    """Return the picture's note with the measured values."""
    rows: dict[str, Comparison] = {row.name: row for row in one.rows}
    amplitude, width = rows["amplitude"], rows["pulse width"]
    rate, charge = rows["rate"], rows["charge per phase"]
    return (
        f"measured: {amplitude.measured:.3f} mA, {width.measured:.1f} µs, {rate.measured:.2f} Hz, "
        f"{charge.measured:.3f} µC a phase"
    )
