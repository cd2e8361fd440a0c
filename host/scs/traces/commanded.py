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
    records = decode.table(board, words)[0]
    length_s = tuple(record[0] / board.clock_hz for record in records)
    return length_s, tuple(record[5] * board.na_per_code / 1e9 for record in records)


def playing(bench: Any) -> tuple[bytes, int, int] | None:
    """Return (words, ticks into the period, ticks of it) of a bench; None if nothing runs."""
    status, _periods, record, ticks_in = bench.hal.stream_state()
    words = bytes(bench.hal.stream_words())
    if status != output.RUNNING or not words:
        return None
    ticks = [decode.record(bench.board, words, at)[0][0] for at in range(len(words) // 8)]
    return words, sum(ticks[:record]) + ticks_in, sum(ticks)


def now(bench: Any, origin_s: float) -> Command | None:
    """Return the current period of a simulated bench; None if nothing runs."""
    under_way = playing(bench)
    if under_way is None:
        return None
    words, into, _ticks = under_way
    begin_s = bench.now_s() - into / bench.board.clock_hz - origin_s
    return Command(begin_s, *phases(bench.board, words))
