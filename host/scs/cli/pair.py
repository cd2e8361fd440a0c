"""pair: let a board obey nobody but the holders of its key.

Role: one command; the key is made here, kept by scs.device.keys and told to nobody.
Invariant: the key is kept on this computer before the board has it, so that a link that breaks in
between locks nobody out. Requirements: REQ-70.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import DeviceRefused, Failure, WrongUsage
from . import console, options

if TYPE_CHECKING:
    from ..device.stimulator import Stimulator

Export = Annotated[
    Path | None,
    typer.Option(
        "--export-operator", metavar="FILE", help="Write the operators' key to a new file."
    ),
]
Import = Annotated[
    Path | None,
    typer.Option("--import", metavar="FILE", help="Keep the key in a file on this computer."),
]
Remove = Annotated[
    bool, typer.Option("--remove", help="Erase the key on the board and on this computer.")
]


@options.spread
def pair(
    *,
    export_operator: Export = None,
    import_: Import = None,
    remove: Remove = False,
    device: options.Running,
    json: options.Json = False,
) -> None:
    """Pair a board with this computer: from then on it obeys signed commands alone.

    Reading, STOP and HALT need no key. The key is kept in the system's keyring, if keyring is
    installed (pip install scs-bench[keyring]), or in a file that only its user may read. A lost key
    is erased at the board alone: press BOOTSEL within 5 s of power-on and hold it for 3 s.

    Examples:  scs pair --port /dev/ttyACM0
               scs pair --port /dev/ttyACM0 --export-operator operator.key
    """
    from ..device import keys

    if (export_operator is not None) + (import_ is not None) + remove > 1:
        raise WrongUsage("choose one of --export-operator, --import and --remove")
    if import_ is not None:
        key = keys.imported(import_)
        before = keys.read(key.unique_id)
        if before is not None and len(before.roles) > len(key.roles):
            raise Failure(
                f"the own key of board {key.unique_id} is kept here, which permits more than that "
                f"in {import_}"
            )
        where = keys.keep(key)
        about: dict[str, Any] = {"unique_id": key.unique_id, "roles": key.roles, "kept": where}
        text = f"the key of board {key.unique_id} is kept in {where}: {', '.join(key.roles)}"
        console.result(about, text, json=json)
        return
    with device.attached() as stim:
        if export_operator is not None:
            about, text = _exported(stim, export_operator)
        else:
            about, text = _removed(stim) if remove else _paired(stim)
    console.result({"unique_id": stim.unique_id} | about, text, json=json)


def _paired(stim: Stimulator) -> tuple[dict[str, Any], str]:
    """Give a board a new key, and see that it obeys it."""
    from stimcore import access, commands

    from ..device import keys, signing

    link, board = stim.link, stim.unique_id
    if link.paired != access.NONE:
        raise Failure(f"board {board} is paired already; its holder unpairs it: scs pair --remove")
    if keys.read(board) is not None:
        raise Failure(
            f"a key of board {board} is kept here, and the board has none: its key was erased at "
            "the board, see `scs log`; forget the key with scs pair --remove, then pair again"
        )
    key = keys.new(board)
    where = keys.keep(key)
    try:
        link.request(commands.PAIR, key.secret)
    except DeviceRefused:
        keys.remove(board)
        raise
    link.signer = signing.signer_of(board, access.PAIRED, "")
    link.prove()
    text = f"board {board} is paired; its key is kept in {where}"
    return {"paired": True, "kept": where}, text


def _removed(stim: Stimulator) -> tuple[dict[str, Any], str]:
    """Erase a board's key, on the board first."""
    from stimcore import access, commands

    from ..device import keys

    if stim.link.paired != access.NONE:
        stim.link.request(commands.PAIR, b"")
    keys.remove(stim.unique_id)
    text = f"board {stim.unique_id} is not paired; no key of it is kept here"
    return {"paired": False, "kept": None}, text


def _exported(stim: Stimulator, file: Path) -> tuple[dict[str, Any], str]:
    """Write the operators' key of a board to a file."""
    from ..device import keys

    key = keys.read(stim.unique_id)
    if key is None:
        raise Failure(f"no key of board {stim.unique_id} is kept here")
    keys.exported(key.for_operators(), file)
    text = (
        f"{file}: the operators' key of board {stim.unique_id}; take it in there with scs pair "
        f"--import {file.name}, then delete it"
    )
    return {"exported": str(file)}, text
