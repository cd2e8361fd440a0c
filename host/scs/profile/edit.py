"""Change values in a profile's text and leave every other byte as it stands.

Role: edited() returns the changed profile, save() writes it. Invariant: only the lines of a changed
value differ; what cannot be written so is refused with its line. The changed text is read and
checked again as a profile; a file is replaced as a whole, and only if it is still what was read.
Requirements: REQ-60.
"""

from __future__ import annotations

import copy
import difflib
import json as jsonlib
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import yaml

from ..documents import atomic_write
from ..documents.yaml_reader import LOADER, parse
from ..errors import Failure
from .profile import Profile, ProfileError

Kind = TypeVar("Kind", bound=Profile)  # a changed profile is of the class of what it was
PLAIN = re.compile(r"[A-Za-z_][\w-]*( [\w.-]+)*|[0-9.]+ ?[A-Za-z]+")  # safe unquoted anywhere
BREAKS = "\r\n\x85\u2028\u2029"  # the last three end a comment for libyaml
TO_LINE_END = re.compile(rf"[ \t]*,?[ \t]*(#[^{BREAKS}]*)?(\r?\n|$)")
NOT_BESIDE = re.compile(rf"[#{BREAKS}]")  # what must not stand between two entries of one line


class Splice(NamedTuple):
    """Text that takes the place of the characters from start to end."""

    start: int
    end: int
    text: str


class _Unwritable(Exception):
    """Error for a change that needs more than its own lines: (line, from 0)."""


def edited(profile: Kind, change: Callable[[Any], None]) -> Kind:
    """Apply `change` to a copy of the profile's values; return the profile with that text.

    `change` may set scalars, add keys with scalars or flat mappings, and remove keys. Raises
    ProfileError if the result is not a valid profile, Failure if it cannot be written in place.
    """
    values = copy.deepcopy(profile.document.value)
    change(values)
    text = profile.text.removeprefix("\ufeff")
    mark = profile.text[: len(profile.text) - len(text)]
    root = yaml.compose(text, Loader=LOADER)
    line = 0
    try:
        for splice in sorted(_splices(text, root, profile.document.value, values), reverse=True):
            line = text.count("\n", 0, splice.start)
            text = text[: splice.start] + splice.text + text[splice.end :]
        if parse(text, profile.file, ProfileError).value != values:
            raise _Unwritable(line)
    except (_Unwritable, ProfileError) as reason:
        number = reason.args[0] + 1 if isinstance(reason, _Unwritable) else line + 1
        raise Failure(
            f"{profile.file}, line {number}: this form of YAML cannot be changed in place without "
            "touching other lines; change it by hand, or write one key a line"
        ) from None
    return type(profile).from_text(mark + text, profile.file)


def _splices(text: str, node: Any, old: Any, new: Any, json: bool = False) -> Iterator[Splice]:
    """Yield what turns the text of `old` at `node` into that of `new`; json: its key is quoted."""
    if old == {} and new:
        yield Splice(node.start_mark.index, node.end_mark.index, _flow(new, json))
    elif isinstance(old, dict) and isinstance(new, dict):
        yield from _entries(text, node, old, new)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for item, before, after in zip(node.value, old, new, strict=True):
            yield from _splices(text, item, before, after)
    elif old != new:
        if not isinstance(node, yaml.ScalarNode):
            raise _Unwritable(node.start_mark.line)
        quote = node.style or ""
        word = f"{quote}{new}{quote}" if quote and PLAIN.fullmatch(str(new)) else _flow(new)
        yield Splice(node.start_mark.index, _end(node), word)


def _entries(text: str, node: Any, old: dict[str, Any], new: dict[str, Any]) -> Iterator[Splice]:
    entries = {key.value: (key, value) for key, value in node.value}
    for at, (key, value) in enumerate(node.value):
        if key.value in new:
            yield from _splices(text, value, old[key.value], new[key.value], key.style == '"')
        else:
            yield _removal(text, node, at)
    above = None
    for key in new:
        if key in entries:
            above = entries[key]
        elif above is None:
            raise _Unwritable(node.start_mark.line)
        else:
            entry = _flow({key: new[key]}, above[0].style == '"')[1:-1]
            yield _insertion(text, node, above, entry)


