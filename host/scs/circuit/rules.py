"""Electrical rule check of a stage: its netlist against the data sheets of its parts.

Role: check() returns what contradicts a data sheet or a rule of safety. Invariant: it knows parts
by their data sheets and the stage by its plugs and pins, never by the names of its inner nets.
Assumed: the jumpers as the manual sets them, odd contacts in row A and even ones in row B.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from ..catalog import boards
from ..catalog.board_file import Catalogue
from ..catalog.wiring import PICO_SUPPLY
from ..documents.problem import Problem
from . import netlist as netlists
from .data_sheets import Sheet, sheets
from .netlist import BOARD, INTO_BOARD, SUPPLY_V, Netlist

PULL_DOWN_MOST_OHM = 8200  # with more, a pin of an RP2350 stays at 2 V (erratum RP2350-E9)
SENSE_LEAST_OHM = 50_000  # across it 5 mV of offset drive 100 nA, the least that REQ-08 bounds
MARGIN_V = 0.3  # that inputs may be beyond their rails
BLEED_TOLERANCE = 1.2
Edge = tuple[str, str, float]  # two nets and the ohms between them


class Stage(NamedTuple):
    """Netlist with what is known of its nets: volts of those that a supply holds, and drivers."""

    netlist: Netlist
    volts: dict[str, float]
    drivers: dict[str, list[str]]  # net -> what drives it, "U1.14 VOUTA"
    bleed_ohm: float


def check(name: str = "", *, source: Catalogue | None = None) -> list[Problem]:
    """Return the problems of a combination's stage; raise BoardError if it is none."""
    source = source or boards.catalogue()
    netlist = netlists.of(name, source=source)
    volts = netlists.supplies(netlist, source)
    drivers: dict[str, list[str]] = {}
    for pin, net in netlist.parts[BOARD].pins.items():
        if net in source.model.stages[netlist.stage].pins and net not in INTO_BOARD:
            drivers.setdefault(net, []).append(f"{BOARD}.{pin} {net}")
    for ref, pin, kind in _pins(netlist, "output", "power"):
        net = netlist.parts[ref].pins[pin]
        drivers.setdefault(net, []).append(f"{ref}.{pin} {_sheet(netlist, ref).pins[pin].name}")
        if kind == "power":
            volts[net] = _sheet(netlist, ref).figures["output_voltage"].typical or 0.0
    stage = Stage(netlist, volts, drivers, source.model.stages[netlist.stage].bleed)
    rules = (_connected, _fed, _one_driver, _levels, _pulled_down, _discharges, _blocked)
    problems = (problem for rule in rules for problem in rule(stage))
    return [problem.within(("wiring", netlist.stage)) for problem in problems]


def _line(stage: Stage, net: str) -> tuple[str, str]:
    """Return the place of a net in boards.yaml."""
    table = "supply" if net in PICO_SUPPLY else "pins" if net in stage.netlist.ports else "nets"
    return table, net


def _sheet(netlist: Netlist, ref: str) -> Sheet:
    return sheets()[netlist.parts[ref].part]


def _pins(netlist: Netlist, *kinds: str) -> Iterator[tuple[str, str, str]]:
    """Yield (part, pin, kind) of the connected pins of some kinds."""
    for ref, part in netlist.parts.items():
        for pin, (_name, kind) in sheets()[part.part].pins.items() if part.part in sheets() else ():
            if pin in part.pins and kind in kinds:
                yield ref, pin, kind


def _connected(stage: Stage) -> Iterator[Problem]:
    """Each pin that must be connected is, and no pin is named that the part lacks."""
    for ref, part in stage.netlist.parts.items():
        sheet = sheets().get(part.part)
        if sheet is None:
            if part.ref[0] == "U" or part.ref[0] == "D":
                message = f"{ref} {part.part} has no row in data_sheets.yaml"
                yield Problem("circuit-part", ("parts",), message)
            continue
        for pin in sorted({*part.pins} - {*sheet.pins}):
            message = f"{ref}.{pin}: {part.part} has no such pin; it has {', '.join(sheet.pins)}"
            yield Problem("circuit-pin", ("nets",), message)
        for pin, (name, kind) in sheet.pins.items():
            if kind in ("input", "supply", "ground", "power") and pin not in part.pins:
                message = f"{ref}.{pin} {name} of {part.part} is not connected"
                yield Problem("circuit-open-pin", ("nets",), message)
    for net, ends in stage.netlist.nets.items():
        if len(ends) == 1 and ends[0][0] != BOARD:
            message = f"{'.'.join(ends[0])} is alone in it: it leads nowhere"
            yield Problem("circuit-alone", _line(stage, net), message)


