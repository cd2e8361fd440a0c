"""Shift a running program on a device through a series of positions.

Role: live() around device/relocate.py, with the Watch of `scs run`. Invariant: all positions are
checked before the first shift; the file holds the last accepted position, never a refused one; a
device that was not shifted is left unchanged. Requirements: REQ-61.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..device import relocate
from ..documents.problem import FileRefused
from ..errors import Failure, LinkLost
from ..profile import edit
from ..profile.clinical_diff import compare
from ..profile.profile import Profile, ProfileError
from ..safety.check import judge
from . import run_loop

if TYPE_CHECKING:
    from stimcore.board import Board

    from ..device.impedance import LoadFound
    from ..device.stimulator import Stimulator
    from .interrupts import Interrupts
    from .run_monitor import Watch


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


def changes(before: Profile, after: Profile) -> list[str]:
    """List the changes of a shift, one line each."""
    return [
        f"{one.program}: {one.quantity} {one.a_text} -> {one.b_text}"
        for one in compare(before, after)
    ]


def judged(route: Route, board: Board) -> None:
    """Raise ProfileError if the kernel refuses one of the positions."""
    for number, place in enumerate(route.places):
        verdict = judge(place, board)
        if not verdict.ok:
            far = sum(route.by[: number + 1])
            raise ProfileError(f"{route.before.file} (shifted by {far})", verdict.errors)


def live(stim: Stimulator, route: Route, watch: Watch) -> None:
    """Make all shifts on a device and run at each position."""
    with run_loop.opened(stim, watch) as interrupts:
        watch.opened(stim, route.before)
        stim.profile = route.before
        judged(route, stim.board)
        for number in range(len(route.places)):
            if not _moved(stim, route, number, watch, interrupts):
                return
            last = number == len(route.places) - 1
            if not last and not _held(stim, watch, interrupts):
                left = ", ".join(str(by) for by in route.by[number + 1 :])
                watch.unmoved(Failure(f"the remaining shifts were not made: by {left}"))
                return
        if route.alone:
            watch.detached()
        else:
            run_loop.follow(stim, watch, interrupts)


def _held(stim: Stimulator, watch: Watch, interrupts: Interrupts) -> bool:
    """Run at a position that is not the last; return False if the run ended there."""
    with watch:
        if run_loop.held(stim, watch, interrupts, watch.for_s):
            return True
    watch.close(stim.status(), stim.ledger())
    return False


def _moved(
    stim: Stimulator, route: Route, number: int, watch: Watch, interrupts: Interrupts
) -> bool:
    """Make, write and report one shift; return False if it failed and the output is off."""
    runs = stim.status().state == "RUNNING"
    place = route.places[number]
    try:
        done = _made(stim, route, number, interrupts) if runs else None
        load = done.load if done else _begun(stim, route, number, interrupts)
    except LinkLost as reason:
        reason.add_note(f"{route.target} was not written")
        raise
    except (Failure, FileRefused) as reason:
        reason.add_note(f"{route.target} was not written")
        _ended(stim, watch, interrupts, reason, begun=runs)
        return False
    watch.armed(load)
    _write(place, route)
    watch.moved(_told(route, number, done), _lines(route, number, done))
    return True


def _ended(
    stim: Stimulator,
    watch: Watch,
    interrupts: Interrupts,
    reason: Failure | FileRefused,
    *,
    begun: bool,
) -> None:
    """Report a failed shift with the ledger; raise its reason if there is no run."""
    if interrupts:
        watch.code = interrupts.code
    running = stim.status().running
    if not begun or (running and not watch.begun):
        raise KeyboardInterrupt if interrupts else reason
    if interrupts:
        stim.halt()
    elif running:
        stim.stop()
    watch.close(stim.status(), stim.ledger())
    watch.unmoved(reason)


def _made(stim: Stimulator, route: Route, number: int, interrupts: Interrupts) -> relocate.Steered:
    before, after = route.old(number), route.places[number]
    targets_ua = relocate.ready(stim, before, after)
    stim.halt_on_exit = not route.alone  # from here on it is this command's run
    return relocate.make(stim, after, targets_ua, lambda: bool(interrupts))


def _begun(stim: Stimulator, route: Route, number: int, interrupts: Interrupts) -> LoadFound | None:
    load = relocate.begin(stim, route.places[number], lambda: bool(interrupts))
    stim.halt_on_exit = not route.alone
    return load


def _write(place: Profile, route: Route) -> None:
    try:
        edit.save(place, route.target)
    except Failure as reason:
        state = "keeps running at the new contacts" if route.alone else "is halted"
        reason.add_note(f"the device made the shift and {state}; the file was not updated")
        raise


def _told(route: Route, number: int, done: relocate.Steered | None) -> dict[str, Any]:
    """Return a shift for --json; off_s is None if nothing ran before."""
    return {
        "by": route.by[number],
        "changes": changes(route.old(number), route.places[number]),
        "off_s": done.off_s if done else None,
        "amplitudes_ma": list(done.amplitudes_ma) if done else None,
        "delivered_before": done.delivered.delivered() if done else None,
        "file": str(route.target),
    }


def _lines(route: Route, number: int, done: relocate.Steered | None) -> list[str]:
    """Return a shift as lines of text."""
    place = route.places[number]
    lines = changes(route.old(number), place)
    if done is None:
        lines.append("no program was running: started at the new contacts")
    else:
        book = done.delivered
        lines.append(
            f"delivered at the previous contacts: {book.pulses} pulses in {book.output_s:g} s"
        )
        lines.append(f"the output was off for {done.off_s:g} s, then restarted from zero")
        for name, one, set_ma in zip(
            place.program_names, place.group.programs, done.amplitudes_ma, strict=True
        ):
            if set_ma != one.amplitude_ua / 1000:
                own = f"the file says {one.amplitude_ua / 1000:g} mA"
                lines.append(f"{name}: {set_ma:g} mA, as set on the device; {own}")
    return [*lines, f"{route.target}: shifted by {route.by[number]}"]
