"""shift: move programs along the lead by contacts, in the profile's file or on a device.

Role: the command. Invariant: nothing is written that the safety kernel refuses, and a device is
touched only if --port names it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from ..errors import WrongUsage
from . import options, run_loop

if TYPE_CHECKING:
    from ..device.stimulator import Stimulator
    from ..profile.profile import Profile
    from .shift_live import Route

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
Target = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="Output file; default PROFILE itself."),
]
Force = Annotated[bool, typer.Option("--force", help="Overwrite an existing output file.")]
Device = Annotated[
    str,
    typer.Option(
        help="Also shift on this device: sim, a serial port, or socket://HOST:PORT. "
        "Without --port only the file is changed; SCS_PORT is ignored."
    ),
]
ForTime = Annotated[
    str,
    typer.Option("--for", metavar="TIME", help="With --port: time at each position; then stop."),
]


def shift(
    profile: options.ProfileFile,
    by: By,
    program: Wanted = "",
    output: Target = None,
    force: Force = False,
    port: Device = "",
    for_: ForTime = "",
    fault: options.Faults = None,
    json: options.Json = False,
    board: options.BoardRow = "",
    stage: options.StageRow = "",
    load: options.LoadRow = "",
    timeout: options.Patience = options.PATIENCE_S,
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
    if output is not None and output.exists() and not force:
        raise WrongUsage(f"{output} already exists; name another file or use --force")
    if not port and (for_ or fault or len(by) > 1):
        raise WrongUsage("several --by, --for and --fault need a device: name its --port")
    if len(by) > 1 and not for_:
        raise WrongUsage("several --by need --for, the time at each position, e.g. --for 10s")
    for_s = options.seconds(for_, "--for") if for_ else None
    target = output or profile
    if port:
        stim = _device(port, options.wanted_board(board, stage, load), fault, timeout)
        raise typer.Exit(_live(stim, _Wish(profile, by, program, target), for_s, json=json))
    row = options.board_name(board, stage, load)
    _in_file(_Wish(profile, by, program, target), row, json=json)


class _Wish(NamedTuple):
    """The request; the file has not been read yet."""

    profile: Path
    by: list[int]
    program: str
    target: Path

    def route(self, *, stays: bool = False) -> Route:
        """Return the positions; `stays`: leave a stand_alone profile running at the last."""
        from ..profile.profile import Profile
        from ..profile.shift_contacts import chosen, moved
        from .shift_live import Route

        before = Profile.read(self.profile)
        places: list[Profile] = []
        for by in self.by:
            old = places[-1] if places else before
            places.append(moved(old, by, chosen(old, self.program)))
        alone = stays and before.stands_alone
        return Route(before, tuple(places), tuple(self.by), self.target, alone)


def _device(port: str, board: str | None, fault: list[str] | None, patience_s: float) -> Stimulator:
    """Return a connection that leaves the device's state unchanged until a shift is made."""
    from ..device.stimulator import Stimulator

    faults = options.simulated_faults(fault)
    return Stimulator(port, board, faults=faults, patience_s=patience_s, halt_on_exit=False)


def _live(stim: Stimulator, wish: _Wish, for_s: float | None, *, json: bool) -> int:
    from ..device.link import is_sim
    from . import shift_live
    from .run_monitor import Watch

    stays = for_s is None and not is_sim(stim.port)
    watch = Watch(json=json, for_s=for_s)
    return run_loop.reported(watch, lambda: shift_live.live(stim, wish.route(stays=stays), watch))


def _in_file(wish: _Wish, board: str, *, json: bool) -> None:
    from ..catalog import boards
    from ..profile import edit
    from . import console, shift_live

    route = wish.route()
    shift_live.judged(route, boards.board(board))
    edit.save(route.places[-1], route.target, route.before)
    changes = shift_live.changes(route.before, route.places[-1])
    if json:
        console.as_json({"by": wish.by[0], "changes": changes, "file": str(route.target)})
        return
    for line in changes:
        typer.echo(line)
    typer.echo(f"{route.target}: shifted by {wish.by[0]}; check it with `scs check {route.target}`")
