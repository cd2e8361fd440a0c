"""Show a trace in a notebook: the figures of its programs, and a picture.

Role: page() serves Trace._repr_html_(). Invariant: any trace has a page, the empty one too; it
needs nothing from elsewhere, no script and no file.
"""

from __future__ import annotations

import base64
import io
from html import escape

from ..documents.html_table import table
from . import plot
from .waveform import Waveform

HEADS = ("program", ">pulses", ">rate", ">pulse width", ">amplitude", ">charge per phase")
DPI = 72
FEWEST_ROWS = 2  # of which a line can be drawn


def page(trace: Waveform) -> str:
    """Return the HTML: a line on its length, a table, and the picture."""
    parts = [f"<p>Trace: {trace.end_s * 1e3:.6g} ms, {len(trace)} rows</p>", _figures(trace)]
    if len(trace) >= FEWEST_ROWS:
        data = base64.b64encode(_picture(trace)).decode("ascii")
        parts.append(f'<img alt="current and voltage" src="data:image/png;base64,{data}">')
    return "\n".join(parts)


def _figures(trace: Waveform) -> str:
    """Return the table of the programs, or why there is none."""
    try:
        measured = trace.measure()
    except ValueError as reason:
        return f"<p>{escape(str(reason))}</p>"
    if not measured.programs:
        return f"<p>{len(measured.pulses)} pulses; {escape(measured.reason)}</p>"
    rows = []
    for number, program in enumerate(measured.programs, start=1):
        rate = "unknown" if program.rate_hz is None else f"{program.rate_hz:.4g} Hz"
        cells = ("unknown", "unknown", "unknown")
        if program.main is not None:
            cells = (
                f"{program.main.width_s * 1e6:.4g} µs",
                f"{program.main.peak_a * 1e3:.4g} mA",
                f"{program.main.charge_c * 1e6:.4g} µC",
            )
        rows.append((program.name or str(number), str(program.pulses), rate, *cells))
    return table(HEADS, rows)


def _picture(trace: Waveform) -> bytes:
    """Return the plot of the trace as a PNG."""
    file = io.BytesIO()
    plot.of_trace(trace).savefig(file, format="png", dpi=DPI)
    return file.getvalue()
