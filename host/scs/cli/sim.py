"""sim: the simulated board as a device of its own, on a socket or a pty.

Role: what other processes open as they would a board. Invariant: the first line on stdout is
the address, so that a script can read it. Next: ../bench.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ..failures import LinkLost, WrongUsage
from . import options

if TYPE_CHECKING:
    from ..bench import Server, SimBoard


Listen = Annotated[
    str, typer.Option(metavar="HOST:PORT", help="Serve on TCP; port 0 picks a free one.")
]
Pty = Annotated[bool, typer.Option("--pty", help="Serve on a new pseudo-terminal.")]
Speed = Annotated[
    float, typer.Option(min=0, max=1000, help="Simulated seconds a second; 0 unpaced.")
]
Seed = Annotated[int, typer.Option(min=0, help="Of whatever is random, such as link_noise.")]


def sim(
    listen: Listen = "",
    pty: Pty = False,
    fault: options.Faults = None,
    speed: Speed = 1.0,
    seed: Seed = 0,
    board: options.BoardRow = "",
    stage: options.StageRow = "",
    load: options.LoadRow = "",
) -> None:
    """Serve the simulated board until Ctrl-C; its address is the first line it prints.

    Examples:  scs sim --listen 127.0.0.1:7000   ·   scs sim --pty --fault open_lead@5
    """
    from .. import bench

    if bool(listen) == pty:
        raise WrongUsage("give one of --listen HOST:PORT and --pty")
    name = options.board_name(board, stage, load)
    made = bench.make(name, options.simulated_faults(fault), seed)
    server = _server(made, listen, speed)
    typer.echo(server.address)
    typer.echo(f"{name}; Ctrl-C ends it", err=True)
    server.run()


def _server(made: SimBoard, listen: str, speed: float) -> Server:
    from .. import bench

    if not listen:
        return bench.pty(made, speed)
    host, _, port = listen.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise WrongUsage(f"--listen: {listen} is not HOST:PORT, such as 127.0.0.1:7000")
    try:
        return bench.listen(made, host.strip("[]"), int(port), speed)
    except OSError as reason:
        raise LinkLost(f"cannot listen on {listen}: {reason.strerror or reason}") from None
