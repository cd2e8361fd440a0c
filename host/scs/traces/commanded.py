"""Commanded current over time, from the words that the device streams.

Role: the live words of a simulated board -> Command, through the kernel's own decoder.
Invariant: codes times the stage's step, nothing else; any deviation of the delivered current is
due to stage and load.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from stimcore import decode, output
from stimcore.board import Board


@dataclass(frozen=True)
class Command:
    """Commanded period: when it began (s, in the trace's time), and its phases in order.

    length_s and current_a have one entry a phase; current_a is 0 in gaps and during discharge.
    """

    begin_s: float
    length_s: tuple[float, ...]
    current_a: tuple[float, ...]

    @property
    def period_s(self) -> float:
        """Length of the period in s."""
        return sum(self.length_s)

    @property
    def end_s(self) -> float:
        """End of the period in s, in the trace's time."""
        return self.begin_s + self.period_s


def phases(board: Board, words: bytes) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Decode words to (length in s, current in A) of every phase; adjacent rests are merged."""
    found = decode.table(board, words)[0]
    length_s = tuple(one[0] / board.clock_hz for one in found)
    return length_s, tuple(one[5] * board.na_per_code / 1e9 for one in found)


def now(bench: Any, origin_s: float) -> Command | None:
    """Return the current period of a simulated bench; None if nothing runs."""
    status, _periods, record, ticks_in = bench.hal.stream_state()
    words = bytes(bench.hal.stream_words())
    if status != output.RUNNING or not words:
        return None
    clock_hz = bench.board.clock_hz
    length_s, current_a = phases(bench.board, words)
    passed = [decode.record(bench.board, words, at)[0][0] for at in range(record)]
    into_s = (sum(passed) + ticks_in) / clock_hz
    return Command(bench.now_s() - into_s - origin_s, length_s, current_a)
