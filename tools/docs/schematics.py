"""Draw the schematics of both output stages with the values of boards.yaml.

Role: draw(stage) returns an SVG text. Invariant: no value is written here; the text of a part is
looked up by its name.
"""

from collections.abc import Callable, Mapping
from typing import Any

from schemdraw import logic

from scs.catalog import boards, wiring_diagram
from scs.catalog.wiring_schema import Part, refs
from symbols import SMALL, chip, elm, net, note, notes, opamp, resistor, wire


def draw(stage: str) -> str:
    """Draw the schematic of a stage of boards.yaml."""
    parts = boards.catalogue().model.wiring[stage].parts
    drawing = wiring_diagram.new(f"{stage}: output stage")
    SHEETS[stage](drawing, lambda ref: label(parts, ref))
    return wiring_diagram.text(drawing)


def label(parts: Mapping[str, Part], ref: str) -> str:
    """Return e.g. "R6 80 ohm 0.1 %"; of equal parts only the first shows the value."""
    first = {refs(key)[0]: row.part for key, row in parts.items()}
    return f"{ref} {first[ref]}" if ref in first else ref


Name = Callable[[str], str]


# --- mcp4922-8 -----------------------------------------------------------------------------------
def pump(sheet: Any, name: Name) -> None:
    """Draw DAC, reference and Howland current pump."""
    pins = [("SDI", "5", "L3/3"), ("SCK", "4", "L2/3"), ("CS", "3", "L1/3")]
    pins += [("VOUTA", "14", "R3/3"), ("VREFA", "13", "R1/3")]
    dac = chip(sheet, (1.6, -3), "SDI", pins, {"SDI": "sdi_dac", "SCK": "sck", "CS": "ncs"})
    note(sheet, (2.3, -5.75), name("U1"))
    x, y = tuple(dac.absanchors["VREFA"])
    wire(sheet, (x, y), (x + 0.6, y), (x + 0.6, y - 1.2))
    sheet.add(elm.Zener().endpoints((x + 0.6, y - 3.0), (x + 0.6, y - 1.2)))
    sheet.add(elm.Ground().at((x + 0.6, y - 3.0)))
    note(sheet, (x + 1.1, y - 1.9), name("U2"))
    note(sheet, (x + 1.1, y - 2.3), f"{name('R15')} from 3V3")
    pump_amplifier(sheet, name, tuple(dac.absanchors["VOUTA"]))


def pump_amplifier(sheet: Any, name: Name, start: tuple[float, float]) -> None:
    x, y = start
    plus, minus, out = (x + 3.0, y), (x + 3.0, y + 1.3), (x + 6, y + 0.65)
    amplifier = opamp(sheet, out, "U4 A")
    for node, anchor in ((minus, "in1"), (plus, "in2")):
        end = tuple(amplifier.absanchors[anchor])
        wire(sheet, node, (end[0] - 0.3, node[1]), (end[0] - 0.3, end[1]), end)
    resistor(sheet, (x, y), plus, name("R1"), "bottom")
    resistor(sheet, (x, y + 1.3), minus, name("R3"))
    net(sheet, (x, y + 1.3), "mid-scale 1.024 V (U3 A, RV1)")
    wire(sheet, minus, (minus[0], y + 2.6))
    resistor(sheet, (minus[0], y + 2.6), (out[0] + 0.3, y + 2.6), name("R4"))
    wire(sheet, (out[0] + 0.3, y + 2.6), (out[0] + 0.3, out[1]), out)
    node = (out[0] + 3.4, out[1])
    resistor(sheet, (out[0] + 0.3, out[1]), node, name("R6"))
    sheet.add(elm.Dot().at(node))
    low = y - 2.2
    follower = opamp(sheet, (node[0] - 3.2, low), "U4 B", left=True)
    end, back = (tuple(follower.absanchors[anchor]) for anchor in ("in2", "in1"))
    wire(sheet, node, (node[0], end[1]), end)
    wire(sheet, back, (back[0] + 0.3, back[1]), (back[0] + 0.3, low - 1.5))
    wire(sheet, (back[0] + 0.3, low - 1.5), (node[0] - 3.5, low - 1.5), (node[0] - 3.5, low))
    wire(sheet, (node[0] - 3.5, low), (node[0] - 3.2, low))
    wire(sheet, plus, (plus[0], low))
    resistor(sheet, (plus[0], low), (node[0] - 3.5, low), name("R2"))
    switches(sheet, name, node)


