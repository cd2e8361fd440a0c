"""Bench: the simulated board of one test, reached over the real link, and assertions on it.

Role: what the fixture scs_bench gives; assert_fault() and assert_stops_within().
Invariant: time is virtual and passes only in the calls made here and on Stimulator; a Bench serves
one test.
"""

from __future__ import annotations

from pathlib import Path

from stimcore import errors

from ..device.link import SIM, Link
from ..device.replies import Status
from ..device.session import hello
from ..device.stimulator import Stimulator
from ..documents.problem import nearest
from ..errors import DeviceFault, Failure, LinkLost, WrongUsage
from ..messages import error_texts
from ..profile.profile import Profile
from ..traces import trace as traces
from ..traces.trace import Trace
from . import state
from .pulses import WaveformMismatch, plot
from .quantities import duration_s

__tracebackhide__ = True
CLOCK_S = 0.001  # the grain of the device's clock
STEP_S = 0.01  # how often a fault is looked for
LONGEST_S = 3600.0  # of virtual time in one call
DRAWN_S = 0.1  # of a failure's plot, the last
ENDINGS = ("stop", "halt", "itself")
FAULTS = tuple(
    error_texts.ERRORS[code].name
    for name, code in vars(errors).items()
    if name.startswith("FAULT_")
)


class Bench(Stimulator):
    """Simulated board of one test: a Stimulator that runs a profile and injects faults by name.

    test: whose it is, for messages; board: BOARD/STAGE/LOAD; faults: as for Stimulator, injected
    at seconds since power-on. Methods raise Failures, as those of Stimulator.
    """

    def __init__(self, test: str, board: str | None = None, *, port: str = SIM, faults: str = ""):
        super().__init__(port, board, faults=faults)
        self.test = test
        self.injected = [faults] if faults else []
        self.injected_s: float | None = None  # of the bench's clock, the last one

    @property
    def link(self) -> Link:
        """Open link; raises Failure if the test that it was made for is over."""
        if self._link is None:
            raise Failure(
                f"the board of {self.test} is closed: a board serves one test; "
                "ask for scs_bench in each test that needs one"
            )
        return self._link

    @property
    def is_open(self) -> bool:
        """True until the board is closed."""
        return self._link is not None

    @property
    def now_s(self) -> float:
        """Virtual time since power-on in s; on another port than sim the time of this computer."""
        return self.link.now()

    def run(self, profile: Profile | str | Path, *, settled: bool = True) -> None:
        """Load a profile, or its file, measure the load, arm and start it.

        settled: return when every program has reached its amplitude, else just after START. Raises
        ProfileError, DeviceRefused, DeviceFault.
        """
        if not isinstance(profile, Profile):
            profile = Profile.read(state.path(profile))
        self.load(profile)
        self.arm()
        self.start()
        if settled:
            self.settle()

    def inject(self, fault: str, after: str = "") -> None:
        """Let a fault of `scs faults --simulated`, such as "open_lead", happen now or after a time.

        after: such as "20 ms" from now. Raises WrongUsage for an unknown fault, or a board that is
        not simulated.
        """
        bench = self.link.bench
        if bench is None:
            raise WrongUsage(f"faults can be injected into the simulated board, not at {self.port}")
        at_s = bench.now_s() + (duration_s(after, "after") if after else 0.0)
        try:
            bench.inject(fault, round(at_s * 1e6) if after else None)
        except ValueError as reason:
            raise WrongUsage(str(reason)) from None
        self.injected.append(f"{fault}@{at_s:g}")
        self.injected_s = at_s

    def hold(self, time: str) -> None:
        """Let a time such as "2 s" pass, polling as `scs run` does, so that the lease is kept.

        Raises DeviceFault on a latched fault; Failure if the output ends before.
        """
        for_s = _bounded_s(time, "time")
        if not self.wait(for_s).running:
            raise Failure(f"the output ended within the {time}: stopped by {self.status().stopped}")

    def silence(self, time: str) -> None:
        """Let a time such as "3 s" pass in which the host sends nothing, as if it hung."""
        self.link.sleep(_bounded_s(time, "time"))

    def recent(self, most_s: float = LONGEST_S) -> Trace | None:
        """Return the trace of the last seconds, up to now; None if the board is not simulated."""
        bench = self.link.bench
        if bench is None:
            return None
        begin_s = max(bench.scope().start_s(), bench.now_s() - most_s)
        return traces.from_bench(bench, begin_s, bench.now_s())

    def is_on(self) -> bool:
        """Return True if the output is on; where the link is cut, if the simulated gate is."""
        try:
            return self.status().running
        except LinkLost:
            return bool(self.link.bench and self.link.bench.gate)


