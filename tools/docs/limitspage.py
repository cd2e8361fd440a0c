"""Generate docs/reference/limits.md: every absolute ceiling with its unit and its source.

Role: text() returns the text. Invariant: values are those of stimcore.limits, sources the comments
beside them in limits.py.
"""

import re
from pathlib import Path
from typing import NamedTuple

from markdown import page, table
from stimcore import limits

SOURCE = Path(__file__).resolve().parents[2] / "firmware" / "stimcore" / "limits.py"
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
    constants: dict[str, list[Limit]] = {}
    above: list[str] = []
    for line in SOURCE.read_text(encoding="utf-8").splitlines():
        if heading := SECTION.match(line):
            title, above = heading[1], []
            constants[title] = []
        elif line.startswith("# "):
            above.append(line[2:])
        elif constant := CONSTANT.match(line):
            about = " ".join([*above, constant[2] or ""]).strip()
            constants[title].append(Limit(constant[1], about))
            above = []
    return constants


def text() -> str:
    """Return the text of the page."""
    blocks = [
        f"## {title[0].upper()}{title[1:]}\n\n"
        + table(["limit", "value", "why"], [row.row() for row in rows])
        for title, rows in sections().items()
    ]
    return page("limits", sections="\n".join(blocks))
