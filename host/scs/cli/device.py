"""status, amplitude, stop, halt, faults: query or command a device that is already running.

Role: one request from a process other than the one that started the run. A serial port can be
opened by one process at a time, so these reach a device on a socket or one left running with
`scs run --detach`. Invariant: halt needs no session and works in every state.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import WrongUsage
from . import options

if TYPE_CHECKING:
    from ..device.replies import Status
    from ..device.stimulator import Stimulator

NEEDS_PORT = (
    "--port is needed (or SCS_PORT): a serial port or socket://HOST:PORT; the port sim is a new "
    "board in each process: serve one with `scs sim --listen 127.0.0.1:7000`"
)


def attached(port: str, timeout_s: float) -> Stimulator:
    """Return a connection that leaves the device's state unchanged."""
    from ..device.stimulator import Stimulator

    return Stimulator(_real(port), patience_s=timeout_s, halt_on_exit=False)


def _real(port: str) -> str:
    from ..device.link import is_sim

    if not port or is_sim(port):
        raise WrongUsage(NEEDS_PORT)
    return port


def status(
    port: options.RealPort = "", json: options.Json = False, timeout: options.Patience = 5.0
) -> None:
    """Show a device's state, amplitudes, measurements and fault.

    Only one process can open a serial port at a time, so this is for a device left running with
    `scs run --detach` or served on a socket.

    Example:  scs status --port socket://127.0.0.1:7000
    """
    from ..device.calibration import read

    with attached(port, timeout) as stim:
        found, book = stim.status(), stim.ledger()
        calibration = read(stim.link)
        fault = stim.told(found.fault) if found.fault else None
        name, unique_id = stim.board.name, stim.unique_id
    from . import console

    if json:
        about = {
            "fault": fault,
            "board": name,
            "unique_id": unique_id,
            "calibration": asdict(calibration),
        }
        console.as_json({**asdict(found), **about, "delivered": book.delivered()})
        return
    table = console.table(name, "what", "now")
    rows = [("unique id", unique_id), ("calibration", calibration.kept), *_rows(found, fault)]
    for what, now in rows:
        table.add_row(what, now)
    console.console().print(table, "", console.ledger(book), sep="\n")


def _rows(found: Status, fault: str | None) -> list[tuple[str, str]]:
    from rich.markup import escape

    levels = [f"{one.level_ma:g} mA, target {one.target_ma:g} mA" for one in found.levels]
    lease = "none" if found.lease_left_s is None else f"{found.lease_left_s:.1f} s left"
    current = f"{found.current_min_ma:g} to {found.current_max_ma:g} mA"
    voltage = f"{found.voltage_min_v:g} to {found.voltage_max_v:g} V"
    return [
        ("state", found.state),
        ("fault", escape(fault or "none")),
        ("program", found.hash or "none"),
        *[(f"program {number + 1}", text) for number, text in enumerate(levels)],
        ("measured", f"{current}, {voltage}"),
        ("lease", lease),
        ("damaged frames", str(found.link_errors)),
        ("uptime", f"{found.device_s:.1f} s"),
    ]


ProgramName = Annotated[
    str,
    typer.Argument(metavar="PROGRAM", help="Program number from 1, or its name with --profile."),
]
Quantity = Annotated[str, typer.Argument(metavar="AMPLITUDE", help='Amplitude, e.g. "2.5 mA".')]
Names = Annotated[Path | None, typer.Option(help="The running profile, for its program names.")]


def amplitude(
    program: ProgramName,
    quantity: Quantity,
    port: options.RealPort = "",
    profile: Names = None,
    json: options.Json = False,
    timeout: options.Patience = 5.0,
) -> None:
    """Set the amplitude of one program, even while it runs.

    The device ramps to it in permitted steps; above the profile's limit it is refused.

    Example:  scs amplitude 1 "2.5 mA" --port socket://127.0.0.1:7000
    """
    from ..profile.profile import Profile

    read = Profile.read(profile) if profile else None
    with attached(port, timeout) as stim:
        stim.profile = read
        change = stim.amplitude(program, quantity)
    if json:
        from . import console

        console.as_json(asdict(change))
        return
    asked, got = change.requested_ma, change.actual_ma
    typer.echo(f"requested {asked:g} mA, actual {got:g} mA, reached in about {change.ramp_s:g} s")


def stop(
    port: options.RealPort = "", json: options.Json = False, timeout: options.Patience = 5.0
) -> None:
    """Ramp down, stop at the end of a period, and report the delivered output.

    Example:  scs stop --port socket://127.0.0.1:7000
    """
    with attached(port, timeout) as stim:
        stim.stop()
        book = stim.ledger()
    from . import console

    if json:
        console.as_json({"delivered": book.delivered(), "stopped": book.stopped})
        return
    console.console().print(console.ledger(book))


def halt(port: options.RealPort = "", timeout: options.Patience = 5.0) -> None:
    """Turn the output off at once, in every state and with any firmware version.

    Example:  scs halt --port /dev/ttyACM0
    """
    from stimcore import commands

    from ..device.link import Link

    with Link(_real(port), patience_s=timeout) as link:
        link.request(commands.HALT)
    typer.echo("halted: the output is off")


Clear = Annotated[
    bool, typer.Option("--clear", help="Clear the fault; the profile must be loaded again.")
]
Simulated = Annotated[
    bool, typer.Option("--simulated", help="List the faults that --fault can inject.")
]


def faults(
    port: options.RealPort = "",
    clear: Clear = False,
    simulated: Simulated = False,
    json: options.Json = False,
    timeout: options.Patience = 5.0,
) -> None:
    """Show the latched fault and how to recover from it.

    Examples:  scs faults --port /dev/ttyACM0 --clear   ·   scs faults --simulated
    """
    from . import console

    if simulated:
        _simulated(json=json)
        return
    with attached(port, timeout) as stim:
        row = stim.status().fault
        told = stim.told(row) if row else None
        if clear and row:
            stim.clear_fault()
    if json:
        console.as_json({"fault": told, "row": list(row) if row else None, "cleared": clear})
    elif told is None:
        typer.echo("no fault is latched")
    else:
        typer.echo(f"{'cleared' if clear else 'latched'}: {told}")


def _simulated(*, json: bool) -> None:
    from .. import sim_bridge
    from . import console

    known: dict[str, Any] = sim_bridge.faults()
    if json:
        console.as_json(known)
        return
    table = console.table("Faults of the simulated board", "name", "what happens")
    for name, what in known.items():
        table.add_row(name, what)
    console.console().print(table)
