"""run: a profile on a device, watched, stopped, and accounted for.

Role: load, measure the dummy load, arm, start, poll, stop, and the ledger whatever happened.
Invariant: Ctrl-C halts first and reports then; a link that is lost reports what was last known;
the caller's own polling is what renews the lease. Requirements: REQ-61. Next: watch.py.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..failures import Failure, LinkLost, WrongUsage
from . import options
from .interrupts import Interrupts

if TYPE_CHECKING:
    from ..profile import Profile
    from ..runfiles import Recorder
    from ..stimulator import Stimulator
    from .watch import Watch


ForTime = Annotated[
    str, typer.Option("--for", metavar="TIME", help="Stop after this; else the profile's session.")
]
Detach = Annotated[
    bool, typer.Option("--detach", help="Start a stand_alone profile and leave it running.")
]
Record = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR", help="Keep all of it in a new folder; `scs report DIR` shows it again."
    ),
]


def run(
    profile: options.ProfileFile,
    port: options.Port = "sim",
    for_: ForTime = "",
    fault: options.Faults = None,
    detach: Detach = False,
    record: Record = None,
    json: options.Json = False,
    board: options.BoardRow = "",
    stage: options.StageRow = "",
    load: options.LoadRow = "",
    timeout: options.Patience = options.PATIENCE_S,
) -> None:
    """Run a profile on a device, or on the simulated board, and say what was delivered.

    Ctrl-C halts at once, then reports (exit 130). A latched fault ends with exit 1, a lost link
    with exit 3; the device stops by itself when its lease runs out.

    Examples:  scs run my.yaml --for 10s   ·   scs run my.yaml --port /dev/ttyACM0 --record monday
    """
    from ..stimulator import Stimulator
    from .watch import Watch

    if detach and record:
        raise WrongUsage("--record needs a run that is watched to its end: leave out --detach")
    for_s = options.seconds(for_, "--for") if for_ else None
    faults = options.simulated_faults(fault)
    stim = Stimulator(
        port,
        options.wanted_board(board, stage, load),
        faults=faults,
        patience_s=timeout,
        halt_on_exit=not detach,
    )
    with _recorder(record, faults) as recorder:
        watch = Watch(json=json, for_s=for_s, recorder=recorder)
        code = _watched(stim, profile, watch, detach=detach)
    raise typer.Exit(code)


@contextmanager
def _recorder(folder: Path | None, faults: str) -> Iterator[Recorder | None]:
    """What keeps the run, where that was asked for; what was not finished is dropped."""
    if folder is None:
        yield None
        return
    from ..runfiles import Recorder

    recorder = Recorder(folder, injected=faults)
    try:
        yield recorder
    finally:
        recorder.drop()


def _watched(stim: Stimulator, file: Path, watch: Watch, *, detach: bool) -> int:
    """The exit code of a run that was reported."""
    from ..link import is_sim
    from ..profile import Profile, ProfileError

    try:
        profile = Profile.read(file)
        if detach and (is_sim(stim.port) or not profile.group.header.flags & 1):
            raise WrongUsage("--detach needs a real port and a profile with stand_alone: true")
        _session(stim, profile, watch, detach=detach)
    except (ProfileError, Failure) as reason:
        watch.never_began(reason)
        raise
    return watch.report()


def _session(stim: Stimulator, profile: Profile, watch: Watch, *, detach: bool) -> None:
    with Interrupts() as interrupts:
        try:
            with stim:
                watch.opened(stim, profile)
                figures = stim.load(profile)
                watch.armed(stim.arm())
                watch.starting(figures)
                stim.start()
                if detach:
                    watch.detached()
                    return
                _follow(stim, watch, interrupts)
        except LinkLost as reason:
            if not watch.begun:
                raise
            watch.lost(reason)


def _follow(stim: Stimulator, watch: Watch, interrupts: Interrupts) -> None:
    """Poll until the end, in whatever way it comes; then the ledger."""
    with watch:
        _until_ended(stim, watch, interrupts)
    watch.close(stim.status(), stim.ledger())


def _until_ended(stim: Stimulator, watch: Watch, interrupts: Interrupts) -> None:
    """The time asked for, then STOP and its ramp; a wish to end halts in either."""
    end_s = math.inf if watch.for_s is None else stim.link.now() + watch.for_s

    def ends() -> bool:
        return bool(interrupts) or stim.link.now() >= end_s

    for for_s in (watch.for_s, None):
        for status in stim.poll(for_s):
            watch.take(status, stim.ledger())
            if interrupts:
                stim.halt()
                watch.interrupted(interrupts.code)
                return
            if status.running and not ends():
                watch.look(status, ends)
        if not status.running:
            return
        stim.stop(wait=False)