def _fed(stage: Stage) -> Iterator[Problem]:
    """Each supply pin is fed, with volts that its part takes."""
    fed: dict[str, list[float]] = {}
    for ref, pin, _kind in _pins(stage.netlist, "supply", "ground"):
        net = stage.netlist.parts[ref].pins[pin]
        if net not in stage.volts:
            name = _sheet(stage.netlist, ref).pins[pin].name
            message = f"{ref}.{pin} {name} is fed by nothing: no supply holds {net}"
            yield Problem("circuit-unfed", _line(stage, net), message)
            continue
        fed.setdefault(ref, []).append(stage.volts[net])
    for ref, levels in fed.items():
        sheet, across_v = _sheet(stage.netlist, ref), max(levels) - min(levels)
        least, most = sheet.limits["supply"].least or 0.0, sheet.limits["supply"].most or 0.0
        if not least <= across_v <= most:
            message = f"{ref} {stage.netlist.parts[ref].part} stands across {across_v:g} V"
            limit = f"{least:g} to {most:g} V"
            yield Problem("circuit-supply", ("parts",), message, f"{across_v:g} V", limit)


def _one_driver(stage: Stage) -> Iterator[Problem]:
    """No net has two outputs, and no output is at a supply."""
    for net, drivers in stage.drivers.items():
        both = [*drivers, *([f"the supply {net}"] if net in SUPPLY_V else [])]
        if len(both) > 1:
            yield Problem(
                "circuit-drivers", _line(stage, net), f"{' and '.join(both)} both drive it"
            )


def _rails(stage: Stage, ref: str) -> tuple[float, float]:
    """Return the lowest and the highest volts at a part's supply pins."""
    part = stage.netlist.parts[ref]
    levels = [
        stage.volts[part.pins[pin]]
        for of, pin, _kind in _pins(stage.netlist, "supply", "ground")
        if of == ref and part.pins[pin] in stage.volts
    ]
    return min(levels, default=0.0), max(levels, default=0.0)


def _span(stage: Stage, net: str) -> tuple[float, float]:
    """Return the volts between which what reaches a net through resistors can hold it."""
    edges = [*_resistors(stage.netlist), *_switches(stage.netlist, {}, unknown=True)]
    low, high = [], []
    for reached in _reach(edges, net, {*stage.volts, *stage.drivers}):
        if reached in stage.volts:
            low.append(stage.volts[reached])
            high.append(stage.volts[reached])
        for driver in stage.drivers.get(reached, ()):
            ref = driver.split(".")[0]
            rails = (0.0, 3.3) if ref == BOARD else _rails(stage, ref)
            low.append(rails[0])
            high.append(rails[1])
    low_v, high_v = min(low, default=0.0), max(high, default=0.0)
    for ref, part in stage.netlist.parts.items():  # what a pair of diodes holds
        if part.ref[0] == "D" and part.pins.get("3") == net:
            held = [stage.volts.get(part.pins[pin]) for pin in "12"]
            if (
                held[0] is not None
                and held[1] is not None
                and _limited(stage, ref, net, (low_v, high_v))
            ):
                low_v, high_v = max(low_v, held[0]), min(high_v, held[1])
    return low_v, high_v


def _limited(stage: Stage, diode: str, net: str, span: tuple[float, float]) -> bool:
    """Tell whether a resistor keeps the current of what is beyond within what a diode takes."""
    ohms = [ohm for a, b, ohm in _resistors(stage.netlist) if net in (a, b)]
    most = _sheet(stage.netlist, diode).limits["current"].most or 0.0
    return bool(ohms) and max(-span[0], span[1]) / min(ohms) <= most


