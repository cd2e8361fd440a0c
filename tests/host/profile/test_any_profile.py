"""Any valid profile, all the way to the words: they balance, never overlap, hold widths and rates.

The words are decoded by tests/support/oracle.py, not by the kernel's decoder, and held against what
the profile asked for as drawn_profiles.py worked it out, not against the integer program.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from itertools import accumulate, pairwise
from random import Random
from typing import NamedTuple

import pytest
from hypothesis import assume, given
from tests.support.drawn_profiles import COLUMNS, KINDS, Drawn, Wanted, profiles
from tests.support.exploring import examples
from tests.support.oracle import Phase, decoded, violations
from tests.support.tables import BOARD

from scs.profile.profile import Profile, ProfileError
from scs.safety import ramp_check
from stimcore import kernel, output, period, pio_records, program
from stimcore.errors import Refused

TICK_NS = 8
CLOCK_HZ = 125_000_000
NA_PER_CODE = 6_250
TRIM = 290  # a recharge may be longer by its trim: the shortest record, and one tick
AREAS_UM2 = {"octrode-3mm": 12_440_000, "quad-3mm": 12_440_000, "paddle-2x4": 6_000_000}
REASONS = (
    "table-length",
    "rate",
    "ceiling",
    "shape-peak",
    "dc",
    "ramp-refused",
)  # what a stage may have against one


class Flow(NamedTuple):
    """A record with current: its place, its code as the cathodes see it, at which contacts."""

    number: int
    at: int
    ticks: int
    code: int
    others: bool


Pulse = list[Flow]


# --- from the profile to the words ---------------------------------------------------------------
def read(drawn: Drawn) -> Profile:
    """Read the profile; one whose pulses find no places is not valid, and drawn anew."""
    try:
        return Profile.from_text(drawn.text, "drawn.yaml")
    except ProfileError as reason:
        rows = reason.rows
    for row in rows:
        assert row.path.endswith("rate"), rows
        assert "collide" in row.message or "common period" in row.message, rows
    assume(False)
    raise AssertionError


def admitted(profile: Profile) -> bytes | str:
    """Return the words that host and kernel let through, or the name of the first refusal."""
    group = program.unpack(profile.to_blob())
    assert group == profile.group
    try:
        compiled = period.compile_group(
            BOARD, group, [member.amplitude_ua for member in group.programs]
        )
        words = pio_records.encode(BOARD, compiled)
        rows = tuple(kernel.admit(words, BOARD, output.terms(group, None)).errors)
    except Refused as reason:
        rows = reason.rows
    problems = [profile.explain(row) for row in rows] or ramp_check.problems(profile, BOARD)
    if not problems:
        return words
    assert all(row.path.startswith("programs") and row.value and row.limit for row in problems), (
        problems
    )
    return problems[0].id


# --- what flows ----------------------------------------------------------------------------------
def ticks(ns: int) -> int:
    return (ns + TICK_NS // 2) // TICK_NS


def codes(ua: int) -> int:
    """Return the nearest code, to which a ceiling still rounds."""
    return (ua * 1000 + NA_PER_CODE // 2) // NA_PER_CODE


def mask(names: tuple[str, ...], lead: str) -> int:
    return sum(1 << COLUMNS[lead].index(name) for name in names)


def flows(table: list[Phase], wanted: Wanted, lead: str) -> Iterator[Flow]:
    """Return all that flows between a program's contacts in a period."""
    sets = {
        False: (wanted.cathodes, wanted.anodes),
        True: (wanted.other_cathodes, wanted.other_anodes),
    }
    at = 0
    for number, phase in enumerate(table):
        for others, names in sets.items():
            sides = mask(names[0], lead), mask(names[1], lead)
            if phase.code and sides in ((phase.source, phase.back), (phase.back, phase.source)):
                sign = 1 if phase.source == sides[0] else -1
                yield Flow(number, at, phase.ticks, sign * phase.code, others)
        at += phase.ticks


def extent(wanted: Wanted) -> int:
    """Return the ticks from a pulse's beginning within which it ends."""
    if wanted.segments:
        return sum(ticks(width) for _, width in wanted.segments)
    widest = ticks(wanted.width_ns) * (1000 + wanted.spread) // 1000 + 1
    return widest * (1 + wanted.ratio) + ticks(wanted.gap_ns) + (TRIM if wanted.ratio else 0)


def pulses(parts: Iterator[Flow], wanted: Wanted) -> list[Pulse]:
    out: list[Pulse] = []
    for flow in parts:
        if not out or flow.at >= out[-1][0].at + extent(wanted):
            out.append([])
        out[-1].append(flow)
    return out


