"""Draw the symbols that schemdraw lacks: nets, amplifiers, chips, wires.

Role: each function puts one symbol on a sheet.
"""

from itertools import pairwise
from typing import Any

from schemdraw import elements

elm: Any = elements  # only half of it is annotated
SMALL = 8


def note(sheet: Any, at: tuple[float, float], text: str, halign: str = "left") -> None:
    sheet.add(elm.Label().at(at).label(text, halign=halign, valign="center", fontsize=SMALL))


def notes(sheet: Any, at: tuple[float, float], lines: list[str]) -> None:
    """Write lines below each other."""
    for number, text in enumerate(lines):
        note(sheet, (at[0], at[1] - 0.45 * number), text)


def net(sheet: Any, at: tuple[float, float], text: str, side: str = "left") -> None:
    """Label the end of a wire with its net."""
    sheet.add(elm.Dot(open=True).at(at))
    shift = -0.15 if side == "left" else 0.15
    halign = "right" if side == "left" else "left"
    note(sheet, (at[0] + shift, at[1]), text, halign)


def resistor(
    sheet: Any, start: tuple[float, float], end: tuple[float, float], text: str, loc: str = "top"
) -> None:
    sheet.add(elm.ResistorIEC().endpoints(start, end).label(text, loc=loc, fontsize=SMALL))


def wire(sheet: Any, *points: tuple[float, float]) -> None:
    for start, end in pairwise(points):
        sheet.add(elm.Line().endpoints(start, end))


def opamp(
    sheet: Any, out: tuple[float, float], text: str, *, left: bool = False, flip: bool = False
) -> Any:
    """Draw an amplifier with its output at `out`; its inverting input is above, flipped below.

    left: the output points to the left. Its inputs are in1 (inverting) and in2.
    """
    shape = elm.Opamp(leads=False).anchor("out").at(out)
    shape = shape.left() if left else shape.right()
    shape = shape.flip() if flip else shape
    placed = sheet.add(shape)
    note(sheet, (out[0] + (0.7 if left else -1.5), out[1]), text)
    return placed


def chip(
    sheet: Any,
    at: tuple[float, float],
    anchor: str,
    pins: list[tuple[str, str, str]],
    nets: dict[str, str],
) -> Any:
    """Draw a box with pins (name, number, slot), slots with L left, with R right; nets by pin."""
    ic_pins = [
        elm.IcPin(name=name, pin=number, slot=slot[1:], side="left" if slot[0] == "L" else "right")
        for name, number, slot in pins
    ]
    shape = elm.Ic(pins=ic_pins, size=(2.8, 2.4), lsize=9, plblsize=SMALL)
    placed = sheet.add(shape.at(at).anchor(anchor).right())
    for pin, text in nets.items():
        net(sheet, tuple(placed.absanchors[pin]), text)
    return placed