def _bounded_s(time: str, argument: str) -> float:
    seconds = duration_s(time, argument)
    if seconds > LONGEST_S:
        raise WrongUsage(f"{argument}: {time} is longer than {LONGEST_S:g} s")
    return seconds


def assert_fault(bench: Bench, name: str, within: str = "1 s") -> None:
    """Let time pass until a fault is latched, and assert which and how soon.

    name: of the latched fault, as `scs faults` lists them, such as "open_load". within: from the
    last injected fault on, else from now. Raises WaveformMismatch if another fault is latched, or
    none, or the output is still on; WrongUsage for an unknown name.

    >>> with Bench("an example") as bench:
    ...     bench.run("profiles/tonic_50hz.yaml")
    ...     bench.inject("open_lead")
    ...     assert_fault(bench, "open_load", within="100 ms")
    """
    if name not in FAULTS:
        raise WrongUsage(f"no fault {name!r}{nearest(name, FAULTS)}; there are {', '.join(FAULTS)}")
    within_s = _bounded_s(within, "within")
    since_s = bench.now_s if bench.injected_s is None else bench.injected_s
    status = _watched(bench)
    while status.fault is None and bench.now_s < since_s + within_s:
        bench.link.sleep(min(STEP_S, since_s + within_s - bench.now_s))
        status = _watched(bench)
    cause = f" after {bench.injected[-1]}" if bench.injected else ""
    if status.fault is None:
        raise _failed(bench, f"no fault was latched within {within}{cause}: it is {status.state}")
    latched = error_texts.ERRORS[status.fault[0]].name
    if latched != name:
        raise _failed(bench, f"not {name}{cause}: {bench.told(status.fault)}")
    taken_s = _off_s(bench, bench.now_s) - since_s
    if bench.injected_s is not None and taken_s < -CLOCK_S:
        raise _failed(
            bench, f"{name} was latched {-taken_s:.3f} s before{cause.removeprefix(' after')}"
        )
    if taken_s > within_s:
        raise _failed(bench, f"{name} came {taken_s * 1e3:.6g} ms{cause}, limit {within}")
    if bench.is_on():
        raise _failed(bench, f"{name} is latched{cause}, but the output is on")


def _watched(bench: Bench) -> Status:
    """Return the status, of a board that its watchdog has reset after a new HELLO."""
    try:
        return bench.status()
    except LinkLost:
        try:
            hello(bench.link)
            return bench.status()
        except LinkLost as reason:
            raise _failed(bench, f"the board does not answer: {reason}") from None


def assert_stops_within(bench: Bench, time: str, by: str = "stop") -> None:
    """Assert that the output is off within a time, to about a millisecond.

    by: "stop" sends STOP, which ramps down; "halt" sends HALT; "itself" sends nothing but polls, as
    for a session that ends. time: such as "1.1 s". Raises WaveformMismatch, WrongUsage, and Failure
    if nothing runs.

    >>> with Bench("an example") as bench:
    ...     bench.run("profiles/tonic_50hz.yaml")
    ...     assert_stops_within(bench, "1.1 s")
    """
    within_s = _bounded_s(time, "time")
    if by not in ENDINGS:
        raise WrongUsage(f"by: there is no {by!r}; there are {', '.join(ENDINGS)}")
    status = bench.status()
    if not status.running:
        raise Failure(f"nothing runs that could stop: the device is {status.state}")
    if by != "itself":
        {"stop": lambda: bench.stop(wait=False), "halt": bench.halt}[by]()
    try:
        status = bench.wait(within_s)
    except DeviceFault as reason:
        raise _failed(bench, f"it did not end by {by}: {reason}") from None
    if status.running or bench.is_on():
        raise _failed(bench, f"the output is still on {time} after {by}: it is {status.state}")


def _off_s(bench: Bench, usual_s: float) -> float:
    """Return when the output went off, to the ms of the device's clock, in the bench's time."""
    book = bench.ledger()
    if bench.link.bench is None or not book.stop_s:
        return usual_s
    return min(book.stop_s, usual_s)


def _failed(bench: Bench, message: str) -> WaveformMismatch:
    """Return the failure with a plot of the last current."""
    seen = bench.recent(DRAWN_S)
    lines = [message]
    if seen is not None and len(seen) > 1:
        lines += plot(seen, 0.0, seen.end_s, bench.now_s - seen.end_s)
    return WaveformMismatch("\n".join(lines))
