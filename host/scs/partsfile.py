"""The wiring of boards.yaml: what each pin of the board goes to, and the parts of a stage.

Role: the schema of a stage's wiring, and what it must agree with. Invariant: every pin of a stage
goes somewhere, and no part is named that is not in the list. Requirements: none. Next: wiring.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import Field

from .complaints import Place
from .fields import Strict, Text

Where = Annotated[str, Text(160, "U1.5 SDI", "part and pin, or a description")]
SUPPLIES = ("3V3", "VBUS", "ADC_VREF", "AGND", "GND")
_PART = re.compile(r"\b(?:U|R|D|C|J|RV)\d+\b")
_RANGE = re.compile(r"\b([URDCJ])(\d+) to \1(\d+)\b")


class Part(Strict):
    """One part: its number or value, and what it is for."""

    part: Annotated[str, Text(60, "MCP4922-E/P", "part number or value")]
    does: Annotated[str, Text(120, "DAC, channel A", "what it is for")]


class Wiring(Strict):
    """Of one output stage."""

    pins: dict[str, Where] = Field(examples=[{"sdi_dac": "U1.5 SDI"}])
    supply: dict[str, Where] = Field(examples=[{"3V3": "U1.1 VDD"}])
    parts: dict[str, Part]


def named(text: str) -> set[str]:
    """The parts that a text names; "R2 to R8" names seven."""
    found = set(_PART.findall(text))
    for letter, first, last in _RANGE.findall(text):
        found |= {f"{letter}{number}" for number in range(int(first), int(last) + 1)}
    return found


def miswired(
    stages: Mapping[str, Mapping[str, int]], wiring: Mapping[str, Wiring]
) -> Iterator[tuple[Place, str]]:
    """What contradicts the stages: (place, what is wrong)."""
    for stage in sorted({*stages} ^ {*wiring}):
        word = "has no wiring" if stage in stages else "is no output stage"
        yield ("wiring", stage), f"{stage} {word}"
    for stage in sorted({*stages} & {*wiring}):
        row = wiring[stage]
        for pin in sorted({*stages[stage]} ^ {*row.pins}):
            word = "goes nowhere" if pin in stages[stage] else "is no pin of this stage"
            yield ("wiring", stage, "pins", pin), f"{pin} {word}"
        for name in row.supply:
            if name not in SUPPLIES:
                yield ("wiring", stage, "supply", name), f"{name} is none of {', '.join(SUPPLIES)}"
        yield from _unlisted(stage, row)


def _unlisted(stage: str, row: Wiring) -> Iterator[tuple[Place, str]]:
    listed = {*row.parts}.union(*(named(one.does) for one in row.parts.values()))
    for table, wires in (("pins", row.pins), ("supply", row.supply)):
        for pin, text in wires.items():
            for part in sorted(named(text) - listed):
                yield ("wiring", stage, table, pin), f"{part} is not among the parts"
