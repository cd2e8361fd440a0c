"""Look up a program by its name or its number from 1."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import WrongUsage


def program_number(program: str | int, names: Sequence[str]) -> int:
    """Return the index (from 0) of a program given by name or number from 1; raise WrongUsage."""
    known = [name.lower() for name in names]
    if isinstance(program, str) and program.lower() in known:
        return known.index(program.lower())
    try:
        number = int(program) - 1
    except ValueError:
        number = -1
    if not 0 <= number < (len(known) or 256):
        listed = ", ".join(names) or "numbers from 1; names need the profile"
        raise WrongUsage(f"no program is called {program!r}; known are {listed}")
    return number
