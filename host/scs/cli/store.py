"""store: list, save, recall and erase the programs in a device's flash.

Role: one command for each operation of the store. Invariant: the output is off; else the device
refuses and the message says what to do. Requirements: REQ-44, REQ-45.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import options
from .device import attached

if TYPE_CHECKING:
    from ..device.replies import Stored

app = typer.Typer(no_args_is_help=True, rich_markup_mode="rich")


def _there(slot: int) -> int:
    from ..device import replies

    replies.slot_number(slot)
    return slot


Slot = Annotated[int, typer.Argument(metavar="SLOT", help="Slot number, 1 to 8.", callback=_there)]
Kept = Annotated[
    Path | None,
    typer.Argument(metavar="PROFILE", help="Load this profile first; default: the loaded program."),
]


@app.command("list")
def list_(
    port: options.RealPort = "", json: options.Json = False, timeout: options.Patience = 5.0
) -> None:
    """List the stored programs: slot, hash, size; which are loaded or damaged.

    Example:  scs store list --port /dev/ttyACM0
    """
    from . import console

    with attached(port, timeout) as stim:
        kept, name = stim.slots(), stim.board.name
    if json:
        console.as_json([asdict(one) for one in kept])
    elif not kept:
        typer.echo("no program is stored; save one with: scs store save 1 my.yaml")
    else:
        table = console.table(f"Programs stored on {name}", ">slot", "hash", ">bytes", "")
        for one in kept:
            table.add_row(str(one.slot), one.hash, str(one.length), _note(one))
        console.console().print(table)


def _note(one: Stored) -> str:
    if not one.length:
        return "damaged: erase it, or save a program there"
    half = "half damaged: a save was cut short, or flash failed; compare the hash"
    notes = {"loaded": one.loaded, half: one.damaged}
    return "; ".join(note for note, holds in notes.items() if holds)


@app.command()
def save(
    slot: Slot,
    profile: Kept = None,
    port: options.RealPort = "",
    json: options.Json = False,
    timeout: options.Patience = 5.0,
) -> None:
    """Save a profile, or the loaded program, in a slot.

    Amplitudes changed since loading are not saved. After a power cut the slot holds either the old
    or the new program.

    Example:  scs store save 3 my.yaml --port /dev/ttyACM0
    """
    from ..profile.profile import Profile

    read = Profile.read(profile) if profile else None
    with attached(port, timeout) as stim:
        if read is not None:
            stim.load(read)
        digest = stim.save(slot)
    if json:
        from . import console

        console.as_json({"slot": slot, "hash": digest})
        return
    typer.echo(f"slot {slot} holds {read.name if read else 'the loaded program'}, hash {digest}")


@app.command()
def recall(
    slot: Slot,
    port: options.RealPort = "",
    json: options.Json = False,
    timeout: options.Patience = 5.0,
) -> None:
    """Load the program of a slot; the device validates it again and returns its safety figures.

    Example:  scs store recall 3 --port /dev/ttyACM0
    """
    from . import console

    with attached(port, timeout) as stim:
        found = stim.recall(slot)
    if json:
        figures = [one.as_dict() for one in found.figures]
        console.as_json({"slot": slot, "hash": found.hash, "figures": figures})
        return
    console.console().print(
        console.figures(f"Slot {slot} is loaded, hash {found.hash}", found.figures)
    )


@app.command()
def erase(
    slot: Slot,
    port: options.RealPort = "",
    json: options.Json = False,
    timeout: options.Patience = 5.0,
) -> None:
    """Erase a slot; the loaded program stays loaded.

    Example:  scs store erase 3 --port /dev/ttyACM0
    """
    with attached(port, timeout) as stim:
        stim.erase(slot)
    if json:
        from . import console

        console.as_json({"slot": slot, "erased": True})
        return
    typer.echo(f"slot {slot} is empty")
