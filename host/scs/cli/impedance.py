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
from . import console, options

if TYPE_CHECKING:
    from rich.text import Text

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


def impedance(
    from_: Sources = "",
    to: Returns = "",
    pairs: EachPair = False,
    *,
    device: options.FaultyDevice,
    json: options.Json = False,
) -> None:
    """Measure contact impedance with 0.5 mA pulses; exit 1 if it differs from the declared load.

    Measures each contact against a contact of the other side and reads the identification resistor.
    The sides default to those of the loaded program or, if none is loaded, to the odd contacts
    against the even ones. With --pairs a broken contact shows as a whole row or column.

    Examples:  scs impedance --port /dev/ttyACM0 --from E3 --to E2,E4
               scs impedance --port /dev/ttyACM0 --pairs   ·   scs impedance --fault open_lead@0
    """
    with device.stimulator(halt_on_exit=False) as stim:
        if pairs:
            sides = names(from_) or list("1357"), names(to) or list("2468")
            ok = _measure_pairs(stim, *sides, json=json)
        else:
            ok = _measure(stim, names(from_), names(to), json=json)
    raise typer.Exit(GOOD if ok else REFUSED)


def names(text: str) -> list[str]:
    """Split a list of contacts such as "E1,E2"."""
    return [part for part in text.split(",") if part.strip()]


def _measure(stim: Stimulator, sources: list[str], returns: list[str], *, json: bool) -> bool:
    """Measure and print each contact; return True if the load is the declared one."""
    load, board = stim.measure(sources, returns), stim.board
    if json:
        console.as_json({**asdict(load), "ok": load.ok, **_about(board)})
        return load.ok
    rows = [
        (contact.contact, _ohm(contact.ohm), _farad(contact.farad), _verdict(contact))
        for contact in load.contacts
    ]
    columns = ("contact", ">resistance", ">capacitance", "verdict")
    table = console.table(board.name, columns, rows)
    table.add_section()
    table.add_row("declared", _ohm(board.seen_ohm), _farad(_declared_farad(board)), "")
    tolerance = f"tolerance ±{100 * _tolerance(board):g} %"
    console.show(table, tolerance, _identification(load, board))
    return load.ok


def _measure_pairs(stim: Stimulator, sources: list[str], returns: list[str], *, json: bool) -> bool:
    """Measure and print all pairs; return True if each is the declared load."""
    from .progress import bar

    loads: dict[tuple[str, str], LoadFound] = {}
    pairs, board = list(product(sources, returns)), stim.board
    with bar("measuring") as advance:
        for count, (source, back) in enumerate(pairs, 1):
            loads[source, back] = stim.measure([source], [back])
            advance(count / len(pairs))
    ok = all(load.ok for load in loads.values())
    worst = {pair: _worst(load) for pair, load in loads.items()}
    if json:
        rows = [
            {
                "from": source,
                "to": back,
                "ok": loads[source, back].ok,
                "verdict": contact.verdict,
                "ohm": contact.ohm,
                "farad": contact.farad,
            }
            for (source, back), contact in worst.items()
        ]
        console.as_json({"pairs": rows, "ok": ok, **_about(board)})
        return ok
    columns = ("from", *(f">to {back}" for back in returns))
    cells = [(source, *(_cell(worst[source, back]) for back in returns)) for source in sources]
    declared = _ohm(board.seen_ohm) + ", " + _farad(_declared_farad(board))
    console.show(
        console.table(board.name, columns, cells),
        f"declared {declared}; tolerance ±{100 * _tolerance(board):g} %",
        _identification(loads[pairs[0]], board),
    )
    return ok


def _worst(load: LoadFound) -> ContactLoad:
    """Return the contact of a pair that is not good, else the first."""
    return next((row for row in load.contacts if row.verdict != "good"), load.contacts[0])


def _about(board: Board) -> dict[str, object]:
    """Return the declared load, for --json."""
    declared = {
        "ohm": board.seen_ohm,
        "farad": _declared_farad(board),
        "tolerance": _tolerance(board),
        "load_id": board.load_id_code,
    }
    return {"board": board.name, "declared": declared}


def _declared_farad(board: Board) -> float | None:
    return board.seen_nf / 1e9 or None


def _tolerance(board: Board) -> float:
    """Permitted relative deviation of a measured value from the declared one."""
    from stimcore import limits

    return float(board.load_tolerance_permille + limits.MEASURE_ERROR_PERMILLE) / 1000


def _identification(load: LoadFound, board: Board) -> str:
    """Return whether the identification resistor matches the load."""
    match = "matches the load" if load.identified else "[bold red]does not match the load[/]"
    return f"identification reads {load.load_id}, declared {board.load_id_code}: {match}"


def _ohm(value: float | None) -> str:
    return "open circuit" if value is None else f"{value:g} Ω"


def _farad(value: float | None) -> str:
    return "none" if value is None else f"{value * 1e6:.3g} µF"


def _verdict(contact: ContactLoad) -> str | Text:
    return contact.verdict if contact.verdict == "good" else console.alarm(contact.verdict)


def _cell(contact: ContactLoad) -> str | Text:
    if contact.verdict != "good":
        return console.alarm(contact.verdict)
    return _ohm(contact.ohm) + (f", {_farad(contact.farad)}" if contact.farad else "")
