"""scope: current and voltage of a period as sampled by the device's ADC, over the command.

Role: a capture of a running device, triggered by its periods. Invariant: neither the output nor the
device's state changes.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import options
from .device import attached

if TYPE_CHECKING:
    from rich.console import Console

    from ..device.adc_scope import Sensed
    from ..traces.waveform_analysis import Floats

HIGH = 6  # lines of one curve
Output = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", metavar="FILE", help="Also write to a file: .csv .npz .png .svg …"
    ),
]
Periods = Annotated[int, typer.Option(min=1, max=100, help="Number of periods.")]
Pulse = Annotated[bool, typer.Option("--pulse", help="Show only the part with commanded current.")]


def scope(
    port: options.RealPort = "",
    periods: Periods = 1,
    pulse: Pulse = False,
    output: Output = None,
    json: options.Json = False,
    timeout: options.Patience = 5.0,
) -> None:
    """Capture current and voltage of a running device from the start of a period.

    Shows the device's own ADC samples over the commanded current.

    Examples:  scs scope --port socket://127.0.0.1:7000 --pulse   ·   scs scope --port … -o x.png
    """
    from ..device.adc_scope import look
    from ..recordings import writers

    if output is not None:
        writers.checked(output, writers.OF_A_TRACE)
    with attached(port, timeout) as stim:
        found = look(stim.link, stim.board, periods)
        name = stim.board.name
    if pulse:
        found = _pulses(found)
    if json:
        _as_json(found, name)
    else:
        _draw(found, name)
    if output is not None:
        _write(output, found, name)
        typer.echo(f"written  {output}", err=json)


def _pulses(found: Sensed) -> Sensed:
    """Cut the capture a quarter beyond the last commanded current."""
    import numpy as np

    from ..device.adc_scope import Sensed
    from ..traces.trace import Trace

    driven = np.flatnonzero(found.commanded_a)
    end_s = 1.25 * float(found.commanded_s[driven[-1]])
    inside, early = found.trace.time_s <= end_s, found.commanded_s <= end_s
    cut = Trace(*(column[inside] for column in found.trace.columns()))
    time_s = np.append(found.commanded_s[early], end_s)
    return Sensed(cut, time_s, np.append(found.commanded_a[early], 0.0), found.period_s)


def _as_json(found: Sensed, name: str) -> None:
    from . import console

    trace = found.trace
    console.as_json(
        {
            "board": name,
            "period_s": found.period_s,
            "time_s": trace.time_s.tolist(),
            "current_a": trace.current_a.tolist(),
            "voltage_v": trace.voltage_v.tolist(),
            "commanded": {
                "time_s": found.commanded_s.tolist(),
                "current_a": found.commanded_a.tolist(),
            },
        }
    )


def _draw(found: Sensed, name: str) -> None:
    from . import console

    screen, trace = console.console(), found.trace
    span_s = float(found.commanded_s[-1])
    columns = max(20, min(screen.width, 160) - 12)
    title = (
        f"{name}: {span_s * 1e3:.4g} ms from the start of a period of {found.period_s * 1e3:.6g} ms"
    )
    screen.print(title, style="bold")
    curves = (
        ("measured", trace.time_s, trace.current_a * 1e3, "mA", "blue"),
        ("measured", trace.time_s, trace.voltage_v, "V", "yellow"),
        ("commanded", found.commanded_s, found.commanded_a * 1e3, "mA", "green"),
    )
    for title, time_s, values, unit, colour in curves:
        _curve(screen, (title, unit, colour), (time_s, values), (span_s, columns))


def _curve(
    console: Console,
    words: tuple[str, str, str],
    curve: tuple[Floats, Floats],
    size: tuple[float, int],
) -> None:
    from ..traces import terminal_plot

    title, unit, colour = words
    low, top = terminal_plot.bounds(curve[1])
    marks = [f"{top:.4g} {unit}", *[""] * (HIGH - 2), f"{low:.4g} {unit}"]
    console.print(title)
    for mark, line in zip(marks, terminal_plot.draw(*curve, *size, HIGH), strict=True):
        console.print(f"{mark:>10} [{colour}]{line}[/{colour}]")


def _write(output: Path, found: Sensed, name: str) -> None:
    from ..documents import atomic_write
    from ..recordings import writers

    kind = output.suffix.lower().removeprefix(".")
    if kind not in ("png", "svg"):
        writers.write(output, found.trace, name)
        return
    from ..recordings import plot

    atomic_write.aside(output, lambda part: plot.save(plot.of_scope(found, name), part, kind))
