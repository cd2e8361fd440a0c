"""Tables admitted by the kernel pass a second opinion on every limit, and admit never raises.

The tables come from a search: noise, random records, sound tables with a few records changed, and
every single bit of sound tables flipped.
"""

from random import Random

import pytest
from hypothesis import given, target
from hypothesis import strategies as st
from tests.support import oracle
from tests.support.exploring import examples
from tests.support.tables import (
    AREA_UM2,
    BOARD,
    E1,
    E2,
    E3,
    E4,
    LADDER,
    MS,
    Rec,
    Table,
    discharge,
    drive,
    idle,
    terms,
    tonic,
    words,
)

from stimcore import board, kernel

# boards whose figures lie near different limits
QUIET = BOARD._replace(gain_mismatch_ppm=100, offset_na=50)
WEAK = QUIET._replace(compliance_mv=4_000, discharge_tau_us=500)
BOARDS = (BOARD, QUIET, WEAK)
AREAS = (AREA_UM2, 1_000_000, 100_000_000, 10_000)

pulse = drive(-320, 25_000), idle(3_750), drive(80, 100_000)
burst = *[drive(-56, 125_000), idle(125_000)] * 4, drive(-56, 125_000), discharge(16 * MS)
pair = drive(-160, 12_500, E1, E2), drive(160, 12_500, E1, E2)
SOUND: dict[str, Table] = {
    "tonic": tonic(),
    "passive": (drive(-320, 25_000), discharge(2_475_000)),
    "burst": burst,
    "pulse trains": (*[*pulse, idle(10_000)] * 3, discharge(40 * MS)),
    "two programs": (*pair, discharge(10 * MS, 15), *pulse, discharge(20 * MS, 15)),
    "swapped": (
        drive(-160, 12_500, E1, E2),
        idle(12_500),
        drive(-160, 12_500, E2, E1),
        discharge(20 * MS, 3),
    ),
    "parallel": (
        drive(160, 10_000, E1, E2 | E4),
        idle(2_500),
        drive(-160, 10_000, E1, E2),
        discharge(30 * MS, 11),
    ),
    "kilohertz": (*[drive(-16, 2_500), drive(16, 2_500), discharge(7_500)] * 8, discharge(9 * MS)),
}


def admitted_and_safe(raw: bytes, on: board.Board, under: kernel.Terms, dice: Random) -> bool:
    """Return True if the kernel admits the words; assert then that the second opinion agrees."""
    verdict = kernel.admit(raw, on, under)
    assert (verdict.stream is None) == bool(verdict.errors)
    if verdict.stream is None:
        return False
    assert oracle.violations(raw, on, under, dice) == []
    return True


# --- the second opinion itself ------------------------------------------------------------------
@pytest.mark.parametrize("table", SOUND.values(), ids=SOUND)
def test_sound_tables_are_sound_by_both_opinions(table: Table) -> None:
    assert admitted_and_safe(words(QUIET, *table), QUIET, terms(), Random(1))


UNSAFE: dict[str, tuple[Table, str]] = {
    "one by one": (
        (drive(-320, 25_000), *[discharge(20 * MS, contact) for contact in (E2, E3, E4)]),
        "part of a discharge",
    ),
    "alternating": (
        (*[drive(-9, 600, E1, E2), drive(-9, 600, E2, E1)] * 9, discharge(MS, 3)),
        "switched under current",
    ),
    "sharing": (
        (
            *[drive(320, 60_000, E1, E2 | E4), drive(-320, 60_000, E1, E2)] * 6,
            discharge(300 * MS, 11),
        ),
        "running charge",
    ),
    "too little discharge": (
        (
            *[drive(-320, 99_999), idle(999)] * 3,
            *[drive(320, 99_999), idle(999)] * 3,
            discharge(289),
            idle(MS),
        ),
        "running charge",
    ),
    "hidden mismatch": (
        (drive(-999, 9_999), discharge(289), drive(999, 9_999), discharge(289), idle(2 * MS)),
        "direct current",
    ),
    "chopped": (
        (drive(-100, 10_000), *[idle(500), drive(100, 500)] * 20, discharge(20 * MS)),
        "rate",
    ),
    "overshoot": (
        (drive(-99, 2_000), drive(99, 250_000), idle(999), drive(-99, 125_000), discharge(MS)),
        "width",
    ),
}


@pytest.mark.parametrize(("table", "reason"), UNSAFE.values(), ids=UNSAFE)
def test_unsafe_tables_are_refused_by_both_opinions(table: Table, reason: str) -> None:
    raw = words(BOARD, *table)
    assert kernel.admit(raw, BOARD, terms()).stream is None
    assert reason in oracle.violations(raw, BOARD, terms(), Random(1))


