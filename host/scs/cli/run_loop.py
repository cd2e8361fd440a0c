"""A device under a command's eyes: opened, kept alive by polling, ended, reported.

Role: what `scs run` and `scs shift` share around a Watch. Invariant: Ctrl-C halts first and reports
then; a link that is lost reports what was last known; the caller's own polling is what renews the
lease. Requirements: REQ-61.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..documents.complaint import FileRefused
from ..errors import Failure, LinkLost
from .interrupts import Interrupts

if TYPE_CHECKING:
    from ..device.stimulator import Stimulator
    from .run_monitor import Watch


def reported(watch: Watch, work: Callable[[], None]) -> int:
    """The exit code of work that was reported, also as JSON where it never began."""
    try:
        work()
    except (FileRefused, Failure) as reason:
        watch.never_began(reason)
        raise
    return watch.report()


@contextmanager
def opened(stim: Stimulator, watch: Watch) -> Iterator[Interrupts]:
    """The device open, and a wish to end noted; a link that is lost is for the report."""
    with Interrupts() as interrupts:
        try:
            with stim:
                yield interrupts
        except LinkLost as reason:
            if not watch.begun:
                raise
            watch.lost(reason)


def follow(stim: Stimulator, watch: Watch, interrupts: Interrupts) -> None:
    """The time asked for, then STOP and its ramp; then the ledger."""
    with watch:
        if held(stim, watch, interrupts, watch.for_s):
            stim.stop(wait=False)
            held(stim, watch, interrupts, None)
    watch.close(stim.status(), stim.ledger())


def held(stim: Stimulator, watch: Watch, interrupts: Interrupts, for_s: float | None) -> bool:
    """Poll for so long, in the port's time; False where it ended, or was halted for a wish."""
    end_s = math.inf if for_s is None else stim.link.now() + for_s

    def ends() -> bool:
        return bool(interrupts) or stim.link.now() >= end_s

    for status in stim.poll(for_s):
        watch.take(status, stim.ledger())
        if interrupts:
            stim.halt()
            watch.interrupted(interrupts.code)
            return False
        if status.running and not ends():
            watch.look(status, ends)
    return status.running
