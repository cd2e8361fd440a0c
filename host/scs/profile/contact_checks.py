"""Check contact names against the lead: each must exist, once, and in one role only.

Role: complaints about a profile's lead and contacts. It checks the YAML values, not the model, so
that these errors are reported together with all others.
Invariant: no contact is a cathode in one program and an anode in another, so that reversing a
polarity is always a new profile, never a side effect. Requirements: REQ-11, REQ-60.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from stimcore import limits

from ..catalog import leads
from ..documents.problem import Place, Problem, nearest, path_text, printable
from ..documents.yaml_reader import Document

ROLES = {"cathodes": "a cathode", "anodes": "an anode"}
Named = tuple[Place, str, str]  # where, "cathodes" or "anodes", the contact's name


def check(document: Document) -> tuple[leads.Lead | None, list[Problem]]:
    """Return the profile's lead (None if unknown) and all complaints about contacts."""
    named = list(_named(document.value))
    lead, complaints = _lead(document)
    if lead is not None:
        complaints += _not_on(document, lead, named)
    return lead, complaints + _twice(document, named)


def _lead(document: Document) -> tuple[leads.Lead | None, list[Problem]]:
    name = document.value.get("lead") if isinstance(document.value, dict) else None
    if not isinstance(name, str) or not name.strip():
        return None, []  # the schema complains
    try:
        return leads.read(name.strip()), []
    except leads.LeadError as reason:
        kind, message = "file", f"the lead's own file is damaged: {reason.lines()[0]}"
    except KeyError as reason:
        kind, message = "lead", f"{printable(name)}: {reason.args[0]}"
    line = document.line(("lead",))
    limit = ", ".join(leads.names())
    return None, [Problem(kind, "lead", line, message, printable(name), limit, "octrode-3mm")]


def _named(value: Any) -> Iterator[Named]:
    programs = value.get("programs") if isinstance(value, dict) else None
    for number, program in enumerate(_some(programs, limits.PROGRAMS)):
        place: Place = ("programs", number)
        yield from _within(program, place)
        if isinstance(program, dict):
            yield from _within(program.get("interleave"), (*place, "interleave"))


def _within(value: Any, place: Place) -> Iterator[Named]:
    for role in ROLES:
        contacts = value.get(role) if isinstance(value, dict) else None
        for at, name in enumerate(_some(contacts, limits.CONTACTS)):
            if isinstance(name, str) and name.strip():
                yield (*place, role, at), role, name.strip()


def _some(value: Any, most: int) -> list[Any]:
    """Return the first entries of a list; the schema reports other types and long lists."""
    return value[:most] if isinstance(value, list) else []


def _not_on(document: Document, lead: leads.Lead, named: list[Named]) -> list[Problem]:
    complaints = []
    listed = ", ".join(lead.contact_names)
    for place, _, name in named:
        if name not in lead.contact_names:
            value = printable(name)
            close = nearest(name, lead.contact_names)
            message = f"{value} is not on the lead {lead.name}{close}; its contacts are {listed}"
            line, example = document.line(place), lead.contact_names[0]
            row = Problem("contact", path_text(place), line, message, value, listed, example)
            complaints.append(row)
    return complaints


def _twice(document: Document, named: list[Named]) -> list[Problem]:
    first: dict[str, tuple[Place, str]] = {}
    within: set[tuple[Place, str]] = set()
    complaints = []
    for place, role, name in named:
        value, message, kind = printable(name), "", "polarity"
        where, before = first.setdefault(name, (place, role))
        if (place[:-1], name) in within:
            kind, message = "duplicate", f"{value} is listed twice; list it once"
        elif before != role:
            line = document.line(where)
            message = f"{value} is {ROLES[before]} in {path_text(where[:2])} (line {line})"
            message += f" and cannot be {ROLES[role]} as well; choose one of the two"
        within.add((place[:-1], name))
        if message:
            row = Problem(kind, path_text(place), document.line(place), message, value)
            complaints.append(row)
    return complaints
