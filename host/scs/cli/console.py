"""What commands print: tables by rich on a terminal and in a log, JSON for scripts.

Role: one console, and the forms that several commands share. Invariant: stdout carries the
result and nothing else; with --json it is one JSON object.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from ..device.impedance import LoadFound
from ..device.replies import Ledger, Status
from ..messages.safety_metrics import Figure, pretty

LOG_WIDTH = 110  # of tables where there is no terminal to ask


def console(*, err: bool = False) -> Console:
    """A console on stdout or stderr, wide enough for tables in a log."""
    stream = sys.stderr if err else sys.stdout
    width = None if stream.isatty() else LOG_WIDTH
    return Console(stderr=err, width=width, highlight=False)


def complain(message: str) -> None:
    """One message on stderr."""
    lead = typer.style("error:", fg=typer.colors.RED, bold=True)
    typer.echo(f"{lead} {message}", err=True)


def as_json(value: dict[str, Any] | list[Any]) -> None:
    """A value on stdout, on one line."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, allow_nan=False) + "\n")


def table(title: str, *columns: str) -> Table:
    """An empty table; a column that begins with > is set right."""
    made = Table(title=escape(title), title_justify="left", title_style="bold", show_edge=False)
    for name in columns:
        right = name.startswith(">")
        made.add_column(name.removeprefix(">"), justify="right" if right else "left")
    return made


def number(value: float, unit: str) -> str:
    """A value with its unit, four digits."""
    shown = f"{value:.4g}" if abs(value) < 1e4 else f"{value:.6g}"
    return f"{shown} {pretty(unit)}".strip()


def mark(good: bool) -> Text:
    """ok, or TOO FAR in red."""
    return Text("ok", style="green") if good else Text("TOO FAR", style="bold red")


def figures(title: str, rows: Iterable[Figure]) -> Table:
    """Figures beside their limits."""
    made = table(title, "figure", "where", ">value", "", ">limit", "")
    for row in rows:
        where = ", ".join(escape(part) for part in (row.contact, row.program) if part)
        made.add_row(
            row.label,
            where,
            number(row.value, row.unit),
            "≥" if row.bound == "least" else "≤",
            number(row.limit, row.unit),
            mark(row.ok),
        )
    return made


def ledger(book: Ledger, stopped: str = "") -> Table:
    """What was delivered; `stopped` where the host knows better why it ended."""
    made = table("Delivered", "what", ">how much")
    made.add_row("pulses", str(book.pulses))
    if book.truncated:
        made.add_row("pulses cut short", str(book.truncated))
    made.add_row("whole periods", str(book.periods))
    made.add_row("time with output", f"{book.output_s:.3f} s")
    for one in book.charge:
        if one.driven_nc:
            made.add_row(f"charge of first phases, {one.contact}", charge(one.driven_nc))
    made.add_row("stopped by", stopped or book.stopped)
    return made


def charge(nanocoulombs: float) -> str:
    """A charge in nC or uC."""
    if abs(nanocoulombs) >= 1000:
        return number(nanocoulombs / 1000, "uC")
    return number(nanocoulombs, "nC")


def live(status: Status) -> str:
    """One line of what the device is doing; currents and voltages are the measured extremes."""
    levels = ", ".join(
        f"{one.level_ma:g} mA"
        if one.level_ma == one.target_ma
        else f"{one.level_ma:.3g} of {one.target_ma:g} mA"
        for one in status.levels
    )
    parts = [
        status.state,
        levels or "no program",
        f"{status.pulses} pulses",
        f"{status.current_min_ma:.3g}…{status.current_max_ma:.3g} mA",
        f"{status.voltage_min_v:.3g}…{status.voltage_max_v:.3g} V",
    ]
    return " · ".join(parts)


def load(found: LoadFound) -> str:
    """One line of what was measured at each contact."""
    parts = []
    for one in found.contacts:
        farad = f" {one.farad * 1e6:.3g} µF" if one.farad else ""
        ohm = "open" if one.ohm is None else f"{one.ohm:g} Ω"
        parts.append(f"{escape(one.contact)} {ohm}{farad}")
    return ", ".join(parts)
