"""Predict what a session delivers, by the same steps as the device.

Role: plan() follows the runs of a session with stimcore.ramp and adds up pulses and charge with
stimcore.ledger. Invariant: counts whole periods of admitted words; equals the device's ledger to
the code as long as the device's loop keeps up with the amplitude steps (decision 24).
Requirements: REQ-36, REQ-60.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from stimcore import board as boards
from stimcore import charge, ledger, output, program, ramp
from stimcore.board import Board
from stimcore.errors import refuse_all

from ..messages import safety_metrics

Levels = tuple[int, ...]
Stretch = tuple[Levels, int]  # amplitudes in uA, and for how many periods


@dataclass(frozen=True)
class Delivery:
    """Totals of a session: pulses, seconds with output, charge driven at each contact.

    shared_with: contacts on the same side; each has its whole charge, the split is unknown.
    """

    pulses: int
    seconds: float
    charge_nc: dict[str, float]
    shared_with: dict[str, tuple[str, ...]]


def reached_ua(group: program.Group, board: Board) -> Levels:
    """Return each program's highest amplitude in a session, as quantized by the stage (uA)."""
    highest = [0] * len(group.programs)
    for levels, _periods in _first_run(group):
        highest = [max(pair) for pair in zip(highest, levels, strict=True)]
    codes = [boards.code_from_ua(board, max(ua, _least_ua(board))) for ua in highest]
    return tuple(code * board.na_per_code // 1000 for code in codes)


def plan(group: program.Group, board: Board, contacts: tuple[str, ...]) -> Delivery | None:
    """Return the totals of a session, None if it has no end; raise Refused if a level fails."""
    header = group.header
    if not header.session_ms and not header.session_pulses:
        return None
    book, streams = ledger.Ledger(), {}
    for levels, periods in _session(group):
        driven = tuple(max(ua, _least_ua(board)) for ua in levels)
        codes = tuple(boards.code_from_ua(board, ua) for ua in driven)
        if codes not in streams:
            verdict = output.judge(board, group, driven)
            if verdict.errors:
                refuse_all(verdict.errors)
            streams[codes] = verdict.stream
        book.add_periods(streams[codes], periods)
    charges_nc = (charge.picocoulombs(board, codes) / 1000 for codes in book.driven)
    named = {name: nc for name, nc in zip(contacts, charges_nc, strict=False) if nc}
    sharing = {
        name: safety_metrics.shared_with(group, index, contacts)
        for index, name in enumerate(contacts)
        if name in named
    }
    return Delivery(book.pulses, book.output_us / 1e6, named, sharing)


def _least_ua(board: Board) -> int:
    """Return the amplitude of one DAC code (uA, rounded up), at which every ramp begins."""
    return int(-(-board.na_per_code // 1000))


def _session(group: program.Group) -> Iterator[Stretch]:
    """Yield the stretches of all runs of a session; equal runs are computed once."""
    known: dict[int, list[Stretch]] = {}
    steps, left = ramp.Train(group), _counted(group)
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
        if steps.phase != ramp.REST or over or (group.header.session_pulses and not left):
            return


def _counted(group: program.Group) -> int:
    return int(group.header.session_pulses // program.pulses_per_period(group))


def _first_run(group: program.Group) -> Iterator[Stretch]:
    steps = ramp.Train(group)
    steps.start(0)
    steps.begin()
    return _run(steps, steps.lasts(_counted(group)))


def _run(steps: ramp.Train, lasts: int) -> Iterator[Stretch]:
    """Yield a run of `lasts` periods; 0: until the amplitudes are reached or back at zero."""
    since, levels = 0, tuple(steps.levels_ua)
    period = steps.next_period
    while not lasts or period < lasts:
        if levels == tuple(steps.targets_ua) and steps.phase == ramp.UP:
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
            if steps.phase == ramp.DOWN and not any(new):
                return
        period = steps.next_period
    yield levels, max(lasts - since, 0)
