"""The wiring of boards.yaml: what each pin of the board goes to, the nets of a stage and its parts.

Role: the schema of a stage's wiring, and what it must agree with. Invariant: every pin of a stage
goes somewhere, every end of every part stands in one line, and no part is named that is not in
the list.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Annotated, NamedTuple

from pydantic import Field

from ..documents.complaint import Place
from ..documents.field_types import Strict, Text

Where = Annotated[str, Text(200, "U1.5 SDI, R7", "ends of parts, or a description")]
SUPPLIES = ("3V3", "VBUS", "ADC_VREF", "AGND", "GND")
_END = re.compile(r"((?:U|R|D|C|J|RV)\d+)(?:\.(\w+))?\b")
_RANGE = re.compile(r"^([A-Z]+)(\d+) to \1(\d+)$")
_TWO_ENDS = re.compile(r"[RC]\d+")


class Part(Strict):
    """One part, or several alike: number or value, and what it is for."""

    part: Annotated[str, Text(60, "MCP4922-E/P", "part number or value")]
    does: Annotated[str, Text(120, "DAC, channel A", "what it is for")]


class Wiring(Strict):
    """Of one output stage."""

    pins: dict[str, Where] = Field(examples=[{"sdi_dac": "U1.5 SDI"}])
    supply: dict[str, Where] = Field(examples=[{"3V3": "U1.1 VDD"}])
    nets: dict[str, Where] = Field(examples=[{"dac": "U1.14 VOUTA, R1"}])
    parts: dict[str, Part] = Field(examples=[{"R7, R9": {"part": "10 kohm", "does": "sense"}}])


class Wire(NamedTuple):
    """One connection of the board. gpio: None for a supply; pin: 1 to 40."""

    gpio: int | None
    pin: int
    net: str
    to: str


def refs(key: str) -> list[str]:
    """The names that a row of parts stands for: "R1", "R7, R9" or "R1 to R9"."""
    found = []
    for one in key.split(", "):
        span = _RANGE.match(one)
        if span:
            found += [f"{span[1]}{number}" for number in range(int(span[2]), int(span[3]) + 1)]
        else:
            found.append(one)
    return found


def ends(text: str) -> list[tuple[str, str]]:
    """(part, its pin or "") of every end that a line names; after a pin its name may stand."""
    found = (_END.match(one) for one in text.split(", "))
    return [(one[1], one[2] or "") for one in found if one is not None]


def lines(row: Wiring) -> Iterator[tuple[str, str, str]]:
    """(table, name, text) of every line that joins ends."""
    for table, wires in (("pins", row.pins), ("supply", row.supply), ("nets", row.nets)):
        for name, text in wires.items():
            yield table, name, text


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
        for place, message in _misjoined(row):
            yield ("wiring", stage, *place), message


def _misjoined(row: Wiring) -> Iterator[tuple[Place, str]]:
    """Ends that are joined to nothing, to two things, or that no listed part has."""
    listed = Counter(ref for key in row.parts for ref in refs(key))
    for ref in sorted(ref for ref, times in listed.items() if times > 1):
        yield ("parts",), f"{ref} is listed twice"
    joined = Counter(end for _table, _name, text in lines(row) for end in ends(text))
    for table, name, text in lines(row):
        for part in sorted({part for part, _pin in ends(text)} - {*listed}):
            yield (table, name), f"{part} is not among the parts"
    for ref in sorted(listed):
        pins = {pin: times for (part, pin), times in joined.items() if part == ref}
        if _TWO_ENDS.fullmatch(ref):
            if pins != {"": 2}:
                yield ("parts",), f"{ref} has two ends, {sum(pins.values())} are connected"
        elif not pins or "" in pins:
            yield ("parts",), f"{ref} is connected by no pin of its own; write for example {ref}.1"
        for pin, times in pins.items():
            if pin and times > 1:
                yield ("nets",), f"{ref}.{pin} stands in {times} lines; a pin is in one"
