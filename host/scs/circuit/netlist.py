"""Netlist of a stage: every part with the net at each of its pins.

Role: of() turns boards.yaml's wiring into parts and nets, the board among them.
Invariant: a pin is in one net; the two ends of a resistor or capacitor are 1 and 2 in the order of
the file.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ..catalog import boards
from ..catalog.board_file import Catalogue
from ..catalog.wiring import PICO_PINS, PICO_SUPPLY
from ..catalog.wiring_schema import Wiring, ends, lines, refs
from ..documents import units

BOARD = "A1"  # the Pico among the parts
INTO_BOARD = ("sense_current", "sense_voltage", "load_id")  # all other pins are driven by it
SUPPLY_V = {"3V3": 3.3, "VBUS": 5.0, "AGND": 0.0, "GND": 0.0}  # of the board
_VALUE = re.compile(r"([\d.]+ [pnumkM]?(?:ohm|F))\b")


class Part(NamedTuple):
    """Part of the stage. value: ohm or farad of a resistor, capacitor or trimmer, else 0."""

    ref: str
    part: str
    does: str
    pins: dict[str, str]  # pin -> net
    value: float = 0.0


class Netlist(NamedTuple):
    """Stage of a board. nets: net -> its (part, pin); ports: net at each pin of the board."""

    board: str
    stage: str
    parts: dict[str, Part]
    nets: dict[str, list[tuple[str, str]]]
    ports: list[str]


def value(part: str) -> float:
    """Return the ohm or farad that a part's row states, or 0."""
    match = _VALUE.search(part)
    if match is None:
        return 0.0
    return float(units.registry().parse_expression(match[1]).to_base_units().magnitude)


def of(name: str = "", *, source: Catalogue | None = None) -> Netlist:
    """Return the netlist of a combination's stage, its load unplugged; raise BoardError."""
    source = source or boards.catalogue()
    board, stage, _load = boards.full_name(name, source=source).split("/")
    row = source.model.wiring[stage]
    pins = _pins(row)
    gpio = source.model.stages[stage].pins
    board_pins = {str(PICO_PINS[gpio[net]]): net for net in row.pins}
    board_pins |= {str(PICO_SUPPLY[net]): net for net in row.supply}
    pico = Part(BOARD, source.model.boards[board].about, "runs the firmware", board_pins)
    parts = {BOARD: pico}
    for key, model in row.parts.items():
        for ref in refs(key):
            parts[ref] = Part(ref, model.part, model.does, pins[ref], value(model.part))
    nets: dict[str, list[tuple[str, str]]] = {}
    for part in parts.values():
        for pin, net in part.pins.items():
            nets.setdefault(net, []).append((part.ref, pin))
    return Netlist(board, stage, parts, nets, [*row.pins, *row.supply])


def supplies(netlist: Netlist, source: Catalogue) -> dict[str, float]:
    """Return the volts of the nets that the board's supplies and those from outside hold."""
    reference_v = source.model.boards[netlist.board].adc.reference / 1000
    outside = source.model.wiring[netlist.stage].outside
    volts = {net: level for net, level in SUPPLY_V.items() if net in netlist.nets}
    return volts | {"ADC_VREF": reference_v} | {net: mv / 1000 for net, mv in outside.items()}


def _pins(row: Wiring) -> dict[str, dict[str, str]]:
    """Return part -> pin -> net."""
    pins: dict[str, dict[str, str]] = {}
    for _table, net, text in lines(row):
        for ref, pin in ends(text):
            of_part = pins.setdefault(ref, {})
            of_part[pin or str(len(of_part) + 1)] = net
    return pins