def switches(sheet: Any, name: Name, node: tuple[float, float]) -> None:
    """Draw the path from the pump to the load and back to ground."""
    x, y = node
    bus = (x + 2.6, y)
    middle, held = (x + 1.3, y), y + 2.0
    sheet.add(elm.Switch().endpoints(node, middle).label("U12 4", loc="bottom", fontsize=SMALL))
    sheet.add(elm.Switch().endpoints(middle, bus).label("U12 1", loc="bottom", fontsize=SMALL))
    for start in (node, middle):  # R24 and R28, to where U12 3 holds them at ground
        sheet.add(elm.Resistor().endpoints(start, (start[0], held)).scale(0.7))
    wire(sheet, (x, held), (middle[0], held))
    sheet.add(elm.Switch().endpoints((x + 0.65, held), (x + 0.65, held + 1.4)))
    sheet.add(elm.Ground().at((x + 0.65, held + 1.4)).theta(180))
    note(sheet, (x + 1.3, held + 0.9), "U12 3, closed while active is low (U12 4 while it is high)")
    note(sheet, (x + 1.7, held - 0.7), f"left {name('R24')}, right {name('R28')}")
    rail, back = (bus[0] + 3.6, y), y - 4.8
    wire(sheet, bus, rail)
    note(sheet, (rail[0] + 0.15, y), "source bus")
    wire(sheet, (bus[0] + 0.2, back), (rail[0], back))
    note(sheet, (rail[0] + 0.15, back), "return bus")
    shunt = (bus[0] + 0.2, back - 2.2)
    resistor(sheet, (shunt[0], back), shunt, name("R5"), "bottom")
    sheet.add(elm.Ground().at(shunt))
    cell(sheet, (bus[0] + 1.0, y, back))
    jumpers(sheet, name, (bus[0] + 1.0, (y + back) / 2))
    gate(sheet, name, (x - 1.9, back - 1.4))
    sense(sheet, name, (x - 1.2, back - 3.2))


def cell(sheet: Any, at: tuple[float, float, float]) -> None:
    """Draw the switches of one of the eight contacts."""
    x, top, back = at
    middle = (top + back) / 2
    sheet.add(elm.Switch().endpoints((x, top), (x, middle)))
    sheet.add(elm.Switch().endpoints((x, middle), (x, back)))
    sheet.add(elm.Dot().at((x, middle)))
    note(sheet, (x + 0.5, middle + 1.3), "U8 1, by U7 QA")
    note(sheet, (x + 0.5, middle - 1.3), "U10 1, by U6 QA")
    note(sheet, (x + 0.5, middle - 1.7), "(one cell of eight)")


