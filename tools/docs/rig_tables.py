"""Generate parts of docs/explain/chip.md: the emulator's patches and the help of run.mjs.

Role: filled() puts them between the page's markers, measured() the last figures of `make chip`.
They are read from sim/chip as text, so that neither node nor rp2040js is needed;
tests/sim/test_chip_page.py holds them against node.
Invariant: text outside the markers is not changed.
"""

import re
from pathlib import Path
from typing import NamedTuple

from markdown import table
from sim_validation import chipfigures, chipspeed

RIG = Path(__file__).resolve().parents[2] / "sim" / "chip"
_PATCH = re.compile(
    r"export const (?P<variable>\w+) = \{\s*name: '(?P<name>[^']+)',\s*"
    r"section: '(?P<section>[^']+)',\s*"
    r"restores:\s*(?P<quote>['\"])(?P<restores>.*?)(?P=quote),"
)
_LIST = re.compile(r"export const PATCHES = \[(.*?)\];", re.DOTALL)
_HELP = re.compile(r"const HELP = `(.*?)`;", re.DOTALL)


class Patch(NamedTuple):
    """A change to rp2040js: the RP2040 data sheet's section, and what it restores."""

    name: str
    section: str
    restores: str
    file: str


def patches() -> list[Patch]:
    """List the patches in the order in which they are applied."""
    found = {}
    for path in sorted((RIG / "emulator").glob("*.mjs")):
        for one in _PATCH.finditer(path.read_text(encoding="utf-8")):
            found[one["variable"]] = Patch(one["name"], one["section"], one["restores"], path.name)
    listed = _LIST.search((RIG / "emulator" / "patches.mjs").read_text(encoding="utf-8"))
    if listed is None:
        raise ValueError("emulator/patches.mjs has no list PATCHES")
    return [found[name] for name in re.findall(r"\w+", listed[1])]


def usage() -> str:
    """Return the output of `run.mjs --help`, fenced."""
    text = _HELP.search((RIG / "rig" / "options.mjs").read_text(encoding="utf-8"))
    if text is None:
        raise ValueError("rig/options.mjs has no HELP")
    return f"```\n{text[1].rstrip()}\n```\n"


def patch_table() -> str:
    """Return a table with one row per patch."""
    rows = [[f"`{one.name}`", one.section, one.restores, f"`{one.file}`"] for one in patches()]
    return table(["patch", "data sheet", "restores", "`emulator/`"], rows)


def replaced(page: str, block: str, content: str) -> str:
    """Replace the text between the markers of a block; ValueError without markers."""
    begin, end = f"<!-- {block} -->\n", f"<!-- end of {block} -->\n"
    before, found, rest = page.partition(begin)
    _old, closed, after = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"no markers of {block} in the page")
    return before + begin + content + end + after


def filled(page: str) -> str:
    """Return the page with its generated parts renewed."""
    return replaced(replaced(page, "patches", patch_table()), "usage", usage())


def measured(page: str) -> str:
    """Return the page with the tables that `make chip` left in build/chip, if there are any."""
    figures = chipfigures.recorded()
    if figures:
        page = replaced(page, "figures", f"```\n{chipfigures.table(figures)}\n```\n")
    if chipspeed.SPEEDS.is_file():
        speeds = chipspeed.SPEEDS.read_text(encoding="utf-8").rstrip()
        page = replaced(page, "speeds", f"```\n{speeds}\n```\n")
    return page
