"""Amplitude of a program: a current, or a share of the perception threshold.

Role: the field type of programs[].amplitude. Invariant: an Amplitude is one of the two; any other
value is refused with an example. Requirements: REQ-60.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ..documents import units
from ..documents.field_types import Leaf, Quantity, Shape
from ..documents.problem import ProblemError

EXAMPLE = "60 % of perception"
SHARE = Quantity("permille", 10, 2_000, "60 %", "of the threshold of perception")
OF_PERCEPTION = re.compile(r"\s*(?P<share>.*?)\s+of\s+perception\s*", re.ASCII)


@dataclass(frozen=True)
class Amplitude:
    """Amplitude as current `ua` (0 if a share) or `permille` of perception (0 if a current)."""

    ua: int
    permille: int = 0

    def text(self) -> str:
        """Return the amplitude as written in a profile."""
        if self.permille:
            return f"{units.text(self.permille, 'permille')} of perception"
        return units.text(self.ua, "uA")


@dataclass(frozen=True)
class AmplitudeField(Leaf):
    """Field type: a current, or a share of perception."""

    current: Quantity

    def read(self, value: Any) -> Amplitude:
        if not isinstance(value, str) or not ("%" in value or "‰" in value or " of " in value):
            return Amplitude(self.current.read(value))
        match = OF_PERCEPTION.fullmatch(value)
        if match is None:
            message = f"{units.shown(value)}: expected a share of perception"
            message += f"; e.g. {EXAMPLE}"
            raise ProblemError("share-form", message, SHARE.span(), EXAMPLE)
        return Amplitude(0, SHARE.read(match["share"]))

    def shape(self) -> Shape:
        current, share = self.current.shape(), SHARE.shape()
        either = share["pattern"].removeprefix("^").removesuffix("\\s*$")
        return {
            **current,
            "pattern": f"{current['pattern']}|^{either}\\s+of\\s+perception\\s*$",
            "description": f"{current['description']}; or {SHARE.span()} of perception",
            "examples": [self.current.example, EXAMPLE],
        }
