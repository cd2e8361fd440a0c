"""Open a device, keep it alive by polling, end the run, report it.

Role: the part that `scs run` and `scs shift` share around a Watch. Invariant: Ctrl-C halts first,
then reports; after a lost link the last known values are reported; only polling renews the lease.
Requirements: REQ-61.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..documents.problem import FileRefused
from ..errors import Failure, LinkLost
from .interrupts import Interrupts

if TYPE_CHECKING:
    from ..device.stimulator import Stimulator
    from .run_monitor import Watch


def reported(watch: Watch, work: Callable[[], None]) -> int:
    """Do the work, report it, and return the exit code; report a failure to begin as well."""
    try:
        work()
    except (FileRefused, Failure) as reason:
        watch.never_began(reason)
        raise
    return watch.report()


@contextmanager
def opened(stim: Stimulator, watch: Watch) -> Iterator[Interrupts]:
    """Open the device and catch signals; a link lost during the run goes to the report."""
    with Interrupts() as interrupts:
        try:
            with stim:
                yield interrupts
        except LinkLost as reason:
            if not watch.begun:
                raise
            watch.lost(reason)


def follow(stim: Stimulator, watch: Watch, interrupts: Interrupts) -> None:
    """Poll for the requested time, STOP, wait for the ramp, and read the ledger."""
    with watch:
        if held(stim, watch, interrupts, watch.for_s):
            stim.stop(wait=False)
            held(stim, watch, interrupts, None)
    watch.close(stim.status(), stim.ledger())


def held(stim: Stimulator, watch: Watch, interrupts: Interrupts, for_s: float | None) -> bool:
    """Poll for `for_s` of the port's time; return False if the run ended or was interrupted."""
    end_s = math.inf if for_s is None else stim.link.now() + for_s

    def ends() -> bool:
        return bool(interrupts) or stim.link.now() >= end_s

    for status in stim.poll(for_s):
        watch.take(status, stim.ledger())
        if interrupts:
            stim.halt()
            watch.code = interrupts.code
            return False
        if status.running and not ends():
            watch.look(status, ends)
    return status.running