def _removal(text: str, node: Any, at: int) -> Splice:
    """Take an entry of a mapping out: its whole lines where it has them to itself."""
    key, value = node.value[at]
    start, end = key.start_mark.index, _end(value)
    line_start = text.rfind("\n", 0, start) + 1
    rest = TO_LINE_END.match(text, end)
    if text[line_start:start].isspace() and rest and len(node.value) > 1:
        return Splice(line_start, rest.end(), "")
    spans = []  # up to the next entry, or from the one before
    if at + 1 < len(node.value):
        after = node.value[at + 1][0].start_mark.index
        spans.append((text[end:after], start, after))
    if at:
        before = _end(node.value[at - 1][1])
        spans.append((text[before:start], before, end))
    for between, first, last in spans:
        if not NOT_BESIDE.search(between):
            return Splice(first, last, "")
    raise _Unwritable(key.start_mark.line)


def _insertion(text: str, node: Any, above: tuple[Any, Any], entry: str) -> Splice:
    """Put an entry behind another one of the mapping, in the mapping's own style."""
    key, value = above
    end = _end(value)
    if node.flow_style:
        return Splice(end, end, f", {entry}")
    rest = TO_LINE_END.match(text, end)
    if rest is None:
        raise _Unwritable(value.end_mark.line)
    newline = rest[2] or ("\r\n" if "\r\n" in text else "\n")
    indented = " " * key.start_mark.column + entry
    if rest[2]:
        return Splice(rest.end(), rest.end(), indented + newline)
    return Splice(rest.end(), rest.end(), newline + indented)  # the last line has no end


def _end(node: Any) -> int:
    """Return where the text of a value ends; a block's own mark lies behind later comments."""
    if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
        raise _Unwritable(node.start_mark.line)  # its mark lies behind later lines, too
    if isinstance(node, yaml.ScalarNode) or node.flow_style or not node.value:
        return int(node.end_mark.index)
    last = node.value[-1]
    return _end(last[1] if isinstance(node, yaml.MappingNode) else last)


def _flow(value: Any, json: bool = False) -> str:
    """Return a value on one line; json: every text in quotes."""
    if isinstance(value, str) and not json:
        return _word(value)
    if isinstance(value, dict):
        entries = (f"{_flow(key, json)}: {_flow(value[key], json)}" for key in value)
        return "{" + ", ".join(entries) + "}"
    return jsonlib.dumps(value, ensure_ascii=False)


def _word(text: str) -> str:
    """Return text as a YAML scalar, quoted where it would read as something else."""
    plain = PLAIN.fullmatch(text) and parse(text, "", ProfileError).value == text
    return text if plain else jsonlib.dumps(text, ensure_ascii=False)


def save(profile: Profile, target: Path, was: Profile) -> None:
    """Write the profile's text to `target`, edited from `was`.

    Raises Failure, with the lines to put in, if the file that `was` came from has changed since it
    was read; WrongUsage if the file cannot be written.
    """
    if os.path.realpath(target) == os.path.realpath(was.file) and _now(target) != was.text:
        lines = difflib.unified_diff(
            was.text.splitlines(),
            profile.text.splitlines(),
            "as read",
            "to put in",
            lineterm="",
            n=1,
        )
        raise Failure(
            f"{target} was changed by another program meanwhile and is left as it is; "
            "put these lines in by hand:\n" + "\n".join(lines)
        )

    def fill(part: Path) -> None:
        part.write_text(profile.text, encoding="utf-8", newline="")

    atomic_write.aside(target, fill)


def _now(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8", "replace")
    except OSError:
        return None
