"""Write the pages of docs/ that are generated from tables; --check fails where one is stale.

--figures copies the figures that `make chip` measured into explain/chip.md.

Role: reference/protocol.md from commands and errors, reference/states.md from states,
reference/errors.md from explanations, reference/cli.md from the command line,
reference/python-api.md from docstrings, reference/limits.md from limits, reference/boards.md,
reference/wiring.md and stage-*.svg from boards.yaml and the shipped profiles, the matrix
explain/safety-case.md, and the parts between markers of explain/chip.md and reference/profiles.md.
The text around the tables stands in pages/.
Invariant: a generated page holds nothing but that text that is not in a table.
"""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import apipage
import casepage
import clipage
import limitspage
import rig_tables
import schematics
import therapies
import wiringpage
from markdown import page, table
from scs.catalog import boards
from scs.messages import error_texts, explanations
from stimcore import commands, frame, limits, packing, program, states

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / "docs"
LEAST_ROLES = {  # on a paired board
    commands.OBSERVER: "none",
    commands.OPERATOR: "operator",
    commands.PROGRAMMER: "programmer",
    commands.NOBODY: "in another never",
}
CHIP_PAGE, PROFILES_PAGE = "explain/chip.md", "reference/profiles.md"


def fields(columns: list[tuple[str, str]]) -> str:
    """Return the fields as `name: type, …`, or "none"."""
    return ", ".join(f"`{name}: {kind}`" for name, kind in columns) or "none"


def blob_table(title: str, columns: tuple[tuple[str, str, int, int], ...]) -> str:
    """Return the table of a part of the blob that STAGE_DATA carries."""
    kinds = {"B": "u8", "H": "u16", "I": "u32"}
    rows = [
        [f"`{name}`", kinds[code], f"{least:,}", f"{most:,}"] for name, code, least, most in columns
    ]
    return table([f"{title} field", "type", "least", "most"], rows)


def protocol_page() -> str:
    """Return the text of reference/protocol.md."""
    orders = [
        [
            f"`0x{opcode:02x}`",
            name.upper(),
            fields(packing.columns(request)),
            fields(packing.columns(reply)),
            "any" if where == states.ANY else ", ".join(states.NAMES[state] for state in where),
            LEAST_ROLES[role],
            error_texts.COMMANDS[opcode],
        ]
        for opcode, name, request, reply, where, role in commands.TABLE
    ]
    errors = [
        [str(code), f"`{kind.name}`", kind.unit or "none", kind.text]
        for code, kind in sorted(error_texts.ERRORS.items())
    ]
    stops = [[str(code), text] for code, text in enumerate(commands.STOP_REASONS)]
    head = ["opcode", "command", "request", "reply", "allowed in", "least role", "what it does"]
    return page(
        "protocol",
        commands=commands,
        frame=frame,
        limits=limits,
        program=program,
        hello_reply=commands.HELLO | commands.REPLY,
        magic=program.MAGIC.decode(),
        command_table=table(head, orders),
        header_table=blob_table("header", program.HEADER),
        program_table=blob_table("program", program.PROGRAM),
        stop_table=table(["code", "reason"], stops),
        error_table=table(["code", "name", "unit", "meaning"], errors),
    )


def errors_page() -> str:
    """Return the text of reference/errors.md."""
    groups: dict[str, list[list[str]]] = {}
    for row in explanations.rows().values():
        groups.setdefault(row.group, []).append([f"`{row.id}`", row.cause, row.cure])
    head = ["id", "cause", "cure"]
    parts = [f"\n## Of {group}\n\n{table(head, rows)}" for group, rows in groups.items()]
    return page("errors", sections="".join(parts))


def states_page() -> str:
    """Return the text of reference/states.md."""
    moves = [
        [states.NAMES[before], event, states.NAMES[after]] for before, event, after in states.MOVES
    ]
    orders = [
        [f"**{name}**", ", ".join(row[1].upper() for row in commands.TABLE if state in row[4])]
        for state, name in enumerate(states.NAMES)
    ]
    events: dict[tuple[str, str], list[str]] = {}
    for before, event, after in moves:
        events.setdefault((before, after), []).append(event)
    arrows = [
        f"  {before} --> {after}: {', '.join(names)}" for (before, after), names in events.items()
    ]
    return page(
        "states",
        arrows="\n".join(arrows),
        moves=table(["from", "event", "to"], moves),
        allowed=table(["state", "commands"], orders),
    )


def boards_page() -> str:
    """Return the text of reference/boards.md."""
    rows = [
        [
            str(row["kind"]),
            f"`{row['name']}`" + (" (default)" if row["default"] else ""),
            str(row["figures"]),
            str(row["about"]),
        ]
        for row in boards.rows()
    ]
    return page("boards", rows=table(["kind", "name", "figures", "what it is"], rows))


def filled(name: str, fill: Callable[[str], str]) -> str:
    """Return a page with its parts between markers renewed."""
    here = HERE / name
    source = here if here.is_file() else ROOT / "docs" / name
    return fill(source.read_text(encoding="utf-8"))


PAGES: dict[str, Callable[[], str]] = {
    "reference/protocol.md": protocol_page,
    "reference/states.md": states_page,
    "reference/boards.md": boards_page,
    "reference/errors.md": errors_page,
    CHIP_PAGE: partial(filled, CHIP_PAGE, rig_tables.filled),
    PROFILES_PAGE: partial(filled, PROFILES_PAGE, therapies.filled),
    "explain/safety-case.md": casepage.text,
    "reference/cli.md": clipage.text,
    "reference/python-api.md": apipage.text,
    "reference/limits.md": limitspage.text,
    "reference/wiring.md": wiringpage.text,
    **{
        f"reference/stage-{stage}.svg": partial(schematics.draw, stage)
        for stage in schematics.SHEETS
    },
}


def main(arguments: list[str]) -> int:
    """Write the pages, or with --check report stale ones; return the exit code."""
    if "--figures" in arguments:  # --check does not cover them
        text = filled(CHIP_PAGE, rig_tables.measured)
        (HERE / CHIP_PAGE).write_text(text, encoding="utf-8")
        return 0
    stale = []
    for name, write in PAGES.items():
        path, text = HERE / name, write()
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if "--check" not in arguments:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    if "--check" in arguments and stale:
        print(f"stale: docs/{', docs/'.join(stale)}; run `make docs` and commit the result")
        return 1
    print(f"generated pages: {len(PAGES)}, {'all current' if not stale else 'written anew'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
