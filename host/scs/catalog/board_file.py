"""boards.yaml as a whole: read, checked, and known by line.

Role: Catalogue.read gives the checked tables. Invariant: every complaint about a file comes at
once, with its line. Requirements: REQ-19.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..documents.complaint import Complaint, FileRefused, path_text
from ..documents.model_validation import validate
from ..documents.yaml_reader import Document, parse, read_bytes
from .board_rules import conflicts
from .board_schema import FileModel


class BoardError(FileRefused):
    """boards.yaml, or the combination asked of it, cannot be used."""


@dataclass(frozen=True)
class Catalogue:
    """A checked boards.yaml; `document` knows the line of each value."""

    model: FileModel
    document: Document

    @classmethod
    def read(cls, path: str | Path) -> Catalogue:
        """The catalogue in a file; BoardError with every complaint about it."""
        return cls.from_text(read_bytes(path, BoardError), str(path))

    @classmethod
    def from_text(cls, text: bytes | str, name: str = "boards.yaml") -> Catalogue:
        """The catalogue in a text; BoardError as read."""
        document = parse(text, name, BoardError)
        model, complaints = validate(FileModel, document)
        complaints = document.complaints + complaints
        if model is not None:
            for place, message in conflicts(model):
                line = document.line(place)
                complaints.append(Complaint("conflict", path_text(place), line, message))
        if model is None or complaints:
            raise BoardError(name, complaints)
        return cls(model, document)
