"""Generate docs/reference/limits.md: every absolute ceiling with its unit and its source.

Role: page() returns the text. Invariant: values are those of stimcore.limits, sources the comments
beside them in limits.py.
"""

import re
from pathlib import Path
from typing import NamedTuple

from markdown import table
from stimcore import limits

SOURCE = Path(__file__).resolve().parents[2] / "firmware" / "stimcore" / "limits.py"
HEAD = """# Limits

The absolute ceilings of `firmware/stimcore/limits.py`. A board, stage or profile can lower
them, never raise them. A value beyond one is refused with value and limit; nothing is clamped.
Where each is enforced: [safety.md](../explain/safety.md).
"""
UNITS = {
    "NC_PER_CM2": "nC/cm²",
    "DQ_MILLI": "/ 1000 µC²/cm²",
    "MILLIHZ": "mHz",
    "PERMILLE": "‰",
    "UM2": "µm²",
    "PPM": "ppm",
    "LSB": "ADC codes",
    "UA": "µA",
    "NS": "ns",
    "US": "µs",
    "MS": "ms",
    "PC": "pC",
    "PA": "pA",
}
SECTION = re.compile(r"# --- (.+?) -+$")
CONSTANT = re.compile(r"([A-Z][A-Z0-9_]+) = [^#]*(?:# (.*))?$")


class Limit(NamedTuple):
    """One constant of limits.py and the comments beside it."""

    name: str
    about: str

    def row(self) -> list[str]:
        """Return the row of the table."""
        unit = next((unit for end, unit in UNITS.items() if self.name.endswith(f"_{end}")), "")
        return [f"`{self.name}`", f"{getattr(limits, self.name):,} {unit}".strip(), self.about]


def sections() -> dict[str, list[Limit]]:
    """Map the headings of limits.py to the constants below them."""
    found: dict[str, list[Limit]] = {}
    above: list[str] = []
    for line in SOURCE.read_text(encoding="utf-8").splitlines():
        if heading := SECTION.match(line):
            title, above = heading[1], []
            found[title] = []
        elif line.startswith("# "):
            above.append(line[2:])
        elif constant := CONSTANT.match(line):
            about = " ".join([*above, constant[2] or ""]).strip()
            found[title].append(Limit(constant[1], about))
            above = []
    return found


def page(note: str) -> str:
    """Return the text of the page."""
    parts = [note, HEAD]
    for title, rows in sections().items():
        parts.append(f"\n## {title[0].upper()}{title[1:]}\n\n")
        parts.append(table(["limit", "value", "why"], [row.row() for row in rows]))
    return "".join(parts)