def jumpers(sheet: Any, name: Name, contact: tuple[float, float]) -> None:
    """Draw the path from a contact by its jumper to row A and through the load to row B."""
    x, y = contact
    wire(sheet, contact, (x + 1.5, y))
    net(sheet, (x + 1.5, y), "contact 1", "right")
    row, load, high, low = x + 5.0, x + 9.8, y + 1.5, y - 1.5
    sheet.add(elm.Line().endpoints((x + 2.8, y), (row - 1.8, high - 0.2)).linestyle("--"))
    for level, text in ((high, "J1 row A"), (low, "J1 row B")):
        note(sheet, (row - 1.1, level), text, "right")
        wire(sheet, (row - 1, level), (row + 1.9, level))
    sheet.add(elm.Switch().endpoints((row, high), (row, y)))
    note(sheet, (row + 0.4, y + 0.8), "U12 2, closed at low")
    resistor(sheet, (row, y), (row, low), name("R23"), "bottom")
    for level, part, terminal in ((high, name("C1"), "A"), (low, name("C2"), "B")):
        sheet.add(elm.Capacitor().endpoints((row + 1.9, level), (row + 3.9, level)))
        note(sheet, (row + 2.9, level + 0.6), part, "center")
        wire(sheet, (row + 3.9, level), (load, level))
        net(sheet, (load, level), f"terminal {terminal}", "right")
    resistor(sheet, (load, high), (load, low), "dummy load", "bottom")
    note(sheet, (row - 0.9, low - 0.4), "here the contacts of the other side")


def gate(sheet: Any, name: Name, at: tuple[float, float]) -> None:
    """Draw the AND of the two lines that disconnect the load."""
    both = sheet.add(logic.And().at(at).anchor("out").right())
    net(sheet, tuple(both.absanchors["in1"]), "run")
    net(sheet, tuple(both.absanchors["in2"]), "gate")
    note(sheet, (at[0] + 0.1, at[1]), "U13, to U12 1, 2")
    note(sheet, (at[0] - 2.6, at[1] - 0.9), f"{name('R18')}, {name('R19')} to ground")


def sense(sheet: Any, name: Name, at: tuple[float, float]) -> None:
    """Write the notes on the two sense lines."""
    lines = [
        f"sense_current: U5 A, voltage across R5 x R8/R7 + 1.65 V; {name('R7')}, {name('R8')}",
        "sense_voltage: U5 B, (terminal A - terminal B) x R12/R11 + 1.65 V;",
        f"    {name('R11')}, {name('R12')}",
        f"each through {name('R20')} (R21), 1 nF and {name('D1')} (D2); 1.65 V from U3 B",
        "U3, U4, U5: supplies of + and - 19 V",
    ]
    notes(sheet, at, lines)


def reference_stage(sheet: Any, name: Name) -> None:
    """Draw the stage mcp4922-8."""
    pump(sheet, name)
    pins = [("SER", "14", "L3/3"), ("SRCLK", "11", "L2/3"), ("RCLK", "12", "L1/3")]
    pins += [("QA-QH", "", "R3/3"), ("QH'", "9", "R1/3")]
    clocks = {"SRCLK": "sck", "RCLK": "ncs"}
    first = chip(sheet, (1.6, -9.6), "SER", pins, {"SER": "sdi_switch", **clocks})
    note(sheet, (1.9, -12.3), f"{name('U6')}: to return")
    x, y = tuple(first.absanchors["QH'"])
    second = chip(sheet, (x + 1.4, y), "SER", pins, clocks)
    wire(sheet, (x, y), tuple(second.absanchors["SER"]))
    note(sheet, (x + 1.7, y - 2.7), f"{name('U7')}: to source")


# --- r2r-1 ---------------------------------------------------------------------------------------
def ladder_stage(sheet: Any, name: Name) -> None:
    """Draw the stage r2r-1."""
    step = 2.3
    for bit in range(8):
        x = 1.5 + step * bit
        net(sheet, (x, -5), f"data{bit}", "left")
        resistor(sheet, (x, -5), (x, -2.6), f"R{bit + 1}")
        wire(sheet, (x, -2.6), (x, -1.6))
        sheet.add(elm.Dot().at((x, -1.6)))
        if bit < 7:
            resistor(sheet, (x, -1.6), (x + step, -1.6), f"R{bit + 10}")
    note(sheet, (1.5, -0.7), f"R1 to R9 are {name('R1')[3:]}, R10 to R16 {name('R10')[4:]}")
    resistor(sheet, (1.5, -1.6), (-0.7, -1.6), "R9")
    sheet.add(elm.Ground().at((-0.7, -1.6)))
    ladder_load(sheet, name, (1.5 + step * 7, -1.6))


