"""compare: compare two traces or recordings.

Role: prints the result of traces/compare.py. Invariant: exit 0 if the two agree within tolerance, 1
if they do not, 2 if they cannot be compared, as diff does.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import GOOD, REFUSED, WrongUsage
from . import options

if TYPE_CHECKING:
    from ..traces.compare import Compared, Worst
    from ..traces.trace import Trace

KNOWN = (".png", ".svg")
One = Annotated[
    Path, typer.Argument(metavar="A", help="A .csv or .npz file, or a recording folder.")
]
Other = Annotated[Path, typer.Argument(metavar="B", help="The trace to compare with A.")]
Share = Annotated[
    str,
    typer.Option(metavar="SHARE", help="Tolerance of current and voltage, relative to the peak."),
]
TimeTolerance = Annotated[
    str, typer.Option(metavar="TIME", help="Tolerance of the edges of the current.")
]
Align = Annotated[
    bool, typer.Option("--align", help="Shift B in time so that the first edges coincide.")
]
Picture = Annotated[
    Path | None, typer.Option("--output", "-o", help="Plot both traces: .png or .svg.")
]


def compare(
    a: One,
    b: Other,
    tolerance: Share = "1%",
    time_tolerance: TimeTolerance = "1us",
    align: Align = False,
    output: Picture = None,
    json: options.Json = False,
) -> None:
    """Compare two traces: show the largest differences in time, current and voltage.

    An edge is where the current crosses half of its phase's peak. Exit 1 if a difference exceeds
    its tolerance, 2 if the traces cannot be compared.

    Examples:  scs compare model.csv board.npz -o both.png   ·   scs compare monday friday --json
    """
    from ..recordings import readers, writers
    from ..traces.compare import compare as held

    share = options.share(tolerance, "--tolerance")
    time_s = options.seconds(time_tolerance, "--time-tolerance")
    if output is not None:
        writers.checked(output, KNOWN)
    one, other = readers.rows(a).whole(), readers.rows(b).whole()
    try:
        found = held(one, other, share=share, time_s=time_s, align=align)
    except WrongUsage as reason:
        raise WrongUsage(f"{a} and {b}: {reason}") from None
    if output is not None:
        _draw(output, (str(a), str(b)), one, other, found)
    if json:
        _as_json(a, b, found)
    else:
        _show(a, b, one, other, found, output)
    raise typer.Exit(GOOD if found.ok else REFUSED)


def _draw(output: Path, names: tuple[str, str], one: Trace, other: Trace, found: Compared) -> None:
    from ..documents import atomic_write
    from ..recordings import plot

    figure = plot.of_two(names, one, other, found)
    kind = output.suffix.lower().removeprefix(".")
    atomic_write.aside(output, lambda part: plot.save(figure, part, kind))


def _as_json(a: Path, b: Path, found: Compared) -> None:
    from . import console

    def worst(one: Worst) -> dict[str, Any]:
        keys = {"difference": one.difference, "at_s": one.at_s, "limit": one.limit}
        return {**keys, "scale": one.scale, "ok": one.ok}

    console.as_json(
        {
            "ok": found.ok,
            "a": str(a),
            "b": str(b),
            "span_s": found.span_s,
            "shift_s": found.shift_s,
            "compared_share": found.share,
            "edges": {
                "both": found.edges,
                "only_a": len(found.only_a),
                "only_b": len(found.only_b),
                "first_only_a_s": float(found.only_a[0]) if len(found.only_a) else None,
                "first_only_b_s": float(found.only_b[0]) if len(found.only_b) else None,
            },
            "time_s": worst(found.time),
            "current_a": worst(found.current),
            "voltage_v": worst(found.voltage),
        }
    )


def _show(a: Path, b: Path, one: Trace, other: Trace, found: Compared, output: Path | None) -> None:
    from rich.markup import escape

    from . import console

    screen = console.console()
    for letter, path, trace in (("A", a, one), ("B", b, other)):
        length = console.number(trace.end_s - float(trace.time_s[0]), "s")
        screen.print(f"{letter}  {escape(str(path))}: {len(trace)} rows, {length}")
    if found.shift_s:
        screen.print(f"B was shifted by {found.shift_s * 1e6:.6g} µs")
    table = console.table("B less A", "quantity", ">largest", ">at", ">tolerance", "")
    rows = (("edges", found.time, 1e6, "us"), ("current", found.current, 1e6, "uA"))
    for name, worst, factor, unit in (*rows, ("voltage", found.voltage, 1e3, "mV")):
        table.add_row(
            name,
            console.number(worst.difference * factor, unit),
            f"{worst.at_s:.7f} s",
            console.number(worst.limit * factor, unit),
            console.mark(worst.ok),
        )
    screen.print(table)
    screen.print(_edges(found))
    if output is not None:
        screen.print(f"picture  {escape(str(output))}")


def _edges(found: Compared) -> str:
    text = (
        f"{found.edges} edges in both, {len(found.only_a)} only in A, {len(found.only_b)} only "
        f"in B; values compared over {found.share:.1%} of {found.span_s:.6g} s, away from edges"
    )
    for letter, times in (("A", found.only_a), ("B", found.only_b)):
        if len(times):
            text += f"\nthe first edge only in {letter}: {times[0]:.7f} s"
    return text