def first_run(pulse: Pulse) -> list[Flow]:
    """Return the first phase: adjacent records of one sign."""
    out = pulse[:1]
    for before, flow in pairwise(pulse):
        if flow.number != before.number + 1 or flow.code * before.code < 0:
            break
        out.append(flow)
    return out


# --- what is asked of it -------------------------------------------------------------------------
def rate_holds(starts: list[int], period: int, wanted: Wanted) -> None:
    """Assert that the rate is exact over the period, to a tick; dithered slots may be late."""
    assert abs(len(starts) * Fraction(CLOCK_HZ * 1000, wanted.rate_millihz) - period) <= 1
    every = Fraction(period, len(starts))
    late = [start - turn * every for turn, start in enumerate(starts)]
    assert max(late) - min(late) <= every * wanted.late / 1000 + 1


def bursts_hold(pulses_seen: list[Pulse], wanted: Wanted) -> list[int]:
    """Return the starts of the slots; assert the intra-burst rate within each."""
    starts = [pulse[0].at for pulse in pulses_seen]
    assert len(starts) % wanted.pulses == 0
    turns = [starts[at : at + wanted.pulses] for at in range(0, len(starts), wanted.pulses)]
    if wanted.pulses > 1:
        every = Fraction(CLOCK_HZ * 1000, wanted.intra_millihz)
        assert all(abs(b - a - every) <= 1 for turn in turns for a, b in pairwise(turn))
    return [turn[0] for turn in turns]


