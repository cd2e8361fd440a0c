"""Write a table in HTML, for reports and notebooks.

Role: text in, HTML out. Invariant: a cell given as text is escaped; one given as a pair
(class, HTML) is not, except for the class "code".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

Cell = str | tuple[str, str]


def table(heads: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """Return a table; a head that begins with > aligns its column right."""
    right = [head.startswith(">") for head in heads]
    line = _row("th", [head.removeprefix(">") for head in heads], right)
    body = "\n".join(_row("td", row, right) for row in rows)
    return f'<div class="wide"><table><thead>{line}</thead>\n<tbody>{body}</tbody></table></div>'


def _row(kind: str, cells: Sequence[Cell], right: Sequence[bool]) -> str:
    row = ""
    for cell, is_number in zip(cells, right, strict=True):
        own, text = ("", escape(cell)) if isinstance(cell, str) else cell
        if own == "code":
            own, text = "", f"<code>{escape(text)}</code>"
        classes = " ".join(part for part in (own, "n" if is_number else "") if part)
        tag = f'{kind} class="{classes}"' if classes else kind
        row += f"<{tag}>{text}</{kind}>"
    return f"<tr>{row}</tr>"
