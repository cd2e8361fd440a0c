"""Read a therapy from a YAML file, check it and compile its integer group.

Role: text -> values with lines (yaml_reader) -> schema -> contacts on the lead -> conflicts ->
stimcore.program.Group, which the device's own validate() then checks. All errors of a file are
reported at once. Invariant: any bytes give a Profile or a ProfileError.
Requirements: REQ-21, REQ-60.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stimcore import checks, program
from stimcore.errors import Refused

from ..catalog.leads import Lead
from ..documents.model_validation import shape_of, validate
from ..documents.problem import FileRefused, Problem
from ..documents.yaml_reader import Document, parse, read_bytes
from ..errors import Row
from . import compilation, contact_checks, cross_checks, error_locations, thresholds
from .scheduling import Slot
from .schema import ProfileModel
from .thresholds import Settings


class ProfileError(FileRefused):
    """Error for an invalid profile: `rows` holds every complaint, `str()` one line for each."""


@dataclass(frozen=True)
class Profile:
    """Checked therapy.

    `group` holds the integers that the device gets (mHz, ns, uA, ms; contact i of `lead` is bit
    i of the masks); `program_names` and `settings` (measured thresholds) have one entry per
    program; `text` is the file's text.
    """

    name: str
    file: str
    lead: Lead
    program_names: tuple[str, ...]
    group: program.Group
    settings: tuple[Settings, ...]
    document: Document = field(repr=False, compare=False)
    text: str = field(default="", repr=False, compare=False)

    @classmethod
    def read(cls, path: str | Path) -> Profile:
        """Read a profile from a file; raise ProfileError with every complaint."""
        return cls.from_text(read_bytes(path, ProfileError), str(path))

    @classmethod
    def from_text(cls, text: bytes | str, name: str = "profile") -> Profile:
        """Read a profile from text; `name` is the file name in errors. Raises as read()."""
        document = parse(text, name, ProfileError)
        model, found = validate(ProfileModel, document)
        lead, more = contact_checks.check(document)
        complaints = document.complaints + found + more
        slots: list[Slot] = []
        if model is not None:
            slots, more = cross_checks.find(model, document)
            complaints += more
        if model is None or lead is None or complaints:
            raise ProfileError(name, complaints)
        names = tuple(
            one.name or f"program {number + 1}" for number, one in enumerate(model.programs)
        )
        source = text if isinstance(text, str) else text.decode("utf-8", "replace")
        group = compilation.make(model, lead, slots)
        person = tuple(thresholds.of(one) for one in model.programs)
        made = cls(model.name, name, lead, names, group, person, document, source)
        made._judge()
        return made

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
        """Pack the group for the device."""
        return program.pack(self.group)

    def explain(self, row: Row) -> Problem:
        """Return a refusal (code, index, value, limit) as a complaint with its line."""
        return error_locations.complaint(row, self.group, self.lead, self.document)

    @staticmethod
    def json_schema() -> dict[str, Any]:
        """Return the JSON Schema (draft 2020-12) of a profile, for editors."""
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            **shape_of(ProfileModel),
            "title": "scs-bench profile",
        }

    def _judge(self) -> None:
        """Run the device's own validation; raise ProfileError on its refusals."""
        try:
            checks.validate(self.group)
        except Refused as reason:
            rows = [self.explain(row) for row in reason.rows]
            raise ProfileError(self.file, rows) from None
