"""Profiles built and changed in code, with the same fields, checks and errors as those of a file.

Role: build() and changed() serve Profile.build() and Profile.with_(). Invariant: what they give has
a text that reads back as the same profile; a change keeps the other lines, comments included,
where the form of the YAML permits. Requirements: REQ-60.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

import yaml

from ..documents.problem import Problem
from ..documents.yaml_reader import DEEPEST, parse
from ..errors import Failure
from .edit import Kind, edited
from .profile import Profile, ProfileError
from .schema import ProfileModel

BUILT = "profile"  # stands for the file in errors
TOP = frozenset(ProfileModel.model_fields)


class ProgramFields(TypedDict, total=False):
    """Fields of a program as in a file; quantities are texts with their unit, such as "2 mA"."""

    name: str
    cathodes: Sequence[str]
    anodes: Sequence[str]
    waveform: str | Mapping[str, Any]
    rate: str
    pulse_width: str
    amplitude: str | Mapping[str, Any]
    thresholds: Mapping[str, str]
    ceiling: str
    step: str
    interphase_gap: str
    recharge: str | Mapping[str, Any]
    shape: str | Mapping[str, Any]
    polarity: str
    interleave: Mapping[str, Any]
    offset: str
    dither: Mapping[str, Any]


class ProfileFields(TypedDict, total=False):
    """Fields of a profile beside its name, lead and programs, as in a file."""

    limits: Mapping[str, str]
    ramp: Mapping[str, str]
    cycle: Mapping[str, str]
    session: Mapping[str, Any]
    lease: str
    output: str
    stand_alone: bool


def build(
    kind: type[Kind],
    name: str,
    lead: str,
    programs: Sequence[ProgramFields],
    fields: Mapping[str, Any],
) -> Kind:
    """Return the profile of these values; raise ProfileError with every problem."""
    return _of(kind, {"name": name, "lead": lead, "programs": programs, **fields}, BUILT)


def changed(profile: Kind, program: str | int | None, fields: Mapping[str, Any]) -> Kind:
    """Return a profile with these fields set, None removing one; raise ProfileError.

    program: name or number from 1 of the one whose fields they are; None where there is but one.
    """
    number = _number(profile, program) if set(fields) - TOP or program is not None else 0

    def change(values: Any) -> None:
        for name, value in fields.items():
            of_program = name not in TOP or (name == "name" and program is not None)
            holder = values["programs"][number] if of_program else values
            if value is None:
                holder.pop(name, None)
            else:
                holder[name] = _plain(value, (name,), profile.file)

    try:
        return edited(profile, change)
    except Failure:
        values = copy.deepcopy(profile.document.value)
        change(values)
        return _of(type(profile), values, profile.file)


def _number(profile: Profile, program: str | int | None) -> int:
    names = profile.program_names
    if program is None and len(names) == 1:
        return 0
    if isinstance(program, int) and 1 <= program <= len(names):
        return program - 1
    if isinstance(program, str) and names.count(program) == 1:
        return names.index(program)
    listed = ", ".join(f"{number} {name!r}" for number, name in enumerate(names, start=1))
    message = f"name one of the programs {listed}; e.g. with_({names[0]!r}, amplitude='1 mA')"
    if program is not None:
        message = f"there is no program {program!r}, or several: {message}"
    raise ProfileError(profile.file, [Problem("program-unnamed", ("programs",), message)])


def _of(kind: type[Kind], values: Mapping[str, Any], file: str) -> Kind:
    plain = _plain(values, (), file)
    text = yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, default_flow_style=None)
    document = parse(text, file, ProfileError)
    document.marks.clear()  # nobody sees the lines of this text
    return kind.from_document(document, text)


def _plain(value: Any, place: tuple[str | int, ...], file: str) -> Any:
    """Return a value as YAML has it; raise ProfileError for one that it has not."""
    if len(place) > DEEPEST:  # as in a file; a value that holds itself has no end
        raise _unwritable(place, file, f"nested deeper than {DEEPEST} levels")
    if isinstance(value, Mapping):
        return {
            _scalar(key, place, file): _plain(item, (*place, str(key)), file)
            for key, item in value.items()
        }
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_plain(item, (*place, number), file) for number, item in enumerate(value)]
    return _scalar(value, place, file)


def _scalar(value: Any, place: tuple[str | int, ...], file: str) -> Any:
    """Return a value of Python's own type: numpy's numbers and texts are subclasses of those."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str.__str__(value)
    for kind in (int, float):
        if isinstance(value, kind):
            return kind(value)
    kind_name = type(value).__name__
    message = f"a {kind_name} cannot be in a profile; write a text, e.g. '2 mA'"
    raise _unwritable(place, file, message)


def _unwritable(place: tuple[str | int, ...], file: str, message: str) -> ProfileError:
    return ProfileError(file, [Problem("value-not-plain", place, message)])
