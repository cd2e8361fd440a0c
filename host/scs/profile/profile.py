"""Read a therapy from a YAML file, check it and compile its integer group.

Role: text -> values with lines (yaml_reader) -> schema -> contacts on the lead -> conflicts ->
stimcore.program.Group, which the device's own validate() then checks. All errors of a file are
reported at once. Invariant: any bytes give a Profile or a ProfileError.
Requirements: REQ-21, REQ-60.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from stimcore import checks, program
from stimcore.errors import Refused

from ..catalog.leads import Lead
from ..documents.model_validation import shape_of, validate
from ..documents.problem import FileRefused, Problem, path_text
from ..documents.yaml_reader import Document, parse, read_bytes
from ..errors import OLD_NAMES_END_WITH, Row
from . import compilation, contact_checks, cross_checks, error_locations
from .resolved import resolve
from .schema import ProfileModel
from .thresholds import Settings

OLD_FIELDS = {"phase": "offset"}  # of a program: old name, new name


class ProfileError(FileRefused):
    """Error for an invalid profile: `rows` holds every problem, `str()` one line for each.

    A row has `id` (a fixed word), `path`, `line` (from 1), `message`, and as texts with their unit
    `value`, `limit` and `example`. It is no Failure: it is about a file, not about the device.

    Example::

        >>> from pathlib import Path
        >>> from scs import Profile, ProfileError
        >>> text = Path("profiles/tonic_50hz.yaml").read_text()
        >>> try:
        ...     Profile.from_text(text.replace("amplitude: 2 mA", "amplitude: 2"), "mine.yaml")
        ... except ProfileError as refused:
        ...     [(row.path, row.id) for row in refused.rows]
        [('programs[0].amplitude', 'unit-missing')]
    """


@dataclass(frozen=True, repr=False)
class Profile:
    """Checked therapy, as the packages below scs.recordings take it.

    `scs.Profile` is its subclass in scs.recordings.profile: it adds what needs the files above.
    """

    name: str
    file: str
    lead: Lead
    program_names: tuple[str, ...]
    group: program.Group
    settings: tuple[Settings, ...]
    document: Document = field(compare=False)
    text: str = field(default="", compare=False)

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read a profile from a file; raise ProfileError with every problem.

        A file that cannot be read is such a problem too.
        """
        return cls.from_text(read_bytes(path, ProfileError), str(path))

    @classmethod
    def from_text(cls, text: bytes | str, name: str = "profile") -> Self:
        """Read a profile from text; `name` is the file name in errors. Raises as read().

        Example::

            >>> from pathlib import Path
            >>> from scs import Profile
            >>> text = Path("profiles/tonic_50hz.yaml").read_text()
            >>> profile = Profile.from_text(text.replace("2 mA", "1 mA"), "mine.yaml")
            >>> profile.group.programs[0].amplitude_ua
            1000
        """
        document = parse(text, name, ProfileError)
        plain = text if isinstance(text, str) else text.decode("utf-8", "replace")
        return cls.from_document(document, plain)

    @classmethod
    def from_document(cls, document: Document, text: str = "") -> Self:
        """Return the profile of a parsed document; raise ProfileError with every problem."""
        name = document.file
        model, problems = validate(ProfileModel, _renamed(document))
        problems += document.problems
        if model is None:
            raise ProfileError(name, problems)
        resolved = resolve(model)
        conflicts = [*contact_checks.find(model, document), *cross_checks.find(resolved)]
        if problems or conflicts:
            raise ProfileError(name, problems + document.located(conflicts))
        profile = cls(
            model.name,
            name,
            model.lead,
            tuple(
                program.name or f"program {number}"
                for number, program in enumerate(model.programs, start=1)
            ),
            compilation.make(resolved),
            tuple(program.settings for program in resolved.programs),
            document,
            text,
        )
        try:
            checks.validate(profile.group)
        except Refused as reason:
            raise ProfileError(name, [profile.explain(row) for row in reason.rows]) from None
        return profile

    def to_yaml(self) -> str:
        """Return the profile as the text of a file."""
        return self.text

    def __repr__(self) -> str:
        programs = []
        for name, given, made in zip(
            self.program_names, self.document.value["programs"], self.group.programs, strict=True
        ):
            texts = [str(given[key]) for key in ("rate", "pulse_width") if key in given]
            programs.append(" ".join((name, *texts, f"{made.amplitude_ua / 1_000:g} mA")))
        return f"<Profile {self.name!r} on {self.lead.name}: {', '.join(programs)}>"

    @property
    def contact_names(self) -> tuple[str, ...]:
        """Names of the lead's contacts; contact i is bit i of every mask."""
        return self.lead.contact_names

    @property
    def stands_alone(self) -> bool:
        """True if it runs on without a host, with no lease."""
        return bool(self.group.header.flags & program.FLAG_STAND_ALONE)

    @property
    def sync_only(self) -> bool:
        """True if each pulse is only a mark on SYNC, without current."""
        return bool(self.group.header.flags & program.FLAG_SYNC_ONLY)

    def to_blob(self) -> bytes:
        """Pack the group for the device: the bytes that docs/reference/protocol.md describes."""
        return program.pack(self.group)

    def explain(self, row: Row) -> Problem:
        """Return a refusal (code, index, value, limit) as a problem with its line."""
        problem = error_locations.problem(row, self.group, self.lead.contact_names)
        return self.document.located([problem])[0]

    @staticmethod
    def json_schema() -> dict[str, Any]:
        """Return the JSON Schema (draft 2020-12) of a profile, for editors."""
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            **shape_of(ProfileModel),
            "title": "scs-bench profile",
        }


def _renamed(document: Document) -> Document:
    """Return the document with the new names of fields that have an old one, each with a warning.

    The profile keeps the document as it was written; both know the line of either name.
    """
    programs = document.value.get("programs") if isinstance(document.value, dict) else None
    if not isinstance(programs, list):
        return document
    value = {**document.value, "programs": list(programs)}
    for number, fields in enumerate(programs):
        for old, new in OLD_FIELDS.items():
            if not isinstance(fields, dict) or old not in fields:
                continue
            place = ("programs", number)
            if new in fields:
                message = f"is the old name of {new}, which is given too; leave it out"
                row = Problem("field-old-name", (*place, old), message)
                document.problems.extend(document.located([row]))
                fields = {name: fields[name] for name in fields if name != old}
            else:
                fields = {new if name == old else name: fields[name] for name in fields}
                mark = document.marks[(*place, new)] = document.mark((*place, old))
                notice = f"{document.file}:{mark.line}: {path_text(place)}.{old} is now {new}"
                notice += f"; the old name goes with {OLD_NAMES_END_WITH}"
                warnings.warn(notice, FutureWarning, stacklevel=5)
            value["programs"][number] = fields
    return replace(document, value=value)
