"""Problems of a file: id, place, message, value, limit and example.

Role: the one form in which profiles, leads and boards.yaml are refused; `scs check --json`
prints these rows. Invariant: an id names one mistake, in kebab-case, and is never reused; a refused
file raises a FileRefused with at least one problem, never another exception. Requirements: REQ-60.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

Place = tuple[str | int, ...]  # ("programs", 0, "rate")


@dataclass(frozen=True)
class Problem:
    """One error in a file. `id` is a fixed word; `message` is the whole sentence.

    `value`, `limit` and `example` are texts with their unit, or empty. `line` and `column`
    count from 1; 0 where they are not known.
    """

    id: str
    place: Place
    message: str
    value: str = ""
    limit: str = ""
    example: str = ""
    line: int = 0
    column: int = 0

    @property
    def path(self) -> str:
        """The place as text, such as programs[0].rate."""
        return path_text(self.place)

    def within(self, place: Place) -> Problem:
        """Return the problem with its place counted from an outer one."""
        return replace(self, place=(*place, *self.place))

    def as_dict(self) -> dict[str, str | int]:
        """Return the row as a JSON-ready dict."""
        row = {name: getattr(self, name) for name in ("id", "path", "line", "message")}
        return {**row, "value": self.value, "limit": self.limit, "example": self.example}


class ProblemError(ValueError):
    """Error for one value, or for a text that ends the reading: its `problem`, not yet placed."""

    def __init__(
        self,
        kind: str,
        message: str,
        limit: str = "",
        example: str = "",
        line: int = 0,
        column: int = 0,
    ):
        super().__init__(message)
        self.problem = Problem(kind, (), message, "", limit, example, line, column)


class FileRefused(Exception):
    """Error for a file that cannot be used: its name in `file`, all problems in `rows`."""

    def __init__(self, file: str, rows: Iterable[Problem]):
        self.file = file
        self.rows = tuple(sorted(set(rows), key=lambda row: (row.line, row.path, row.message)))
        super().__init__(file, self.rows)

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> list[str]:
        """Return one line per problem: `file:line: field: message`."""
        texts = []
        file = printable(self.file, 200)
        for row in self.rows:
            where = f"{file}:{row.line}" if row.line else file
            texts.append(": ".join(part for part in (where, row.path, row.message) if part))
        return texts


def printable(text: str, most: int = 40) -> str:
    """Return `text` for an error message: control characters replaced, cut at `most`."""
    clean = "".join(sign if sign.isprintable() else "?" for sign in text[: most + 1])
    return clean if len(clean) <= most else f"{clean[:most]}…"


def path_text(place: Place) -> str:
    """Format a place: ("programs", 0, "rate") gives programs[0].rate."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{printable(part)}" for part in place)
    return "".join(parts).removeprefix(".")


def nearest(word: str, known: Iterable[str]) -> str:
    """Return "; did you mean X?" for a word close to a known one, else an empty string."""
    import difflib

    names = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower()[:80], names, n=1, cutoff=0.5)
    return f"; did you mean {names[close[0]]}?" if close else ""
