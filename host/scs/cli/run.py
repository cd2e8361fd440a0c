"""run: run a profile or a stored program, and report the delivered output.

Role: load or recall, measure the dummy load, arm, start, poll, stop; the ledger is read however the
run ended. Invariant: impossible combinations (a recording of a slot, a detached lease) are refused
before the output is on. Requirements: REQ-61.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import WrongUsage
from . import options, run_loop

if TYPE_CHECKING:
    from ..device.stimulator import Stimulator
    from ..profile.profile import Profile
    from .run_report import RunState

Source = Annotated[Path | None, typer.Argument(metavar="[PROFILE]", help="Profile, a .yaml file.")]
Slot = Annotated[
    int | None,
    typer.Option(metavar="N", help="Run the program stored in this slot, 1 to 8, instead."),
]
ForTime = Annotated[
    str,
    typer.Option(
        "--for", metavar="TIME", help="Stop after this time; default: the profile's session."
    ),
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
    for_: ForTime = "",
    detach: Detach = False,
    record: Record = None,
    *,
    device: options.FaultyDevice,
    json: options.Json = False,
) -> None:
    """Run a profile on a device or on the simulated board, and report the delivered output.

    Ctrl-C halts the output at once, then reports (exit 130). Exit 1 on a latched fault, 3 on a lost
    link; the device then stops by itself when its lease expires.

    Examples:  scs run my.yaml --for 10s   ·   scs run my.yaml --port /dev/ttyACM0 --record monday
               scs run --slot 3 --port /dev/ttyACM0
    """
    from .run_report import RunState

    source = _chosen(profile, slot, record, detach=detach)
    for_s = options.seconds(for_, "--for") if for_ else None
    stim = device.stimulator(halt_on_exit=True)
    state = RunState(json=json, for_s=for_s)
    if record is not None:
        from ..recordings.run_folder import Recorder

        state.recorder = Recorder(record, injected=device.faults())
    try:
        code = run_loop.reported(state, lambda: _run(stim, source, state, detach=detach))
    finally:
        if state.recorder is not None:
            state.recorder.drop()
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


def _run(stim: Stimulator, chosen: Path | int, run: RunState, *, detach: bool) -> None:
    from ..device.link import is_sim
    from ..profile.profile import Profile

    source: Profile | int
    if isinstance(chosen, int):
        source, alone = chosen, True  # asked for later
        run.title, run.about = f"slot {chosen}", {"slot": chosen}
    else:
        source = Profile.read(chosen)
        alone = source.stands_alone
        run.title, run.about = source.name, {"profile": source.name}
    if detach and (is_sim(stim.port) or not alone):
        raise WrongUsage("--detach needs a real port and a profile with stand_alone: true")
    with run_loop.opened(stim, run) as interrupts:
        if isinstance(source, int):
            recalled = stim.recall(source)
            run.title += f", hash {recalled.hash}"
            run.about["hash"] = recalled.hash
            if detach and stim.status().lease_left_s is not None:
                raise WrongUsage(
                    f"--detach: the program of slot {source} has a lease and stops without a host; "
                    "leave out --detach, or save a profile with stand_alone: true there"
                )
            figures = recalled.figures
        else:
            figures = stim.load(source)
        run.armed(stim.arm())
        if run.recorder is not None and not isinstance(source, int):
            run.recorder.starting(stim, source, figures)
        stim.start()
        if detach:
            stim.halt_on_exit = False  # from here on, no sooner
            run.stopped = "running"
        else:
            run_loop.follow(stim, run, interrupts)
