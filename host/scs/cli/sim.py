"""sim: serve the simulated board or the emulated chip on a socket or a pty.

Role: a device that other processes open like a board. Invariant: the first line on stdout is the
address, for scripts.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import LinkLost, WrongUsage
from . import options

if TYPE_CHECKING:
    from ..sim_bridge import Server, Service, SimBoard

ANYWHERE = "127.0.0.1:0"
Listen = Annotated[
    str, typer.Option(metavar="HOST:PORT", help="Serve on TCP; port 0 picks a free one.")
]
Pty = Annotated[bool, typer.Option("--pty", help="Serve on a new pseudo-terminal.")]
Chip = Annotated[
    bool,
    typer.Option(
        "--chip",
        help="Run the real firmware on an emulated chip, on TCP; see docs/explain/chip.md.",
    ),
]
Speed = Annotated[
    float,
    typer.Option(min=0, max=1000, help="Simulated seconds per second; 0: as fast as possible."),
]
UntilEof = Annotated[
    bool, typer.Option("--until-eof", help="End when stdin does: with the process that started it.")
]
Seed = Annotated[int, typer.Option(min=0, help="Seed of random faults such as link_noise.")]


def sim(
    listen: Listen = "",
    pty: Pty = False,
    chip: Chip = False,
    fault: options.Faults = None,
    speed: Speed = 1.0,
    seed: Seed = 0,
    until_eof: UntilEof = False,
    *,
    fixture: options.Fixture,
) -> None:
    """Serve the simulated board until Ctrl-C; the first line printed is its address.

    With --chip, serve MicroPython with the flashed firmware on an emulated RP2040.

    Examples:  scs sim --listen 127.0.0.1:7000   ·   scs sim --pty --fault open_lead@5   ·
    scs sim --chip --listen 127.0.0.1:7000
    """
    from .. import sim_bridge

    name = fixture.full_name()
    server: Service
    if chip:
        if pty or fault:
            raise WrongUsage("--chip goes with --listen, not with --pty or --fault")
        if not sim_bridge.can_emulate(name):
            raise WrongUsage(
                f"--chip: {name} has no RP2040, the only chip emulated; e.g. --board pico"
            )
    elif bool(listen) == pty:
        raise WrongUsage("give either --listen HOST:PORT or --pty")
    try:
        if chip:
            server = sim_bridge.emulated(name, _place(listen or ANYWHERE), speed, seed)
        else:
            board = sim_bridge.make(name, options.simulated_faults(fault), seed)
            server = sim_bridge.pty(board, speed) if pty else _listening(board, listen, speed)
        typer.echo(server.address)
        typer.echo(f"{name}; Ctrl-C ends it", err=True)
        if until_eof:
            server.stop_at_eof()
        server.run()
    except sim_bridge.NoChip as reason:
        raise LinkLost(str(reason)) from None


def _place(listen: str) -> tuple[str, int]:
    """Split HOST:PORT into host and port number."""
    host, _, port = listen.removeprefix("socket://").rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise WrongUsage(f"--listen: {listen} is not HOST:PORT, such as 127.0.0.1:7000")
    return host.strip("[]"), int(port)


def _listening(board: SimBoard, listen: str, speed: float) -> Server:
    from .. import sim_bridge

    place = _place(listen)
    try:
        return sim_bridge.listen(board, *place, speed)
    except OSError as reason:
        why = str(reason.strerror or reason).partition(" (while")[0]  # Python adds the address
        if reason.errno == errno.EADDRINUSE:
            why += ": another program holds it"
        raise LinkLost(
            f"cannot listen on {listen}: {why}; e.g. 127.0.0.1:0, any free port"
        ) from None