def square_holds(pulse: Pulse, table: list[Phase], wanted: Wanted) -> None:
    """Assert width and gap to the tick, amplitude to a code, recharge at 1/ratio."""
    run, width = first_run(pulse), ticks(wanted.width_ns)
    spread = width * wanted.spread // 1000 + 1 if wanted.spread else 0
    assert abs(sum(part.ticks for part in run) - width) <= spread
    assert {abs(part.code) for part in run} == {codes(wanted.amplitude_ua)}
    after = table[run[-1].number + 1]
    if wanted.gap_ns:
        assert (after.ticks, after.code, after.source, after.back) == (
            ticks(wanted.gap_ns),
            0,
            0,
            0,
        )
    back = pulse[len(run) :]
    assert bool(back) == bool(wanted.ratio)
    weakest = -(-codes(wanted.amplitude_ua) // wanted.ratio) if wanted.ratio else 0
    assert all(weakest - 1 <= abs(part.code) <= weakest for part in back)


def shape_holds(pulse: Pulse, table: list[Phase], wanted: Wanted) -> None:
    """Assert that each segment begins and ends where it should, to the tick, and has its share.

    To two codes; one that makes the sum zero has what rounding has left of all before it besides.
    """
    edges, at = {0}, 0
    for record in table[pulse[0].number :]:
        at += record.ticks
        edges.add(at)
    ends = list(accumulate(ticks(width) for _, width in wanted.segments))
    assert set(ends[:-1]) <= edges
    assert pulse[-1].at + pulse[-1].ticks - pulse[0].at <= ends[-1]
    turned = 1 if pulse[0].code * wanted.segments[0][0] > 0 else -1
    for flow in pulse:
        share, width = wanted.segments[bisect_right(ends, flow.at - pulse[0].at)]
        asked = share * codes(wanted.amplitude_ua) / 1000
        assert abs(turned * flow.code - asked) <= 2 + ends[-1] / ticks(width)


def discharged(pulse: Pulse, table: list[Phase], used: int, *, last: bool, wanted: Wanted) -> None:
    """Assert that after a pulse or burst every used contact goes to the anode side."""
    behind = table[pulse[-1].number + 1 :]
    until = next((at for at, phase in enumerate(behind) if phase.code), len(behind))
    rests = [phase.back for phase in behind[:until] if phase.source == 0]
    assert (used in rests) == (last or not wanted.after_burst)


def split_holds(turns: list[Pulse], wanted: Wanted) -> None:
    """Assert that as many slots as the split says use the others, evenly; none changes midway."""
    part, whole = wanted.split
    theirs = [at for at, pulse in enumerate(turns) if pulse[0].others]
    assert len(theirs) * whole == len(turns) * part
    assert all(len({flow.others for flow in pulse}) == 1 for pulse in turns)
    apart = [after - before for before, after in pairwise(theirs)]
    assert all(whole // part <= gap <= -(-whole // part) for gap in apart)


def program_holds(table: list[Phase], asked: Wanted, lead: str, used: int) -> list[Pulse]:
    period = sum(phase.ticks for phase in table)
    pulses_seen = pulses(flows(table, asked, lead), asked)
    rate_holds(bursts_hold(pulses_seen, asked), period, asked)
    signs = []
    for number, pulse in enumerate(pulses_seen):
        signs.append(1 if pulse[0].code > 0 else -1)
        if asked.segments:
            shape_holds(pulse, table, asked)
        else:
            square_holds(pulse, table, asked)
        if asked.segments or asked.ratio:
            assert sum(flow.code * flow.ticks for flow in pulse) == 0
        assert max(abs(flow.code) for flow in pulse) <= codes(asked.ceiling_ua)
        last = number % asked.pulses == asked.pulses - 1
        discharged(pulse, table, used, last=last, wanted=asked)
    split_holds(pulses_seen[:: asked.pulses], asked)
    turns = signs[:: asked.pulses]
    first = -1 if not asked.segments or asked.segments[0][0] < 0 else 1
    wanted = {first, -first} if asked.alternating else {first}
    assert set(turns) == wanted
    assert not asked.alternating or all(a != b for a, b in pairwise(turns))
    return pulses_seen


def words_hold(words: bytes, drawn: Drawn) -> None:
    """Assert all of it, program by program; no pulse begins before another one has ended."""
    table = decoded(words, BOARD)
    lead = drawn.values["lead"]
    used = 0
    for wanted in drawn.wanted:
        used |= mask(wanted.contacts, lead)
    spans, seen = [], 0
    for wanted in drawn.wanted:
        for pulse in program_holds(table, wanted, lead, used):
            spans.append((pulse[0].number, pulse[-1].number))
            seen += len(pulse)
    assert all(a[1] < b[0] for a, b in pairwise(sorted(spans)))
    assert seen == sum(phase.code != 0 for phase in table)
    balanced(table, drawn)
    ceilings_hold(words, drawn)


def balanced(table: list[Phase], drawn: Drawn) -> None:
    """Assert that no contact keeps charge after a period, except where recharge is passive."""
    passive = 0
    for wanted in drawn.wanted:
        if not (wanted.ratio or wanted.segments or wanted.alternating):
            passive |= mask(wanted.contacts, drawn.values["lead"])
    for bit in (1 << at for at in range(8)):
        sides = (((phase.source & bit > 0) - (phase.back & bit > 0)) for phase in table)
        left = sum(
            side * record.code * record.ticks for side, record in zip(sides, table, strict=True)
        )
        assert left == 0 or passive & bit


def ceilings_hold(words: bytes, drawn: Drawn) -> None:
    """Assert every ceiling by the second opinion: charge, density, k, DC, compliance, contact."""
    lead, ceilings = drawn.values["lead"], [0] * 8
    for wanted in drawn.wanted:
        for name in wanted.contacts:
            at = COLUMNS[lead].index(name)
            ceilings[at] = max(ceilings[at], wanted.ceiling_ua)
    terms = kernel.Terms([AREAS_UM2[lead]] * 8, ceilings, None, 1_000)
    assert violations(words, BOARD, terms, Random(1)) == []


def marks_hold(words: bytes, drawn: Drawn) -> None:
    """Assert without output a mark for each pulse, as wide as it would be, and no current."""
    table = decoded(words, BOARD)
    assert all(phase.code == phase.source == phase.back == 0 for phase in table)
    period = sum(phase.ticks for phase in table)
    turns = [
        wanted.pulses * Fraction(wanted.rate_millihz * period, CLOCK_HZ * 1000)
        for wanted in drawn.wanted
    ]
    assert sum(phase.flags == 2 for phase in table) == round(sum(turns))


@pytest.mark.parametrize("kind", KINDS)
def test_req_03_any_valid_profile_becomes_words_that_hold_to_it(kind: str) -> None:
    verdicts: Counter[str] = Counter()

    @examples(25)
    @given(profiles(kind))
    def search(drawn: Drawn) -> None:
        profile = read(drawn)
        for member, wanted in zip(profile.group.programs, drawn.wanted, strict=True):
            asked = wanted.amplitude_ua, wanted.ceiling_ua
            assert (member.amplitude_ua, member.ceiling_ua) == asked
        words = admitted(profile)
        verdicts["admitted" if isinstance(words, bytes) else words] += 1
        if isinstance(words, bytes):
            (marks_hold if drawn.values.get("output") == "sync" else words_hold)(words, drawn)

    search()
    assert verdicts["admitted"] >= 5, verdicts  # else the search has shown nothing
    assert set(verdicts) <= {"admitted", *REASONS}, verdicts
