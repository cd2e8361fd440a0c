"""Plot traces with matplotlib, without a window, a display or global state.

Role: of_trace() plots one trace, of_two() a pair, of_therapies() the figure of `scs demo`; curve()
is Trace.plot().
Invariant: matplotlib is imported only here, and this module only when a plot is needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .decimate import thinned, time_unit
from .figures import Floats
from .waveform import RowsOf, Waveform

if TYPE_CHECKING:
    from .compare import Compared

QUANTITIES = ("current", "voltage")
CURRENT, VOLTAGE, OTHER = "#1f5fa8", "#b4541a", "#222222"
NARROW = 0.025  # of a picture: a pulse so narrow is a line, and is shown once more by itself
LOOKED_S = 2.0  # where a first pulse is looked for: no therapy is slower than 1 Hz


def _curve(axes: Axes, time: Floats, values: Floats, colour: str, style: str = "solid") -> None:
    axes.plot(time, values, color=colour, linestyle=style, linewidth=1.2)
    axes.grid(True, color="#e4e4e4", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)


def _pair(top: Axes, bottom: Axes, trace: Waveform, span_s: float | None = None) -> None:
    """Plot current above voltage on one time axis; its unit suits `span_s`, or the trace."""
    factor, unit = time_unit(span_s or float(trace.time_s[-1] - trace.time_s[0]))
    for axes, values, colour, label in (
        (top, trace.current_a * 1e3, CURRENT, "current (mA)"),
        (bottom, trace.voltage_v, VOLTAGE, "voltage (V)"),
    ):
        _curve(axes, trace.time_s * factor, values, colour)
        axes.axhline(0, color="#888888", linewidth=0.6, zorder=0)
        axes.set_ylabel(label, color=colour)
        axes.margins(x=0.01, y=0.12)
    top.tick_params(labelbottom=False)
    bottom.set_xlabel(f"time ({unit})")


def curve(trace: Waveform, axes: Axes, quantity: str) -> Axes:
    """Plot the current or the voltage of a trace onto axes, and return them."""
    factor, unit = time_unit(trace.end_s)
    shown = thinned(trace)
    if quantity == QUANTITIES[0]:
        _curve(axes, shown.time_s * factor, shown.current_a * 1e3, CURRENT)
        axes.set_ylabel("current (mA)")
    else:
        _curve(axes, shown.time_s * factor, shown.voltage_v, VOLTAGE)
        axes.set_ylabel("voltage (V)")
    axes.set_xlabel(f"time ({unit})")
    return axes


def _caption(axes: Axes, text: str) -> None:
    axes.set_title(text, loc="left", fontsize=9, color="#444444")


def _first_pulse(trace: Waveform) -> Waveform:
    """Return the first pulse: eight widths, or until just before the next pulse."""
    pulses = trace.pulses()
    start, width = float(pulses.start_s[0]), float(pulses.width_s[0])
    until = float(pulses.start_s[1]) if len(pulses) > 1 else float(trace.time_s[-1])
    before = min(start, 0.3 * width)
    return trace.window(start - before, min(until - 0.05 * width, start + 8 * width))


def of_trace(rows: RowsOf[Waveform], title: str = "") -> Figure:
    """Plot current and voltage of the whole trace, and beside it the first pulse if narrow."""
    shown = [thinned(rows)]
    if rows.end_s:
        begin = rows.window(0, min(rows.end_s, LOOKED_S))
        pulses = begin.pulses()
        if len(pulses) and float(pulses.width_s[0]) <= NARROW * rows.end_s:
            shown.append(_first_pulse(begin))
    figure = Figure(figsize=(8 + 2 * len(shown), 5.5), layout="constrained")
    ratios = (3, 2)[: len(shown)]
    axes = figure.subplots(2, len(shown), sharex="col", width_ratios=ratios, squeeze=False)
    for column, trace in enumerate(shown):
        _pair(axes[0, column], axes[1, column], trace)
    if len(shown) > 1:
        _caption(axes[0, 1], "the first pulse")
    figure.suptitle(title)
    return figure


def of_therapies(shown: Sequence[tuple[str, str, Waveform]]) -> Figure:
    """Plot one row of panels per therapy: (title, caption, trace of whole periods).

    Left the periods, right the first pulse, current above voltage.
    """
    figure = Figure(figsize=(12, 4.9 * len(shown)), layout="constrained")
    bands: Any = figure.subfigures(len(shown), 1, hspace=0.04, squeeze=False)
    for band, (title, note, trace) in zip(bands[:, 0], shown, strict=True):
        axes = band.subplots(2, 2, sharex="col", width_ratios=[3, 2])
        _pair(axes[0, 0], axes[1, 0], trace)
        _pair(axes[0, 1], axes[1, 1], _first_pulse(trace))
        _caption(axes[0, 0], note)
        _caption(axes[0, 1], "the first pulse")
        band.suptitle(title, fontsize=12, fontweight="bold", x=0.01, ha="left")
    return figure


def of_two(names: tuple[str, str], a: Waveform, b: Waveform, result: Compared) -> Figure:
    """Plot two traces overlaid: left their common span, right around the largest difference."""
    b = Waveform(b.time_s + result.shift_s, b.current_a, b.voltage_v)
    begin_s = max(float(a.time_s[0]), float(b.time_s[0]))
    end_s = begin_s + result.span_s
    worst = result.current if result.time.ok else result.time
    half_s = min(result.span_s / 100, 2e-3)
    low_s = min(max(worst.at_s - half_s, begin_s), end_s - 2 * half_s)
    figure = Figure(figsize=(12, 6), layout="constrained")
    axes = figure.subplots(2, 2, sharex="col", width_ratios=[3, 2])
    spans = ((begin_s, end_s), (low_s, low_s + 2 * half_s))
    for (top, bottom), span in zip(axes.T, spans, strict=True):
        for trace, style in ((a, "solid"), (b, "dashed")):
            seen = thinned(trace.window(*span))
            colours = (CURRENT, VOLTAGE) if style == "solid" else (OTHER, OTHER)
            _curve(top, seen.time_s + span[0], seen.current_a * 1e3, colours[0], style)
            _curve(bottom, seen.time_s + span[0], seen.voltage_v, colours[1], style)
        top.set_ylabel("current (mA)")
        bottom.set_ylabel("voltage (V)")
        bottom.set_xlabel("time (s)")
        bottom.locator_params(axis="x", nbins=5)
    axes[0, 0].set_title(f"solid A: {names[0]}\ndashed B: {names[1]}", loc="left", fontsize=9)
    axes[0, 1].set_title("around the largest difference", loc="left", fontsize=9)
    return figure


def of_scope(sensed: Waveform, commanded_s: Floats, commanded_a: Floats, title: str = "") -> Figure:
    """Plot sensed current, sensed voltage and commanded current, one above the other."""
    figure = Figure(figsize=(10, 7.5), layout="constrained")
    top, middle, bottom = figure.subplots(3, 1, sharex=True)
    span_s = float(commanded_s[-1])  # a little longer than what was sampled of it
    factor, unit = time_unit(span_s)
    _pair(top, middle, sensed, span_s)
    _curve(bottom, commanded_s * factor, commanded_a * 1e3, CURRENT)
    bottom.set_ylabel("commanded (mA)", color=CURRENT)
    middle.set_xlabel("")
    bottom.set_xlabel(f"time ({unit})")
    figure.suptitle(title)
    return figure


def save(figure: Figure, path: Path, kind: str) -> None:
    """Write a plot as `kind` (png, svg)."""
    metadata = {"Date": None} if kind == "svg" else None
    figure.savefig(path, format=kind, dpi=130, metadata=metadata)
