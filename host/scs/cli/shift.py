"""shift: move programs along the lead by contacts, in the profile's file or on a device.

Role: the command. Invariant: nothing is written that the safety kernel refuses, and a device is
touched only if --port names it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Annotated

import typer

from ..errors import WrongUsage
from . import console, options, run_loop

By = Annotated[
    list[int],
    typer.Option(
        "--by",
        metavar="N",
        help="Contacts to shift by, away from the tip if positive; repeatable with --for.",
    ),
]
Wanted = Annotated[
    str, typer.Option("--program", metavar="NAME", help="Program name or number; default all.")
]
ForTime = Annotated[
    str,
    typer.Option("--for", metavar="TIME", help="With --port: time at each position; then stop."),
]


@dataclass(frozen=True)
class ShiftDevice(options.FaultyDevice):
    """Options of a device that is left alone unless it is named."""

    port: Annotated[
        str,
        typer.Option(
            help="Also shift on this device: sim, a serial port, or socket://HOST:PORT. "
            "Without --port only the file is changed; SCS_PORT is ignored."
        ),
    ] = ""


def shift(
    profile: options.ProfileFile,
    by: By,
    program: Wanted = "",
    output: options.ProfileOutput = None,
    force: options.Force = False,
    for_: ForTime = "",
    *,
    device: ShiftDevice,
    json: options.Json = False,
) -> None:
    """Shift programs along the lead by N contacts; every other line of the file stays.

    Drops thresholds measured at the old contacts; an amplitude given as a share of perception
    becomes the equivalent current. Changes nothing if a contact would fall off the lead or the
    device would refuse the result.

    With --port the running program is checked at the new contacts, ramped down and restarted there
    from zero; the file is written once the device has accepted the shift. A stand_alone profile is
    left running; any other is kept alive as with `scs run`.

    Examples:  scs shift my.yaml --by 1   ·   scs shift my.yaml --by -2 --program leg -o new.yaml
               scs shift my.yaml --by 1 --port /dev/ttyACM0
               scs shift my.yaml --by 1 --by 1 --by -2 --for 10s --port /dev/ttyACM0
    """
    options.check_output(output, force=force)
    if not device.port and (for_ or device.fault or len(by) > 1):
        raise WrongUsage("several --by, --for and --fault need a device: name its --port")
    if len(by) > 1 and not for_:
        raise WrongUsage("several --by need --for, the time at each position, e.g. --for 10s")
    for_s = options.seconds(for_, "--for") if for_ else None
    from . import shift_live

    planned = partial(shift_live.planned, profile, by, program, output or profile)
    if device.port:
        from ..device.link import is_sim
        from .run_report import RunState

        stim = device.stimulator(halt_on_exit=False)
        stays = for_s is None and not is_sim(stim.port)
        state = RunState(json=json, for_s=for_s)
        code = run_loop.reported(state, lambda: shift_live.live(stim, planned(stays=stays), state))
        raise typer.Exit(code)
    from ..catalog import boards
    from ..profile import edit

    board = boards.board(device.full_name())
    route = planned()
    shift_live.judged(route, board)
    edit.save(route.places[-1], route.target, route.before)
    changes = shift_live.changes(route.before, route.places[-1])
    about = {"by": by[0], "changes": changes, "file": str(route.target)}
    advice = f"{route.target}: shifted by {by[0]}; check it with `scs check {route.target}`"
    console.result(about, "\n".join([*changes, advice]), json=json)