def _levels(stage: Stage) -> Iterator[Problem]:
    """Each input sees volts within its rails, and logic a high level that it takes for one."""
    inputs = [(ref, pin) for ref, pin, _kind in _pins(stage.netlist, "input")]
    sensed = [
        (BOARD, pin) for pin, net in stage.netlist.parts[BOARD].pins.items() if net in INTO_BOARD
    ]
    for ref, pin in [*inputs, *sensed]:
        net = stage.netlist.parts[ref].pins[pin]
        low, high = _span(stage, net)
        least, most = (0.0, 3.3) if ref == BOARD else _rails(stage, ref)
        sheet = None if ref == BOARD else _sheet(stage.netlist, ref)
        name = net if sheet is None else sheet.pins[pin].name
        beyond = None if sheet is None else sheet.limits.get("input")
        most = max(most, beyond.most or 0.0) if beyond else most
        if low < least - MARGIN_V or high > most + MARGIN_V:
            message = f"{ref}.{pin} {name} can be held between {low:g} and {high:g} V"
            limit = f"{least:g} to {most:g} V"
            yield Problem(
                "circuit-input", _line(stage, net), message, f"{low:g} to {high:g} V", limit
            )
        wanted = (
            sheet.figures["input_high"].least if sheet and "input_high" in sheet.figures else None
        )
        if wanted is not None and net in stage.drivers and high < wanted:
            message = (
                f"{ref}.{pin} {name} needs {wanted:g} V for high; {net} has {high:g} V at most"
            )
            yield Problem(
                "circuit-level", _line(stage, net), message, f"{high:g} V", f"{wanted:g} V"
            )


def _pulled_down(stage: Stage) -> Iterator[Problem]:
    """`run` and `gate` are held low while the board does not drive them."""
    for line in ("run", "gate"):
        ohms = [
            ohm for a, b, ohm in _resistors(stage.netlist)
            if line in (a, b) and stage.volts.get(b if a == line else a) == 0.0
        ]  # fmt: skip
        if not any(ohm <= PULL_DOWN_MOST_OHM for ohm in ohms):
            message = f"{line} has no pull-down; e.g. R18 of 4.7 kohm between {line} and GND"
            limit = f"at most {PULL_DOWN_MOST_OHM} ohm"
            yield Problem("circuit-pull-down", ("pins", line), message, limit=limit)


def _discharges(stage: Stage) -> Iterator[Problem]:
    """While run or gate is low the load is bled, and nothing that drives reaches its two ends."""
    netlist = stage.netlist
    ends = [netlist.parts["J2"].pins[pin] for pin in "12"]
    passive = [*_resistors(netlist), *_capacitors(netlist), *_jumpers(netlist)]
    for line, other in (("run", "gate"), ("gate", "run")):
        levels = {line: False, other: True}
        closed = [*passive, *_switches(netlist, levels, unknown=False)]
        path = _path(closed, ends[0], ends[1])
        if not path or sum(edge[2] for edge in path) > BLEED_TOLERANCE * stage.bleed_ohm:
            message = f"with {line} low nothing bleeds the load from {ends[0]} to {ends[1]}"
            yield Problem("circuit-bleed", ("nets",), message, limit=f"{stage.bleed_ohm} ohm")
            continue
        bleed = max(path, key=lambda edge: edge[2])
        can = [*passive, *_switches(netlist, levels, unknown=True)]
        edges = [edge for edge in can if edge != bleed and edge[2] < SENSE_LEAST_OHM]
        held = {*stage.volts, *stage.drivers}
        reached = [_reach(edges, end, held) for end in ends]
        for here, there in (reached, reached[::-1]):
            if here & {*stage.drivers} and there & held:
                who = stage.drivers[min(here & {*stage.drivers})][0]
                message = f"with {line} low {who} still reaches the load"
                yield Problem("circuit-gate", ("nets",), message)
                break
        jumpered = _reach(closed, ends[0], set()) | _reach(closed, ends[1], set())
        header = netlist.parts["J1"].pins if "J1" in netlist.parts else {}
        for contact in sorted(pin for pin in header if pin.isdigit()):
            if header[contact] not in jumpered:
                message = f"with {line} low contact {contact} does not reach the bleed resistor"
                yield Problem("circuit-contact", _line(stage, header[contact]), message)


