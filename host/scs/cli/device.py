"""status, amplitude, stop, halt, faults: query or command a device that is already running.

Role: one request from a process other than the one that started the run. A serial port can be
opened by one process at a time, so these reach a device on a socket or one left running with
`scs run --detach`. Invariant: halt needs no session and works in every state.
"""

from __future__ import annotations

import contextlib
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import Failure, WrongUsage
from . import console, options

if TYPE_CHECKING:
    from ..profile.profile import Profile


PAIRED = ("no", "yes", "its key is damaged")  # by what HELLO says


def status(*, device: options.Running, json: options.Json = False) -> None:
    """Show a device's state, amplitudes, measurements and fault.

    Only one process can open a serial port at a time, so this is for a device left running with
    `scs run --detach` or served on a socket.

    Example:  scs status --port socket://127.0.0.1:7000
    """
    from ..device import calibration

    with device.attached() as stim:
        now, book = stim.status(), stim.ledger()
        calibrated = calibration.read(stim.link)
        fault = stim.told(now.fault) if now.fault else None
        name, unique_id = stim.board.name, stim.unique_id
        paired = PAIRED[stim.link.paired]
    if json:
        about: dict[str, Any] = {"fault": fault, "board": name, "unique_id": unique_id}
        about |= {"paired": paired, "delivered": book.delivered()}
        about |= {"calibration": asdict(calibrated)}
        console.as_json(asdict(now) | about)
        return
    levels = [f"{level.level_ma:g} mA, target {level.target_ma:g} mA" for level in now.levels]
    current = f"{now.current_min_ma:g} to {now.current_max_ma:g} mA"
    voltage = f"{now.voltage_min_v:g} to {now.voltage_max_v:g} V"
    rows = [
        ("unique id", unique_id),
        ("paired", paired),
        ("calibration", calibrated.kept),
        ("state", now.state),
        ("fault", fault or "none"),
        ("program", now.hash or "none"),
        *[(f"program {number}", text) for number, text in enumerate(levels, 1)],
        ("measured", f"{current}, {voltage}"),
        ("lease", "none" if now.lease_left_s is None else f"{now.lease_left_s:.1f} s left"),
        ("damaged frames", str(now.link_errors)),
        ("uptime", f"{now.device_s:.1f} s"),
    ]
    console.show(console.table(name, ("quantity", "value"), rows), "", *console.ledger(book))


ProgramName = Annotated[
    str,
    typer.Argument(metavar="PROGRAM", help="Program number from 1, or its name in the profile."),
]
Quantity = Annotated[list[str], typer.Argument(metavar="AMPLITUDE", help="Amplitude, e.g. 2.5 mA.")]
Names = Annotated[
    Path | None,
    typer.Option(
        help="The running profile, for its program names; default: the one of the .yaml files "
        "here, or of the shipped ones, that the device runs."
    ),
]


def amplitude(
    program: ProgramName,
    quantity: Quantity,
    profile: Names = None,
    *,
    device: options.Running,
    json: options.Json = False,
) -> None:
    """Set the amplitude of one program, even while it runs.

    The device ramps to it in permitted steps; above the profile's limit it is refused.

    Examples:  scs amplitude 1 2.5 mA --port socket://127.0.0.1:7000
               scs amplitude "low back" 2.5 mA --profile my.yaml --port /dev/ttyACM0
    """
    from ..profile.profile import Profile

    given = Profile.read(profile) if profile else None
    with device.attached() as stim:
        if given is not None or not program.isdecimal():
            stim.profile = _running(stim.status().hash, given)
        change = stim.amplitude(program, " ".join(quantity))
    asked, got = change.requested_ma, change.actual_ma
    text = f"requested {asked:g} mA, actual {got:g} mA, reached in about {change.ramp_s:g} s"
    console.result(asdict(change), text, json=json)


def _running(loaded: str, given: Profile | None) -> Profile:
    """Return the profile of the loaded program, by its hash; raise Failure if there is none."""
    from stimcore import program

    from .. import resources
    from ..device.replies import hash_text
    from ..profile.profile import Profile, ProfileError

    def is_it(profile: Profile) -> bool:
        return loaded == hash_text(program.digest(profile.to_blob()))

    if given is not None:
        if not is_it(given):
            raise Failure(f"the device runs another program than that of {given.file}: {loaded}")
        return given
    names: dict[tuple[str, ...], Profile] = {}
    for file in (
        *sorted(Path().glob("*.yaml")),
        *sorted(resources.path("profiles").glob("*.yaml")),
    ):
        with contextlib.suppress(ProfileError):
            profile = Profile.read(file)
            if is_it(profile):
                names.setdefault(profile.program_names, profile)
    if len(names) != 1:
        count = "several profiles are" if names else "no profile is"
        raise WrongUsage(
            f"{count} here with the program that the device runs ({loaded or 'none'}); name its "
            "file, e.g. --profile my.yaml, or the program by its number, e.g. scs amplitude 1 2 mA"
        )
    return next(iter(names.values()))


def stop(*, device: options.Running, json: options.Json = False) -> None:
    """Ramp down, stop at the end of a period, and report the delivered output.

    Example:  scs stop --port socket://127.0.0.1:7000
    """
    with device.attached() as stim:
        stim.stop()
        book = stim.ledger()
    if json:
        console.as_json({"delivered": book.delivered(), "stopped": book.stopped})
    else:
        console.show(*console.ledger(book))


def halt(*, device: options.Running) -> None:
    """Turn the output off at once, in every state and with any firmware version.

    Example:  scs halt --port /dev/ttyACM0
    """
    from stimcore import commands

    from ..device.link import Link

    with Link(device.real_port(), patience_s=device.timeout) as link:
        link.request(commands.HALT)
    typer.echo("halted: the output is off")


Clear = Annotated[
    bool, typer.Option("--clear", help="Clear the fault; the profile must be loaded again.")
]
Simulated = Annotated[
    bool, typer.Option("--simulated", help="List the faults that --fault can inject.")
]


def faults(
    clear: Clear = False,
    simulated: Simulated = False,
    *,
    device: options.Running,
    json: options.Json = False,
) -> None:
    """Show the latched fault and how to recover from it.

    Examples:  scs faults --port /dev/ttyACM0 --clear   ·   scs faults --simulated
    """
    if simulated:
        from .. import sim_bridge

        known = sim_bridge.faults()
        if json:
            console.as_json(known)
        else:
            title = "Faults of the simulated board"
            console.show(console.table(title, ("name", "effect"), known.items()))
        return
    with device.attached() as stim:
        row = stim.status().fault
        message = stim.told(row) if row else None
        if clear and row:
            stim.clear_fault()
    text = "no fault is latched"
    if message is not None:
        text = f"{'cleared' if clear else 'latched'}: {message}"
    about = {"fault": message, "row": list(row) if row else None, "cleared": clear}
    console.result(about, text, json=json)
