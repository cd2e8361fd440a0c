"""Record the trace of a profile, at the fidelity that it takes.

Role: record() serves `Profile.trace()`, `scs trace` and `scs demo`. Up to the trace's beginning a
run goes through the same Stimulator, link and device as one on a bench. From there on it is the
board that goes on, with the firmware and every word, or the model of one period of what it plays.
Invariant: virtual time only; nothing waits. The model is taken only where its rows are the board's:
periods that are all alike, as not_steady() and Steady tell; it begins with the board's own state.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from stimcore import commands, pio_records
from stimcore.period import compile_group

from .. import sim_bridge
from ..catalog import boards
from ..device.link import SIM
from ..device.replies import Ledger
from ..device.stimulator import Stimulator
from ..errors import DeviceFault, WrongUsage
from ..messages.safety_metrics import Metric
from ..profile.profile import Profile
from ..traces import commanded, trace
from ..traces.bench_recorder import Taker
from ..traces.commanded import Command
from ..traces.modelled import Modelled, periods_before
from ..traces.pin_edges import Pins
from ..traces.trace import Trace
from ..traces.trace_store import Progress, Rows, ignore_progress
from . import poll_log, run_info
from .poll_log import Samples
from .run_info import Account, Ending, Run

MODEL, BOARD, CHIP, FASTEST = "model", "board", "chip", ""
HALTED = commands.STOP_REASONS[commands.STOP_HALT]  # what ends the run behind its trace
LONGEST_S = 3600.0  # of virtual time
BEYOND_S = 10 * trace.EDGE_S  # how far a run goes on past the end of the trace


@dataclass(frozen=True)
class Recording:
    """Recorded trace, pin edges if requested, and the device's reports."""

    rows: Rows
    pins: Pins | None
    account: Account
    samples: Samples
    fidelity: str = BOARD  # which ran: MODEL, BOARD or CHIP

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

    def save(self, path: str | Path, progress: Progress = ignore_progress) -> None:
        """Write a file in the format of its ending; raise WrongUsage if that fails.

        Endings: .csv, .npz, .vcd, .png, .svg, .html, .wav or .mat; columns in s, A and V.
        """
        from . import writers

        subject, rate_hz = self.account.subject, self.account.rate_hz
        taken = writers.Taken(self.rows, subject.name, rate_hz, self.pins, self.run, self.fidelity)
        writers.save(Path(path), taken, progress)


def not_steady(profile: Profile, *, from_start: bool, faults: str, pins: bool) -> str:
    """Return why the periods of a trace are not all alike, or are not all of it; empty: they are.

    A trace begins with a period at full amplitude. Without a cycle, a session, a fault and a
    command there is nothing that would change the words from there on.
    """
    header = profile.group.header
    reasons = (
        (faults, "a fault is injected"),
        (from_start, "it begins with the soft start"),
        (pins, "the edges of the pins are the board's"),
        (header.cycle_on_ms, "the profile has a cycle"),
        (header.session_ms or header.session_pulses, "the profile has a session, which ends"),
        (profile.sync_only, "its pulses are marks alone"),
    )
    return next((reason for holds, reason in reasons if holds), "")


