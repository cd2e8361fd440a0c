"""The ledger of periods cut at every place: worked by hand in code x ticks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.tables import (
    E1,
    E2,
    E3,
    IDEAL,
    MS,
    Rec,
    Table,
    admit,
    discharge,
    drive,
    idle,
    tonic,
)

from stimcore.kernel import Stream
from stimcore.ledger import Ledger

FIRST = 8_000_000  # 320 codes for 25,000 ticks


def stream(*table: Rec) -> Stream:
    verdict = admit(IDEAL, *table)
    assert verdict.errors == []
    assert verdict.stream is not None
    return verdict.stream


def cut(admitted: Stream, record: int, ticks: int) -> Ledger:
    book = Ledger()
    book.add_cut(admitted, record, ticks)
    return book


def test_req_36_whole_periods() -> None:
    book = Ledger()
    book.add_periods(stream(*tonic()), 3)
    assert (book.pulses, book.truncated, book.periods) == (3, 0, 3)
    assert book.output_us == 60_000
    assert book.driven == [0, 3 * FIRST, 3 * FIRST, 3 * FIRST, 0, 0, 0, 0]
    assert book.net == [0] * 8


def test_req_36_no_period_is_nothing() -> None:
    book = Ledger()
    for count in (0, -1):
        book.add_periods(stream(*tonic()), count)
    assert vars(book) == vars(Ledger())


def test_req_36_periods_of_two_streams_add_up() -> None:
    book = Ledger()
    book.add_periods(stream(*tonic()), 2)
    passive = stream(drive(-320, 25_000), discharge(2_475_000))
    book.add_periods(passive, 1)
    assert (book.pulses, book.periods, book.output_us) == (3, 3, 60_000)
    assert book.driven[2] == 3 * FIRST
    assert book.net == [0, FIRST, -FIRST, FIRST, 0, 0, 0, 0]


# --- a tonic period: first phase, gap, recharge, discharge ------------------------------------
@pytest.mark.parametrize(
    ("record", "ticks", "pulses", "truncated", "driven", "net", "output_us"),
    [
        (0, -1, 0, 0, 0, 0, 0),
        (0, 0, 0, 0, 0, 0, 0),  # nothing had begun
        (0, 1, 0, 1, 320, -320, 0),
        (0, 10_000, 0, 1, 3_200_000, -3_200_000, 80),
        (0, 25_000, 0, 1, FIRST, -FIRST, 200),  # whole, but without its recharge
        (1, 0, 0, 1, FIRST, -FIRST, 200),
        (1, 1_250, 0, 1, FIRST, -FIRST, 210),
        (2, 0, 0, 1, FIRST, -FIRST, 230),
        (2, 50_000, 0, 1, FIRST, -4_000_000, 630),
        (2, 99_999, 0, 1, FIRST, -80, 1_029),
        (3, 0, 1, 0, FIRST, 0, 1_030),
        (3, 125_000, 1, 0, FIRST, 0, 2_030),
        (4, 0, 1, 0, FIRST, 0, 20_000),
    ],
)
def test_req_36_a_tonic_period_cut_anywhere(
    record: int, ticks: int, pulses: int, truncated: int, driven: int, net: int, output_us: int
) -> None:
    book = cut(stream(*tonic()), record, ticks)
    assert (book.pulses, book.truncated, book.periods) == (pulses, truncated, 0)
    assert book.driven == [0, driven, driven, driven, 0, 0, 0, 0]
    assert book.net == [0, -net, net, -net, 0, 0, 0, 0]
    assert book.output_us == output_us


def test_req_36_a_recharge_of_two_parts_is_missing_until_both_are_out() -> None:
    first, gap, _recharge, rest = tonic()
    admitted = stream(first, gap, drive(81, 98_400), drive(80, 370), rest)
    assert [cut(admitted, 3, ticks).truncated for ticks in (0, 369)] == [1, 1]
    assert cut(admitted, 4, 0).truncated == 0


def test_req_36_a_first_phase_of_two_parts_is_one_pulse() -> None:
    halves = drive(-320, 12_500), drive(-320, 12_500)
    admitted = stream(*halves, idle(3_750), drive(80, 100_000), discharge(19 * MS))
    for record, ticks in ((0, 5), (1, 0), (1, 5), (2, 5)):
        book = cut(admitted, record, ticks)
        assert (book.pulses, book.truncated) == (0, 1)
    whole = cut(admitted, 4, 5)
    assert (whole.pulses, whole.truncated, whole.driven[2]) == (1, 0, FIRST)


# --- passive recharge: a pulse is whole with its first phase ----------------------------------
BURST: Table = (*[drive(-56, 125_000), idle(125_000)] * 4, drive(-56, 125_000), discharge(16 * MS))


@pytest.mark.parametrize(
    ("record", "ticks", "pulses", "truncated"),
    [
        (0, 1, 0, 1),
        (1, 0, 1, 0),
        (1, 60_000, 1, 0),
        (4, 0, 2, 0),  # just before the third begins
        (4, 1, 2, 1),
        (4, 124_999, 2, 1),
        (5, 0, 3, 0),
        (8, 62_500, 4, 1),
        (9, 0, 5, 0),
        (9, 1_000_000, 5, 0),
    ],
)
def test_req_36_a_passive_burst_cut_anywhere(
    record: int, ticks: int, pulses: int, truncated: int
) -> None:
    book = cut(stream(*BURST), record, ticks)
    assert (book.pulses, book.truncated) == (pulses, truncated)
    begun = (record // 2) * 125_000 + (ticks if record % 2 == 0 else 125_000)
    assert book.driven[2] == 56 * begun
    assert book.net[2] == -56 * begun


def test_req_36_an_active_burst_cut_in_its_second_recharge() -> None:
    pulse = drive(-56, 12_500), drive(56, 12_500)
    admitted = stream(*[*pulse, idle(10_000)] * 3, discharge(20 * MS))
    for record, ticks, pulses, truncated in (
        (2, 5, 1, 0),
        (3, 0, 1, 0),
        (3, 5, 1, 1),
        (4, 5, 1, 1),
        (5, 0, 2, 0),
    ):
        book = cut(admitted, record, ticks)
        assert (book.pulses, book.truncated) == (pulses, truncated), (record, ticks)


def test_req_36_active_and_passive_programs_at_the_same_contact() -> None:
    # E1 to E2 with active recharge, then E1 to E3 with passive
    active = drive(-160, 12_500, E1, E2), idle(1_250), drive(160, 12_500, E1, E2)
    used = E1 | E2 | E3
    admitted = stream(
        *active, discharge(20 * MS, used), drive(-80, 12_500, E1, E3), discharge(20 * MS, used)
    )
    ledgers = [cut(admitted, record, 5) for record in range(6)]
    assert [book.truncated for book in ledgers] == [1, 1, 1, 0, 1, 0]
    assert [book.pulses for book in ledgers] == [0, 0, 0, 1, 1, 2]


# --- any cut --------------------------------------------------------------------------------------
@given(st.sampled_from([tonic(), BURST]), st.integers(0, 5_000_000))
def test_req_36_delivered_is_never_more_than_the_period_held(table: Table, ticks: int) -> None:
    admitted = stream(*table)
    record, left = 0, min(ticks, admitted.period_ticks - 1)
    while left >= admitted.record(record)[0]:
        left -= admitted.record(record)[0]
        record += 1
    book, whole = cut(admitted, record, left), Ledger()
    whole.add_periods(admitted, 1)
    assert book.pulses + book.truncated <= whole.pulses
    assert all(mine <= its for mine, its in zip(book.driven, whole.driven, strict=True))
    assert book.output_us == min(ticks, admitted.period_ticks - 1) // 125


def test_req_36_a_copy_stands_by_itself() -> None:
    book = cut(stream(*tonic()), 0, 10_000)
    book.start_ms, book.stop_ms, book.stopped = 5, 6, 2
    other = book.copy()
    assert vars(other) == vars(book)
    book.add_periods(stream(*tonic()), 1)
    assert (other.pulses, other.driven[2], other.net[2]) == (0, 3_200_000, -3_200_000)


def test_req_36_a_new_ledger_is_empty() -> None:
    book = vars(Ledger())
    assert book.pop("stopped") == 7  # never started
    assert (book.pop("driven"), book.pop("net")) == ([0] * 8, [0] * 8)
    assert set(book.values()) == {0}


def test_req_36_what_passive_periods_leave_adds_up() -> None:
    book = Ledger()
    book.add_periods(stream(drive(-320, 25_000), discharge(2_475_000)), 3)
    assert book.net == [0, 3 * FIRST, -3 * FIRST, 3 * FIRST, 0, 0, 0, 0]


def test_req_36_a_discharge_recovers_what_an_opposite_pulse_would_have_returned() -> None:
    rest = discharge(1_225_000)
    turned = stream(drive(-320, 25_000), rest, drive(320, 25_000), rest)
    for record, pulses in ((1, 1), (3, 2)):
        book = cut(turned, record, 1_000)
        assert (book.pulses, book.truncated) == (pulses, 0)
