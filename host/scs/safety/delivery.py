"""What a session will deliver, before it does: by the very steps that the device takes.

Role: plan() goes through the runs of a session as stimcore.train takes them, and adds up what
stimcore.ledger would. Invariant: whole periods of the words that the kernel admits; it equals the
device's ledger, to the code, where the device's loop keeps up with the steps (decision 24).
Requirements: REQ-36, REQ-60.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from stimcore import board as boards
from stimcore import charge, ledger, output, program, train
from stimcore.board import Board
from stimcore.errors import refuse_all

Levels = tuple[int, ...]
Stretch = tuple[Levels, int]  # amplitudes in uA, and for how many periods


@dataclass(frozen=True)
class Delivery:
    """The whole of a session: pulses, seconds with output, charge driven at each contact."""

    pulses: int
    seconds: float
    charge_nc: dict[str, float]

    def as_dict(self) -> dict[str, Any]:
        """As JSON carries it."""
        return {"pulses": self.pulses, "seconds": self.seconds, "charge_nc": self.charge_nc}


def reached_ua(group: program.Group, board: Board) -> Levels:
    """The highest amplitude of each program in a session, as the stage makes it (uA)."""
    highest = [0] * len(group.programs)
    for levels, _periods in _first_run(group):
        highest = [max(pair) for pair in zip(highest, levels, strict=True)]
    codes = [boards.code_from_ua(board, max(one, _least_ua(board))) for one in highest]
    return tuple(code * board.na_per_code // 1000 for code in codes)


def plan(group: program.Group, board: Board, contacts: tuple[str, ...]) -> Delivery | None:
    """What a session delivers; None where it has no end. Refused where a level of it is refused."""
    header = group.header
    if not header.session_ms and not header.session_pulses:
        return None
    book, streams = ledger.Ledger(), {}
    for levels, periods in _session(group):
        made = tuple(max(one, _least_ua(board)) for one in levels)
        codes = tuple(boards.code_from_ua(board, one) for one in made)
        if codes not in streams:
            verdict = output.judge(board, group, made)
            if verdict.errors:
                refuse_all(verdict.errors)
            streams[codes] = verdict.stream
        book.add_periods(streams[codes], periods)
    driven = [charge.picocoulombs(board, one) / 1000 for one in book.driven]
    named = {name: nc for name, nc in zip(contacts, driven, strict=False) if nc}
    return Delivery(book.pulses, book.output_us / 1e6, named)


def _least_ua(board: Board) -> int:
    """A ramp begins at one code, not at none."""
    return int(-(-board.na_per_code // 1000))


def _session(group: program.Group) -> Iterator[Stretch]:
    """All runs of a session, those that are alike worked out once."""
    known: dict[int, list[Stretch]] = {}
    steps, left = train.Train(group), _counted(group)
    steps.start(0)
    while True:
        steps.begin()
        lasts = steps.lasts(left)
        if steps.times_out or lasts not in known:
            known[lasts] = list(_run(steps, lasts))
        yield from known[lasts]
        left = max(left - lasts, 0)
        steps.ended()
        over = group.header.session_ms and steps.next_on_ms >= group.header.session_ms
        if steps.phase != train.REST or over or (group.header.session_pulses and not left):
            return


def _counted(group: program.Group) -> int:
    return int(group.header.session_pulses // program.pulses_per_period(group))


def _first_run(group: program.Group) -> Iterator[Stretch]:
    steps = train.Train(group)
    steps.start(0)
    steps.begin()
    return _run(steps, steps.lasts(_counted(group)))


def _run(steps: train.Train, lasts: int) -> Iterator[Stretch]:
    """A run of so many periods; 0: until it has come down, or its amplitudes are reached."""
    since, levels = 0, tuple(steps.levels_ua)
    period = steps.next_period
    while not lasts or period < lasts:
        if levels == tuple(steps.targets_ua) and steps.phase == train.UP:
            plateau = steps.plateau_ends() or lasts
            if not plateau:
                break
            period = max(period, plateau)
            if lasts and period >= lasts:
                break
        new = tuple(steps.step(period))
        if new:
            yield levels, period - since
            since, levels = period, new
            steps.staged(period, new)
            if steps.phase == train.DOWN and not any(new):
                return
        period = steps.next_period
    yield levels, max(lasts - since, 0)
