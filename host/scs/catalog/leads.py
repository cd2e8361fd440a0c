"""Electrode leads: the names, areas and positions of their contacts, from leads/*.yaml.

Role: read(name) returns a Lead; contact i of the list is bit i of every mask.
Invariant: a lead has 1 to 8 contacts with distinct names, and its name is its file's name.
Requirements: REQ-05, REQ-60 (areas go into the density check).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from pydantic import Field

from stimcore import limits

from .. import resources
from ..documents.field_types import Flag, Quantity, Strict, Text
from ..documents.model_validation import validate
from ..documents.problem import FileRefused, Problem, nearest
from ..documents.yaml_reader import parse, read_bytes

AREAS = (limits.AREA_MIN_UM2, limits.AREA_MAX_UM2)
POSITIONS = (0, 1_000_000)  # um: no lead is a metre long


class LeadError(FileRefused):
    """Error in a lead's file."""


class ContactModel(Strict):
    """Contact of a lead."""

    name: Annotated[str, Text(20, "E1", "name used in profiles")]
    area: Annotated[int, Quantity("um^2", *AREAS, "12.44 mm^2", "geometric surface")]
    position: Annotated[int, Quantity("um", *POSITIONS, "7 mm", "its centre, from the tip's")]
    across: Annotated[
        int, Quantity("um", *POSITIONS, "4 mm", "its centre, from the first column's")
    ] = Field(default="0 mm", validate_default=True)
    plate: Annotated[bool, Flag("a return plate, which is not moved with programs")] = False


Contacts = Annotated[list[ContactModel], Field(min_length=1, max_length=limits.CONTACTS)]


class LeadModel(Strict):
    """Schema of a lead's file."""

    name: Annotated[str, Text(80, "octrode-3mm", "the file's name without .yaml")]
    about: Annotated[str, Text(200, "eight cylinders 3 mm long", "description")]
    contacts: Contacts = Field(
        examples=[[{"name": "E1", "area": "12.44 mm^2", "position": "0 mm"}]]
    )


@dataclass(frozen=True)
class Lead:
    """Lead: per contact its name, area (um^2), and centre along and across the lead (um).

    plates: names of the return plates, which belong to no column.
    """

    name: str
    about: str
    contact_names: tuple[str, ...]
    areas_um2: tuple[int, ...]
    positions_um: tuple[int, ...]
    across_um: tuple[int, ...]
    plates: tuple[str, ...] = ()

    def mask(self, names: list[str]) -> int:
        """Return the mask of the named contacts; raise KeyError for an unknown name."""
        bits = {name: 1 << at for at, name in enumerate(self.contact_names)}
        return sum({bits[name] for name in names})

    def column(self, name: str) -> tuple[str, ...]:
        """Return the contacts of a contact's column, from the tip; a plate is its own column."""
        if name in self.plates:
            return (name,)
        across = self.across_um[self.contact_names.index(name)]
        rows = zip(self.positions_um, self.across_um, self.contact_names, strict=True)
        column = (other for _, where, other in sorted(rows) if where == across)
        return tuple(other for other in column if other not in self.plates)

    def areas_of_eight(self) -> tuple[int, ...]:
        """Return the areas as in the blob: padded with 0 to eight contacts."""
        return self.areas_um2 + (0,) * (limits.CONTACTS - len(self.areas_um2))


def names() -> list[str]:
    """Return the names of the shipped leads."""
    return resources.stems("leads")


@lru_cache(maxsize=32)
def read(name: str) -> Lead:
    """Read a shipped lead by name; raise KeyError (with "did you mean") if unknown."""
    if name not in names():
        known = names()
        raise KeyError(f"no such lead{nearest(name, known)}; the leads are {', '.join(known)}")
    return from_file(resources.path(f"leads/{name}.yaml"))


def from_file(path: str | Path) -> Lead:
    """Read a lead from a file; raise LeadError with every problem."""
    return from_text(read_bytes(path, LeadError), str(path), Path(path).stem)


def from_text(data: bytes | str, file: str, stem: str) -> Lead:
    """Read a lead from text; `stem` is the name it must have. Raises as from_file."""
    document = parse(data, file, LeadError)
    model, problems = validate(LeadModel, document)
    problems += document.problems
    if model is not None:
        problems += document.located(_names_wrong(model, stem))
    if model is None or problems:
        raise LeadError(file, problems)
    return Lead(
        model.name,
        model.about,
        tuple(contact.name for contact in model.contacts),
        tuple(contact.area for contact in model.contacts),
        tuple(contact.position for contact in model.contacts),
        tuple(contact.across for contact in model.contacts),
        tuple(contact.name for contact in model.contacts if contact.plate),
    )


def _names_wrong(model: LeadModel, stem: str) -> Iterator[Problem]:
    if model.name != stem:
        message = f"{model.name} must be the file's name, {stem}"
        yield Problem("lead-name", ("name",), message, model.name, stem)
    seen: set[str] = set()
    for at, contact in enumerate(model.contacts):
        if contact.name in seen:
            message = f"{contact.name} is named twice; contacts have distinct names"
            yield Problem("contact-name", ("contacts", at, "name"), message, contact.name)
        seen.add(contact.name)
