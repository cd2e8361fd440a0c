"""Limits of a table of words: contacts, records, flags, frames, marks.

The value just inside is admitted, one step outside is refused with the value and the limit. Limits
and numbers are written by hand: a tick is 8 ns, a code 6.25 uA, one code for one tick 0.05 pC.
"""

import pytest
from tests.support.tables import (
    ALL,
    E1,
    E2,
    E3,
    E4,
    E5,
    E8,
    IDEAL,
    MS,
    Rec,
    Table,
    admit,
    balanced,
    discharge,
    drive,
    held,
    idle,
    name,
    refusals,
    terms,
    tonic,
    words,
)

from stimcore import kernel


# --- REQ-10, 11: contacts ---------------------------------------------------------------------
def with_first(one: Rec) -> Table:
    return one, discharge(20 * MS)


def test_req_10_current_has_a_contact_to_return_it() -> None:
    inside, outside = with_first(Rec(1250, E3, ALL ^ E3, -80)), with_first(Rec(1250, E3, 0, -80))
    held(inside, outside, "no_anode", (0, 1))


def test_req_10_current_has_a_contact_to_source_it() -> None:
    inside, outside = with_first(Rec(1250, E3, ALL ^ E3, -80)), with_first(Rec(1250, 0, ALL, -80))
    held(inside, outside, "no_cathode", (0, 1))


def test_req_10_a_contact_is_not_left_at_the_source_without_current() -> None:
    refused = admit(IDEAL, *tonic()[:3], Rec(MS, E3, 0, 0), discharge(20 * MS))
    assert set(refusals(refused)) == {"active_flag", "no_anode"}


def test_req_11_no_contact_is_on_both_sides() -> None:
    inside, outside = with_first(Rec(1250, E3, E2 | E4, -80)), with_first(Rec(1250, E3, ALL, -80))
    held(inside, outside, "overlap", (4, 0))


@pytest.mark.parametrize("masks", [(E3, E2), (E2 | E4, E3), (E1, E2 | E4)])
def test_req_11_contacts_are_not_switched_while_current_flows(masks: tuple[int, int]) -> None:
    then = drive(80, 1250, *masks)
    used = ALL | masks[0] | masks[1]
    inside = drive(-80, 1250), idle(12_500), then, discharge(200 * MS, used)
    outside = drive(-80, 1250), then, discharge(200 * MS, used)
    numbers = (masks[0] << 8 | masks[1], E3 << 8 | E2 | E4)
    held(inside, outside, "live_switch", numbers)


def test_req_11_a_current_turned_round_by_the_switches_is_the_same_pair() -> None:
    # the swapped masks return the charge: a recharge, so no pulse of its own
    table = drive(-80, 1250, E1, E2), idle(500), drive(-80, 1250, E2, E1), discharge(MS, E1 | E2)
    stream = admit(IDEAL, *table).stream
    assert stream is not None
    assert stream.pulses == 1


# --- REQ-12: short records --------------------------------------------------------------------
def test_req_12_no_record_is_shorter_than_the_sequencer_can_shift() -> None:
    inside = drive(-80, 1250), idle(289), drive(80, 1250), discharge(20 * MS)
    outside = drive(-80, 1250), idle(288), drive(80, 1250), discharge(20 * MS)
    held(inside, outside, "short_record", (288, 289))


def test_req_12_every_record_is_looked_at() -> None:
    for at in range(4):
        table = list(tonic())
        table[at] = table[at]._replace(ticks=288)
        rows = [row for row in admit(IDEAL, *table).errors if name(row[0]) == "short_record"]
        assert [row[1] for row in rows] == [at]


# --- REQ-14: the active flag -------------------------------------------------------------------
@pytest.mark.parametrize("flags", [0, 1, 2])
@pytest.mark.parametrize("kind", ["drive", "idle", "discharge"])
def test_req_14_the_active_flag_says_what_the_frame_drives(kind: str, flags: int) -> None:
    record = {"drive": drive(80, 100_000), "idle": idle(MS), "discharge": discharge(MS)}[kind]
    first, gap, _recharge, rest = tonic()
    verdict = admit(IDEAL, first, gap, record._replace(flags=flags), drive(80, 100_000), rest)
    contradicts = (flags > 0) != (kind == "drive")
    found = refusals(verdict).get("active_flag")
    assert found == ((int(flags > 0), int(kind == "drive")) if contradicts else None)


