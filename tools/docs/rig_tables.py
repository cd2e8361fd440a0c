"""Generate parts of docs/explain/chip.md: the emulator's patches and the help of run.mjs.

Role: filled() puts them between the page's markers, measured() the last figures of `make chip`.
They are read from sim/chip as text, so that neither node nor rp2040js is needed;
tests/sim/test_chip_page.py holds them against node.
Invariant: text outside the markers is not changed.
"""

import re
from pathlib import Path

from markdown import table
from sim_validation import chipfigures, chipspeed

RIG = Path(__file__).resolve().parents[2] / "sim" / "chip"
_TABLE = re.compile(r"const TABLE = `\n(.*?)\n`;", re.DOTALL)
_HELP = re.compile(r"const HELP = `(.*?)`;", re.DOTALL)


def patches() -> list[list[str]]:
    """Return name, data sheet's section, effect and file of each patch, in their order."""
    text = _TABLE.search((RIG / "emulator" / "patches.mjs").read_text(encoding="utf-8"))
    if text is None:
        raise ValueError("emulator/patches.mjs has no TABLE")
    return [[cell.strip() for cell in row.split("|")] for row in text[1].splitlines()]


def usage() -> str:
    """Return the output of `run.mjs --help`, fenced."""
    text = _HELP.search((RIG / "rig" / "options.mjs").read_text(encoding="utf-8"))
    if text is None:
        raise ValueError("rig/options.mjs has no HELP")
    return f"```\n{text[1].rstrip()}\n```\n"


def patch_table() -> str:
    """Return a table with one row per patch."""
    rows = [[f"`{name}`", *about, f"`{file}`"] for name, *about, file in patches()]
    return table(["patch", "data sheet", "restores", "`emulator/`"], rows)


def replaced(page: str, block: str, content: str) -> str:
    """Replace the text between the markers of a block; ValueError without markers."""
    begin, end = f"<!-- {block} -->\n", f"<!-- end of {block} -->\n"
    before, opened, rest = page.partition(begin)
    _old, closed, after = rest.partition(end)
    if not opened or not closed:
        raise ValueError(f"no markers of {block} in the page")
    return before + begin + content + end + after


def filled(page: str) -> str:
    """Return the page with its generated parts renewed."""
    return replaced(replaced(page, "patches", patch_table()), "usage", usage())


def measured(page: str) -> str:
    """Return the page with the tables that `make chip` left in build/chip, if there are any."""
    if figures := chipfigures.table():
        page = replaced(page, "figures", f"```\n{figures}\n```\n")
    if chipspeed.SPEEDS.is_file():
        speeds = chipspeed.SPEEDS.read_text(encoding="utf-8").rstrip()
        page = replaced(page, "speeds", f"```\n{speeds}\n```\n")
    return page
