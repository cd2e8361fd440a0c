"""Move a program's contacts along the lead.

Role: moved() returns the profile with its contacts moved. Invariant: contacts stay in their column
and keep their spacing, and a return plate stays in place; thresholds measured at the previous
contacts are removed.
Requirements: REQ-60.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from stimcore import program

from ..catalog.leads import Lead
from ..documents import units
from ..errors import WrongUsage
from .edit import Kind, edited
from .profile import Profile
from .program_names import program_number

ROLES = ("cathodes", "anodes")


def chosen(profile: Profile, wanted: str) -> list[int]:
    """Return the selected programs: the one of that name or number (from 1), or all."""
    names = profile.program_names
    return [program_number(wanted, names)] if wanted else list(range(len(names)))


def moved(profile: Kind, by: int, programs: Iterable[int]) -> Kind:
    """Return the profile with these programs moved by `by` positions; positive: from the tip.

    Their thresholds are removed; an amplitude given as a share of perception becomes the same
    current, a ceiling given by discomfort becomes an explicit ceiling. Raises WrongUsage if a
    contact would leave the lead, ProfileError if the moved contacts conflict.
    """
    if by == 0:
        raise WrongUsage("--by 0 moves nothing; e.g. --by 1")
    numbers = list(programs)
    _within(profile, by, numbers)

    def change(document: Any) -> None:
        for number in numbers:
            fields = document["programs"][number]
            for place in (fields, fields.get("interleave", {})):
                for names in (place[role] for role in ROLES if role in place):
                    names[:] = [_moved(profile.lead, name.strip(), by) for name in names]
            _forget(profile, number, fields)

    return edited(profile, change)


def _forget(profile: Profile, number: int, fields: Any) -> None:
    """Remove the thresholds, keeping the amplitude and the ceiling in uA."""
    was, settings = profile.group.programs[number], profile.settings[number]
    fields.pop("thresholds", None)
    if settings.permille:
        fields["amplitude"] = units.text(was.amplitude_ua, "uA")
    if settings.discomfort_ua == was.ceiling_ua:
        fields["ceiling"] = units.text(was.ceiling_ua, "uA")


def _moved(lead: Lead, name: str, by: int) -> str:
    if name in lead.plates:
        return name
    column = lead.column(name)
    return column[column.index(name) + by]


def _within(profile: Profile, by: int, numbers: list[int]) -> None:
    """Raise WrongUsage, with the largest possible shift, if `by` leaves the lead."""
    lead, room = profile.lead, []  # (how far a contact can move that way, its name)
    for number in numbers:
        used = program.used_by(profile.group.programs[number])
        for at, name in enumerate(lead.contact_names):
            if used >> at & 1 and name not in lead.plates:
                column = lead.column(name)
                where = column.index(name)
                room.append((len(column) - 1 - where if by > 0 else where, name))
    if not room:
        raise WrongUsage(f"--by {by}: only return plates are used, and they cannot be moved")
    far, name = min(room)
    if abs(by) > far:
        end = lead.column(name)[-1 if by > 0 else 0]
        near = far if by > 0 else -far
        hint = f"e.g. --by {near}" if far else "it cannot move that way"
        message = f"{name} would leave the lead {lead.name}, which ends at {end}; {hint}"
        raise WrongUsage(f"--by {by}: {message}")
