"""Draw the table of states as an SVG: a row of states, FAULT below, MEASURING above, and arrows.

Role: picture of a table; it holds where a state is placed, never which moves there are.
Invariant: every row of the table is in the picture; rows with the same ends share one arrow.
"""

from xml.sax.saxutils import escape

WIDE, HIGH = 104, 40
LEFT = 170  # the middle of the first state
STEP = 168  # between the middles of two states
ROW_Y, FAULT_Y, ABOVE_Y = 260, 440, 60
BELOW_ROW, ABOVE_ROW = "FAULT", "MEASURING"
BELOW = 0.55  # how far down an arrow to FAULT its event is written
INK, PAPER, CARD = "#1f2933", "#ffffff", "#eef2f7"

Point = tuple[float, float]
Moves = tuple[tuple[int, str, int], ...]


def draw(names: tuple[str, ...], moves: Moves) -> str:
    """Return the SVG text."""
    row = [name for name in names if name not in (BELOW_ROW, ABOVE_ROW)]
    places = {name: (float(LEFT + STEP * at), float(ROW_Y)) for at, name in enumerate(row)}
    places[BELOW_ROW] = (LEFT + STEP * (len(row) - 1) / 2, float(FAULT_Y))
    places[ABOVE_ROW] = (LEFT + STEP / 2, float(ABOVE_Y))
    spots = [places[name] for name in names]
    width = LEFT + 80 + STEP * (len(row) - 1)
    arrows = [arrow(before, after, text, spots) for (before, after), text in joined(moves).items()]
    cards = [card(name, spot) for name, spot in zip(names, spots, strict=True)]
    return "\n".join([*head(width, FAULT_Y + 60, names, moves), *arrows, *cards, "</svg>\n"])


def joined(moves: Moves) -> dict[tuple[int, int], str]:
    """Map (from, to) to its events."""
    events: dict[tuple[int, int], list[str]] = {}
    for before, event, after in moves:
        events.setdefault((before, after), []).append(event)
    return {ends: ", ".join(texts) for ends, texts in events.items()}


def head(width: int, height: int, names: tuple[str, ...], moves: Moves) -> list[str]:
    spoken = "; ".join(f"{names[before]} {event} {names[after]}" for before, event, after in moves)
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"'
        ' font-family="Helvetica, Arial, sans-serif">',
        f"<title>{escape(spoken)}</title>",
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8"'
        f' markerHeight="8" orient="auto"><path d="M0 0 8 4 0 8z" fill="{INK}"/></marker></defs>',
        f'<rect width="{width}" height="{height}" fill="{PAPER}"/>',
    ]


def card(name: str, spot: Point) -> str:
    x, y = spot
    return (
        f'<rect x="{x - WIDE / 2:g}" y="{y - HIGH / 2:g}" width="{WIDE}" height="{HIGH}" rx="8"'
        f' fill="{CARD}" stroke="{INK}"/>'
        f'<text x="{x:g}" y="{y + 5:g}" text-anchor="middle" font-size="14" font-weight="bold"'
        f' fill="{INK}">{escape(name)}</text>'
    )


def arrow(before: int, after: int, text: str, spots: list[Point]) -> str:
    """Draw an arrow with its events beside it."""
    (x0, y0), (x1, y1) = spots[before], spots[after]
    heights = (y0, y1)
    if before == after:
        path = f"M{x0 - 40:g} {y0 + 20:g} c-12 38 44 38 34 1"
        return line(path, (x0 - 24, y0 + 64), text)
    if set(heights) == {ABOVE_Y, FAULT_Y}:
        return around(spots[before], spots[after], text)
    if FAULT_Y in heights:
        return to_or_from_below(y0 == FAULT_Y, spots[before], spots[after], text)
    if ABOVE_Y in heights:
        return to_or_from_above(y0 == ABOVE_Y, spots[before], spots[after], text)
    if after == before + 1:
        return line(
            f"M{x0 + WIDE / 2:g} {y0:g} L{x1 - WIDE / 2 - 1:g} {y1:g}",
            ((x0 + x1) / 2, y0 - 6),
            text,
        )
    bend = 30 + 50 * abs(after - before)
    path = f"M{x0:g} {y0 - 20:g} C{x0:g} {y0 - bend:g} {x1:g} {y0 - bend:g} {x1:g} {y0 - 21:g}"
    return line(path, ((x0 + x1) / 2, y0 - 20 - 0.75 * (bend - 20) - 5), text)


def to_or_from_below(leaving: bool, start: Point, end: Point, text: str) -> str:
    """Draw an arrow between FAULT and the row; the way back runs beside the way there."""
    (x0, y0), (x1, y1) = start, end
    if leaving:
        path = f"M{x0 - WIDE / 2:g} {y0:g} C{x1:g} {y0:g} {x1:g} {y1 + 120:g} {x1:g} {y1 + 21:g}"
        return line(path, ((x0 + x1) / 2 - 60, y0 - 22), text)
    lean = (x0 - x1) * 0.08
    path = f"M{x0 + 20:g} {y0 + 20:g} L{x1 + lean:g} {y1 - 21:g}"
    at = (x0 + 20 + (x1 + lean - x0 - 20) * BELOW, y0 + 24 + (y1 - y0 - 41) * BELOW)
    return line(path, at, text)


def around(start: Point, end: Point, text: str) -> str:
    """Draw the arrow from MEASURING to FAULT along the left edge."""
    (x0, y0), (x1, y1) = start, end
    path = (
        f"M{x0 - WIDE / 2:g} {y0:g} C-30 {y0:g} -30 {y1 + 10:g} {x1 - WIDE / 2 - 1:g} {y1 + 10:g}"
    )
    return line(path, (56, (y0 + y1) / 2 + 40), text)


def to_or_from_above(leaving: bool, start: Point, end: Point, text: str) -> str:
    """Draw an arrow between MEASURING and the row; the way back runs outside the way there."""
    (x0, y0), (x1, y1) = start, end
    outward = 1 if (x1 - x0 if leaving else x0 - x1) > 0 else -1
    if leaving:
        path = f"M{x0 + 34 * outward:g} {y0 + 20:g} L{x1 + 20 * outward:g} {y1 - 21:g}"
        return line(path, ((x0 + x1) / 2 + 50 * outward, (y0 + y1) / 2 - 26), text)
    path = f"M{x0 - 14 * outward:g} {y0 - 20:g} L{x1 + 12 * outward:g} {y1 + 21:g}"
    return line(path, ((x0 + x1) / 2 - 4 * outward, (y0 + y1) / 2 + 26), text)


def line(path: str, at: Point, text: str) -> str:
    return (
        f'<path d="{path}" fill="none" stroke="{INK}" marker-end="url(#tip)"/>'
        f'<text x="{at[0]:g}" y="{at[1]:g}" text-anchor="middle" font-size="12" fill="{INK}"'
        f' stroke="{PAPER}" stroke-width="4" paint-order="stroke">{escape(text)}</text>'
    )
