"""Shapes on their way up: a ramp passes through every level, and a shape is not alike at all.

Role: complaints() says why a profile that is admitted at its amplitudes would end in a fault before
it reaches them: a shape of few codes is another one, for a share below one code counts as one.
Invariant: the verdict at each level is the kernel's; a profile without shapes costs nothing.
Requirements: REQ-18, REQ-35, REQ-60.
"""

from __future__ import annotations

from collections.abc import Iterator

from stimcore import board as boards
from stimcore import kernel, limits, output, program
from stimcore.board import Board
from stimcore.errors import Refused

from ..documents import units
from ..documents.complaint import Complaint, Place, path_text
from ..errors import Row
from ..messages import refusals, safety_metrics
from ..profile.profile import Profile

Levels = tuple[int, ...]
EXAMPLE = "-100 % for 200 us and 50 % for 400 us"
NO_RAMP = "ramp: {up: 0 s, down: 0 s}"


def complaints(profile: Profile, board: Board) -> list[Complaint]:
    """The first level that a shape does not pass, as a complaint; none where there is none.

    What is refused at its own amplitudes is for the device to tell.
    """
    group = profile.group
    shaped = [number for number, one in enumerate(group.programs) if one.segments]
    if not shaped or profile.sync_only:
        return []
    if _verdict(board, group, _targets(group)).errors:
        return []
    for levels, verdict in _climb(board, group, shaped):
        if verdict.errors:
            number = _blamed(board, group, levels, shaped)
            return [_refused(profile, board, number, levels[number], verdict.errors[0])]
        miscounted = verdict.stream.pulses != program.pulses_per_period(group)
        if miscounted and group.header.session_pulses:
            return [_miscounted(profile, levels[shaped[0]], verdict.stream.pulses)]
    return []


def _targets(group: program.Group) -> Levels:
    return tuple(one.amplitude_ua for one in group.programs)


def _verdict(board: Board, group: program.Group, levels: Levels) -> kernel.Verdict:
    try:
        return output.judge(board, group, levels)
    except Refused as reason:
        return kernel.Verdict(list(reason.rows), [], None)


def _climb(
    board: Board, group: program.Group, numbers: list[int]
) -> Iterator[tuple[Levels, kernel.Verdict]]:
    """The levels on the way to the amplitudes and back, each with its verdict."""
    targets, header = _targets(group), group.header
    if header.ramp_up_ms or header.ramp_down_ms:
        found = _ramp(board, group, numbers)
    else:  # whole steps up, and down at once
        steps = range(1, -(-max(targets) // limits.STEP_UP_UA) + 1)
        found = (tuple(min(one, limits.STEP_UP_UA * step) for one in targets) for step in steps)
    for levels in found:
        yield levels, _verdict(board, group, levels)


def _ramp(board: Board, group: program.Group, numbers: list[int]) -> Iterator[Levels]:
    """Levels by which each of these programs comes by every code up to its own.

    How long a step takes is the device's own speed, and so any level may come; but none below the
    first step up where the way down takes no time.
    """
    targets, header = _targets(group), group.header
    least_ua = -(-board.na_per_code // 1000)
    steps = max(boards.code_from_ua(board, targets[at]) for at in numbers)
    first = 1
    if not header.ramp_down_ms:
        softest = limits.STEP_UP_UA * steps // max(targets)
        first = max(min(steps * limits.STEP_MS // header.ramp_up_ms, softest), 1)
    for step in range(first, steps + 1):
        yield tuple(max(one * step // steps, least_ua) for one in targets)


def _blamed(board: Board, group: program.Group, levels: Levels, shaped: list[int]) -> int:
    """The program whose own level it is: with all others at their targets it is refused too."""
    for number in shaped:
        lone = list(_targets(group))
        lone[number] = levels[number]
        if _verdict(board, group, tuple(lone)).errors:
            return number
    return shaped[0]


# --- what is told ----------------------------------------------------------------------------
def _complaint(profile: Profile, place: Place, message: str, *texts: str) -> Complaint:
    return Complaint("soft_start", path_text(place), profile.document.line(place), message, *texts)


def _refused(profile: Profile, board: Board, number: int, level_ua: int, row: Row) -> Complaint:
    level = units.text(level_ua, "uA")
    message = f"its ramp does not pass {level}, where a share below one code of the stage"
    message += f" counts as one: {refusals.sentence(row, profile.contact_names)}; write for example"
    example = _way_out(profile.group, board)
    limit = safety_metrics.text(row[0], row[3])
    place = ("programs", number, "shape")
    return _complaint(profile, place, f"{message} {example}", level, limit, example)


def _way_out(group: program.Group, board: Board) -> str:
    """Without ramps the lowest levels do not come; else another shape."""
    header = group.header._replace(ramp_up_ms=0, ramp_down_ms=0)
    bare = group._replace(header=header)
    shaped = [number for number, one in enumerate(group.programs) if one.segments]
    good = not any(verdict.errors for _, verdict in _climb(board, bare, shaped))
    return NO_RAMP if good else EXAMPLE


def _miscounted(profile: Profile, level_ua: int, pulses: int) -> Complaint:
    wanted = program.pulses_per_period(profile.group)
    message = f"at {units.text(level_ua, 'uA')} the device counts {pulses} pulses a period of this"
    message += f" shape and not {wanted}, so that a session of so many would be another one; write"
    message += " for example duration: 10 min"
    texts = str(pulses), str(wanted), "duration: 10 min"
    return _complaint(profile, ("session", "pulses"), message, *texts)
