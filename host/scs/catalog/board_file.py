"""Read and check boards.yaml.

Role: Catalogue.read returns the checked tables. Invariant: all problems about a file are raised
at once, each with its line. Requirements: REQ-19.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..documents.model_validation import validate
from ..documents.problem import FileRefused
from ..documents.yaml_reader import Document, parse, read_bytes
from .board_rules import conflicts
from .board_schema import FileModel


class BoardError(FileRefused):
    """Error in boards.yaml, or in the requested combination of its rows."""


@dataclass(frozen=True)
class Catalogue:
    """Checked boards.yaml; `document` has the line of each value."""

    model: FileModel
    document: Document

    @classmethod
    def read(cls, path: str | Path) -> Catalogue:
        """Read a catalogue from a file; raise BoardError with every problem."""
        return cls.from_text(read_bytes(path, BoardError), str(path))

    @classmethod
    def from_text(cls, text: bytes | str, name: str = "boards.yaml") -> Catalogue:
        """Read a catalogue from text; raise BoardError with every problem."""
        document = parse(text, name, BoardError)
        model, problems = validate(FileModel, document)
        problems += document.problems
        if model is not None:
            problems += document.located(conflicts(model))
        if model is None or problems:
            raise BoardError(name, problems)
        return cls(model, document)
