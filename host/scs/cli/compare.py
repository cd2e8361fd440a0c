"""compare: compare two traces or recordings.

Role: prints the result of traces/compare.py. Invariant: exit 0 if the two agree within tolerance, 1
if they do not, 2 if they cannot be compared, as diff does.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import GOOD, REFUSED, WrongUsage
from . import console, options

if TYPE_CHECKING:
    from ..traces.compare import Compared, Worst

KNOWN = (".png", ".svg")
First = Annotated[
    Path, typer.Argument(metavar="A", help="A .csv or .npz file, or a recording folder.")
]
Second = Annotated[Path, typer.Argument(metavar="B", help="The trace to compare with A.")]
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
    a: First,
    b: Second,
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
    from ..traces import compare as traces

    share = options.share(tolerance, "--tolerance")
    time_s = options.seconds(time_tolerance, "--time-tolerance")
    if output is not None:
        writers.checked(output, KNOWN)
    first, second = readers.rows(a).whole(), readers.rows(b).whole()
    try:
        result = traces.compare(first, second, share=share, time_s=time_s, align=align)
    except WrongUsage as reason:
        raise WrongUsage(f"{a} and {b}: {reason}") from None
    if output is not None:
        from ..traces import plot

        console.write_picture(output, plot.of_two((str(a), str(b)), first, second, result))
    if json:
        _as_json(a, b, result)
    else:
        for letter, path, trace in (("A", a, first), ("B", b, second)):
            length = console.number(trace.end_s - float(trace.time_s[0]), "s")
            console.show(f"{letter}  {console.escape(str(path))}: {len(trace)} rows, {length}")
        _show(result)
        if output is not None:
            console.show(f"picture  {console.escape(str(output))}")
    raise typer.Exit(GOOD if result.ok else REFUSED)


def _as_json(a: Path, b: Path, result: Compared) -> None:
    def worst(row: Worst) -> dict[str, Any]:
        keys = ("difference", "at_s", "limit", "scale", "ok")
        return {key: getattr(row, key) for key in keys}

    console.as_json(
        {
            "ok": result.ok,
            "a": str(a),
            "b": str(b),
            "span_s": result.span_s,
            "shift_s": result.shift_s,
            "compared_share": result.share,
            "edges": {
                "both": result.edges,
                "only_a": len(result.only_a),
                "only_b": len(result.only_b),
                "first_only_a_s": float(result.only_a[0]) if len(result.only_a) else None,
                "first_only_b_s": float(result.only_b[0]) if len(result.only_b) else None,
            },
            "time_s": worst(result.time),
            "current_a": worst(result.current),
            "voltage_v": worst(result.voltage),
        }
    )


def _show(result: Compared) -> None:
    if result.shift_s:
        console.show(f"B was shifted by {result.shift_s * 1e6:.6g} µs")
    quantities = (
        ("edges", result.time, 1e6, "us"),
        ("current", result.current, 1e6, "uA"),
        ("voltage", result.voltage, 1e3, "mV"),
    )
    rows = [
        (
            name,
            console.number(worst.difference * factor, unit),
            f"{worst.at_s:.7f} s",
            console.number(worst.limit * factor, unit),
            console.mark(worst.ok),
        )
        for name, worst, factor, unit in quantities
    ]
    columns = ("quantity", ">largest", ">at", ">tolerance", "")
    console.show(
        console.table("B less A", columns, rows),
        f"{result.edges} edges in both, {len(result.only_a)} only in A, {len(result.only_b)} only "
        f"in B; values compared over {result.share:.1%} of {result.span_s:.6g} s, away from edges",
    )
    for letter, times in (("A", result.only_a), ("B", result.only_b)):
        if len(times):
            console.show(f"the first edge only in {letter}: {times[0]:.7f} s")
