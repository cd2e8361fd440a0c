"""Generate docs/reference/python-api.md: what scs.__all__ names, from its docstrings.

Role: text() returns the text. Invariant: nothing is said here that a docstring or a signature does
not say; a name is in exactly one group.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Iterator
from typing import Any, is_typeddict

import scs
from markdown import page, table

GROUPS = {
    "From a profile to the output": (
        *("Profile", "ProfileFields", "ProgramFields", "Stimulator", "Trace", "Recording"),
    ),
    "What they return": (
        *("Status", "Ledger", "Amplitude", "LoadFound", "Metric", "Measured", "Sensed"),
        *("Steered", "Stored", "Recalled", "Journal", "JournalEntry"),
    ),
    "Errors": (
        *("ProfileError", "Problem", "Failure", "WrongUsage", "LinkLost", "DeviceRefused"),
        *("DeviceFault", "Mismatch"),
    ),
}
EXAMPLE = re.compile(r"\n*Example::\n\n((?:    .*(?:\n|$)|\n)+)")
OPAQUE = re.compile(r"<.*>")  # a default that has no literal


def text() -> str:
    """Return the text of reference/python-api.md; raise ValueError if a name has no one group."""
    grouped = [name for names in GROUPS.values() for name in names]
    if sorted(grouped) != sorted(scs.__all__):
        wrong = set(grouped) ^ set(scs.__all__)
        raise ValueError(f"scs.__all__ and apipage.GROUPS differ in {sorted(wrong)}")
    parts = []
    for title, names in GROUPS.items():
        parts.append(f"\n## {title}\n")
        parts += [of_class(getattr(scs, name)) for name in names]
    return page("python-api", classes="".join(parts))


def of_class(public: type[Any]) -> str:
    """Return the section on a class: its docstring, its fields, its methods."""
    bases = [base for base in public.__mro__[1:] if getattr(scs, base.__name__, 0) is base]
    of = f" ({bases[0].__name__})" if bases else ""
    parts = [f"\n### {public.__name__}{of}\n\n{described(public)}\n"]
    if names := fields(public):
        parts.append(f"\nFields: {', '.join(names)}.\n")
    elif public.__init__ is not object.__init__ and not issubclass(public, BaseException):
        parts.append(f"\n`{public.__name__}{signature(public.__init__)}`\n")
    if rows := [*properties(public)]:
        parts.append("\n" + table(["property", "type", "what it is"], rows))
    for name, member in members(public):
        function = getattr(member, "__func__", member)  # of a class or static method
        if inspect.isfunction(function):
            title = f"{public.__name__}.{name}{signature(function)}"
            parts.append(f"\n#### {public.__name__}.{name}\n\n`{title}`\n\n{described(function)}\n")
    return "".join(parts)


def members(public: type[Any]) -> Iterator[tuple[str, Any]]:
    """Yield the public attributes of a class of this project, those of its bases first."""
    seen: dict[str, Any] = {}
    for base in reversed(public.__mro__):
        if base.__module__.startswith("scs."):
            seen.update({name: each for name, each in vars(base).items() if name[0] != "_"})
    yield from seen.items()


def fields(public: type[Any]) -> list[str]:
    """Return `name: type` of each field of a dataclass or of a typed dict; [] of another class."""
    if dataclasses.is_dataclass(public):
        return [f"`{field.name}: {field.type}`" for field in dataclasses.fields(public)]
    if not is_typeddict(public):
        return []
    kinds = public.__annotations__.items()
    return [f"`{name}: {getattr(kind, '__forward_arg__', kind)}`" for name, kind in kinds]


def properties(public: type[Any]) -> Iterator[list[str]]:
    """Yield (name, type, text) of each property of a class."""
    for name, member in members(public):
        getter = getattr(member, "fget", None) or getattr(member, "func", None)  # cached_property
        if getter is not None:
            kind = inspect.signature(getter).return_annotation
            yield [f"`{name}`", f"`{kind}`", " ".join((getter.__doc__ or "").split())]


def signature(function: Any) -> str:
    """Return the arguments of a function with types and defaults, and what it returns."""
    whole = inspect.signature(function)
    own = [each for each in whole.parameters.values() if each.name not in ("self", "cls")]
    texts = [_parameter(each) for each in own]
    named = [at for at, each in enumerate(own) if each.kind is each.KEYWORD_ONLY]
    if named:
        texts.insert(named[0], "*")
    alone = [at for at, each in enumerate(own) if each.kind is each.POSITIONAL_ONLY]
    if alone:
        texts.insert(alone[-1] + 1, "/")
    returned = whole.return_annotation
    result = "" if returned in (inspect.Signature.empty, "None") else f" -> {returned}"
    return f"({', '.join(texts)}){result}"


def _parameter(parameter: inspect.Parameter) -> str:
    stars = "**" if parameter.kind is parameter.VAR_KEYWORD else ""
    text = f"{stars}{parameter.name}: {parameter.annotation}"
    if parameter.default is parameter.empty:
        return text
    return f"{text} = {OPAQUE.sub('…', repr(parameter.default))}"


def described(documented: Any) -> str:
    """Return a docstring as Markdown, its examples in fences."""
    plain = inspect.getdoc(documented) or ""

    def fenced(match: re.Match[str]) -> str:
        lines = [line.removeprefix("    ") for line in match[1].rstrip().splitlines()]
        return "\n\n```pycon\n" + "\n".join(lines) + "\n```\n"

    return EXAMPLE.sub(fenced, plain).strip()
