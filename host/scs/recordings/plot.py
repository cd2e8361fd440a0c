"""Plot traces with matplotlib, without a window, a display or global state.

Role: of_trace() plots one trace, of_two() a pair, of_therapies() the figure of `scs demo`.
Invariant: matplotlib is imported only here, and this module only when a plot is needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..device.adc_scope import Sensed
from ..traces.decimate import thinned
from ..traces.trace import Trace
from ..traces.trace_store import Rows

if TYPE_CHECKING:
    from ..traces.compare import Compared

CURRENT, VOLTAGE, OTHER = "#1f5fa8", "#b4541a", "#222222"
NARROW = 0.025  # of a picture: a pulse so narrow is a line, and is shown once more by itself
LOOKED_S = 2.0  # where a first pulse is looked for: no therapy is slower than 1 Hz


def _units(span_s: float) -> tuple[float, str]:
    """Return (factor, unit) for a time axis."""
    for limit_s, factor, unit in ((2e-3, 1e6, "µs"), (2.0, 1e3, "ms")):
        if span_s < limit_s:
            return factor, unit
    return 1.0, "s"


def _line(axes: Axes, trace: Trace, what: str) -> None:
    factor, _ = _units(float(trace.time_s[-1] - trace.time_s[0]))
    current = what == "current"
    values = trace.current_a * 1e3 if current else trace.voltage_v
    colour = CURRENT if current else VOLTAGE
    axes.plot(trace.time_s * factor, values, color=colour, linewidth=1.2)
    axes.axhline(0, color="#888888", linewidth=0.6, zorder=0)
    axes.set_ylabel("current (mA)" if current else "voltage (V)", color=colour)
    axes.grid(True, color="#e4e4e4", linewidth=0.6)
    axes.margins(x=0.01, y=0.12)
    axes.spines[["top", "right"]].set_visible(False)


def _pair(top: Axes, bottom: Axes, trace: Trace) -> None:
    """Plot current above voltage on one time axis."""
    _line(top, trace, "current")
    _line(bottom, trace, "voltage")
    top.tick_params(labelbottom=False)
    _, unit = _units(float(trace.time_s[-1] - trace.time_s[0]))
    bottom.set_xlabel(f"time ({unit})")


def of_trace(rows: Rows, title: str = "") -> Figure:
    """Plot current and voltage of the whole trace, and beside it the first pulse if narrow."""
    shown = [thinned(rows), *_narrow_pulse(rows)]
    figure = Figure(figsize=(8 + 2 * len(shown), 5.5), layout="constrained")
    ratios = (3, 2)[: len(shown)]
    axes = figure.subplots(2, len(shown), sharex="col", width_ratios=ratios, squeeze=False)
    for column, trace in enumerate(shown):
        _pair(axes[0, column], axes[1, column], trace)
    if len(shown) > 1:
        _caption(axes[0, 1], "the first pulse")
    figure.suptitle(title)
    return figure


def _narrow_pulse(rows: Rows) -> list[Trace]:
    """Return the first pulse as a list of one trace if it is too narrow to see, else []."""
    if not rows.end_s:
        return []
    begin = rows.window(0, min(rows.end_s, LOOKED_S))
    found = begin.pulses()
    wide = len(found) == 0 or float(found.width_s[0]) > NARROW * rows.end_s
    return [] if wide else [_first_pulse(begin)]


def _caption(axes: Axes, text: str) -> None:
    axes.set_title(text, loc="left", fontsize=9, color="#444444")


def of_therapies(shown: Sequence[tuple[str, str, Trace]]) -> Figure:
    """Plot one row of panels per therapy: (title, caption, trace of whole periods).

    Left the periods, right the first pulse, current above voltage.
    """
    figure = Figure(figsize=(12, 4.9 * len(shown)), layout="constrained")
    bands: Any = figure.subfigures(len(shown), 1, hspace=0.04, squeeze=False)
    for band, (title, note, trace) in zip(bands[:, 0], shown, strict=True):
        axes = band.subplots(2, 2, sharex="col", width_ratios=[3, 2])
        _pair(axes[0, 0], axes[1, 0], trace)
        detail = _first_pulse(trace)
        _pair(axes[0, 1], axes[1, 1], detail)
        _caption(axes[0, 0], note)
        _caption(axes[0, 1], "the first pulse")
        band.suptitle(title, fontsize=12, fontweight="bold", x=0.01, ha="left")
    return figure


def of_two(names: tuple[str, str], one: Trace, other: Trace, found: Compared) -> Figure:
    """Plot two traces overlaid: left their common span, right around the largest difference."""
    other = Trace(other.time_s + found.shift_s, other.current_a, other.voltage_v)
    begin_s = max(float(one.time_s[0]), float(other.time_s[0]))
    figure = Figure(figsize=(12, 6), layout="constrained")
    axes = figure.subplots(2, 2, sharex="col", width_ratios=[3, 2])
    worst = found.current if found.time.ok else found.time
    low, high = _around(worst.at_s, found.span_s, begin_s)
    for column, (start_s, end_s) in enumerate(((begin_s, begin_s + found.span_s), (low, high))):
        for trace, style in ((one, "solid"), (other, "dashed")):
            seen = thinned(trace.window(start_s, end_s))
            _overlay(axes[0, column], axes[1, column], seen, start_s, style)
    axes[0, 0].set_title(f"solid A: {names[0]}\ndashed B: {names[1]}", loc="left", fontsize=9)
    axes[0, 1].set_title("around the largest difference", loc="left", fontsize=9)
    return figure


def _around(at_s: float, span_s: float, begin_s: float) -> tuple[float, float]:
    """Return (start, end) of a hundredth of the span, at most 4 ms, around a time within it."""
    half_s = min(span_s / 100, 2e-3)
    low = min(max(at_s - half_s, begin_s), begin_s + span_s - 2 * half_s)
    return low, low + 2 * half_s


def _overlay(top: Axes, bottom: Axes, trace: Trace, start_s: float, style: str) -> None:
    """Plot one of two traces, with absolute times."""
    shown = ((top, trace.current_a * 1e3, "current (mA)"), (bottom, trace.voltage_v, "voltage (V)"))
    for axes, values, label in shown:
        colour = (CURRENT if axes is top else VOLTAGE) if style == "solid" else OTHER
        axes.plot(trace.time_s + start_s, values, color=colour, linestyle=style, linewidth=1.2)
        axes.set_ylabel(label)
        axes.grid(True, color="#e4e4e4", linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
    bottom.set_xlabel("time (s)")
    bottom.locator_params(axis="x", nbins=5)


def _first_pulse(trace: Trace) -> Trace:
    """Return the first pulse: eight widths, or until just before the next pulse."""
    found = trace.pulses()
    start, width = float(found.start_s[0]), float(found.width_s[0])
    until = float(found.start_s[1]) if len(found) > 1 else float(trace.time_s[-1])
    before = min(start, 0.3 * width)
    return trace.window(start - before, min(until - 0.05 * width, start + 8 * width))


def of_scope(found: Sensed, title: str = "") -> Figure:
    """Plot measured current, measured voltage and commanded current, one above the other."""
    figure = Figure(figsize=(10, 7.5), layout="constrained")
    top, middle, bottom = figure.subplots(3, 1, sharex=True)
    _line(top, found.trace, "current")
    _line(middle, found.trace, "voltage")
    factor, unit = _units(float(found.commanded_s[-1]))
    bottom.plot(found.commanded_s * factor, found.commanded_a * 1e3, color=CURRENT, linewidth=1.2)
    bottom.set_ylabel("commanded (mA)", color=CURRENT)
    bottom.set_xlabel(f"time ({unit})")
    bottom.grid(True, color="#e4e4e4", linewidth=0.6)
    bottom.spines[["top", "right"]].set_visible(False)
    figure.suptitle(title)
    return figure


def save(figure: Figure, path: Path, kind: str) -> None:
    """Write a plot as `kind` (png, svg)."""
    metadata = {"Date": None} if kind == "svg" else None
    figure.savefig(path, format=kind, dpi=130, metadata=metadata)