# --- REQ-16: the table -------------------------------------------------------------------------
def long_table(records: int) -> Table:
    return *tonic()[:3], *[idle(300)] * (records - 4), discharge(20 * MS)


def test_req_16_a_table_has_1024_records_at_most() -> None:
    held(long_table(1024), long_table(1025), "table_length", (2_050, 2_048))


@pytest.mark.parametrize("size", [0, 1, 4, 7, 9, 12, 31])
def test_req_16_a_table_is_neither_empty_nor_odd(size: int) -> None:
    verdict = kernel.admit(words(IDEAL, *tonic())[:size], IDEAL, terms())
    assert verdict.stream is None
    assert [(name(row[0]), *row[1:]) for row in verdict.errors] == [
        ("table_length", 0, size // 4, 2_048)
    ]


def test_req_16_a_period_is_1_s_at_most() -> None:
    inside, outside = tonic(1000 * MS), tonic(1000 * MS + 1)
    held(inside, outside, "period", (1_000_000_008, 1_000_000_000))


@pytest.mark.parametrize("bit", range(12, 16))
def test_req_16_the_dacs_own_bits_are_those_of_channel_a_on(bit: int) -> None:
    good = bytearray(words(IDEAL, *tonic()))
    good[4 + bit * 2 // 8] ^= 1 << bit * 2 % 8
    verdict = kernel.admit(bytes(good), IDEAL, terms())
    assert refusals(verdict) == {"frame_format": (0, 0)}


def test_req_16_a_code_lies_within_its_span() -> None:
    strong = IDEAL._replace(max_amplitude_ua=25_500)
    outside = drive(-2048, 1250), drive(2047, 1250), discharge(20 * MS)
    held(balanced(2047, 1250), outside, "frame_format", (0, 0), on=strong)


def test_req_16_the_fourth_flag_is_not_known() -> None:
    first, *rest = tonic()
    held((first, *rest), (first._replace(flags=3), *rest), "frame_format", (0, 0))


def test_req_16_a_period_has_exactly_one_sync_in_its_first_record() -> None:
    first, gap, recharge, rest = tonic()
    none = first._replace(flags=1), gap, recharge, rest
    both = first, gap, recharge._replace(flags=2), rest
    late = first._replace(flags=1), gap, recharge._replace(flags=2), rest
    held(tonic(), none, "no_sync", (0, 1))
    held(tonic(), both, "no_sync", (2, 1))
    held(tonic(), late, "no_sync", (1, 1))
    assert admit(IDEAL, *late).errors[0][1] == 0


def test_req_16_a_contact_has_an_area_between_0_01_mm2_and_10_cm2() -> None:
    tiny = admit(IDEAL, *balanced(1, 1250), under=terms(areas={2: 10_000}))
    assert tiny.errors == []
    for area in (-1, 0, 9_999, 1_000_000_001):
        refused = admit(IDEAL, *balanced(1, 1250), under=terms(areas={2: area}))
        assert [(name(row[0]), row[1:]) for row in refused.errors] == [
            ("contact_unknown", (2, 4, 0))
        ]
        assert admit(IDEAL, *balanced(1, 1250), under=terms(areas={0: area})).errors == []
    assert admit(IDEAL, *balanced(1, 1250), under=terms(areas={2: 1_000_000_000})).errors == []


def test_req_16_a_contact_is_one_that_the_stage_has() -> None:
    four = IDEAL._replace(contacts=4)
    inside = drive(-80, 1250, E3, E4), discharge(20 * MS, E3 | E4)
    outside = drive(-80, 1250, E3, E5), discharge(20 * MS, E3 | E5)
    held(inside, outside, "contact_unknown", (E3 | E5, 15), on=four)
    assert admit(IDEAL, drive(-80, 1250, E1, E8), discharge(20 * MS, E1 | E8)).errors == []
