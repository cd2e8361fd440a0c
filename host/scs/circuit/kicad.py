"""KiCad netlist and bill of materials of a stage.

Role: text() writes the netlist that KiCad's board editor imports (an export of version E);
bill_text() writes the parts with what to order, as CSV. Invariant: nothing is written that is not
in the netlist or the data sheets.
"""

from __future__ import annotations

import csv
import io
from typing import NamedTuple

from .data_sheets import sheets
from .netlist import Netlist


class Line(NamedTuple):
    """Line of the bill of materials: equal parts."""

    references: str
    quantity: int
    value: str
    manufacturer: str
    order_number: str
    data_sheet: str
    purpose: str


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def text(netlist: Netlist) -> str:
    """Return the netlist as an S-expression."""
    lines = [
        '(export (version "E")',
        f"  (design (source {_quoted(f'boards.yaml {netlist.stage}')}))",
        "  (components",
    ]
    for ref, part in netlist.parts.items():
        sheet = sheets().get(part.part)
        fields = f" (datasheet {_quoted(sheet.document)})" if sheet else ""
        lines.append(f"    (comp (ref {_quoted(ref)}) (value {_quoted(part.part)}){fields}")
        lines.append(f"      (description {_quoted(part.does)}))")
    lines += ["  )", "  (nets"]
    for code, (net, ends) in enumerate(netlist.nets.items(), 1):
        lines.append(f"    (net (code {_quoted(str(code))}) (name {_quoted(net)})")
        lines += [f"      (node (ref {_quoted(ref)}) (pin {_quoted(pin)}))" for ref, pin in ends]
        lines[-1] += ")"
    return "\n".join([*lines, "  )", ")", ""])


def bill(netlist: Netlist) -> list[Line]:
    """Return the bill of materials; a passive part without a data sheet is bought by its value."""
    alike: dict[str, list[str]] = {}
    for ref, part in netlist.parts.items():
        alike.setdefault(part.part, []).append(ref)
    lines = []
    for value, refs in alike.items():
        sheet = sheets().get(value)
        bought = (sheet.manufacturer, sheet.order, sheet.document) if sheet else ("", "", "")
        does = list(dict.fromkeys(netlist.parts[ref].does for ref in refs))
        lines.append(Line(", ".join(refs), len(refs), value, *bought, "; ".join(does)))
    return lines


def bill_text(netlist: Netlist) -> str:
    """Return the bill of materials as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(Line._fields)
    writer.writerows(bill(netlist))
    return text.getvalue()
