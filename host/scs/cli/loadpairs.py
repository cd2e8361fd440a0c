"""load --pairs: each contact of one side of the dummy load against each of the other.

Role: one measurement per pair, and the table of them. Invariant: a pair is good only where the
device's verdict of both its contacts is. Next: impedance.py, which measures each contact once.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from ..errors import GOOD, REFUSED
from . import console, impedance

if TYPE_CHECKING:
    from ..device.impedance import ContactLoad, LoadFound
    from ..device.stimulator import Stimulator

Sides = tuple[list[str], list[str]]
Found = dict[tuple[str, str], "LoadFound"]


def show(stim: Stimulator, sides: Sides, *, json: bool) -> int:
    """Measure them all, print them, and give the exit code."""
    found = _measured(stim, sides)
    ok = all(one.ok for one in found.values())
    if json:
        rows = [
            {"from": pair[0], "to": pair[1], "ok": one.ok, **_seen(_worst(one))}
            for pair, one in found.items()
        ]
        about = {"board": stim.board.name, "declared": impedance.declared(stim.board)}
        console.as_json({"pairs": rows, "ok": ok, **about})
    else:
        _print(stim, sides, found)
    return GOOD if ok else REFUSED


def _measured(stim: Stimulator, sides: Sides) -> Found:
    from .progress import bar

    found: Found = {}
    pairs = list(product(*sides))
    with bar("measuring") as advance:
        for done, (source, back) in enumerate(pairs, 1):
            found[source, back] = stim.measure([source], [back])
            advance(done / len(pairs))
    return found


def _worst(found: LoadFound) -> ContactLoad:
    """Of a pair the contact that is not good, or the first."""
    return next((one for one in found.contacts if one.verdict != "good"), found.contacts[0])


def _seen(one: ContactLoad) -> dict[str, object]:
    return {"verdict": one.verdict, "ohm": one.ohm, "farad": one.farad}


def _print(stim: Stimulator, sides: Sides, found: Found) -> None:
    made = console.table(stim.board.name, "from", *(f">to {back}" for back in sides[1]))
    for source in sides[0]:
        made.add_row(source, *(_cell(_worst(found[source, back])) for back in sides[1]))
    screen = console.console()
    screen.print(made)
    board = stim.board
    wanted = f"{impedance.ohm(board.seen_ohm)}, {impedance.farad(board.seen_nf / 1e9 or None)}"
    screen.print(f"declared {wanted}; each may differ by {100 * impedance.tolerance(board):g} %")
    impedance.say_identified(screen, next(iter(found.values())), board)


def _cell(one: ContactLoad) -> str:
    if one.verdict != "good":
        return f"[bold red]{one.verdict}[/bold red]"
    return impedance.ohm(one.ohm) + (f", {impedance.farad(one.farad)}" if one.farad else "")
