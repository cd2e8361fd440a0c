"""SPICE netlist of a stage, for ngspice.

Role: subcircuit() writes a stage as a subcircuit, its parts by the macromodels of models.lib, each
with the figures of its data sheet. Invariant: the circuit comes from the netlist alone; nothing
here knows what a part is for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from .data_sheets import sheets
from .netlist import BOARD, Netlist, Part

MODELS = Path(__file__).with_name("models.lib")
JUMPER_OHM = 0.02
TOUCHING_OHM = 0.1  # between two pins that a fault joins
LOOSE_OHM = 1e12  # from a pin that a fault opened to ground: every node needs a way there
PLUGS = ("J2", "J3")  # the load's and the supplies'


class Edits(NamedTuple):
    """Changes to a stage's parts: tolerances and faults.

    values: part -> parameter of its model, or `value` (ohm, farad), `position` (of a trimmer, 0 to
    1) -> number; opened: (part, pin) that came off; joined: pairs of those that touch.
    """

    values: Mapping[str, Mapping[str, float]] = {}
    opened: frozenset[tuple[str, str]] = frozenset()
    joined: tuple[tuple[tuple[str, str], tuple[str, str]], ...] = ()


AS_DRAWN = Edits()


def node(net: str) -> str:
    """Return a net's name as a node of SPICE; the board's GND is SPICE's 0."""
    return "0" if net == "GND" else re.sub(r"\W+", "_", net.lower())


def ports(netlist: Netlist) -> list[str]:
    """Return the subcircuit's nodes: the board's pins but GND, then those of J2 and J3."""
    plugged = [
        net for ref in PLUGS if ref in netlist.parts for net in netlist.parts[ref].pins.values()
    ]
    return list(dict.fromkeys(node(net) for net in [*netlist.ports, *plugged] if net != "GND"))


@lru_cache(maxsize=1)
def parameters() -> dict[str, list[str]]:
    """Return the parameters of every subcircuit of models.lib."""
    text = MODELS.read_text(encoding="utf-8").replace("\n+", " ")
    heads = (line.split() for line in text.splitlines() if line.startswith(".subckt"))
    return {words[1]: [word.split("=")[0] for word in words if "=" in word] for words in heads}


def subcircuit(netlist: Netlist, jumpers: Mapping[int, str] = {}, edits: Edits = AS_DRAWN) -> str:
    """Return the models and `.subckt stage` with ports().

    jumpers: contact -> row, "A" or "B"; of others the odd are in A and the even in B.
    """
    lines = [f"* {netlist.board}/{netlist.stage}; the nodes are those of the board, J2 and J3"]
    lines.append(f".subckt stage {' '.join(ports(netlist))}")
    for part in netlist.parts.values():
        lines += _cards(part, jumpers, edits)
    for at, ends in enumerate(edits.joined):
        one, other = (_node(netlist.parts[ref], pin, edits) for ref, pin in ends)
        lines.append(f"Rtouching{at} {one} {other} {TOUCHING_OHM:g}")
    lines += [
        f"Rloose_{ref}_{pin} {_loose(ref, pin)} 0 {LOOSE_OHM:g}"
        for ref, pin in sorted(edits.opened)
    ]
    return "\n".join([MODELS.read_text(encoding="utf-8"), *lines, ".ends", ""])


def _loose(ref: str, pin: str) -> str:
    return f"loose_{ref.lower()}_{pin.lower()}"


def _node(part: Part, pin: str, edits: Edits) -> str:
    if (part.ref, pin) in edits.opened or pin not in part.pins:
        return _loose(part.ref, pin)
    return node(part.pins[pin])


def _cards(part: Part, jumpers: Mapping[int, str], edits: Edits) -> Iterator[str]:
    """Yield the lines of a part."""
    changed = edits.values.get(part.ref, {})
    nodes = {pin: _node(part, pin, edits) for pin in part.pins}
    sheet = sheets().get(part.part)
    if sheet is not None and sheet.model:
        wanted = parameters()[sheet.model]
        figures = {name: figure.typical for name, figure in sheet.figures.items()}
        figures |= {f"closed_{at}": float(row[3]) for at, row in enumerate(sheet.switches, 1)}
        figures |= changed
        given = [f"{name}={figures[name]:.9g}" for name in wanted if figures.get(name) is not None]
        pins = [_node(part, pin, edits) for pin in sheet.pins]
        yield f"X{part.ref} {' '.join(pins)} {sheet.model} {' '.join(given)}"
    elif part.ref.startswith("RV"):
        value, position = changed.get("value", part.value), changed.get("position", 0.5)
        for end, share in (("1", position), ("3", 1 - position)):
            yield f"{part.ref}_{end} {nodes[end]} {nodes['2']} {max(value * share, 1e-3):.9g}"
    elif part.ref[0] in "RC":
        yield f"{part.ref} {nodes['1']} {nodes['2']} {changed.get('value', part.value):.9g}"
    elif part.ref == "J1":
        for contact in sorted(pin for pin in nodes if pin.isdigit()):
            row = jumpers.get(int(contact), "AB"[int(contact) % 2 == 0])
            yield f"Rjumper{contact} {nodes[contact]} {nodes[row]} {JUMPER_OHM:g}"
    elif part.ref not in (BOARD, *PLUGS):
        raise ValueError(f"{part.ref} {part.part}: data_sheets.yaml has no model of it")
