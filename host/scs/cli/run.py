"""run: run a profile or a stored program, and report the delivered output.

Role: load or recall, measure the dummy load, arm, start, poll, stop; the ledger is read however the
run ended. Invariant: impossible combinations (a recording of a slot, a detached lease) are refused
before the output is on. Requirements: REQ-61.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import WrongUsage
from . import options, run_loop

if TYPE_CHECKING:
    from ..device.stimulator import Stimulator
    from ..messages.safety_metrics import Figure
    from ..profile.profile import Profile
    from ..recordings.run_folder import Recorder
    from .run_monitor import Watch

Source = Annotated[Path | None, typer.Argument(metavar="[PROFILE]", help="Profile, a .yaml file.")]
Slot = Annotated[
    int | None,
    typer.Option(metavar="N", help="Run the program stored in this slot, 1 to 8, instead."),
]
Detach = Annotated[
    bool, typer.Option("--detach", help="Start a stand_alone profile and exit, leaving it running.")
]
Record = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR", help="Record the run in a new folder; view it with `scs report DIR`."
    ),
]


def run(
    profile: Source = None,
    slot: Slot = None,
    port: options.Port = "sim",
    for_: options.ForTime = "",
    fault: options.Faults = None,
    detach: Detach = False,
    record: Record = None,
    json: options.Json = False,
    board: options.BoardRow = "",
    stage: options.StageRow = "",
    load: options.LoadRow = "",
    timeout: options.Patience = options.PATIENCE_S,
) -> None:
    """Run a profile on a device or on the simulated board, and report the delivered output.

    Ctrl-C halts the output at once, then reports (exit 130). Exit 1 on a latched fault, 3 on a lost
    link; the device then stops by itself when its lease expires.

    Examples:  scs run my.yaml --for 10s   ·   scs run my.yaml --port /dev/ttyACM0 --record monday
               scs run --slot 3 --port /dev/ttyACM0
    """
    from ..device.stimulator import Stimulator
    from .run_monitor import Watch

    kept = _chosen(profile, slot, record, detach=detach)
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
        code = run_loop.reported(watch, lambda: _work(stim, kept, watch, detach=detach))
    raise typer.Exit(code)


def _chosen(
    profile: Path | None, slot: int | None, record: Path | None, *, detach: bool
) -> Path | int:
    """Return the profile or the slot, whichever was given; refuse impossible combinations."""
    from ..device import replies

    if detach and record:
        raise WrongUsage("--record needs to follow the run to its end: leave out --detach")
    if slot is None and profile is not None:
        return profile
    if slot is None or profile is not None:
        raise WrongUsage("give either PROFILE or --slot, e.g. scs run my.yaml or scs run --slot 3")
    if record:
        raise WrongUsage(
            "--record needs the profile's text, which the device does not store: run the profile "
            "itself or leave out --record"
        )
    replies.slot_number(slot)
    return slot


@contextmanager
def _recorder(folder: Path | None, faults: str) -> Iterator[Recorder | None]:
    """Yield a recorder if a folder is given; drop an unfinished recording."""
    if folder is None:
        yield None
        return
    from ..recordings.run_folder import Recorder

    recorder = Recorder(folder, injected=faults)
    try:
        yield recorder
    finally:
        recorder.drop()


def _work(stim: Stimulator, kept: Path | int, watch: Watch, *, detach: bool) -> None:
    from ..device.link import is_sim
    from ..profile.profile import Profile

    source = kept if isinstance(kept, int) else Profile.read(kept)
    alone = isinstance(source, int) or source.stands_alone  # of a slot: asked for later
    if detach and (is_sim(stim.port) or not alone):
        raise WrongUsage("--detach needs a real port and a profile with stand_alone: true")
    with run_loop.opened(stim, watch) as interrupts:
        watch.opened(stim, source)
        figures = _put(stim, source, watch, detach=detach)
        watch.armed(stim.arm())
        watch.starting(figures)
        stim.start()
        if detach:
            watch.detached()
        else:
            run_loop.follow(stim, watch, interrupts)


def _put(stim: Stimulator, source: Profile | int, watch: Watch, *, detach: bool) -> list[Figure]:
    """Load a profile, or recall a slot of the device."""
    if not isinstance(source, int):
        return stim.load(source)
    found = stim.recall(source)
    watch.recalled(found)
    if detach and stim.status().lease_left_s is not None:
        raise WrongUsage(
            f"--detach: the program of slot {source} has a lease and stops without a host; "
            "leave out --detach, or save a profile with stand_alone: true there"
        )
    return found.figures
