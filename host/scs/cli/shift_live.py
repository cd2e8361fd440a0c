"""Shift the programs of a profile through a series of positions, and a running device with them.

Role: planned() makes the positions, live() takes a device through them, around
device/relocate.py, with the RunState of `scs run`. Invariant: all positions are checked before the
first shift; the file holds the last accepted position, never a refused one; a device that was not
shifted is left unchanged. Requirements: REQ-61.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ..device import relocate
from ..documents.problem import FileRefused
from ..errors import REFUSED, Failure, LinkLost, full_message
from ..profile import edit
from ..profile.clinical_diff import compare
from ..profile.profile import Profile, ProfileError
from ..profile.shift_contacts import chosen, moved
from ..safety.check import judge
from . import run_loop
from .run_report import RunState, error_rows

if TYPE_CHECKING:
    from stimcore.board import Board

    from ..device.stimulator import Stimulator
    from .interrupts import Interrupts


@dataclass(frozen=True)
class Route:
    """Profile and its successive positions; by: contacts from one to the next; alone: left running
    at the last."""

    before: Profile
    places: tuple[Profile, ...]
    by: tuple[int, ...]
    target: Path
    alone: bool

    def old(self, number: int) -> Profile:
        """Return the profile before shift `number`."""
        return self.places[number - 1] if number else self.before


def planned(
    profile: Path, by: list[int], program: str, target: Path, *, stays: bool = False
) -> Route:
    """Return the positions; `stays`: leave a stand_alone profile running at the last."""
    before = Profile.read(profile)
    places: list[Profile] = []
    for contacts in by:
        old = places[-1] if places else before
        places.append(moved(old, contacts, chosen(old, program)))
    return Route(before, tuple(places), tuple(by), target, stays and before.stands_alone)


def changes(before: Profile, after: Profile) -> list[str]:
    """List the changes of a shift, one line each."""
    return [
        f"{row.program}: {row.quantity} {row.a_text} -> {row.b_text}"
        for row in compare(before, after)
    ]


def judged(route: Route, board: Board) -> None:
    """Raise ProfileError if the kernel refuses one of the positions."""
    for number, place in enumerate(route.places):
        verdict = judge(place, board)
        if not verdict.ok:
            far = sum(route.by[: number + 1])
            raise ProfileError(f"{route.before.file} (shifted by {far})", verdict.errors)


def live(stim: Stimulator, route: Route, run: RunState) -> None:
    """Make all shifts on a device and run at each position."""
    run.title, run.about = route.before.name, {"profile": route.before.name}
    with run_loop.opened(stim, run) as interrupts:
        stim.profile = route.before
        judged(route, stim.board)
        for number in range(len(route.places)):
            if not _shifted(stim, route, number, run, interrupts):
                return
            last = number == len(route.places) - 1
            if not last and not run_loop.follow(stim, run, interrupts, stops=False):
                left = ", ".join(str(by) for by in route.by[number + 1 :])
                _failed(run, Failure(f"the remaining shifts were not made: by {left}"))
                return
        if route.alone:
            run.stopped = "running"
        else:
            run_loop.follow(stim, run, interrupts)


def _shifted(
    stim: Stimulator, route: Route, number: int, run: RunState, interrupts: Interrupts
) -> bool:
    """Make, write and report one shift; return False if it failed and the output is off."""
    before, after = route.old(number), route.places[number]
    runs, done = stim.status().state == "RUNNING", None
    try:
        if runs:
            targets_ua = relocate.ready(stim, before, after)
            stim.halt_on_exit = not route.alone  # from here on it is this command's run
            done = relocate.make(stim, after, targets_ua, lambda: bool(interrupts))
            run.armed(done.load)
        else:
            run.armed(relocate.begin(stim, after, lambda: bool(interrupts)))
            stim.halt_on_exit = not route.alone
    except (Failure, FileRefused) as reason:
        reason.add_note(f"{route.target} was not written")
        if isinstance(reason, LinkLost):
            raise
        _end(stim, run, interrupts, reason, begun=runs)
        return False
    try:
        edit.save(after, route.target, before)
    except Failure as reason:
        state = "keeps running at the new contacts" if route.alone else "is halted"
        reason.add_note(f"the device made the shift and {state}; the file was not updated")
        raise
    _report(route, number, done, run)
    return True


def _end(
    stim: Stimulator,
    run: RunState,
    interrupts: Interrupts,
    reason: Failure | FileRefused,
    *,
    begun: bool,
) -> None:
    """Report a failed shift with the ledger; raise its reason if there is no run."""
    if interrupts:
        run.code = interrupts.code
    running = stim.status().running
    if not begun or (running and run.book is None):
        raise KeyboardInterrupt if interrupts else reason
    if interrupts:
        stim.halt()
    elif running:
        stim.stop()
    run.close(stim)
    _failed(run, reason)


def _failed(run: RunState, reason: Failure | FileRefused) -> None:
    """Note, after the run was closed, that a shift failed."""
    run.about["errors"] = error_rows(reason)
    run.message = f"{run.message}\n{full_message(reason)}".lstrip()
    run.code = run.code or REFUSED


def _report(route: Route, number: int, done: relocate.Steered | None, run: RunState) -> None:
    """Note a shift for the report, and print it; `done` is None if nothing ran before."""
    place, by = route.places[number], route.by[number]
    lines = changes(route.old(number), place)
    run.about.setdefault("moves", []).append(
        {
            "by": by,
            "changes": lines.copy(),
            "off_s": done.off_s if done else None,
            "amplitudes_ma": list(done.amplitudes_ma) if done else None,
            "delivered_before": done.delivered.delivered() if done else None,
            "file": str(route.target),
        }
    )
    if run.json:
        return
    if done is None:
        lines.append("no program was running: started at the new contacts")
    else:
        book = done.delivered
        lines.append(
            f"delivered at the previous contacts: {book.pulses} pulses in {book.output_s:g} s"
        )
        lines.append(f"the output was off for {done.off_s:g} s, then restarted from zero")
        programs = zip(place.program_names, place.group.programs, done.amplitudes_ma, strict=True)
        for name, program, set_ma in programs:
            own_ma = program.amplitude_ua / 1000
            if set_ma != own_ma:
                own = f"the file says {own_ma:g} mA"
                lines.append(f"{name}: {set_ma:g} mA, as set on the device; {own}")
    typer.echo("\n".join([*lines, f"{route.target}: shifted by {by}"]))
