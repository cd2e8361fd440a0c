"""What the device was streaming, as a current over time: to be held against what was delivered.

Role: the live words of a simulated board -> Command, through the kernel's own decoder.
Invariant: codes times the stage's step, nothing else; where the load gets another current, that
is the stage's and the load's doing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from stimcore import decode, output
from stimcore.board import Board


@dataclass(frozen=True)
class Command:
    """One period: when it began (s, in the trace's time), and its phases in order.

    length_s and current_a have one entry a phase; current_a is 0 in gaps and during discharge.
    """

    begin_s: float
    length_s: tuple[float, ...]
    current_a: tuple[float, ...]

    @property
    def period_s(self) -> float:
        """How long the period is."""
        return sum(self.length_s)

    @property
    def end_s(self) -> float:
        """When it ends, in the trace's time."""
        return self.begin_s + self.period_s


def phases(board: Board, words: bytes) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """(length in s, current in A) of every phase in a table of words; rests in a row are one."""
    found = decode.table(board, words)[0]
    length_s = tuple(one[0] / board.clock_hz for one in found)
    return length_s, tuple(one[5] * board.na_per_code / 1e9 for one in found)


def now(bench: Any, origin_s: float) -> Command | None:
    """The period that is under way on a simulated bench; None where nothing runs."""
    status, _periods, record, ticks_in = bench.hal.stream_state()
    words = bytes(bench.hal.stream_words())
    if status != output.RUNNING or not words:
        return None
    clock_hz = bench.board.clock_hz
    length_s, current_a = phases(bench.board, words)
    passed = [decode.record(bench.board, words, at)[0][0] for at in range(record)]
    into_s = (sum(passed) + ticks_in) / clock_hz
    return Command(bench.now_s() - into_s - origin_s, length_s, current_a)
