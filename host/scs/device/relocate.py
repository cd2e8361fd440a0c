"""Move a running program to other contacts.

Role: ready() checks the new contacts while the program runs on, make() ramps down, commits,
measures the load, arms and starts; begin() is for a device on which nothing runs.
Invariant: the output is not touched before every check on the host has passed; it starts from zero
at the new contacts; an error during a move carries a note on the device's state.
Requirements: REQ-18, REQ-33, REQ-37, REQ-57.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stimcore import program

from ..documents import units
from ..documents.problem import FileRefused
from ..errors import DeviceFault, Failure
from ..messages import refusals
from ..profile.profile import Profile, ProfileError
from ..safety.check import judge
from .impedance import LoadFound
from .replies import Ledger, hash_text

if TYPE_CHECKING:
    from .session import Session

Cancelled = Callable[[], bool]
POLL_S = 0.02  # while it ramps down: what is waited here is time without output

AS_IT_WAS = "nothing was changed on the device"
STOPPING = "STOP was sent; the output is off or ramping down; nothing else changed"
OFF = "the output is off until a program is started"
STARTING = "START was sent; unless the device missed it, the output is on at the new contacts"


@dataclass(frozen=True)
class Steered:
    """Completed move. off_s: time without output, by the device's clock; delivered: ledger of the
    previous contacts; load: as measured at the new ones; amplitudes_ma: targets."""

    off_s: float
    delivered: Ledger
    load: LoadFound | None
    amplitudes_ma: tuple[float, ...]


def ready(stim: Session, before: Profile, after: Profile) -> tuple[int, ...]:
    """Check that a move is possible and return the device's target amplitudes (uA).

    Raises Failure unless `before` runs, by its hash; ProfileError if the new contacts would be
    refused, at the profile's amplitudes or at those that are set.
    """
    with _standing(AS_IT_WAS):
        status = stim.status()
        if status.state != "RUNNING":
            raise Failure(refusals.not_in_state("shift", status.state))
        targets_ua = tuple(round(1000 * level.target_ma) for level in status.levels)
        wanted = hash_text(program.digest(before.to_blob()))
        if status.hash != wanted:
            hashes = f"its program has the hash {status.hash}, the file {wanted}"
            raise Failure(f"the device does not run {before.file}: {hashes}; load the file again")
        for amplitudes_ua in (None, targets_ua):
            verdict = judge(after, stim.board, amplitudes_ua)
            if not verdict.ok:
                raise ProfileError(after.file, verdict.errors)
    return targets_ua


def make(
    stim: Session,
    after: Profile,
    targets_ua: tuple[int, ...],
    cancelled: Cancelled = lambda: False,
) -> Steered:
    """Move, after ready(). If cancelled() returns True, HALT is sent once the move has begun.

    Raises Failure, with a note on the device's state.
    """
    if cancelled():
        raise Failure("the move was cancelled")
    with _standing(STOPPING):
        stim.stop(wait=False)
        for _ in stim.poll(every_s=POLL_S):
            _unless(cancelled, stim)
        fault = stim.status().fault
        if fault is not None:
            raise DeviceFault(fault, stim.told(fault))
        delivered = stim.ledger()
    with _standing(OFF):
        stim.load(after)
        for number, ua in enumerate(targets_ua):
            if ua != after.group.programs[number].amplitude_ua:
                stim.amplitude(number + 1, units.text(ua, "uA"))
    load, began = _started(stim, cancelled)
    off_s = round(began.start_s - delivered.stop_s, 3)
    return Steered(off_s, delivered, load, tuple(ua / 1000 for ua in targets_ua))


def begin(stim: Session, after: Profile, cancelled: Cancelled = lambda: False) -> LoadFound | None:
    """Load, measure, arm and start if nothing runs; return the measured load."""
    with _standing(AS_IT_WAS):
        state = stim.status().state
        if state not in ("OFF", "LOADED"):
            raise Failure(refusals.not_in_state("shift", state))
        stim.load(after)
    return _started(stim, cancelled)[0]


def _started(stim: Session, cancelled: Cancelled) -> tuple[LoadFound | None, Ledger]:
    with _standing(OFF):
        load = stim.arm()
        _unless(cancelled, stim)
    with _standing(STARTING):
        stim.start()
        return load, stim.ledger()


def _unless(cancelled: Cancelled, stim: Session) -> None:
    if cancelled():
        stim.halt()
        raise Failure("the move was cancelled and the output halted")


@contextmanager
def _standing(note: str) -> Iterator[None]:
    """Add `note`, the device's state, to a Failure or FileRefused raised within."""
    try:
        yield
    except (Failure, FileRefused) as reason:
        reason.add_note(note)
        raise
