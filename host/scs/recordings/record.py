"""Run a profile on the simulated board and record its trace and pins.

Role: record() serves `scs trace` and `scs demo`. The run goes through the same Stimulator,
link and device as one on a bench. Invariant: virtual time only; nothing waits.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from stimcore import commands

from ..device.link import SIM
from ..device.replies import Ledger
from ..device.stimulator import Stimulator
from ..errors import DeviceFault
from ..messages.safety_metrics import Metric
from ..profile.profile import Profile
from ..traces import trace
from ..traces.bench_recorder import Taker
from ..traces.pin_edges import Pins
from ..traces.trace import Trace
from ..traces.trace_store import Progress, Store, ignore_progress
from . import poll_log, run_info
from .poll_log import Samples
from .run_info import Account, Run

HALTED = commands.STOP_REASONS[commands.STOP_HALT]  # what ends the run behind its trace
LONGEST_S = 3600.0  # of virtual time; an hour of 50 Hz is simulated in minutes
BEYOND_S = 10 * trace.EDGE_S  # how far a run goes on past the end of the trace


@dataclass(frozen=True)
class Recording:
    """Recorded trace, pin edges if requested, and the device's reports."""

    rows: Store
    pins: Pins | None
    account: Account
    samples: Samples

    @property
    def trace(self) -> Trace:
        """Whole trace in memory, with its schedule."""
        return replace(self.rows.whole(), schedule=self.run.schedule)

    @property
    def figures(self) -> list[Metric]:
        """Safety figures of the device."""
        return list(self.account.figures)

    @property
    def ledger(self) -> Ledger:
        """Ledger of the device after the run."""
        return self.account.ending.ledger

    @property
    def run(self) -> Run:
        """Input of a report."""
        return Run(self.account, self.rows, self.samples)


def record(
    profile: Profile,
    board: str | None,
    for_s: float,
    *,
    from_start: bool = False,
    wait_s: float = 0.0,
    rate_hz: float | None = None,
    faults: str = "",
    pins: bool = False,
    progress: Progress = ignore_progress,
) -> Recording:
    """Run a profile on the simulated board and record `for_s` of it.

    The trace begins at START if from_start, else with a period once full amplitude has lasted
    wait_s. Raises Failure if the run ends before, DeviceFault if a fault is latched.
    """
    with Stimulator(SIM, board, faults=faults) as stim:
        figures = stim.load(profile)
        stim.arm()
        if pins:
            stim.link.bench.sequencer.log_pins()
        begin_s: float = stim.link.bench.now_s()
        stim.start()
        if not from_start:
            stim.settle()
            stim.wait(wait_s)
            begin_s = trace.next_period(stim.link.bench)[0]
        end_s = begin_s + for_s + BEYOND_S
        taker = Taker(stim.link.bench, begin_s, begin_s + for_s, rate_hz=rate_hz, pins=pins)
        polls = []
        for status in stim.poll(max(end_s - stim.link.now(), 0.0)):
            if status.fault is not None:
                raise DeviceFault(status.fault, stim.told(status.fault))
            taker.take()
            progress(taker.share)
            polls.append(poll_log.row(status, stim.ledger()))
        if end_s > stim.link.now():  # the output has ended
            stim.link.sleep(end_s - stim.link.now())
        taker.take()
        progress(1.0)
        status = stim.status()
        stim.halt()
        book = stim.ledger()
        stopped = run_info.TRACED if book.stopped == HALTED else book.stopped
        account = Account(
            subject=run_info.subject(profile),
            device=run_info.device(stim),
            begun=run_info.utc_now(),
            injected=faults,
            rate_hz=rate_hz,
            from_start=from_start,
            figures=tuple(figures),
            ending=run_info.ending(stim, status, book, stopped),
            command=taker.command,
        )
        return Recording(taker.rows, taker.pins, account, np.array(polls))
