"""Compiled programs are admitted, or refused for a good reason."""

from hypothesis import given
from hypothesis import strategies as st
from tests.support.programs import AREAS, HEADER, PASSIVE, TONIC, group
from tests.support.tables import BOARD, name, refusals, refused

from stimcore import checks, kernel, output, period, program
from stimcore.errors import Refused

PERIOD = 2_500_000  # ticks: 20 ms


@st.composite
def trains(draw: st.DrawFn) -> program.Group:
    """Draw one or two programs of any kind, at rates that come round in 20 ms."""
    rows = []
    for number in range(draw(st.integers(1, 2))):
        count = draw(st.sampled_from([1, 2, 4, 6]))
        kind = draw(st.sampled_from(["plain", "active", "alternating", "dither", "shape"]))
        member = PASSIVE._replace(
            cathodes=1 << number,
            anodes=64,
            amplitude_ua=draw(st.integers(30, 3_000)),
            width_ns=draw(st.integers(10_000, 400_000)),
            rate_millihz=50_000 * count,
            count=count,
            offset_ns=number * draw(st.integers(900_000, 2_500_000)),
        )
        if kind == "active":
            member = member._replace(recharge=0, ratio=draw(st.integers(1, 3)))
        if kind == "alternating":
            member = member._replace(alternating=count % 2 == 0)
        if kind == "dither":
            member = member._replace(
                rate_dither=draw(st.integers(0, 100)), seed=draw(st.integers(1, 99))
            )
        if kind == "shape":
            share, width = draw(st.integers(1, 999)), member.width_ns
            rows_of = ((share, width), (-1_000, width), (1_000 - share, width))
            member = member._replace(segments=rows_of)
        rows.append(member)
    return program.Group(HEADER, AREAS, tuple(rows))


def judged(stimulus: program.Group) -> kernel.Verdict | None:
    """Return the verdict; None if the group does not compile for the one good reason."""
    reason = 0
    try:
        return output.judge(
            BOARD, stimulus, tuple(member.amplitude_ua for member in stimulus.programs)
        )
    except Refused as why:
        reason = why.code
    assert name(reason) == "does_not_fit"
    return None


@given(trains())
def test_req_17_what_is_admitted_balances_never_meets_and_holds_widths_and_ceilings(
    stimulus: program.Group,
) -> None:
    checks.validate(stimulus)
    verdict = judged(stimulus)
    if verdict is None:
        return
    if verdict.stream is None:
        assert set(refusals(verdict)) <= {"rate", "dc", "running_charge", "shannon", "density"}
        return
    records = [verdict.stream.record(at) for at in range(verdict.stream.records)]
    assert sum(record[0] for record in records) == PERIOD
    for number, member in enumerate(stimulus.programs):
        own = [row for row in records if row[1] and row[3] == 1 << number]
        assert all(row[4] == 64 for row in own)
        if not member.recharge or member.segments or member.alternating:
            assert sum(row[5] * row[0] for row in own) == 0
        assert all(abs(row[5]) <= round(member.amplitude_ua / 6.25) + 1 for row in own)
        if not member.segments:
            width = (member.width_ns + 4) // 8
            firsts = [row for row in own if row[5] < 0 or member.alternating]
            assert [row[0] for row in firsts] == [width] * member.count


# --- a ramp passes through every level -----------------------------------------------------------
@given(st.integers(1, 2_047), st.integers(10_000, 300_000), st.integers(2, 10))
def test_req_21_what_fits_at_one_level_fits_at_every_level(
    code: int, width_ns: int, ratio: int
) -> None:
    """A recharge is trimmed by the level; the room it needs is judged at its longest."""
    width = (width_ns + 4) // 8
    room = width * (1 + ratio) + 2 * 289 + 1  # the trim, and the shortest record
    rate_millihz = 125_000_000_000 // room
    member = TONIC._replace(gap_ns=0, ratio=ratio, width_ns=width_ns, rate_millihz=rate_millihz)
    level_ua = -(-code * 25 // 4)
    assert period.compile_group(BOARD, group(member), (level_ua,))
    fast = member._replace(rate_millihz=125_000_000_000 // (room - 2))
    assert refused(period.compile_group, BOARD, group(fast), (level_ua,))[0] == "does_not_fit"
