"""Exact execution of a PIO program, memoised: a segment is worked out once.

Role: `Executor.step` goes from pull to pull and hands out a Segment with its edges; a segment is
remembered under the state the machine began in, the word it pulled and what the FIFO answered.
Invariant: the memo is exact, and one for all machines of a program and wiring. A machine is a
function of its state and of those answers; a program that also reads input pins is not, so it is
only run by `advance`, which remembers nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..memo import memo
from .asm import Program
from .instructions import PioError
from .machine import NEVER, Edge, Machine
from .operations import EMPTY, State, Wiring
from .timeline import Timeline

MEMO_LIMIT = 4096  # segments; about 8 kB each


class Supply(Protocol):
    """Source of the words: the TX FIFO and the DMA behind it. Ticks are absolute."""

    def available(self, tick: int) -> int:
        """Return the number of words in the FIFO at `tick`."""

    def pop(self, tick: int) -> int:
        """Take the next word (32 bits) at `tick`; called only while one is available."""


class Words:
    """A supply of given words and no more, all there from the start."""

    def __init__(self, words: Iterable[int] = ()) -> None:
        self.left = deque(words)

    def available(self, tick: int) -> int:
        return len(self.left)

    def pop(self, tick: int) -> int:
        return self.left.popleft()


@dataclass(frozen=True, eq=False)
class Segment:
    """The machine's actions from one pull until just before the next.

    `edges` are (tick from the segment's start, pin, level) in order. `end` is "pull", "dead" (it
    loops on the spot and wants a restart) or "stalled" (it waits for what does not come).
    One and the same object comes back whenever the same happens again.
    """

    length: int
    edges: tuple[Edge, ...]
    irq: bool
    end: str
    after: State = field(repr=False)

    @cached_property
    def array(self) -> NDArray[np.int64]:
        """Return the edges as an array of shape (edges, 3)."""
        return np.array(self.edges, dtype=np.int64).reshape(-1, 3)


@dataclass(frozen=True, eq=False)
class _Question:
    """A segment up to the point where it asks for the FIFO's status, and how it goes on."""

    at: int
    edges: tuple[Edge, ...]
    state: State
    irq_before: int
    branches: dict[int, Segment | _Question] = field(default_factory=dict)


class Executor:
    """One state machine running one program; `wiring` has the fields of Wiring.

    Pins are GPIO numbers. `inputs` gives the levels of input pins; all others read as the
    machine's own outputs. Ticks are cycles of the system clock (divider 1).
    """

    def __init__(self, program: Program, *, inputs: Timeline | None = None, **wiring: int) -> None:
        self.program = program
        self._machine = Machine(program, Wiring(**wiring), inputs)
        self._reads_pins = any(op.reads_pins for op in self._machine.ops)
        self._memo = memo(("segments", program, self._machine.wiring), MEMO_LIMIT)
        self.restart()

    def restart(self, tick: int = 0) -> None:
        """Restart at `tick`, as StateMachine.init does; the memo is kept."""
        self.tick = tick
        self.state = self._machine.initial()  # all registers at `tick`; pins: bit n is pin n
        self._end = ""

    @property
    def dead(self) -> bool:
        """Return True if it loops on the spot until a restart."""
        return self._end == "dead"

    def step(self, supply: Supply) -> Segment:
        """Run until just before the next pull; `tick` moves on by the segment's length.

        A pull that finds no word ends the segment as "stalled" at once; `step` again once there
        are words, after setting `tick` to when they came. Raises PioError for a program that
        reads input pins.
        """
        if self._reads_pins:
            raise PioError(f"{self.program.name} reads input pins: run it by advance()")
        answer = self._pulled(supply)
        key = (self.state, answer)
        node: Segment | _Question | None = self._memo.get(key)
        if node is None:
            node = self._explore(_Question(0, (), self.state, self.state.irq), answer)
            self._memo.remember(key, node)
        while isinstance(node, _Question):
            low = self._low(supply, self.tick + node.at)
            if low not in node.branches:
                node.branches[low] = self._explore(node, low)
            node = node.branches[low]
        self.state, self._end = node.after, node.end
        self.tick += node.length
        return node

    def advance(self, until_tick: int, supply: Supply) -> tuple[Edge, ...]:
        """Run every instruction that begins before `until_tick`; edges in absolute ticks.

        A pull that finds no word looks again at `until_tick`. The inputs must be known up to
        `until_tick`.
        """
        machine = self._machine
        machine.load(self.state)
        machine.tick, machine.edges = self.tick, []
        stopped = machine.run(until_tick)
        while stopped in ("pull", "status"):
            ask = self._word if stopped == "pull" else self._low
            machine.answer = ask(supply, machine.tick)
            stopped = machine.run(until_tick)
        self.state, self._end = machine.save(), stopped
        self.tick = max(machine.tick, until_tick)
        return tuple(machine.edges)

    def _word(self, supply: Supply, tick: int) -> int:
        return supply.pop(tick) if supply.available(tick) > 0 else EMPTY

    def _low(self, supply: Supply, tick: int) -> int:
        return int(supply.available(tick) < self.program.status_n)

    def _pulled(self, supply: Supply) -> int | None:
        """Return the answer for the pull the machine stands at; None if it stands elsewhere."""
        if self._end != "pull":
            self._machine.load(self.state)
            if self._machine.question() != "pull":
                return None
        return self._word(supply, self.tick)

    def _explore(self, begun: _Question, answer: int | None) -> Segment | _Question:
        """Work out how a segment goes on from where it has come to."""
        machine = self._machine
        machine.load(begun.state)
        machine.tick, machine.edges, machine.answer = begun.at, list(begun.edges), answer
        end = machine.run()
        after, edges = machine.save(), tuple(machine.edges)
        if end == "status":
            return _Question(machine.tick, edges, after, begun.irq_before)
        return Segment(machine.tick, edges, bool(after.irq & ~begun.irq_before), end, after)


def run(
    program: Program, words: Iterable[int], *, until_tick: int = NEVER, **wiring: int
) -> NDArray[np.int64]:
    """Return the edges of a fresh machine fed with `words`, before `until_tick`: (edges, 3).

    Columns: absolute tick, pin, level. Ends when the machine is dead or stalled.
    """
    executor = Executor(program, inputs=None, **wiring)
    supply, pieces, end = Words(words), [np.empty((0, 3), np.int64)], "pull"
    while end == "pull" and executor.tick < until_tick:
        start = np.array((executor.tick, 0, 0))
        segment = executor.step(supply)
        pieces.append(segment.array + start)
        end = segment.end
    edges = np.concatenate(pieces)
    return edges[edges[:, 0] < until_tick]
