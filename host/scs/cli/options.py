"""Options shared by several commands, and their parsers.

Role: typed options; duration, rate and board texts -> values. Invariant: an invalid text raises
WrongUsage with an example.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import WrongUsage

ProfileFile = Annotated[Path, typer.Argument(metavar="PROFILE", help="Profile, a .yaml file.")]
Port = Annotated[
    str,
    typer.Option(
        envvar="SCS_PORT",
        help="sim, a serial port (/dev/ttyACM0, COM3), or socket://HOST:PORT.",
    ),
]
RealPort = Annotated[
    str,
    typer.Option(
        envvar="SCS_PORT",
        help="A serial port (/dev/ttyACM0, COM3) or socket://HOST:PORT.",
    ),
]
BoardRow = Annotated[
    str, typer.Option("--board", help="Board, or BOARD/STAGE/LOAD; see `scs boards`.")
]
StageRow = Annotated[str, typer.Option("--stage", help="Output stage.")]
LoadRow = Annotated[str, typer.Option("--load", help="Dummy load.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout, for scripts.")]
Patience = Annotated[
    float,
    typer.Option(
        "--timeout",
        metavar="SECONDS",
        min=0.1,
        max=600,
        help="Time to wait for a reply of the device.",
    ),
]
ForTime = Annotated[
    str,
    typer.Option(
        "--for", metavar="TIME", help="Stop after this time; default: the profile's session."
    ),
]
Faults = Annotated[
    list[str] | None,
    typer.Option(
        help="Inject a fault on the simulated board, NAME@SECONDS, e.g. open_lead@2; repeatable. "
        "See `scs faults --simulated`."
    ),
]
PATIENCE_S = 5.0  # link.PATIENCE_S, which is not imported for `--help`


def board_name(board: str, stage: str, load: str) -> str:
    """Return BOARD/STAGE/LOAD with defaults filled in; --board also takes a full name."""
    from ..catalog import boards
    from ..catalog.board_file import BoardError

    try:
        if "/" in board:
            return boards.full_name(board, stage=stage, load=load)
        return boards.full_name(board=board, stage=stage, load=load)
    except BoardError as reason:
        raise WrongUsage("; ".join(row.message for row in reason.rows)) from None


def wanted_board(board: str, stage: str, load: str) -> str | None:
    """Return the full name of the requested board, or None if no option was given."""
    return board_name(board, stage, load) if board or stage or load else None


def seconds(text: str, option: str) -> float:
    """Parse a duration such as "10s" or "1 min"; return seconds."""
    from ..documents import units

    short = text.strip().endswith(("us", "µs", "μs"))
    try:
        found = units.exact(text, "us" if short else "ms", "10s")
    except units.UnitError as reason:
        raise WrongUsage(f"{option}: {reason}") from None
    if found <= 0:
        raise WrongUsage(f"{option}: {text} is not a duration above 0; try 10s")
    return float(found / (1_000_000 if short else 1000))


def hertz(text: str, option: str) -> float:
    """Parse a rate such as "10 kHz", or a number of hertz; return hertz."""
    from ..documents import units

    plain = text.strip().replace(".", "", 1).isdecimal()
    try:
        found = units.exact(f"{text} Hz" if plain else text, "mHz", "10 kHz")
    except units.UnitError as reason:
        raise WrongUsage(f"{option}: {reason}") from None
    if found <= 0:
        raise WrongUsage(f"{option}: {text} is not a rate above 0; try 10 kHz")
    return float(found / 1000)


def share(text: str, option: str) -> float:
    """Parse a share such as "1%" or "0.01", above 0 and at most 1."""
    number, percent, rest = text.partition("%")
    try:
        found = float(number) / (100 if percent else 1)
    except ValueError:
        found = -1.0
    if rest.strip() or not 0 < found <= 1:
        raise WrongUsage(f"{option}: {text} is not a share above 0 and up to 100%; try 1%")
    return found


def simulated_faults(texts: list[str] | None) -> str:
    """Join faults such as open_lead@2 for sim://; raise WrongUsage for unknown ones."""
    if not texts:
        return ""
    from .. import sim_bridge

    joined = ",".join(texts)
    try:
        sim_bridge.make(fault=joined)
    except ValueError as reason:
        raise WrongUsage(f"--fault: {reason}") from None
    return joined
