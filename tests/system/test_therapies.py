"""Each shipped therapy on the board: what is latched is what its period says, to the tick.

Role: groups of several programs, shapes, dither, alternating polarity and marks, which
test_profiles.py leaves out; at an amplitude that the soft start may begin with.
Invariant: what the host's judgement refuses is refused by the device with the same reason.
"""

from collections.abc import Iterator
from itertools import pairwise

import pytest
from tests.system.conversation import Conversation
from tests.system.support import NAME
from tests.system.test_profiles import MADE_FOR, Latch, as_at_the_pins, is_plain, visible

from scs import Profile, resources
from scs.catalog import boards
from scs.messages import error_texts
from scs.safety import check
from stimcore import period, pio_records, program
from stimcore.board import Board

PERIODS = 3
MOST_UA = 500


def cases() -> Iterator[object]:
    """Yield what test_profiles.py does not play; every shipped profile is admitted."""
    for stem in resources.stems("profiles"):
        profile = Profile.read(resources.path(f"profiles/{stem}.yaml"))
        name = MADE_FOR.get(profile.lead.name, NAME)
        assert check.judge(profile, boards.board(name)).ok, stem
        if not is_plain(profile.group):
            yield pytest.param(profile, id=stem, marks=pytest.mark.board(name))


def at_once(group: program.Group) -> program.Group:
    """Return the group without ramp, end or pause, each program at 500 uA at most."""
    header = group.header._replace(
        flags=group.header.flags | program.FLAG_STAND_ALONE,
        ramp_up_ms=0,
        cycle_on_ms=0,
        cycle_off_ms=0,
        session_ms=0,
        session_pulses=0,
    )
    programs = [
        member._replace(amplitude_ua=min(member.amplitude_ua, MOST_UA)) for member in group.programs
    ]
    return program.Group(header, group.areas_um2, tuple(programs))


def latches_of(board: Board, group: program.Group) -> tuple[list[Latch], int]:
    """Return (tick and frame of each latch of a period, its ticks)."""
    levels = tuple(member.amplitude_ua for member in group.programs)
    compiled = period.compile_group(board, group, levels)
    words = pio_records.encode(board, compiled)
    latches, tick = [], 0
    for at, phase in enumerate(compiled):
        word = int.from_bytes(words[8 * at + 4 : 8 * at + 8], "little")
        latches.append((tick, as_at_the_pins(board, word)))
        tick += phase[4]
    return latches, tick


