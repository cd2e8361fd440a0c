"""Three fidelities, one firmware: each shipped profile is latched as the model of it says.

Role: the model is phases -> records, with no stream, PIO or pin in between; `talk` is the board,
whose PIO executor moves the pins, and in tests/chip the real firmware on the emulated chip. Both
must be the model's equal, so all three agree: instants to the tick, codes to the bit.
Invariant: a period's amplitude is taken from its first frame, for how many periods a step of a
soft start lasts is the loop's own speed; all else comes from the profile.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import pytest
from tests.system.conversation import Conversation
from tests.system.support import NAME

from scs import Profile, resources
from scs.catalog import boards
from scs.safety import check
from stimcore import period, pio_records, program
from stimcore.board import Board

LADDER = "pico/r2r-1/resistor-500"
MADE_FOR = {"dummy-2": LADDER}  # by lead; every other lead has contacts to switch
RUN_S = 0.3
WHOLE = 12  # periods in it
STEP_MOST_UA = 500

Latch = tuple[int, int]  # tick, frame


class Period(NamedTuple):
    """The amplitude of a period in codes, and what was latched within it, from its beginning."""

    code: int
    latches: tuple[Latch, ...]
    ticks: int


def cases() -> Iterator[object]:
    """Yield those of one plain program, which its stage admits; test_therapies.py has the others.

    A cycle or a session comes to no end within RUN_S: of those that differ in it alone, the first.
    """
    played = set()
    for stem in resources.stems("profiles"):
        profile = Profile.read(resources.path(f"profiles/{stem}.yaml"))
        name = MADE_FOR.get(profile.lead.name, NAME)
        key = (profile.group.header.ramp_up_ms, profile.group.programs)
        if key not in played and is_plain(profile.group):
            assert check.judge(profile, boards.board(name)).ok, stem
            played.add(key)
            yield pytest.param(profile, id=stem, marks=pytest.mark.board(name))


def is_plain(group: program.Group) -> bool:
    """Return True if a period is one pulse or burst of one program, often enough for RUN_S."""
    member = group.programs[0]
    plain = member.count == 1 and not member.segments and member.rate_millihz > 1000 * WHOLE / RUN_S
    return len(group.programs) == 1 and plain and not group.header.flags & program.FLAG_SYNC_ONLY


def is_ladder(board: Board) -> bool:
    return board.name.split("/")[1] == "r2r-1"


def as_at_the_pins(board: Board, word: int) -> int:
    """Return a frame's bits as they stand at the stage: of a ladder's word the upper eight."""
    return word >> 24 if is_ladder(board) else word


def visible(board: Board, latches: list[Latch]) -> list[Latch]:
    """Drop latches that change nothing, which a ladder does not show."""
    if not is_ladder(board):
        return latches
    first = latches[:1]
    return first + [now for before, now in pairwise(latches) if now[1] != before[1]]


def model(board: Board, group: program.Group, code: int) -> Period:
    """Model one period of a group of one program at an amplitude of so many codes."""
    level_ua = (code * board.na_per_code + 500) // 1000
    compiled = period.compile_group(board, group, (level_ua,))
    words = pio_records.encode(board, compiled)
    latches, tick = [], 0
    for at, (_kind, _source, _back, _code, ticks) in enumerate(compiled):
        word = int.from_bytes(words[8 * at + 4 : 8 * at + 8], "little")
        latches.append((tick, as_at_the_pins(board, word)))
        tick += ticks
    return Period(code, tuple(visible(board, latches)), tick)


def amplitude_code(board: Board, frame: int) -> int:
    """Return the amplitude's code from a period's first frame, which is cathodic."""
    if is_ladder(board):
        return board.code_mid - frame
    dac = sum((frame >> 2 * bit & 1) << bit for bit in range(12))
    return board.code_mid - dac


def whole_periods(board: Board, group: program.Group, seen: list[Latch]) -> list[Period]:
    """Return the latches as periods, each as long as the model's; the last, cut one is dropped."""
    out, at = [], 0
    while True:
        start = seen[at][0]
        wanted = model(board, group, amplitude_code(board, seen[at][1]))
        after = at + len(wanted.latches)
        if after >= len(seen):
            return out
        latches = tuple((tick - start, frame) for tick, frame in seen[at:after])
        out.append(Period(wanted.code, latches, seen[after][0] - start))
        at = after


@pytest.mark.parametrize("profile", list(cases()))
def test_req_23_each_profile_is_latched_to_the_tick_and_the_bit(
    talk: Conversation, profile: Profile
) -> None:
    talk.running(profile.group)
    talk.keep(RUN_S)
    periods = whole_periods(talk.row, profile.group, visible(talk.row, talk.latches()))
    assert len(periods) >= 10
    assert periods == [model(talk.row, profile.group, period.code) for period in periods]
    codes = [period.code for period in periods]
    assert codes == sorted(codes)
    target_ua = profile.group.programs[0].amplitude_ua
    steps_ua = [talk.row.na_per_code * (b - a) / 1000 for a, b in pairwise([0, *codes])]
    assert max(steps_ua) <= STEP_MOST_UA
    if target_ua <= STEP_MOST_UA and not profile.group.header.ramp_up_ms:
        assert len(set(codes)) == 1  # at its amplitude from the first pulse on
    else:
        assert len(set(codes)) >= 3  # two whole steps of a soft start
