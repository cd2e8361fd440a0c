"""Check contact names against the lead: each must exist, once, and in one role only.

Role: problems with a profile's contacts. Invariant: no contact is a cathode in one program and an
anode in another, so that reversing a polarity is always a new profile, never a side effect.
Requirements: REQ-11, REQ-60.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..documents.problem import Place, Problem, nearest, path_text, printable
from ..documents.yaml_reader import Document
from .schema import ProfileModel

ROLES = {"cathodes": "a cathode", "anodes": "an anode"}


def find(model: ProfileModel, document: Document) -> Iterator[Problem]:
    """Yield all problems with contacts."""
    lead = model.lead
    first: dict[str, tuple[Place, str]] = {}  # where a contact is first named, and its role
    within: set[tuple[Place, str]] = set()
    for place, role, name in _named(model):
        if name not in lead.contact_names:
            value, listed = printable(name), ", ".join(lead.contact_names)
            message = f"{value} is not on the lead {lead.name}{nearest(name, lead.contact_names)}"
            message += f"; its contacts are {listed}"
            example = lead.contact_names[0]
            yield Problem("contact-not-on-lead", place, message, value, listed, example)
        where, before = first.setdefault(name, (place, role))
        if (place[:-1], name) in within:
            value = printable(name)
            message = f"{value} is listed twice; list it once"
            yield Problem("contact-repeated", place, message, value)
        elif before != role:
            value = printable(name)
            message = f"{value} is {ROLES[before]} in {path_text(where[:2])}"
            message += f" (line {document.line(where)}) and cannot be {ROLES[role]} as well"
            message += "; choose one of the two"
            yield Problem("contact-polarity", place, message, value)
        within.add((place[:-1], name))


def _named(model: ProfileModel) -> Iterator[tuple[Place, str, str]]:
    """Yield place, role and name of every contact, in the order of the file."""
    for number, spec in enumerate(model.programs):
        here: Place = ("programs", number)
        for place, holder in ((here, spec), ((*here, "interleave"), spec.interleave)):
            for role in ROLES if holder else ():
                for at, name in enumerate(getattr(holder, role)):
                    yield (*place, role, at), role, name
