"""Drawings by schemdraw as SVG text, identical on every computer.

Role: of_wires() draws the board with a line for each connection. Invariant: texts stay texts, so
that the drawing does not depend on installed fonts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import schemdraw
from schemdraw import elements as elm

if TYPE_CHECKING:
    from .wiring_schema import Wire

FONT = 11
MARGIN = 0.8  # in units of the drawing; the width of a text is only estimated
ROW = 0.6  # between two lines, in units of the drawing


def new(title: str) -> schemdraw.Drawing:
    """Return an empty drawing with its title at the top left."""
    schemdraw.use("svg")
    schemdraw.svgconfig.text = "text"
    schemdraw.config(fontsize=FONT, font="sans-serif", lw=1.2, bgcolor="white", margin=MARGIN)
    drawing = schemdraw.Drawing(show=False)
    drawing.add(elm.Label().at((0, 1.2)).label(title, halign="left", fontsize=FONT + 3))
    return drawing


def text(drawing: schemdraw.Drawing) -> str:
    """Return the drawing as SVG text."""
    data: bytes = drawing.get_imagedata("svg")
    return data.decode("utf-8")


def of_wires(title: str, wires: Sequence[Wire]) -> str:
    """Draw the board as a box at the left, each connection with its pin, net and destination."""
    drawing = new(title)
    height = ROW * (len(wires) + 1)
    box = elm.Rect(corner1=(0, 0), corner2=(2.4, -height), fill="#eef2f7")
    drawing.add(box.at((0, 0)))
    drawing.add(elm.Label().at((0.4, -height / 2)).label("board", rotate=90))
    for number, wire in enumerate(wires):
        y = -ROW * (number + 1)
        gpio = f"GP{wire.gpio}" if wire.gpio is not None else wire.net
        drawing.add(elm.Label().at((2.2, y)).label(gpio, halign="right", valign="center"))
        drawing.add(elm.Line().at((2.4, y)).to((3.4, y)))
        drawing.add(elm.Label().at((2.9, y + 0.05)).label(str(wire.pin), fontsize=FONT - 3))
        drawing.add(elm.Label().at((3.6, y)).label(wire.net, halign="left", valign="center"))
        drawing.add(elm.Line().at((6.0, y)).to((6.8, y)))
        drawing.add(elm.Label().at((7.0, y)).label(wire.to, halign="left", valign="center"))
    return text(drawing)
