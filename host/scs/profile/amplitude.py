"""Amplitude of a program: a current, or a share of the perception threshold.

Role: the leaf type of programs[].amplitude. Invariant: a Dose is one of the two; any other value
is refused with an example. Requirements: REQ-60.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ..documents import units
from ..documents.field_types import Leaf, Quantity, Shape, refuse

SHARES = (10, 2_000)  # permille: 1 % to 200 %
EXAMPLE = "60 % of perception"
OF_PERCEPTION = re.compile(r"\s*(?P<share>.*?)\s+of\s+perception\s*", re.ASCII)


@dataclass(frozen=True)
class Dose:
    """Amplitude as current `ua` (0 if a share) or `permille` of perception (0 if a current)."""

    ua: int
    permille: int = 0

    def text(self) -> str:
        """Return the amplitude as written in a profile."""
        if self.permille:
            return f"{units.text(self.permille, 'permille')} of perception"
        return units.text(self.ua, "uA")


@dataclass(frozen=True)
class Amplitude(Leaf):
    """Field type: a current from `least` to `most` (uA), or a share of perception."""

    least: int
    most: int
    example: str
    about: str

    @property
    def _current(self) -> Quantity:
        return Quantity("uA", self.least, self.most, self.example, self.about)

    @property
    def _share(self) -> Quantity:
        return Quantity("permille", *SHARES, "60 %", "of the threshold of perception")

    def read(self, value: Any) -> Dose:
        if not isinstance(value, str) or not ("%" in value or "‰" in value or " of " in value):
            return Dose(self._current.read(value))
        match = OF_PERCEPTION.fullmatch(value)
        if match is None:
            message = f"{units.shown(value)}: expected a share of perception; write for example"
            raise refuse("unit", f"{message} {EXAMPLE}", self._share.span(), EXAMPLE)
        return Dose(0, self._share.read(match["share"]))

    def shape(self) -> Shape:
        current, share = self._current.shape(), self._share.shape()
        either = share["pattern"].removeprefix("^").removesuffix("\\s*$")
        return {
            **current,
            "pattern": f"{current['pattern']}|^{either}\\s+of\\s+perception\\s*$",
            "description": f"{current['description']}; or {self._share.span()} of perception",
            "examples": [self.example, EXAMPLE],
        }
