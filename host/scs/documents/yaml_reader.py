"""Read YAML into plain values with line numbers; strict, and safe on any bytes.

Role: the only reader of YAML here. It checks the parser's events one by one, before anything is
built: anchors (the YAML bomb), tags, duplicate keys, deep nesting, a second
document and files over 1 MB are refused with their line.
Invariant: any bytes give a Document or problems; keys are plain text (`on:` is "on",
not true) and scalars follow YAML 1.2, as editors read them. Requirements: REQ-60.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from .problem import FileRefused, Place, Problem, ProblemError

LARGEST_BYTES = 1_000_000
MOST_VALUES = 5_000  # boards.yaml holds about 150
DEEPEST = 12
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# what YAML does not permit (YAML 1.2, production 1), and the byte order mark; listed, as to compile
# what it does permit takes 6 ms
UNPRINTABLE = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]"
)
QUOTED = ("'", '"', "|", ">")  # the styles of a scalar that is always text
INTEGER = re.compile(r"[-+]?[0-9]{1,300}", re.ASCII)
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", re.ASCII)
WORDS: dict[str, Any] = {"": None, "~": None, "null": None, "Null": None, "NULL": None}
WORDS |= dict.fromkeys(("true", "True", "TRUE"), True)
WORDS |= dict.fromkeys(("false", "False", "FALSE"), False)
WORDS |= {sign + dot: float(sign + "inf") for sign in ("", "+", "-") for dot in (".inf", ".Inf")}
WORDS |= {word: float("nan") for word in (".nan", ".NaN", ".NAN")}


class Mark(NamedTuple):
    """Where a value, or its field's name, begins; both count from 1, and 0 is unknown."""

    line: int
    column: int


@dataclass
class Document:
    """YAML file: its value (dict, list or scalar), and line and column where each place begins."""

    file: str
    value: Any = None
    marks: dict[Place, Mark] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def mark(self, place: Place) -> Mark:
        """Return line and column of a place, or of the nearest enclosing place in the file."""
        for end in range(len(place), -1, -1):
            if place[:end] in self.marks:
                return self.marks[place[:end]]
        return Mark(0, 0)

    def line(self, place: Place) -> int:
        """Return the line of a place, or of the nearest enclosing place in the file."""
        return self.mark(place).line

    def located(self, problems: Iterable[Problem]) -> list[Problem]:
        """Return problems of this file, each with its line and column."""
        return [replace(row, **self.mark(row.place)._asdict()) for row in problems]


def read_bytes(path: str | Path, error: type[FileRefused]) -> bytes:
    """Read at most 1 MB and one byte of a file; raise `error` if it cannot be read."""
    try:
        with Path(path).open("rb") as stream:
            return stream.read(LARGEST_BYTES + 1)
    except FileNotFoundError:
        message = "there is no such file"
    except IsADirectoryError:
        message = "this is a directory; name a .yaml file in it"
    except (OSError, ValueError) as reason:
        message = f"cannot be read: {getattr(reason, 'strerror', None) or reason}"
    raise error(str(path), [Problem("file-unreadable", (), message)])


def parse(data: bytes | str, file: str, error: type[FileRefused]) -> Document:
    """Parse the one document in `data`; raise `error` if the text is not valid.

    Duplicate keys do not end the reading: they are listed in `problems` of the Document.
    """
    document = Document(file)
    try:
        text = _decoded(data)
        _Builder(document).build(text)
    except ProblemError as stop:
        raise error(file, [*document.problems, stop.problem]) from None
    return document


def _decoded(data: bytes | str) -> str:
    try:
        raw = data.encode() if isinstance(data, str) else data
        text = raw[: LARGEST_BYTES + 1].decode("utf-8-sig")
    except UnicodeEncodeError:
        message = "the text holds half a character (a lone surrogate)"
        raise ProblemError("text-surrogate", message, line=1) from None
    except UnicodeDecodeError as reason:
        if len(raw) <= LARGEST_BYTES:
            line = raw.count(b"\n", 0, reason.start) + 1
            message = "the file is not UTF-8 text; save it as UTF-8"
            raise ProblemError("text-encoding", message, line=line) from None
        text = ""
    if len(raw) > LARGEST_BYTES:
        message = "the file is over 1 MB; a profile has a few hundred bytes"
        raise ProblemError("file-too-large", message)
    odd = UNPRINTABLE.search(text)
    if odd:
        line = text.count("\n", 0, odd.start()) + 1
        message = f"the character U+{ord(odd[0]):04X} is not allowed in YAML"
        raise ProblemError("text-character", message, line=line)
    return text


