"""impedance: measure the contact impedances and compare them with boards.yaml.

Role: a measurement on demand, before a run or when a wire is in doubt. Invariant: exit 1 if the
load differs from the declared one; the device's state is left unchanged.
"""

from __future__ import annotations

from dataclasses import asdict
from itertools import product
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import GOOD, REFUSED
from . import options

if TYPE_CHECKING:
    from rich.console import Console

    from stimcore.board import Board

    from ..device.impedance import ContactLoad, LoadFound
    from ..device.stimulator import Stimulator

Sources = Annotated[
    str, typer.Option("--from", metavar="NAMES", help="Contacts on one side, e.g. E3.")
]
Returns = Annotated[
    str, typer.Option("--to", metavar="NAMES", help="Contacts on the other side, e.g. E2,E4.")
]
EachPair = Annotated[
    bool, typer.Option("--pairs", help="Measure every pair of contacts across the two sides.")
]
Sides = tuple[list[str], list[str]]
Found = dict[tuple[str, str], "LoadFound"]


def impedance(
    port: options.Port = "sim",
    from_: Sources = "",
    to: Returns = "",
    pairs: EachPair = False,
    fault: options.Faults = None,
    json: options.Json = False,
    board: options.BoardRow = "",
    stage: options.StageRow = "",
    load: options.LoadRow = "",
    timeout: options.Patience = options.PATIENCE_S,
) -> None:
    """Measure contact impedance with 0.5 mA pulses; exit 1 if it differs from the declared load.

    Measures each contact against a contact of the other side and reads the identification resistor.
    The sides default to those of the loaded program or, if none is loaded, to the odd contacts
    against the even ones. With --pairs a broken contact shows as a whole row or column.

    Examples:  scs impedance --port /dev/ttyACM0 --from E3 --to E2,E4
               scs impedance --port /dev/ttyACM0 --pairs   ·   scs impedance --fault open_lead@0
    """
    from ..device.stimulator import Stimulator

    wanted = options.wanted_board(board, stage, load)
    faults = options.simulated_faults(fault)
    with Stimulator(port, wanted, faults=faults, patience_s=timeout, halt_on_exit=False) as stim:
        if pairs:
            sides = names(from_) or list("1357"), names(to) or list("2468")
            raise typer.Exit(show_pairs(stim, sides, json=json))
        found = stim.measure(names(from_), names(to))
        about = stim.board
    if json:
        _as_json(found, about)
    else:
        _print(found, about)
    raise typer.Exit(GOOD if found.ok else REFUSED)


def names(text: str) -> list[str]:
    """Split a list of contacts such as "E1,E2"."""
    return [part for part in text.split(",") if part.strip()]


def _as_json(found: LoadFound, board: Board) -> None:
    from . import console

    about = {"board": board.name, "declared": declared(board)}
    console.as_json({**asdict(found), "ok": found.ok, **about})


def declared(board: Board) -> dict[str, float | None]:
    """Return the declared load, for --json."""
    return {
        "ohm": board.seen_ohm,
        "farad": board.seen_nf / 1e9 or None,
        "tolerance": tolerance(board),
        "load_id": board.load_id_code,
    }


def tolerance(board: Board) -> float:
    """Permitted relative deviation of a measured value from the declared one."""
    from stimcore import limits

    return float(board.load_tolerance_permille + limits.MEASURE_ERROR_PERMILLE) / 1000


def _print(found: LoadFound, board: Board) -> None:
    from rich.markup import escape

    from . import console

    table = console.table(board.name, "contact", ">resistance", ">capacitance", "verdict")
    for one in found.contacts:
        table.add_row(escape(one.contact), ohm(one.ohm), farad(one.farad), _verdict(one.verdict))
    table.add_section()
    table.add_row("declared", ohm(board.seen_ohm), farad(board.seen_nf / 1e9 or None), "")
    screen = console.console()
    screen.print(table)
    screen.print(f"tolerance ±{100 * tolerance(board):g} %")
    say_identified(screen, found, board)


def say_identified(console: Console, found: LoadFound, board: Board) -> None:
    """Print whether the identification resistor matches the load."""
    word = (
        "matches the load" if found.identified else "[bold red]does not match the load[/bold red]"
    )
    console.print(f"identification reads {found.load_id}, declared {board.load_id_code}: {word}")


def ohm(value: float | None) -> str:
    """Format a resistance."""
    return "open circuit" if value is None else f"{value:g} Ω"


def farad(value: float | None) -> str:
    """Format a capacitance."""
    return "none" if value is None else f"{value * 1e6:.3g} µF"


def _verdict(word: str) -> str:
    return word if word == "good" else f"[bold red]{word}[/bold red]"


def show_pairs(stim: Stimulator, sides: Sides, *, json: bool) -> int:
    """Measure and print all pairs; return the exit code."""
    found = _measured(stim, sides)
    ok = all(one.ok for one in found.values())
    if json:
        from . import console

        rows = [
            {"from": pair[0], "to": pair[1], "ok": one.ok, **_seen(_worst(one))}
            for pair, one in found.items()
        ]
        about = {"board": stim.board.name, "declared": declared(stim.board)}
        console.as_json({"pairs": rows, "ok": ok, **about})
    else:
        _print_pairs(stim, sides, found)
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
    """Return the contact of a pair that is not good, else the first."""
    return next((one for one in found.contacts if one.verdict != "good"), found.contacts[0])


def _seen(one: ContactLoad) -> dict[str, object]:
    return {"verdict": one.verdict, "ohm": one.ohm, "farad": one.farad}


def _print_pairs(stim: Stimulator, sides: Sides, found: Found) -> None:
    from . import console

    table = console.table(stim.board.name, "from", *(f">to {back}" for back in sides[1]))
    for source in sides[0]:
        table.add_row(source, *(_cell(_worst(found[source, back])) for back in sides[1]))
    screen = console.console()
    screen.print(table)
    board = stim.board
    wanted = f"{ohm(board.seen_ohm)}, {farad(board.seen_nf / 1e9 or None)}"
    screen.print(f"declared {wanted}; tolerance ±{100 * tolerance(board):g} %")
    say_identified(screen, next(iter(found.values())), board)


def _cell(one: ContactLoad) -> str:
    if one.verdict != "good":
        return f"[bold red]{one.verdict}[/bold red]"
    return ohm(one.ohm) + (f", {farad(one.farad)}" if one.farad else "")
