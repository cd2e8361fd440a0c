"""Open a device, keep it alive by polling, end the run, report it.

Role: the part that `scs run` and `scs shift` share around a RunState. Invariant: Ctrl-C halts
first, then reports; after a lost link the last known values are reported; only polling renews the
lease. Requirements: REQ-61.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..documents.problem import FileRefused
from ..errors import Failure, LinkLost
from . import progress
from .interrupts import Interrupts

if TYPE_CHECKING:
    from ..device.stimulator import Stimulator
    from .run_report import RunState


def reported(run: RunState, work: Callable[[], None]) -> int:
    """Do the work, report it, and return the exit code; report a failure to begin as well."""
    from .run_report import report, report_refusal

    try:
        work()
    except (FileRefused, Failure) as reason:
        if run.json:
            report_refusal(reason)
        raise
    return report(run)


@contextmanager
def opened(stim: Stimulator, run: RunState) -> Iterator[Interrupts]:
    """Open the device and catch signals; a link lost during the run goes to the report."""
    with Interrupts() as interrupts:
        try:
            with stim:
                run.about |= {"port": stim.port, "board": stim.board.name}
                yield interrupts
        except LinkLost as reason:
            if run.book is None:
                raise
            run.lost(reason)


def follow(stim: Stimulator, run: RunState, interrupts: Interrupts, *, stops: bool = True) -> bool:
    """Poll for the requested time, STOP and wait for the ramp; read the ledger if the run ended.

    stops False: leave it running after that time. Returns False if it ended or was interrupted.
    """
    with progress.status_line(run.for_s, hidden=run.json) as show:
        running = whole = _held(stim, run, interrupts, run.for_s, show)
        if running and stops:
            begun_s = run.status.device_s if run.status else 0.0
            stim.stop(wait=False)
            running = _held(stim, run, interrupts, None, show)
    if stops or not running:
        run.close(stim)
    if whole and stops and run.book:
        run.about["ramp_down_s"] = round(max(run.book.stop_s - begun_s, 0.0), 3)
    elif not whole and not interrupts and run.for_s is not None:
        run.ended_early(run.for_s)
    return running


def _held(
    stim: Stimulator,
    run: RunState,
    interrupts: Interrupts,
    for_s: float | None,
    show: progress.ShowStatus,
) -> bool:
    """Poll for `for_s` of the port's time; return False if the run ended or was interrupted."""
    end_s = math.inf if for_s is None else stim.link.now() + for_s

    def ends() -> bool:
        return bool(interrupts) or stim.link.now() >= end_s

    for status in stim.poll(for_s):
        run.status, run.book = status, stim.ledger()
        show(status, run.book)
        if run.recorder is not None:
            run.recorder.keep(status, run.book)
        if interrupts:
            stim.halt()
            run.code = interrupts.code
            return False
        if run.recorder is not None and status.running and status.settled and not ends():
            run.recorder.look(stim, ends)
    return status.running
