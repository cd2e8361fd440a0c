"""Output of the commands: rich tables for a terminal or a log, JSON for scripts.

Role: one console, and the tables that several commands share. Invariant: stdout carries only the
result; with --json it is one JSON object.
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
from ..messages.safety_metrics import Figure
from ..messages.safety_metrics import number as number

LOG_WIDTH = 110  # of tables where there is no terminal to ask


def console(*, err: bool = False) -> Console:
    """Return a console on stdout or stderr, wide enough for tables in a log."""
    stream = sys.stderr if err else sys.stdout
    width = None if stream.isatty() else LOG_WIDTH
    return Console(stderr=err, width=width, highlight=False)


def complain(message: str) -> None:
    """Print an error message on stderr."""
    lead = typer.style("error:", fg=typer.colors.RED, bold=True)
    typer.echo(f"{lead} {message}", err=True)


def as_json(value: dict[str, Any] | list[Any]) -> None:
    """Print a value as JSON on stdout, on one line."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, allow_nan=False) + "\n")


def table(title: str, *columns: str) -> Table:
    """Return an empty table; a column name that begins with > is right-aligned."""
    grid = Table(title=escape(title), title_justify="left", title_style="bold", show_edge=False)
    for name in columns:
        right = name.startswith(">")
        grid.add_column(name.removeprefix(">"), justify="right" if right else "left")
    return grid


def mark(good: bool) -> Text:
    """Return ok in green or FAIL in red."""
    return Text("ok", style="green") if good else Text("FAIL", style="bold red")


def figures(title: str, rows: Iterable[Figure]) -> Table:
    """Return a table of safety figures and their limits."""
    grid = table(title, "figure", "where", ">value", "", ">limit", "")
    for row in rows:
        where = ", ".join(escape(part) for part in (row.contact, row.program) if part)
        grid.add_row(
            row.label,
            where,
            number(row.value, row.unit),
            "≥" if row.bound == "least" else "≤",
            number(row.limit, row.unit),
            mark(row.ok),
        )
    return grid


def ledger(book: Ledger, stopped: str = "") -> Table:
    """Return the table of delivered output; `stopped` overrides the device's reason."""
    grid = table("Delivered", "what", ">how much")
    grid.add_row("pulses", str(book.pulses))
    if book.truncated:
        grid.add_row("pulses cut short", str(book.truncated))
    grid.add_row("whole periods", str(book.periods))
    grid.add_row("time with output", f"{book.output_s:.3f} s")
    for one in book.charge:
        if one.driven_nc:
            grid.add_row(f"charge of first phases, {one.contact}", charge(one.driven_nc))
    grid.add_row("stopped by", stopped or book.stopped)
    return grid


def charge(nanocoulombs: float) -> str:
    """Format a charge in nC or uC."""
    if abs(nanocoulombs) >= 1000:
        return number(nanocoulombs / 1000, "uC")
    return number(nanocoulombs, "nC")


def live(status: Status) -> str:
    """Format a status on one line; currents and voltages are the measured extremes."""
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
    """Format the impedance measured at each contact on one line."""
    parts = []
    for one in found.contacts:
        farad = f" {one.farad * 1e6:.3g} µF" if one.farad else ""
        ohm = "open" if one.ohm is None else f"{one.ohm:g} Ω"
        parts.append(f"{escape(one.contact)} {ohm}{farad}")
    return ", ".join(parts)
