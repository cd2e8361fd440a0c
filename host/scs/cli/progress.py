"""Progress bar on stderr; none if stderr is not a terminal.

Role: `with bar("writing") as advance: …` gives a function that takes the share done, 0 to 1.
Invariant: stdout is never written; nothing is printed if stderr is not a terminal.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def bar(label: str) -> Iterator[Callable[[float], None]]:
    """Show a bar that disappears when the work is done."""
    if not sys.stderr.isatty():
        yield lambda _share: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(label, total=1.0)
        yield lambda share: shown.update(task, completed=share)
