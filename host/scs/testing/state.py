"""State of the pytest run that the assertions need: where paths begin, whether goldens are renewed.

Role: the plugin pushes a State when pytest starts and removes it at its end; assertions read the
last one. Invariant: outside pytest there is one too, of the working directory, renewing nothing.
"""

from __future__ import annotations

from pathlib import Path


class State:
    """root: relative paths count from it (pytest's rootdir); update: renew goldens.

    renewed: the goldens written in the present test.
    """

    def __init__(self, root: Path | None = None, *, update: bool = False):
        self.root = root or Path()
        self.update = update
        self.renewed: list[Path] = []


stack = [State()]


def path(name: str | Path) -> Path:
    """Return a path, a relative one counted from the root."""
    return stack[-1].root / name


def shown(name: Path) -> str:
    """Return a path for a message: below the root without it."""
    root = stack[-1].root
    return str(name.relative_to(root) if name.is_relative_to(root) else name)
