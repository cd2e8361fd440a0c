"""store: list, save, recall and erase the programs in a device's flash.

Role: one command for each operation of the store. Invariant: the output is off; else the device
refuses and the message says what to do. Requirements: REQ-44, REQ-45.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import console, options

if TYPE_CHECKING:
    from ..device.replies import Stored

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode="rich", help="Manage the programs stored on a device."
)


def _checked(slot: int) -> int:
    from ..device import replies

    replies.slot_number(slot)
    return slot


Slot = Annotated[
    int, typer.Argument(metavar="SLOT", help="Slot number, 1 to 8.", callback=_checked)
]
Source = Annotated[
    Path | None,
    typer.Argument(metavar="PROFILE", help="Load this profile first; default: the loaded program."),
]


@app.command("list")
@options.spread
def list_(*, device: options.Running, json: options.Json = False) -> None:
    """List the stored programs: slot, hash, size, and whether loaded or damaged.

    Example:  scs store list --port /dev/ttyACM0
    """
    with device.attached() as stim:
        stored, name = stim.slots(), stim.board.name
    if json:
        console.as_json([asdict(program) for program in stored])
    elif not stored:
        typer.echo("no program is stored; save one with: scs store save 1 my.yaml")
    else:
        rows = [(str(row.slot), row.hash, str(row.length), _note(row)) for row in stored]
        columns = (">slot", "hash", ">bytes", "")
        console.show(console.table(f"Programs stored on {name}", columns, rows))


def _note(program: Stored) -> str:
    if not program.length:
        return "damaged: erase it, or save a program there"
    half = "half damaged: a save was cut short, or flash failed; compare the hash"
    notes = {"loaded": program.loaded, half: program.damaged}
    return "; ".join(note for note, holds in notes.items() if holds)


@app.command()
@options.spread
def save(
    slot: Slot,
    profile: Source = None,
    *,
    device: options.Running,
    json: options.Json = False,
) -> None:
    """Save a profile, or the loaded program, in a slot.

    Amplitudes changed since loading are not saved. After a power cut the slot holds either the old
    or the new program.

    Example:  scs store save 3 my.yaml --port /dev/ttyACM0
    """
    from ..profile.profile import Profile

    source = Profile.read(profile) if profile else None
    with device.attached() as stim:
        if source is not None:
            stim.load(source)
        digest = stim.save(slot)
    name = source.name if source else "the loaded program"
    console.result(
        {"slot": slot, "hash": digest}, f"slot {slot} holds {name}, hash {digest}", json=json
    )


@app.command()
@options.spread
def recall(slot: Slot, *, device: options.Running, json: options.Json = False) -> None:
    """Load the program of a slot; the device validates it again and returns its safety figures.

    Example:  scs store recall 3 --port /dev/ttyACM0
    """
    with device.attached() as stim:
        recalled = stim.recall(slot)
    if json:
        figures = [figure.as_dict() for figure in recalled.figures]
        console.as_json({"slot": slot, "hash": recalled.hash, "figures": figures})
    else:
        title = f"Slot {slot} is loaded, hash {recalled.hash}"
        console.show(console.figures(title, recalled.figures))


@app.command()
@options.spread
def erase(slot: Slot, *, device: options.Running, json: options.Json = False) -> None:
    """Erase a slot; the loaded program stays loaded.

    Example:  scs store erase 3 --port /dev/ttyACM0
    """
    with device.attached() as stim:
        stim.erase(slot)
    console.result({"slot": slot, "erased": True}, f"slot {slot} is empty", json=json)
