"""scope: current and voltage of a period as sampled by the device's ADC, over the command.

Role: a capture of a running device, triggered by its periods. Invariant: neither the output nor the
device's state changes.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import console, options

if TYPE_CHECKING:
    from ..device.adc_scope import Sensed

HIGH = 6  # lines of one curve
Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Also write to a file: .csv, .npz, .vcd, .png, .svg, .wav or .mat.",
    ),
]
Periods = Annotated[int, typer.Option(min=1, max=100, help="Number of periods.")]
Pulse = Annotated[bool, typer.Option("--pulse", help="Show only the part with commanded current.")]


def scope(
    periods: Periods = 1,
    pulse: Pulse = False,
    output: Output = None,
    *,
    device: options.Running,
    json: options.Json = False,
) -> None:
    """Capture current and voltage of a running device from the start of a period.

    Shows the device's own ADC samples over the commanded current.

    Examples:  scs scope --port socket://127.0.0.1:7000 --pulse   ·   scs scope --port … -o x.png
    """
    from ..device.adc_scope import look
    from ..recordings import writers

    if output is not None:
        writers.checked(output, writers.OF_A_TRACE)
    with device.attached() as stim:
        capture = look(stim.link, stim.board, periods)
        name = stim.board.name
    if pulse:
        capture = _pulses(capture)
    trace = capture.trace
    if json:
        commanded = {
            "time_s": capture.commanded_s.tolist(),
            "current_a": capture.commanded_a.tolist(),
        }
        console.as_json(
            {
                "board": name,
                "period_s": capture.period_s,
                "time_s": trace.time_s.tolist(),
                "current_a": trace.current_a.tolist(),
                "voltage_v": trace.voltage_v.tolist(),
                "commanded": commanded,
            }
        )
    else:
        _draw(capture, name)
    if output is None:
        return
    if output.suffix.lower() in (".png", ".svg"):
        from ..traces import plot

        drawn = plot.of_scope(capture.trace, capture.commanded_s, capture.commanded_a, name)
        console.write_picture(output, drawn)
    else:
        writers.write(output, trace, name)
    typer.echo(f"written  {output}", err=json)


def _pulses(capture: Sensed) -> Sensed:
    """Cut the capture a quarter beyond the last commanded current."""
    import numpy as np

    from ..device.adc_scope import Sensed
    from ..traces.trace import Trace

    driven = np.flatnonzero(capture.commanded_a)
    end_s = 1.25 * float(capture.commanded_s[driven[-1]])
    inside, early = capture.trace.time_s <= end_s, capture.commanded_s <= end_s
    time_s, current_a, voltage_v = (column[inside] for column in capture.trace.columns())
    cut = Trace(time_s, current_a, voltage_v)
    time_s = np.append(capture.commanded_s[early], end_s)
    return Sensed(cut, time_s, np.append(capture.commanded_a[early], 0.0), capture.period_s)


def _draw(capture: Sensed, name: str) -> None:
    from ..traces import terminal_plot

    screen, trace = console.console(), capture.trace
    span_s, period_s = float(capture.commanded_s[-1]), capture.period_s
    columns = max(20, min(screen.width, 160) - 12)
    title = f"{name}: {span_s * 1e3:.4g} ms from the start of a period of {period_s * 1e3:.6g} ms"
    screen.print(title, style="bold")
    curves = (
        ("measured", trace.time_s, trace.current_a * 1e3, "mA", "blue"),
        ("measured", trace.time_s, trace.voltage_v, "V", "yellow"),
        ("commanded", capture.commanded_s, capture.commanded_a * 1e3, "mA", "green"),
    )
    for title, time_s, values, unit, colour in curves:
        low, top = terminal_plot.bounds(values)
        marks = [f"{top:.4g} {unit}", *[""] * (HIGH - 2), f"{low:.4g} {unit}"]
        lines = terminal_plot.draw(time_s, values, span_s, columns, HIGH)
        screen.print(title)
        for mark, line in zip(marks, lines, strict=True):
            screen.print(f"{mark:>10} [{colour}]{line}[/{colour}]")
