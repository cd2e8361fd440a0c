"""Output of the commands: rich tables for a terminal or a log, JSON for scripts.

Role: one console, and the tables that several commands share. Invariant: stdout carries only the
result; with --json it is one JSON object.
"""

from __future__ import annotations

import json as jsonlib
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import typer

from ..errors import full_message

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from ..device.impedance import LoadFound
    from ..device.replies import Ledger
    from ..messages.safety_metrics import Metric

LOG_WIDTH = 110  # of tables where there is no terminal to ask, and no COLUMNS


def console(*, err: bool = False) -> Console:
    """Return a console on stdout or stderr, as wide as COLUMNS says, or wide enough for a log."""
    from rich.console import Console

    stream = sys.stderr if err else sys.stdout
    asked = os.environ.get("COLUMNS", "")
    given = stream.isatty() or (asked.isdecimal() and int(asked) > 0)
    width = None if given else LOG_WIDTH  # rich asks COLUMNS, then the terminal
    return Console(stderr=err, width=width, highlight=False, emoji=False)


def show(*parts: Table | Text | str) -> None:
    """Print tables and lines on stdout, one below the other."""
    screen = console()
    for part in parts:
        screen.print(part)


def escape(text: str) -> str:
    """Return a text that may hold brackets as markup that shows it."""
    from rich.markup import escape as escaped

    return escaped(text)


def complain(message: str) -> None:
    """Print an error message on stderr."""
    plain = bool(os.environ.get("NO_COLOR"))
    lead = "error:" if plain else typer.style("error:", fg=typer.colors.RED, bold=True)
    typer.echo(f"{lead} {message}", err=True)


def refuse(*reasons: Exception) -> None:
    """Print errors on stderr, and the command that explains those that have an id."""
    from ..messages import explanations

    complain("\n".join(map(full_message, reasons)))
    if ids := explanations.ids(*reasons):
        typer.echo(f"Explain: scs explain {' '.join(ids)}", err=True)


def as_json(value: dict[str, Any] | list[Any]) -> None:
    """Print a value as JSON on stdout, on one line."""
    sys.stdout.write(jsonlib.dumps(value, ensure_ascii=False, allow_nan=False) + "\n")


def result(value: dict[str, Any], text: str, *, json: bool) -> None:
    """Print a value as JSON or, for people, as a text."""
    if json:
        as_json(value)
    else:
        typer.echo(text)


def table(title: str, columns: Iterable[str], rows: Iterable[Iterable[str | Text]] = ()) -> Table:
    """Return a table of plain texts; a column name that begins with > is right-aligned."""
    from rich.table import Table

    name = escape(title) or None
    grid = Table(title=name, title_justify="left", title_style="bold", show_edge=False)
    for column in columns:
        right = column.startswith(">")
        justify: Literal["left", "right"] = "right" if right else "left"
        grid.add_column(column.removeprefix(">"), justify=justify, overflow="fold")
    for row in rows:
        grid.add_row(*[escape(cell) if isinstance(cell, str) else cell for cell in row])
    return grid


def number(value: float, unit: str) -> str:
    """Format a value with its unit, to four digits."""
    from ..messages import safety_metrics

    return safety_metrics.number(value, unit)


def mark(good: bool) -> Text:
    """Return ok in green or FAIL in red."""
    from rich.text import Text

    return Text("ok", style="green") if good else alarm("FAIL")


def alarm(text: str) -> Text:
    """Return a text in red."""
    from rich.text import Text

    return Text(text, style="bold red")


def figures(title: str, rows: Iterable[Metric]) -> Table:
    """Return a table of safety figures and their limits."""
    cells = (
        (
            row.label,
            ", ".join(part for part in (row.contact, row.program) if part),
            number(row.value, row.unit),
            "≥" if row.bound == "least" else "≤",
            number(row.limit, row.unit),
            mark(row.ok),
        )
        for row in rows
    )
    return table(title, ("figure", "where", ">value", "", ">limit", ""), cells)


def ledger(book: Ledger, stopped: str = "") -> list[Table | str]:
    """Return the tables of delivered output; `stopped` overrides the device's reason."""
    from ..device import contact_charge

    rows = [("pulses", str(book.pulses))]
    if book.truncated:
        rows.append(("pulses cut short", str(book.truncated)))
    rows.append(("whole periods", str(book.periods)))
    rows.append(("time with output", f"{book.output_s:.3f} s"))
    rows.append(("stopped by", stopped or book.stopped))
    parts: list[Table | str] = [table("Delivered", ("quantity", ">amount"), rows)]
    charges = [contact_charge.cells(row) for row in contact_charge.used(book.charge)]
    if charges:
        parts += ["", table(contact_charge.TITLE, contact_charge.HEADS, charges)]
    return [*parts, *contact_charge.notes(book.charge)]


def load(measured: LoadFound) -> str:
    """Format the impedance measured at each contact on one line."""
    parts = []
    for contact in measured.contacts:
        farad = f" {contact.farad * 1e6:.3g} µF" if contact.farad else ""
        ohm = "open" if contact.ohm is None else f"{contact.ohm:g} Ω"
        parts.append(f"{escape(contact.contact)} {ohm}{farad}")
    return ", ".join(parts)


def write_text(path: Path, text: str) -> None:
    """Write a text file under its final name only once it is whole."""
    from ..documents.atomic_write import aside

    def fill(part: Path) -> None:
        part.write_text(text, encoding="utf-8")

    aside(path, fill)


def write_picture(path: Path, picture: Picture) -> None:
    """Write a picture in the format of its name's ending, .png or .svg."""
    from ..documents.atomic_write import aside
    from ..traces import plot

    kind = path.suffix.lower().removeprefix(".")
    aside(path, lambda part: plot.save(picture, part, kind))
