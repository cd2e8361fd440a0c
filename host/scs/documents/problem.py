"""Complaints about a file: rows with line, field, message, value, limit and example.

Role: the one form in which profiles, leads and boards.yaml are refused; `scs check --json`
prints these rows. Invariant: a refused file raises a FileRefused with at least one row, never
another exception. Requirements: REQ-60.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

Place = tuple[str | int, ...]  # ("programs", 0, "rate")
Conflict = tuple[str, Place, str, str, str, str]  # id, place, message, value, limit, example


@dataclass(frozen=True)
class Problem:
    """One error in a file. `id` is a fixed word; `message` is the whole sentence.

    `line` counts from 1; 0 if no line is known. `value`, `limit` and `example`
    are texts with their unit, or empty.
    """

    id: str
    path: str
    line: int
    message: str
    value: str = ""
    limit: str = ""
    example: str = ""

    def as_dict(self) -> dict[str, str | int]:
        """Return the row as a JSON-ready dict."""
        return asdict(self)


class FileRefused(Exception):
    """Error for a file that cannot be used: its name in `file`, all complaints in `rows`."""

    def __init__(self, file: str, rows: Iterable[Problem]):
        self.file = file
        self.rows = tuple(sorted(set(rows), key=lambda row: (row.line, row.path, row.message)))
        super().__init__(file, self.rows)

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> list[str]:
        """Return one line per complaint: `file:line: field: message`."""
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


def path_text(place: Sequence[str | int]) -> str:
    """Format a place: ("programs", 0, "rate") gives programs[0].rate."""
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{printable(part)}"
    return text.removeprefix(".")


def nearest(word: str, known: Iterable[str]) -> str:
    """Return "; did you mean X?" for a word close to a known one, else an empty string."""
    import difflib

    names = {name.lower(): name for name in known}
    found = difflib.get_close_matches(word.lower()[:80], names, n=1, cutoff=0.5)
    return f"; did you mean {names[found[0]]}?" if found else ""
