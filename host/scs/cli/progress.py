"""Progress of work on stderr and of a run on stdout; none where that is not a terminal.

Role: `with bar("writing") as advance: …` gives a function that takes the share done, 0 to 1;
status_line() gives one that takes the device's status. Invariant: what is shown disappears at the
end; on a stream that is no terminal only lines of a run are printed, and they stay.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

LOG_S = 10.0  # of the device's time, between two lines of a run in a log

if TYPE_CHECKING:
    from ..device.replies import Ledger, Status

    ShowStatus = Callable[[Status, Ledger], None]


@contextmanager
def bar(label: str) -> Iterator[Callable[..., None]]:
    """Show a bar that disappears when the work is done; give it the share done and a new label."""
    if not sys.stderr.isatty():
        yield lambda _share, _label="": None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(label, total=1.0)
        yield lambda share, text=label: shown.update(task, completed=share, description=text)


@contextmanager
def status_line(for_s: float | None, *, hidden: bool) -> Iterator[ShowStatus]:
    """Show elapsed time, its share of `for_s`, and the last status on a line that disappears.

    Where stdout is no terminal, lines that stay: at each new state, and every LOG_S of a run.
    """
    if hidden:
        yield lambda _status, _book: None
        return
    if not sys.stdout.isatty():
        yield _logged()
        return
    from rich.progress import BarColumn, Progress, TextColumn
    from rich.table import Column

    clock = Column(no_wrap=True, min_width=8, justify="right")
    with Progress(
        TextColumn("{task.completed:.1f} s", table_column=clock),
        *([BarColumn(bar_width=8)] if for_s is not None else []),
        TextColumn("{task.fields[live]}", markup=False, table_column=Column(no_wrap=True)),
        transient=True,
    ) as line:
        task = line.add_task("run", total=for_s, live="")

        def show(status: Status, book: Ledger) -> None:
            elapsed_s = status.device_s - book.start_s
            line.update(task, completed=elapsed_s, live=_live(status))

        yield show


def _logged() -> ShowStatus:
    """Return a function that prints a status where the state is new or LOG_S have passed."""
    state, next_s = "", 0.0

    def show(status: Status, book: Ledger) -> None:
        nonlocal state, next_s
        elapsed_s = status.device_s - book.start_s
        if status.state != state or elapsed_s >= next_s:
            state, next_s = status.state, elapsed_s + LOG_S
            typer.echo(f"{elapsed_s:8.1f} s  {_live(status)}")

    return show


def _live(status: Status) -> str:
    """Format a status on one line; currents and voltages are the measured extremes."""
    levels = ", ".join(
        f"{row.level_ma:g} mA"
        if row.level_ma == row.target_ma
        else f"{row.level_ma:.3g} of {row.target_ma:g} mA"
        for row in status.levels
    )
    parts = [
        status.state,
        levels or "no program",
        f"{status.pulses} pulses",
        f"{status.current_min_ma:.3g}…{status.current_max_ma:.3g} mA",
        f"{status.voltage_min_v:.3g}…{status.voltage_max_v:.3g} V",
    ]
    return " · ".join(parts)
