"""Wiring in boards.yaml: connections of the board's pins, nets of a stage and its parts.

Role: the schema of a stage's wiring, and its checks. Invariant: every pin of a stage is connected,
every end of every part is in exactly one line, and every part named is in the list.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Annotated, NamedTuple

from pydantic import Field

from ..documents.field_types import Quantity, Strict, Text
from ..documents.problem import Problem

Where = Annotated[str, Text(200, "U1.5 SDI, R7", "ends of parts, or a description")]
OutsideVolts = Annotated[int, Quantity("mV", -40_000, 40_000, "19 V", "of a supply from outside")]
SUPPLIES = ("3V3", "VBUS", "ADC_VREF", "AGND", "GND")
_END = re.compile(r"((?:U|R|D|C|J|RV)\d+)(?:\.(\w+))?\b")
_RANGE = re.compile(r"^([A-Z]+)(\d+) to \1(\d+)$")
_TWO_ENDS = re.compile(r"[RC]\d+")


class Part(Strict):
    """One or several equal parts: part number or value, and purpose."""

    part: Annotated[str, Text(60, "MCP4922-E/P", "part number or value")]
    does: Annotated[str, Text(120, "DAC, channel A", "what it is for")]


class Wiring(Strict):
    """Wiring of one output stage."""

    pins: dict[str, Where] = Field(examples=[{"sdi_dac": "U1.5 SDI"}])
    supply: dict[str, Where] = Field(examples=[{"3V3": "U1.1 VDD"}])
    nets: dict[str, Where] = Field(examples=[{"dac": "U1.14 VOUTA, R1"}])
    parts: dict[str, Part] = Field(examples=[{"R7, R9": {"part": "10 kohm", "does": "sense"}}])
    outside: dict[str, OutsideVolts] = Field(default_factory=dict, examples=[{"plus 19 V": "19 V"}])


class Wire(NamedTuple):
    """Connection of the board. gpio: None for a supply; pin: 1 to 40."""

    gpio: int | None
    pin: int
    net: str
    to: str


def refs(key: str) -> list[str]:
    """Expand the names of a row of parts: "R1", "R7, R9" or "R1 to R9"."""
    names = []
    for part in key.split(", "):
        span = _RANGE.match(part)
        if span:
            names += [f"{span[1]}{number}" for number in range(int(span[2]), int(span[3]) + 1)]
        else:
            names.append(part)
    return names


def ends(text: str) -> list[tuple[str, str]]:
    """Return (part, pin or "") of every end in a line; the name of a pin may follow it."""
    matches = (_END.match(part) for part in text.split(", "))
    return [(end[1], end[2] or "") for end in matches if end is not None]


def lines(row: Wiring) -> Iterator[tuple[str, str, str]]:
    """Yield (table, name, text) of every line that joins ends."""
    for table, wires in (("pins", row.pins), ("supply", row.supply), ("nets", row.nets)):
        for name, text in wires.items():
            yield table, name, text


def miswired(
    stages: Mapping[str, Mapping[str, int]], wiring: Mapping[str, Wiring]
) -> Iterator[Problem]:
    """Yield contradictions between wiring and stages."""
    for stage in sorted({*stages} ^ {*wiring}):
        word = "has no wiring" if stage in stages else "is not an output stage"
        yield Problem("wiring-stage", ("wiring", stage), f"{stage} {word}")
    for stage in sorted({*stages} & {*wiring}):
        row = wiring[stage]
        for pin in sorted({*stages[stage]} ^ {*row.pins}):
            word = "is not connected" if pin in stages[stage] else "is not a pin of this stage"
            yield Problem("wiring-pin", ("wiring", stage, "pins", pin), f"{pin} {word}")
        for name in row.supply:
            if name not in SUPPLIES:
                message = f"{name} is not one of {', '.join(SUPPLIES)}"
                yield Problem("wiring-supply", ("wiring", stage, "supply", name), message)
        for net in sorted({*row.outside} - {*row.nets}):
            message = f"{net} is not a net of this stage"
            yield Problem("wiring-outside", ("wiring", stage, "outside", net), message)
        yield from (problem.within(("wiring", stage)) for problem in _misjoined(row))


def _misjoined(row: Wiring) -> Iterator[Problem]:
    """Yield ends that are unconnected, in two lines, or of no listed part."""
    listed = Counter(ref for key in row.parts for ref in refs(key))
    for ref in sorted(ref for ref, times in listed.items() if times > 1):
        yield Problem("part-repeated", ("parts",), f"{ref} is listed twice")
    joined = Counter(end for _table, _name, text in lines(row) for end in ends(text))
    for table, name, text in lines(row):
        for part in sorted({part for part, _pin in ends(text)} - {*listed}):
            message = f"{part} is not in the list of parts"
            yield Problem("part-unknown", (table, name), message)
    for ref in sorted(listed):
        pins = {pin: times for (part, pin), times in joined.items() if part == ref}
        if _TWO_ENDS.fullmatch(ref):
            if pins != {"": 2}:
                message = f"{ref} has two ends, {sum(pins.values())} are connected"
                yield Problem("part-ends", ("parts",), message)
        elif not pins or "" in pins:
            message = f"{ref} is connected without a pin number; e.g. {ref}.1"
            yield Problem("part-pin", ("parts",), message)
        for pin, times in pins.items():
            if pin and times > 1:
                message = f"{ref}.{pin} is in {times} lines; a pin belongs to one"
                yield Problem("part-pin-shared", ("nets",), message)