def _blocked(stage: Stage) -> Iterator[Problem]:
    """Direct current finds no way through the load, whatever the switches do."""
    netlist = stage.netlist
    every = [*_resistors(netlist), *_jumpers(netlist), *_switches(netlist, {}, unknown=True)]
    edges = [edge for edge in every if edge[2] < SENSE_LEAST_OHM]
    held = {*stage.volts, *stage.drivers}
    ends = [netlist.parts["J2"].pins[pin] for pin in "12"]
    one, other = (_reach(edges, end, held) for end in ends)
    if ends[1] in one or (one & held and other & held):
        message = f"direct current reaches {ends[0]} and {ends[1]} past every blocking capacitor"
        yield Problem("circuit-direct-current", ("nets",), message)


# --- ways through the circuit --------------------------------------------------------------------
def _resistors(netlist: Netlist) -> Iterator[Edge]:
    for part in netlist.parts.values():
        if part.ref.startswith("RV"):
            yield part.pins["1"], part.pins["2"], part.value / 2
            yield part.pins["2"], part.pins["3"], part.value / 2
        elif part.ref[0] == "R":
            yield part.pins["1"], part.pins["2"], part.value


def _capacitors(netlist: Netlist) -> Iterator[Edge]:
    for part in netlist.parts.values():
        if part.ref[0] == "C":
            yield part.pins["1"], part.pins["2"], 0.0


def _jumpers(netlist: Netlist) -> Iterator[Edge]:
    pins = netlist.parts["J1"].pins if "J1" in netlist.parts else {}
    for contact in (pin for pin in pins if pin.isdigit()):
        yield pins[contact], pins["AB"[int(contact) % 2 == 0]], 0.0


def _switches(netlist: Netlist, levels: Mapping[str, bool], *, unknown: bool) -> Iterator[Edge]:
    """Yield the switches that are closed; `unknown`: and those whose control is not known."""
    for ref, part in netlist.parts.items():
        if part.part not in sheets():
            continue
        sheet = _sheet(netlist, ref)
        for drain, other, control, closed_at in sheet.switches:
            level = _level(netlist, part.pins[control], levels)
            if (level is None and unknown) or level == closed_at:
                ohm = sheet.figures["on_resistance"].typical or 0.0
                yield part.pins[drain], part.pins[other], ohm


def _level(netlist: Netlist, net: str, levels: Mapping[str, bool]) -> bool | None:
    """Return the logic level of a net, where the given ones and the AND gates determine it."""
    if net in levels:
        return levels[net]
    for ref, pin in netlist.nets[net]:
        sheet = sheets().get(netlist.parts[ref].part)
        inputs = sheet.ands.get(pin, ()) if sheet else ()
        into = [_level(netlist, netlist.parts[ref].pins[name], levels) for name in inputs]
        if into:
            return False if False in into else (None if None in into else True)
    return None


def _neighbours(edges: Iterable[Edge]) -> dict[str, list[tuple[str, Edge]]]:
    """Return for each net the nets that an edge joins to it, with the edge."""
    joined: dict[str, list[tuple[str, Edge]]] = {}
    for edge in edges:
        joined.setdefault(edge[0], []).append((edge[1], edge))
        joined.setdefault(edge[1], []).append((edge[0], edge))
    return joined


def _reach(edges: Iterable[Edge], start: str, ends: set[str]) -> set[str]:
    """Return the nets that edges join to `start`; beyond one of `ends` they are not followed."""
    joined, reached, waiting = _neighbours(edges), {start}, [start]
    while waiting:
        net = waiting.pop()
        if net in ends:
            continue
        for following, _edge in joined.get(net, ()):
            if following not in reached:
                reached.add(following)
                waiting.append(following)
    return reached


def _path(edges: Iterable[Edge], start: str, end: str) -> list[Edge]:
    """Return the edges of the way of least resistance, none if there is no way."""
    joined = _neighbours(edges)
    queue: list[tuple[float, str, list[Edge]]] = [(0.0, start, [])]
    done: set[str] = set()
    while queue:
        ohm, net, way = heapq.heappop(queue)
        if net == end:
            return way
        if net not in done:
            done.add(net)
            for following, edge in joined.get(net, ()):
                heapq.heappush(queue, (ohm + edge[2], following, [*way, edge]))
    return []