def _scalar(event: yaml.ScalarEvent) -> Any:
    """Convert a scalar by the YAML 1.2 core schema; quoted text is always text."""
    word: str = event.value
    if event.style in QUOTED:
        return word
    if word in WORDS:
        return WORDS[word]
    if INTEGER.fullmatch(word):
        return int(word)
    number = float(word) if FLOAT.fullmatch(word) else math.inf
    return word if math.isinf(number) else number  # too large: shown as it was written


class _Builder:
    """Builder of values from events. Recursion is bounded by DEEPEST, work by MOST_VALUES."""

    def __init__(self, document: Document):
        self.document = document
        self.events: Iterator[Any] = iter(())
        self.values = 0

    def build(self, text: str) -> None:
        self.events = yaml.parse(text, Loader=LOADER)
        self._next()  # the stream's start
        event = self._next()
        if not isinstance(event, yaml.StreamEndEvent):
            self.document.value = self._value(self._next(), ())
            self._next()  # the document's end
            event = self._next()
        if not isinstance(event, yaml.StreamEndEvent):
            message = "a second document begins here; one file holds one"
            raise ProblemError("yaml-second-document", message, **_mark(event)._asdict())
        if self.document.value is None:
            message = "the file is empty; see the shipped files for examples"
            raise ProblemError("file-empty", message, line=1)

    def _next(self) -> Any:
        try:
            return next(self.events)
        except (yaml.YAMLError, ValueError) as reason:
            where, message = Mark(1, 0), str(reason).partition("\n")[0]
            if isinstance(reason, yaml.MarkedYAMLError):
                mark = reason.problem_mark or reason.context_mark
                where = Mark(mark.line + 1, mark.column + 1) if mark else where
                message = reason.problem or "cannot be understood"
                message += "; look for tabs, a missing colon, quote or bracket"
            message = f"this is not YAML: {message}"
            raise ProblemError("yaml-syntax", message, **where._asdict()) from None

    def _value(self, event: Any, place: Place) -> Any:
        self._permit(event, place)
        self.document.marks.setdefault(place, _mark(event))
        if isinstance(event, yaml.ScalarEvent):
            return _scalar(event)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(place)
        items: list[Any] = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            items.append(self._value(event, (*place, len(items))))
        return items

    def _permit(self, event: Any, place: Place) -> None:
        self.values += 1
        where = _mark(event)._asdict()
        if getattr(event, "anchor", None) is not None:
            message = "anchors (&) and aliases (*) are refused; write the value out"
            raise ProblemError("yaml-anchor", message, **where)
        if getattr(event, "tag", None) is not None:
            message = "tags (!) are refused; write the plain value"
            raise ProblemError("yaml-tag", message, **where)
        if len(place) > DEEPEST:
            raise ProblemError("yaml-depth", f"nested deeper than {DEEPEST} levels", **where)
        if self.values > MOST_VALUES:
            message = f"more than {MOST_VALUES} values in one file"
            raise ProblemError("yaml-values", message, **where)

    def _mapping(self, place: Place) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            self._permit(event, place)
            if not isinstance(event, yaml.ScalarEvent):
                message = "the name of a field must be plain text"
                raise ProblemError("yaml-key", message, **_mark(event)._asdict())
            key, inner = event.value, (*place, event.value)
            first = self.document.marks.setdefault(inner, _mark(event)).line
            value = self._value(self._next(), inner)
            if key in mapping:
                message = f"is given twice, first on line {first}; keep one of them"
                row = Problem("field-repeated", inner, message, **_mark(event)._asdict())
                self.document.problems.append(row)
            mapping.setdefault(key, value)
        return mapping


def _mark(event: Any) -> Mark:
    return Mark(int(event.start_mark.line) + 1, int(event.start_mark.column) + 1)