@pytest.mark.parametrize("profile", list(cases()))
def test_req_23_each_therapy_is_latched_as_its_period_says(
    talk: Conversation, profile: Profile
) -> None:
    group = at_once(profile.group)
    latches, ticks = latches_of(talk.row, group)
    talk.running(group)
    talk.pass_us(PERIODS * ticks * 1_000_000 // talk.row.clock_hz + 1_000)
    wanted = [(turn * ticks + at, word) for turn in range(PERIODS) for at, word in latches]
    wanted = visible(talk.row, wanted)
    seen = visible(talk.row, talk.latches())
    since = seen[0][0]
    assert [(at - since, word) for at, word in seen][: len(wanted)] == wanted
    assert talk.state() == "RUNNING"


@pytest.mark.parametrize(
    ("stem", "amplitude_ua", "reason"),
    [
        ("burst_dr", 3_000, "dc"),
        ("burst_dr", 600, "running_charge"),  # as it was published
        ("symmetric_90hz", 12_600, "amplitude"),
    ],
)
def test_a_therapy_that_the_stage_cannot_give_is_refused_with_the_reason(
    talk: Conversation, stem: str, amplitude_ua: int, reason: str
) -> None:
    group = Profile.read(resources.path(f"profiles/{stem}.yaml")).group
    (member,) = group.programs
    more = member._replace(amplitude_ua=amplitude_ua, ceiling_ua=amplitude_ua)
    before = talk.levels()
    reply = talk.stage(program.Group(group.header, group.areas_um2, (more,)))
    assert reason in [error_texts.ERRORS[row[0]].name for row in reply.rows]
    assert talk.levels() == before  # of what was loaded, if anything was


def test_req_20_the_longest_program_that_there_can_be_arrives_whole(talk: Conversation) -> None:
    # 4 programs of 32 segments each are 132 phases; 117 are judged on one pair of contacts
    rows = tuple((share, 60_000) for share in (-1_000, 1_000) * 16)
    plain = Profile.read(resources.path("profiles/sine_50hz.yaml")).group
    programs = tuple(
        plain.programs[0]._replace(segments=rows, rate_millihz=1_000, offset_ns=at * 250_000_000)
        for at in range(4)
    )
    header = plain.header._replace(ramp_up_ms=0)  # of a period of 1 s
    group = program.Group(header, plain.areas_um2, programs)
    assert len(program.pack(group)) == program.LONGEST == 1_031
    reply = talk.stage(group)
    assert [error_texts.ERRORS[row[0]].name for row in reply.rows] == ["table_length"]
    fewer = [entry._replace(segments=rows[:16]) for entry in programs]
    reply = talk.stage(program.Group(header, plain.areas_um2, tuple(fewer)))
    assert reply.rows == []
    assert reply["hash"] == program.digest(program.pack(group._replace(programs=tuple(fewer))))


def test_req_14_sync_only_gives_triplets_of_marks_and_no_current(talk: Conversation) -> None:
    profile = Profile.read(resources.path("profiles/ctbs_sync.yaml"))
    talk.running(at_once(profile.group))
    talk.pass_us(450_000)
    assert all(abs(amps) < 1e-6 for _at, amps in talk.steps())  # what the measurement left
    assert talk.state() == "RUNNING"
    assert talk.ledger()["pulses"] == 6  # two whole periods of three
    assert talk.ledger()["charge"] == bytes(8 * 16)


def bursts(latches: list[Latch], apart: int) -> list[int]:
    """Return the number of latches in each group; groups are so many ticks apart."""
    sizes = [1]
    for (before, _one), (after, _other) in pairwise(latches):
        if after - before > apart:
            sizes.append(0)
        sizes[-1] += 1
    return sizes


def test_intermittent_theta_burst_gives_trains_of_thirty_pulses(talk: Conversation) -> None:
    profile = Profile.read(resources.path("profiles/itbs.yaml"))
    talk.running(profile.group)
    talk.keep(23.0)
    driven = [latch for latch in talk.latches() if latch[1] in first_frames(talk, profile)]
    assert bursts(driven, 3 * talk.row.clock_hz) == [30, 30, 30]
    begins = [driven[0][0], driven[30][0], driven[60][0]]
    apart_s = [(b - a) / talk.row.clock_hz for a, b in pairwise(begins)]
    assert all(9.9 < gap_s < 10.2 for gap_s in apart_s), apart_s


def first_frames(talk: Conversation, profile: Profile) -> set[int]:
    """Return the frames of a first phase at every level of the soft start: 500 uA a period."""
    board, (member,) = talk.row, profile.group.programs
    levels = (MOST_UA, member.amplitude_ua)
    tables = [period.compile_group(board, profile.group, (level,)) for level in levels]
    words = [pio_records.encode(board, compiled[:1]) for compiled in tables]
    return {as_at_the_pins(board, int.from_bytes(word[4:8], "little")) for word in words}


def test_a_dose_schedule_starts_softly_after_each_pause(talk: Conversation) -> None:
    group = at_once(Profile.read(resources.path("profiles/burst_low_dose.yaml")).group)
    header = group.header._replace(ramp_up_ms=500, cycle_on_ms=1_000, cycle_off_ms=1_000)
    talk.running(program.Group(header, group.areas_um2, group.programs))
    talk.keep(5.9)
    currents = [(at, -amps) for at, amps in talk.steps() if amps < -1e-6]
    pauses = [at for at, amps in enumerate(currents[1:], 1) if amps[0] - currents[at - 1][0] > 0.5]
    assert len(pauses) == 2
    for begin in (0, *pauses):
        assert currents[begin][1] < 0.055 * 350e-6  # 500 ms from nothing: 17.5 uA in 25 ms
    assert max(amps for _at, amps in currents) == pytest.approx(350e-6, rel=0.02)
