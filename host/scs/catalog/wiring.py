"""Wiring of a stage to a board, and the bill of materials.

Role: rows(), nets() and parts() for `scs wiring` and the pages of docs; svg() draws rows().
Invariant: everything but the numbers of the board's 40 pins comes from boards.yaml.
"""

from __future__ import annotations

from typing import NamedTuple

from ..documents import units
from . import boards
from .board_file import Catalogue
from .wiring_schema import Wire, refs

# Raspberry Pi Pico data sheet, figure 2; the Pico 2 has the same
PICO_PINS = {
    **{0: 1, 1: 2, 2: 4, 3: 5, 4: 6, 5: 7, 6: 9, 7: 10, 8: 11, 9: 12, 10: 14, 11: 15, 12: 16},
    **{13: 17, 14: 19, 15: 20, 16: 21, 17: 22, 18: 24, 19: 25, 20: 26, 21: 27, 22: 29},
    **{26: 31, 27: 32, 28: 34},
}
PICO_SUPPLY = {"3V3": 36, "VBUS": 40, "ADC_VREF": 35, "AGND": 33, "GND": 38}


class Net(NamedTuple):
    """Net within the stage: joined ends of parts, none of them a pin of the board."""

    net: str
    joins: str


class Needed(NamedTuple):
    """Line of the bill of materials: names such as "R7, R9", and their number."""

    ref: str
    pieces: int
    part: str
    does: str


def rows(name: str = "", *, source: Catalogue | None = None) -> list[Wire]:
    """Return the board's connections by pin, supplies last; raise BoardError."""
    source = source or boards.catalogue()
    stage = boards.full_name(name, source=source).split("/")[1]
    pins, wiring = source.model.stages[stage].pins, source.model.wiring[stage]
    signals = [Wire(gpio, PICO_PINS[gpio], net, wiring.pins[net]) for net, gpio in pins.items()]
    supply = [Wire(None, PICO_SUPPLY[net], net, to) for net, to in wiring.supply.items()]
    return sorted(signals, key=lambda wire: wire.pin) + supply


def nets(name: str = "", *, source: Catalogue | None = None) -> list[Net]:
    """Return the nets within the stage; raise BoardError."""
    source = source or boards.catalogue()
    stage = boards.full_name(name, source=source).split("/")[1]
    return [Net(net, joins) for net, joins in source.model.wiring[stage].nets.items()]


def parts(name: str = "", *, source: Catalogue | None = None) -> list[Needed]:
    """Return the parts of the stage and of the dummy load; raise BoardError."""
    source = source or boards.catalogue()
    _, stage, load = boards.full_name(name, source=source).split("/")
    listed = source.model.wiring[stage].parts
    needed = [Needed(key, len(refs(key)), row.part, row.does) for key, row in listed.items()]
    return needed + load_parts(load, source=source)


def load_parts(load: str, *, source: Catalogue | None = None) -> list[Needed]:
    """Return the parts of a dummy load."""
    row = (source or boards.catalogue()).model.loads[load]
    parts_list = [
        Needed("RL1", 1, f"{units.text(row.resistance, 'ohm')} 1 %", "the load, in series")
    ]
    if row.capacitance:
        value, part, does = units.text(row.capacitance, "nF"), "film 5 %", "in series with RL1"
        if row.cpe_exponent:
            part = "as a ladder of RC pairs"
            does = f"{does}; with RL2 in it: docs/explain/simulator.md"
        parts_list.append(Needed("CL1", 1, f"{value} {part}", does))
    if row.leak:
        parts_list.append(Needed("RL2", 1, f"{units.text(row.leak, 'ohm')} 1 %", "across CL1"))
    value = units.text(row.id_resistor, "ohm")
    return [*parts_list, Needed("RL3", 1, f"{value} 1 %", "identifies the load: load_id to AGND")]


def svg(name: str = "", *, source: Catalogue | None = None) -> str:
    """Draw the connections as SVG text; raise BoardError."""
    from . import wiring_diagram

    whole = boards.full_name(name, source=source)
    return wiring_diagram.of_wires(f"{whole}: wiring", rows(name, source=source))
