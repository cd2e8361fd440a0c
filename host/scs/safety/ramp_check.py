"""Check every ramp step: at low amplitudes a shaped pulse is quantized differently.

Role: problems() reports a profile that is admitted at its amplitudes but would fault during the
ramp, because segments smaller than one DAC code are rounded up to one code.
Invariant: the verdict at each level is the kernel's; a profile without shapes costs nothing.
Requirements: REQ-18, REQ-35, REQ-60.
"""

from __future__ import annotations

from collections.abc import Iterator

from stimcore import board as boards
from stimcore import kernel, limits, output
from stimcore.board import Board
from stimcore.errors import Refused
from stimcore.program import Group, pulses_per_period

from ..documents import units
from ..documents.problem import Problem
from ..messages import refusals, safety_metrics
from ..profile.profile import Profile

Levels = tuple[int, ...]
EXAMPLE = "-100 % for 200 us and 50 % for 400 us"
NO_RAMP = "ramp: {up: 0 s, down: 0 s}"


def problems(profile: Profile, board: Board) -> list[Problem]:
    """Return the problem of the first ramp level that is refused; empty if all pass.

    A profile refused at its own amplitudes is reported elsewhere.
    """
    group = profile.group
    shaped = _shaped(group)
    if not shaped or profile.sync_only or _verdict(board, group, _targets(group)).errors:
        return []
    for levels, verdict in _climb(board, group, shaped):
        if verdict.errors:
            number = _blamed(board, group, levels, shaped)
            row, level = verdict.errors[0], units.text(levels[number], "uA")
            why, example = refusals.cause(row, profile.contact_names), _way_out(group, board)
            message = f"the soft start would be refused at {level}: segments smaller than one DAC"
            message += f" code are rounded up to one code ({why}); try {example}"
            place, limit = ("programs", number, "shape"), safety_metrics.text(row[0], row[3])
            problem = Problem("ramp-refused", place, message, level, limit, example)
            return profile.document.located([problem])
        pulses, wanted = verdict.stream.pulses, pulses_per_period(group)
        if group.header.session_pulses and pulses != wanted:
            level, example = units.text(levels[shaped[0]], "uA"), "duration: 10 min"
            message = f"at {level} this shape has {pulses} pulses per period instead of {wanted},"
            message += f" so a session cannot be limited by pulses; try {example}"
            texts = str(pulses), str(wanted), example
            problem = Problem("ramp-pulses", ("session", "pulses"), message, *texts)
            return profile.document.located([problem])
    return []


def _shaped(group: Group) -> list[int]:
    return [number for number, program in enumerate(group.programs) if program.segments]


def _targets(group: Group) -> Levels:
    return tuple(program.amplitude_ua for program in group.programs)


def _verdict(board: Board, group: Group, levels: Levels) -> kernel.Verdict:
    try:
        return output.judge(board, group, levels)
    except Refused as reason:
        return kernel.Verdict(list(reason.rows), [], None)


def _climb(
    board: Board, group: Group, numbers: list[int]
) -> Iterator[tuple[Levels, kernel.Verdict]]:
    """Yield the levels of both ramps, each with its verdict."""
    targets, header = _targets(group), group.header
    if header.ramp_up_ms or header.ramp_down_ms:
        ramp = _ramp(board, group, numbers)
    else:  # whole steps up, and down at once
        steps = range(1, -(-max(targets) // limits.STEP_UP_UA) + 1)
        ramp = (tuple(min(ua, limits.STEP_UP_UA * step) for ua in targets) for step in steps)
    for levels in ramp:
        yield levels, _verdict(board, group, levels)


def _ramp(board: Board, group: Group, numbers: list[int]) -> Iterator[Levels]:
    """Yield levels that take each of these programs through every DAC code up to its own.

    The step time depends on the device's speed, so any level may occur; but none below the
    first step up if there is no ramp down.
    """
    targets, header = _targets(group), group.header
    least_ua = -(-board.na_per_code // 1000)
    steps = max(boards.code_from_ua(board, targets[at]) for at in numbers)
    first = 1
    if not header.ramp_down_ms:
        softest = limits.STEP_UP_UA * steps // max(targets)
        first = max(min(steps * limits.STEP_MS // header.ramp_up_ms, softest), 1)
    for step in range(first, steps + 1):
        yield tuple(max(ua * step // steps, least_ua) for ua in targets)


def _blamed(board: Board, group: Group, levels: Levels, shaped: list[int]) -> int:
    """Return the program at fault: the one refused at its level with all others at target."""
    for number in shaped:
        lone = list(_targets(group))
        lone[number] = levels[number]
        if _verdict(board, group, tuple(lone)).errors:
            return number
    return shaped[0]


def _way_out(group: Group, board: Board) -> str:
    """Return a working example: no ramps, which skips the lowest levels, or another shape."""
    header = group.header._replace(ramp_up_ms=0, ramp_down_ms=0)
    bare = group._replace(header=header)
    shaped = _shaped(group)
    good = not any(verdict.errors for _, verdict in _climb(board, bare, shaped))
    return NO_RAMP if good else EXAMPLE
