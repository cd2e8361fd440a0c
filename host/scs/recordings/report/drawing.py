"""Line plots as inline SVG: axes, grid, lines; no matplotlib, script or external file.

Role: panel() draws stacked plots over one time axis. Colours are classes of style.css, so that
one drawing serves light, dark and print. Invariant: never more points than the page can show
(traces/decimate.py).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape
from typing import NamedTuple

import numpy as np

from ...traces.decimate import time_unit
from ...traces.figures import Floats

WIDTH, LEFT, RIGHT, TOP, BOTTOM = 1000.0, 62.0, 12.0, 8.0, 36.0
PLOT, SPACE = 150.0, 14.0  # height of one plot, and between two
TICKS = 5  # about so many on an axis
KEYS = {
    "current": ("current", "current"),
    "voltage": ("voltage", "voltage"),
    "command": ("command", "current commanded"),
    "level": ("command", "amplitude commanded"),
}


class Line(NamedTuple):
    """Line of a plot; `kind` is its class in style.css (current, voltage, command)."""

    time_s: Floats
    values: Floats
    kind: str


class Plot(NamedTuple):
    """Plot: lines with one vertical axis."""

    label: str
    lines: Sequence[Line]


def ticks(low: float, high: float) -> list[float]:
    """Return round numbers in a range, in steps of 1, 2 or 5 times a power of ten."""
    rough = (high - low) / TICKS
    power = 10 ** math.floor(math.log10(rough))
    step = next(power * size for size in (1, 2, 5, 10) if power * size >= rough)
    first = math.ceil(low / step - 1e-9)
    return [number * step for number in range(first, math.floor(high / step + 1e-9) + 1)]


def panel(title: str, plots: Sequence[Plot]) -> str:
    """Return an SVG of plots, one above the other, on the same time axis."""
    begin = min(float(line.time_s[0]) for plot in plots for line in plot.lines)
    end = max(float(line.time_s[-1]) for plot in plots for line in plot.lines)
    end = end if end > begin else begin + 1e-6
    height = TOP + len(plots) * PLOT + (len(plots) - 1) * SPACE + BOTTOM
    parts = [
        f'<svg viewBox="0 0 {WIDTH:g} {height:g}" role="img">',
        f"<title>{escape(title)}</title>",
    ]
    for number, plot in enumerate(plots):
        top = TOP + number * (PLOT + SPACE)
        parts += _plot(plot, top, begin, end, last=number == len(plots) - 1)
    return "\n".join([*parts, "</svg>"])


def _plot(plot: Plot, top: float, begin: float, end: float, *, last: bool) -> Iterator[str]:
    low = min(0.0, *(float(np.min(line.values)) for line in plot.lines))
    high = max(0.0, *(float(np.max(line.values)) for line in plot.lines))
    room = 0.08 * (high - low) or 1.0
    low, high = low - room, high + room
    across, up = (WIDTH - LEFT - RIGHT) / (end - begin), PLOT / (high - low)
    yield (
        f'<text class="label" transform="translate(14 {top + PLOT / 2:g}) rotate(-90)">'
        f"{escape(plot.label)}</text>"
    )
    for value in ticks(low, high):
        y = top + PLOT - (value - low) * up
        kind = "zero" if abs(value) < 1e-12 else "grid"
        yield f'<path class="{kind}" d="M{LEFT:g} {y:.1f}H{WIDTH - RIGHT:g}"/>'
        yield f'<text class="y" x="{LEFT - 6:g}" y="{y + 4:.1f}">{value + 0.0:.6g}</text>'
    factor, unit = time_unit(end - begin)
    for value in ticks(begin * factor, end * factor):
        x = LEFT + (value / factor - begin) * across
        yield f'<path class="grid" d="M{x:.1f} {top:g}v{PLOT:g}"/>'
        if last:
            yield f'<text class="x" x="{x:.1f}" y="{top + PLOT + 15:g}">{value + 0.0:.6g}</text>'
    if last:
        x = (LEFT + WIDTH - RIGHT) / 2
        yield f'<text class="x" x="{x:g}" y="{top + PLOT + 31:g}">time ({unit})</text>'
    for line in plot.lines:
        xs = LEFT + (line.time_s - begin) * across
        ys = top + PLOT - (line.values - low) * up
        points = np.round(np.column_stack((xs, ys)), 1)  # what is drawn; repeats are left out
        new = np.ones(len(points), dtype=bool)
        new[1:] = np.any(np.diff(points, axis=0) != 0, axis=1)
        path = "L".join(f"{x:g} {y:g}" for x, y in points[new].tolist())
        yield f'<path class="{line.kind}" d="M{path}"/>'


def key(*names: str) -> str:
    """Return the legend of the lines."""
    lines = "".join(f'<i class="{KEYS[name][0]}"></i>{KEYS[name][1]}' for name in names)
    return f'<p class="key quiet">{lines}</p>'
