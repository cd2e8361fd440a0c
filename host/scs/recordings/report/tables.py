"""Elements of a report: tables, numbers with units, the legend.

Role: text in, HTML out. Invariant: a cell given as text is escaped; one given as a pair
(class, HTML) is not, except for the class "code".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from ...messages.safety_metrics import pretty

Cell = str | tuple[str, str]
KEYS = {
    "current": ("current", "current"),
    "voltage": ("voltage", "voltage"),
    "command": ("command", "current commanded"),
    "level": ("command", "amplitude commanded"),
}


def number(value: float, unit: str) -> str:
    """Format a value with its unit, four digits."""
    shown = f"{value:.4g}" if abs(value) < 1e4 else f"{value:.6g}"
    return f"{shown} {pretty(unit)}".strip()


def table(heads: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """Return a table; a head that begins with > aligns its column right."""
    right = [head.startswith(">") for head in heads]
    line = "".join(
        _cell("th", head.removeprefix(">"), at) for head, at in zip(heads, right, strict=True)
    )
    body = "\n".join(
        "<tr>"
        + "".join(_cell("td", cell, at) for cell, at in zip(row, right, strict=True))
        + "</tr>"
        for row in rows
    )
    return (
        f'<div class="wide"><table><thead><tr>{line}</tr></thead>\n'
        f"<tbody>{body}</tbody></table></div>"
    )


def _cell(kind: str, cell: Cell, right: bool) -> str:
    own, text = ("", escape(cell)) if isinstance(cell, str) else cell
    if own == "code":
        own, text = "", f"<code>{escape(text)}</code>"
    classes = " ".join(part for part in (own, "n" if right else "") if part)
    return f'<{kind} class="{classes}">{text}</{kind}>' if classes else f"<{kind}>{text}</{kind}>"


def key(*names: str) -> str:
    """Return the legend of the lines."""
    lines = "".join(f'<i class="{KEYS[name][0]}"></i>{KEYS[name][1]}' for name in names)
    return f'<p class="key quiet">{lines}</p>'
