"""Many faults of one therapy in one walk through its session, each in a branch of its own.

Role: Prepared is a run as it was drawn; walk() goes through the calm session once, stops before the
instant of each fault, and lets a forked process have that fault there and go on to its own end and
verdict. Invariant: a branch is what run() does from power-on, to the bit: up to its fault
nothing differs, and the noise is drawn anew from there on, by the number of the run.
"""

import gc
import os
import pickle
import traceback
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from . import fault_session, monitor
from .fault_judge import Verdict, judge
from .fault_kinds import KINDS, Arranged, Drawn, Spoil
from .fault_session import Played
from .therapies import SHARES, THERAPIES, Therapy


class Plan(NamedTuple):
    """One run: its number, its kinds, each with a number among its own, and the seed."""

    number: int
    kinds: tuple[tuple[str, int], ...]
    seed: int


class Done(NamedTuple):
    """A plan, the therapy it met, and what came of it."""

    plan: Plan
    therapy: str
    words: list[str]
    verdict: Verdict
    latched: int


class Prepared(NamedTuple):
    """A plan, the therapy it meets, its faults as drawn, and what they do, told as they do it."""

    plan: Plan
    therapy: Therapy
    arranged: list[Arranged]
    words: list[str]

    @property
    def from_us(self) -> int:
        """Return the instant up to which it is the calm session."""
        return min(fault.from_us for fault in self.arranged)

    def begin(self, bench: Any) -> None:
        """Put the faults onto a bench that has come there, or not yet so far."""
        bench.reseed(self.plan.number)
        for fault in self.arranged:
            fault.arrange(bench)

    def judged(self, played: Played) -> Done:
        """Return what came of it."""
        kinds = [kind for kind, _number in self.plan.kinds]
        drawn = [
            Drawn(kind, fault.at_us, self.words)
            for kind, fault in zip(kinds, self.arranged, strict=True)
        ]
        return self._done(judge(self.therapy, drawn, played), played.latched)

    def broken(self, error: BaseException) -> Done:
        """Return that what ran it ended in an error: of the firmware's, or of the bench's."""
        line = "".join(traceback.format_exception_only(error)).strip()
        worst = monitor.Worst(0.0, 0.0, 0.0, 0.0)
        return self._done(Verdict("broken", worst, 0.0, [f"an error got out: {line}"]), 0)

    def _done(self, verdict: Verdict, latched: int) -> Done:
        faults = zip(self.plan.kinds, self.arranged, strict=True)
        events = [f"{kind[0]} at {fault.at_us / 1e6:.6f} s" for kind, fault in faults]
        return Done(self.plan, self.therapy.name, events + self.words, verdict, latched)


def therapy_of(plan: Plan) -> tuple[Therapy, np.random.Generator]:
    """Return the therapy that a plan meets, and what the rest of it is drawn from."""
    random = np.random.default_rng((plan.seed, plan.number, 1))
    names = [name for name, share in SHARES.items() for _ in range(share)]
    return THERAPIES[names[int(random.integers(len(names)))]], random


def prepare(plan: Plan) -> Prepared:
    """Draw the faults of a plan."""
    therapy, random = therapy_of(plan)
    calm = fault_session.healthy(therapy.name)
    words: list[str] = []
    arranged = [
        KINDS[name].draw(Spoil(random, therapy, calm, number, words)) for name, number in plan.kinds
    ]
    return Prepared(plan, therapy, arranged, words)


def run(plan: Plan) -> tuple[Done, Played]:
    """Do one run from power-on."""
    prepared = prepare(plan)
    played = fault_session.play(
        prepared.therapy,
        fault_session.filled(),
        lambda bench: before(bench, prepared.from_us, lambda: prepared.begin(bench)),
    )
    return prepared.judged(played), played


def before(bench: Any, us: int, call: Callable[[], None]) -> None:
    """Call before an instant, which may be that of power-on."""
    if us:
        bench.pause_at(us, call)
    else:
        call()


class Branches:
    """The runs of one walk that are still to branch off, in order, and what has come of others."""

    def __init__(self, runs: list[Prepared]):
        self._left = sorted(runs, key=lambda prepared: prepared.from_us, reverse=True)
        self.done: list[Done] = []
        self.mine: Prepared | None = None  # in a branch: its run …
        self._answer = -1  # … and where its verdict is written

    def begin(self, bench: Any) -> None:
        """Arrange the first stop on a bench at power-on."""
        if self._left:
            before(bench, self._left[-1].from_us, lambda: self._branch(bench))

    def _branch(self, bench: Any) -> None:
        at_us = self._left[-1].from_us
        while self._left and self._left[-1].from_us == at_us:
            prepared = self._left.pop()
            if self._fork(prepared):
                prepared.begin(bench)
                return
        self.begin(bench)

    def _fork(self, prepared: Prepared) -> bool:
        """Return True in the branch; else once it has ended."""
        reading, writing = os.pipe()
        process = os.fork()
        if not process:
            os.close(reading)
            self.mine, self._answer = prepared, writing
            return True
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            answer = pipe.read()
        os.waitpid(process, 0)
        if not answer:
            raise RuntimeError(f"run {prepared.plan.number} has ended without a verdict")
        self.done.append(pickle.loads(answer))
        return False

    def answer(self, done: Done) -> None:
        """Write the verdict of a branch."""
        with os.fdopen(self._answer, "wb") as pipe:
            pickle.dump(done, pipe)


def walk(plans: list[Plan]) -> list[Done]:
    """Do runs that meet one therapy; raise RuntimeError where one has no verdict."""
    runs = [prepare(plan) for plan in plans]
    branches = Branches(runs)
    gc.freeze()  # a collection would write to all that the branches share, and so copy it
    gc.disable()
    try:
        played = fault_session.play(runs[0].therapy, fault_session.filled(), branches.begin)
        if branches.mine is not None:
            branches.answer(branches.mine.judged(played))
            os._exit(0)
    except BaseException as error:  # whatever it is, a branch ends here
        if branches.mine is None:
            raise
        branches.answer(branches.mine.broken(error))
        os._exit(0)
    finally:
        gc.enable()
        gc.unfreeze()
    return branches.done