# --- the search ---------------------------------------------------------------------------------
@given(st.binary(max_size=200), st.sampled_from([*BOARDS, LADDER]))
def test_req_16_noise_is_refused_and_raises_nothing(raw: bytes, on: board.Board) -> None:
    assert kernel.admit(raw, on, terms()).stream is None


@pytest.mark.parametrize("table", SOUND.values(), ids=SOUND)
def test_req_16_every_bit_of_a_sound_table_flipped_is_refused_or_still_safe(table: Table) -> None:
    good = words(QUIET, *table)
    for bit in range(8 * len(good)):
        raw = bytearray(good)
        raw[bit // 8] ^= 1 << bit % 8
        try:
            admitted_and_safe(bytes(raw), QUIET, terms(), Random(bit))
        except AssertionError as error:
            raise AssertionError(f"bit {bit}") from error


masks = st.sampled_from([(E3, E2 | E4), (E1, E2), (E2, E1), (E1 | E3, E2), (E1, E2 | E4)])
ticks = st.one_of(
    st.sampled_from([289, 600, 1_250, 12_500, 125_000, 1_375_000, 20 * MS]),
    st.integers(289, 400_000),
)
codes = st.one_of(st.sampled_from([1, -1, 80, -320, 2000]), st.integers(-2047, 2047))


@st.composite
def records(draw: st.DrawFn) -> Table:
    """Draw active runs with their returns, idles and discharges of all that was used."""
    out: list[Rec] = []
    for _ in range(draw(st.integers(1, 6))):
        source, back = draw(masks)
        code, width = draw(codes) or 1, draw(ticks)
        out.append(drive(code, width, source, back))
        gap = draw(st.sampled_from([0, 289, 3_750, 12_500, -289, -250_000]))
        if gap:
            out.append(idle(gap) if gap > 0 else discharge(-gap))
        if draw(st.booleans()):
            factor = draw(st.sampled_from([1, 1, 2, 4]))
            recharge = drive(-code // factor or 1, width * factor, source, back)
            out.append(recharge._replace(back=draw(st.sampled_from([back, back, back, E2]))))
        out.append(idle(draw(ticks)) if draw(st.booleans()) else discharge(draw(ticks)))
    out.append(discharge(draw(st.sampled_from([289, 62_500, 20 * MS, 500 * MS]))))
    used = 0
    for record in out:
        used |= (record.source | record.back) if record.code else 0
    return [phase._replace(back=used) if phase.back and not phase.code else phase for phase in out]


def changed(table: Table, dice: Random) -> Table:
    """Return a table with a few records longer, stronger, reversed, repeated, swapped or gone."""
    out = list(table)
    for _ in range(dice.randint(1, 3)):
        at = dice.randrange(len(out))
        record = out[at]
        turn = dice.randrange(7)
        if turn == 0:
            out[at] = record._replace(
                ticks=max(289, int(record.ticks * dice.choice((0.1, 0.5, 2, 5))))
            )
        elif turn == 1 and record.code:
            code = int(record.code * dice.choice((0.5, 2, 4, -1)))
            out[at] = record._replace(code=max(-2047, min(2047, code)) or 1)
        elif turn == 2 and record.code:
            out[at] = record._replace(source=record.back, back=record.source)
        elif turn == 3:
            count = dice.choice((1, 2, 7))
            out[at:at] = out[max(0, at - 1) : at + 1] * count
        elif turn == 4 and len(out) > 2:
            del out[at]
        elif turn == 5:
            out.insert(at + 1, idle(dice.choice((289, 12_500, 20 * MS))))
        elif turn == 6:
            out.append(discharge(dice.choice((289, 20 * MS)), out[-1].back))
    return out


def test_req_07_whatever_random_records_are_admitted_are_within_every_ceiling() -> None:
    counts = [0, 0]

    @examples(600)
    @given(
        records(),
        st.sampled_from(BOARDS),
        st.sampled_from(AREAS),
        st.sampled_from(AREAS),
        st.integers(0, 999),
    )
    def search(table: Table, on: board.Board, area_um2: int, other: int, seed: int) -> None:
        under = terms(area_um2=area_um2, areas={1: other})
        raw = words(on, *table)
        counts[admitted_and_safe(raw, on, under, Random(seed))] += 1
        target(-float(len(kernel.admit(raw, on, under).errors)))

    search()
    assert counts[1] > 20, counts  # else the search has shown nothing


def test_req_08_sound_tables_with_a_few_changes_are_refused_or_within_every_ceiling() -> None:
    counts = [0, 0]
    dice = Random(5)
    for _ in range(2_000):
        table = changed(dice.choice(list(SOUND.values())), dice)
        on = dice.choice(BOARDS)
        under = terms(area_um2=dice.choice(AREAS), areas={1: dice.choice(AREAS)})
        counts[admitted_and_safe(words(on, *table), on, under, dice)] += 1
    assert counts[1] > 200, counts