def record(
    profile: Profile,
    board: str | None,
    for_s: float,
    *,
    fidelity: str = BOARD,
    from_start: bool = False,
    wait_s: float = 0.0,
    rate_hz: float | None = None,
    faults: str = "",
    pins: bool = False,
    progress: Progress = ignore_progress,
) -> Recording:
    """Run a profile on the simulated board and record `for_s` of it.

    The trace begins at START if from_start, else with a period once full amplitude has lasted
    wait_s. fidelity: MODEL, BOARD, CHIP for the real firmware on an emulated chip, or FASTEST for
    the model where it gives the board's rows. Raises Failure if the run ends before, DeviceFault
    if a fault is latched, WrongUsage for MODEL where the rows would not be the board's and for
    CHIP with faults or pins, LinkLost where there is no emulated chip.
    """
    if fidelity not in (MODEL, BOARD, CHIP, FASTEST):
        raise WrongUsage(f"fidelity {fidelity}: there are {MODEL}, {BOARD} and {CHIP}")
    if fidelity == CHIP and (faults or pins):
        what = "faults are injected into" if faults else "the edges of the pins are of"
        raise WrongUsage(f"{what} the simulated board; take fidelity {BOARD}")
    reason = not_steady(profile, from_start=from_start, faults=faults, pins=pins)
    port = f"chip://?board={boards.full_name(board or '')}" if fidelity == CHIP else SIM
    with Stimulator(port, board, faults=faults) as stim:
        figures = stim.load(profile)
        stim.arm()
        if pins:
            stim.link.bench.sequencer.log_pins()
        begin_s = _begun_s(stim, from_start=from_start, wait_s=wait_s)
        taken = None
        if fidelity in (MODEL, FASTEST) and not reason:
            try:
                taken = _from_model(stim, profile, begin_s, for_s, rate_hz)
            except ValueError as problem:
                reason = str(problem)
        if fidelity == MODEL and taken is None:
            raise WrongUsage(f"the model cannot give this trace: {reason}; take fidelity {BOARD}")
        used = MODEL if taken is not None else fidelity or BOARD
        if taken is None:
            taken = _from_board(
                stim,
                Taker(stim.link.bench, begin_s, begin_s + for_s, rate_hz=rate_hz, pins=pins),
                begin_s + for_s + BEYOND_S,
                progress,
            )
        progress(1.0)
        ending = _halted(stim)
        account = Account(
            subject=run_info.subject(profile),
            device=run_info.device(stim),
            begun=run_info.utc_now(),
            injected=faults,
            rate_hz=rate_hz,
            from_start=from_start,
            figures=tuple(figures),
            ending=ending,
            command=taken.command,
        )
        return Recording(taken.rows, taken.pins, account, np.array(taken.polls), used)


def _begun_s(stim: Stimulator, *, from_start: bool, wait_s: float) -> float:
    """Start the run and return when its trace begins, in s of the bench's clock."""
    begin_s: float = stim.link.bench.now_s()
    stim.start()
    if from_start:
        return begin_s
    stim.settle()
    stim.wait(wait_s)
    try:
        return trace.next_period(stim.link.bench)[0]
    except ValueError as problem:
        raise WrongUsage(f"{problem}; take fidelity {BOARD}") from None


def _halted(stim: Stimulator) -> Ending:
    """Halt the run and return how it ended."""
    status = stim.status()
    stim.halt()
    book = stim.ledger()
    stopped = run_info.TRACED if book.stopped == HALTED else book.stopped
    return run_info.ending(stim, status, book, stopped)


class _Taken(NamedTuple):
    """Rows and pins of a trace, and the command they followed; polls: rows of poll_log."""

    rows: Rows
    pins: Pins | None
    command: Command | None
    polls: list[tuple[float, ...]]


def _from_board(stim: Stimulator, taker: Taker, end_s: float, progress: Progress) -> _Taken:
    """Let the board go on to end_s, and take what it gives."""
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
    return _Taken(taker.rows, taker.pins, taker.command, polls)


def _from_model(
    stim: Stimulator, profile: Profile, begin_s: float, for_s: float, rate_hz: float | None
) -> _Taken:
    """Let the board come to begin_s, and the model go on; raise ValueError where it may not."""
    bench = stim.link.bench
    levels_ua = tuple(member.amplitude_ua for member in profile.group.programs)
    phases = compile_group(bench.board, profile.group, levels_ua)
    stim.link.sleep(math.floor((begin_s - bench.now_s()) * 1e6) / 1e6)  # not into that period
    words = bytes(bench.hal.stream_words())
    if words != bytes(pio_records.encode(bench.board, phases)):
        raise ValueError("the amplitude is not the profile's")
    command = Command(0.0, *commanded.phases(bench.board, words))
    periods = periods_before(for_s, command.period_s)
    rows = Modelled(sim_bridge.steady(bench, phases, begin_s, periods), for_s, rate_hz)
    status = stim.status()  # not before: it takes time
    if status.fault is not None:
        raise DeviceFault(status.fault, stim.told(status.fault))
    whole = math.floor(for_s / command.period_s + 1e-9)
    poll = poll_log.row(status, stim.ledger())
    return _Taken(rows, None, replace(command, periods=whole) if whole else None, [poll])