def ladder_load(sheet: Any, name: Name, at: tuple[float, float]) -> None:
    x, y = at
    wire(sheet, at, (x + 1.6, y))
    sheet.add(elm.Dot(open=True).at((x + 0.8, y)).label("contact 1", fontsize=SMALL))
    sheet.add(elm.Capacitor().endpoints((x + 1.6, y), (x + 3.2, y)))
    note(sheet, (x + 2.6, y + 0.7), name("C3"), "center")
    wire(sheet, (x + 3.2, y), (x + 3.8, y))
    net(sheet, (x + 3.8, y), "terminal 1", "right")
    resistor(sheet, (x + 3.8, y), (x + 3.8, y - 2.4), "dummy load", "bottom")
    net(sheet, (x + 3.8, y - 2.4), "contact 2", "right")
    low = y - 4.4
    sheet.add(elm.Switch().endpoints((x + 3.8, y - 2.4), (x + 3.8, low)))
    note(sheet, (x + 4.4, y - 3.4), f"{name('U2')}: on while gate is high")
    sheet.add(elm.Switch().endpoints((x + 3.8, low), (x + 3.8, low - 2)))
    note(sheet, (x + 4.4, low - 0.8), f"{name('U3')}: on while run is high")
    note(sheet, (x + 4.4, low - 1.3), f"either, else: {name('R24')} to contact 1")
    converter(sheet, name, (x + 3.8, low - 2))


def converter(sheet: Any, name: Name, node: tuple[float, float]) -> None:
    """Draw the current-to-voltage converter and the inverter after it."""
    x, y = node
    first = inverting(sheet, (x, y), (x - 1.6, y), (name("R17"), "U1 B", "middle 1.65 V (U1 A)"))
    start = (first[0] - 2.8, first[1])
    resistor(sheet, first, start, name("R18"), "bottom")
    last = inverting(sheet, start, start, (name("R19"), "U1 C", "middle"))
    end = (last[0] - 2.6, last[1])
    resistor(sheet, last, end, name("R27"), "bottom")
    net(sheet, end, "sense_current")
    lines = [
        "sense_voltage: U1 D, (terminal 1 - contact 2) x R21/R20 + 1.65 V,",
        f"    {name('R20')}, {name('R21')}; through R28",
        "both sense lines: 1 nF to AGND",
        f"middle: {name('R30')}, {name('RV1')}, {name('R31')} between ADC_VREF and AGND",
    ]
    notes(sheet, (end[0] - 1.2, last[1] - 2.6), lines)


def inverting(
    sheet: Any,
    start: tuple[float, float],
    node: tuple[float, float],
    texts: tuple[str, str, str],
) -> tuple[float, float]:
    """Draw an inverting amplifier that points left and return the end of its output.

    texts: the resistor, the name, the positive input.
    """
    out = (node[0] - 3.0, node[1] - 0.6)
    amplifier = opamp(sheet, out, texts[1], left=True, flip=True)
    minus, plus = (tuple(amplifier.absanchors[anchor]) for anchor in ("in1", "in2"))
    wire(sheet, start, node, (node[0], minus[1]), minus)
    wire(sheet, (node[0], minus[1]), (node[0], out[1] + 2))
    resistor(sheet, (node[0], out[1] + 2), (out[0] - 0.3, out[1] + 2), texts[0])
    wire(sheet, (out[0] - 0.3, out[1] + 2), (out[0] - 0.3, out[1]), out)
    wire(sheet, plus, (plus[0] + 0.4, plus[1]))
    net(sheet, (plus[0] + 0.4, plus[1]), texts[2], "right")
    return (out[0] - 0.3, out[1])


SHEETS: dict[str, Callable[[Any, Name], None]] = {
    "mcp4922-8": reference_stage,
    "r2r-1": ladder_stage,
}
