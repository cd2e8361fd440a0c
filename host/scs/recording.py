"""A profile run on the simulated board from START, and what its oscilloscope saw of it.

Role: record() is behind `scs trace` and `scs demo`. The run goes through the same Stimulator,
link and device as one on a bench. Invariant: virtual time only; nothing waits.
Next: stimulator.py, trace.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from . import trace
from .failures import DeviceFault
from .figures import Figure
from .link import SIM
from .profile import Profile
from .readings import Ledger
from .stimulator import Stimulator
from .trace import Trace

LONGEST_S = 3600.0  # of virtual time; an hour of 50 Hz is simulated in minutes


@dataclass(frozen=True)
class Recording:
    """A trace, the device's own figures, and its ledger after the run."""

    trace: Trace
    figures: list[Figure]
    ledger: Ledger


def record(
    profile: Profile,
    board: str | None,
    for_s: float,
    *,
    from_start: bool = False,
    wait_s: float = 0.0,
    rate_hz: float | None = None,
    faults: str = "",
) -> Recording:
    """Run a profile on the simulated board and take `for_s` of it.

    From a period at full amplitude that lasted wait_s, or, from_start, from START. Failure where
    it ends before.
    """
    with Stimulator(SIM, board, faults=faults) as stim:
        figures = stim.load(profile)
        stim.arm()
        bench = stim.link.bench
        begin_s = bench.now_s()
        stim.start()
        if not from_start:
            stim.settle()
            _run_until(stim, stim.link.now() + wait_s)
            begin_s, _period_s = trace.next_period(bench)
        _run_until(stim, begin_s + for_s + trace.EDGE_S)
        taken = trace.span(bench, begin_s, begin_s + for_s, rate_hz)
        stim.halt()
        return Recording(taken, figures, stim.ledger())


def _run_until(stim: Stimulator, end_s: float) -> None:
    """Poll until a time on the bench's clock, or let it pass where the train has ended."""
    link = stim.link
    for status in stim.poll(max(end_s - link.now(), 0.0)):
        if status.fault is not None:
            raise DeviceFault(status.fault, stim.told(status.fault))
    if end_s > link.now():
        link.sleep(end_s - link.now())
