"""Commanded current over time, from the words that the device streams.

Role: the live words of a simulated board -> Command, through the kernel's own decoder.
Invariant: codes times the stage's step, nothing else; any deviation of the delivered current is
due to stage and load.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from stimcore import decode, output
from stimcore.board import Board

from .figures import Floats

SAME_S = 1e-10  # two times closer than this are one


@dataclass(frozen=True)
class Command:
    """Commanded period: when it began (s, in the trace's time), and its phases in order.

    length_s and current_a have one entry a phase; current_a is 0 in gaps and during discharge.
    periods: how many whole ones follow each other from begin_s on.
    """

    begin_s: float
    length_s: tuple[float, ...]
    current_a: tuple[float, ...]
    periods: int = 1

    @property
    def period_s(self) -> float:
        """Length of the period in s."""
        return sum(self.length_s)

    @property
    def end_s(self) -> float:
        """End of the first period in s, in the trace's time."""
        return self.begin_s + self.period_s

    @property
    def strength(self) -> float:
        """Mean rectified current of a period in A, by which steps of a ramp are compared."""
        pairs = zip(self.length_s, self.current_a, strict=True)
        return sum(length_s * abs(current_a) for length_s, current_a in pairs) / self.period_s

    def edges_s(self) -> tuple[Floats, Floats]:
        """Return the begin and the end of every phase, from the period's start."""
        edges: Floats = np.concatenate(([0.0], np.cumsum(self.length_s)))
        return edges[:-1], edges[1:]


def phases(board: Board, words: bytes) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Decode words to (length in s, current in A) of every phase; adjacent rests are merged."""
    records = decode.table(board, words)[0]
    length_s = tuple(record[0] / board.clock_hz for record in records)
    return length_s, tuple(record[5] * board.na_per_code / 1e9 for record in records)


@dataclass(frozen=True)
class Playing:
    """State of a bench's stream: words, whole periods of this run; begin of the present period in
    s of the bench's clock, and its ticks."""

    words: bytes
    periods: int
    begin_s: float
    ticks: int


def playing(bench: Any) -> Playing | None:
    """Return what a bench plays; None if nothing runs."""
    status, periods, record, ticks_in = bench.hal.stream_state()
    words = bytes(bench.hal.stream_words())
    if status != output.RUNNING or not words:
        return None
    ticks = [decode.record(bench.board, words, at)[0][0] for at in range(len(words) // 8)]
    into = sum(ticks[:record]) + ticks_in
    begin_s = bench.now_s() - into / bench.board.clock_hz
    return Playing(words, periods, begin_s, sum(ticks))


class Strongest:
    """The longest row of equal periods that a bench plays, of those at the highest amplitude.

    look() must be called regularly: of words that change between two looks, a period is counted
    only where the bench's own count says that it was played to its end. Times count from
    origin_s of the bench's clock; only what lies within 0 and end_s is taken.
    """

    def __init__(self, bench: Any, origin_s: float, end_s: float):
        self._bench, self._origin_s, self._end_s = bench, origin_s, end_s
        self._before: Playing | None = None
        self._row: Command | None = None  # its periods: so far known to be whole
        self._best: Command | None = None
        self.look()

    def look(self) -> None:
        """Follow what is played now."""
        now, before = playing(self._bench), self._before
        same = False
        if before is not None and self._row is not None:
            count = now.periods if now is not None else self._bench.hal.stream_state()[1]
            passed = max(0, count - before.periods)
            if now is not None and now.words == before.words:  # and not of a later run
                passed_s = passed * before.ticks / self._bench.board.clock_hz
                same = abs(now.begin_s - before.begin_s - passed_s) < SAME_S
            whole = passed if same else min(passed, 1)
            self._row = replace(self._row, periods=self._row.periods + whole)
        if not same:
            self._best, self._row = self.command, None
            if now is not None:
                begin_s = now.begin_s - self._origin_s
                self._row = Command(begin_s, *phases(self._bench.board, now.words), periods=0)
        self._before = now

    @property
    def command(self) -> Command | None:
        """The row so far; None if there is no whole period."""
        row = self._row
        if row is None:
            return self._best
        first = max(0, math.ceil(-(row.begin_s + SAME_S) / row.period_s))
        fit = (self._end_s - row.begin_s + SAME_S) / row.period_s
        last = math.floor(min(row.periods, fit))
        begin_s = max(0.0, row.begin_s + first * row.period_s)
        row = replace(row, begin_s=begin_s, periods=last - first)
        rows = [command for command in (self._best, row) if command and command.periods > 0]
        return max(rows, key=lambda command: (command.strength, command.periods), default=None)
