"""A bar on stderr for what takes longer than a moment; none where nobody looks.

Role: `with bar("writing") as told: …` gives a function that is told how much is done, 0 to 1.
Invariant: stdout is never touched; where stderr is no terminal nothing is printed at all.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def bar(label: str) -> Iterator[Callable[[float], None]]:
    """A bar that goes when its work is done."""
    if not sys.stderr.isatty():
        yield lambda _share: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(label, total=1.0)
        yield lambda share: shown.update(task, completed=share)
