"""Each shipped therapy on the board: what is latched is what its period says, to the tick.

Role: groups of several programs, shapes, dither, alternating polarity and marks, which
test_profiles.py leaves out; at an amplitude that the soft start may begin with.
Invariant: a therapy that its stage refuses is refused by the device with the same reason.
"""

from collections.abc import Iterator

import pytest
from tests.system.conversation import Conversation
from tests.system.support import NAME
from tests.system.test_profiles import MADE_FOR, Latch, as_at_the_pins, visible

from scs import Profile, boards, judging, resources, texts
from stimcore import commands, phases, program, records
from stimcore.board import Board

PERIODS = 3
MOST_UA = 500


def cases(good: bool) -> Iterator[object]:
    for stem in resources.stems("profiles"):
        profile = Profile.read(resources.path(f"profiles/{stem}.yaml"))
        name = MADE_FOR.get(profile.lead.name, NAME)
        if judging.judge(profile, boards.board(name)).ok == good:
            yield pytest.param(profile, id=stem, marks=pytest.mark.board(name))


def at_once(group: program.Group) -> program.Group:
    """The group without a ramp, each program at 500 uA at most, with no end and no pause."""
    header = group.header._replace(
        flags=group.header.flags | program.FLAG_STAND_ALONE,
        ramp_up_ms=0,
        cycle_on_ms=0,
        cycle_off_ms=0,
        session_ms=0,
        session_pulses=0,
    )
    programs = [one._replace(amplitude_ua=min(one.amplitude_ua, MOST_UA)) for one in group.programs]
    return program.Group(header, group.areas_um2, tuple(programs))


def period(board: Board, group: program.Group) -> tuple[list[Latch], int]:
    """(tick and frame of each latch of a period, its ticks)."""
    levels = tuple(one.amplitude_ua for one in group.programs)
    compiled = phases.compile_group(board, group, levels)
    words = records.encode(board, compiled)
    latches, tick = [], 0
    for at, phase in enumerate(compiled):
        word = int.from_bytes(words[8 * at + 4 : 8 * at + 8], "little")
        latches.append((tick, as_at_the_pins(board, word)))
        tick += phase[4]
    return latches, tick


@pytest.mark.parametrize("profile", list(cases(good=True)))
def test_req_23_each_therapy_is_latched_as_its_period_says(
    talk: Conversation, profile: Profile
) -> None:
    group = at_once(profile.group)
    latches, ticks = period(talk.row, group)
    talk.running(group)
    talk.pass_us(PERIODS * ticks * 1_000_000 // talk.row.clock_hz + 1_000)
    wanted = [(turn * ticks + at, word) for turn in range(PERIODS) for at, word in latches]
    wanted = visible(talk.row, wanted)
    found = visible(talk.row, talk.latches())
    since = found[0][0]
    assert [(at - since, word) for at, word in found][: len(wanted)] == wanted
    assert talk.state() == "RUNNING"


@pytest.mark.parametrize("profile", list(cases(good=False)))
def test_a_therapy_that_the_stage_cannot_give_is_refused_with_the_reason(
    talk: Conversation, profile: Profile
) -> None:
    reply = talk.stage(profile.group)
    expected = judging.judge(profile, talk.row).errors
    assert [texts.ERRORS[row[0]].name for row in reply.rows] == [one.id for one in expected]
    assert talk.send(commands.STATUS)["levels"] == b""


def test_req_14_sync_only_gives_triplets_of_marks_and_no_current(talk: Conversation) -> None:
    profile = Profile.read(resources.path("profiles/ctbs_sync.yaml"))
    talk.running(at_once(profile.group))
    talk.pass_us(450_000)
    assert all(abs(amps) < 1e-6 for _at, amps in talk.steps())  # what the measurement left
    assert talk.state() == "RUNNING"
    assert talk.ledger()["pulses"] == 6  # two whole periods of three
    assert talk.ledger()["charge"] == bytes(8 * 16)
