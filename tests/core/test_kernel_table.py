"""A table of words: contacts, records, flags, frames, marks; and the kernel's verdict on it.

The value just inside is admitted, one step outside is refused with the value and the limit. Limits
and numbers are written by hand: a tick is 8 ns, a code 6.25 uA, one code for one tick 0.05 pC.
"""

import binascii

import pytest
from tests.support.tables import (
    ALL,
    AREA_UM2,
    BOARD,
    E1,
    E2,
    E3,
    E4,
    E5,
    E8,
    IDEAL,
    LADDER,
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

from stimcore import charge, decode, errors, kernel, rules


# --- REQ-10, 11: contacts ---------------------------------------------------------------------
def with_first(record: Rec) -> Table:
    return record, discharge(20 * MS)


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
    refusal = refusals(verdict).get("active_flag")
    assert refusal == ((int(flags > 0), int(kind == "drive")) if contradicts else None)


# --- REQ-14: marks ------------------------------------------------------------------------------
def test_req_14_marks_and_current_do_not_mix() -> None:
    mark = idle(25_000)._replace(flags=2)
    good = admit(IDEAL, mark, idle(20 * MS), mark, idle(20 * MS))
    assert good.errors == []
    mixed = admit(IDEAL, mark, idle(20 * MS), drive(-320, 25_000), discharge(20 * MS))
    assert set(refusals(mixed)) == {"active_flag"}
    plain = admit(IDEAL, idle(25_000)._replace(flags=1), idle(20 * MS))
    assert set(refusals(plain)) == {"active_flag", "no_sync"}
    late = admit(IDEAL, idle(20 * MS), mark, idle(20 * MS))
    assert set(refusals(late)) == {"no_sync"}


def test_req_14_a_mark_switches_no_contact() -> None:
    mark = discharge(25_000)._replace(flags=2)
    assert admit(IDEAL, mark, discharge(20 * MS)).errors == []  # returned, but never sourced
    other = admit(IDEAL, idle(25_000)._replace(flags=2), discharge(20 * MS))
    assert set(refusals(other)) == {"part_discharge"}


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


# --- the verdict -------------------------------------------------------------------------------
def figures(verdict: kernel.Verdict) -> dict[str, tuple[int, int, int]]:
    return {name(row[0]): row[1:] for row in verdict.figures}


def test_every_figure_of_a_tonic_program() -> None:
    # 400 nC on 0.1244 cm2: 3.2154 uC/cm2, 1.2862 uC2/cm2; by Shannon at most 1.983375 uC
    # 2 mA x 525 ohm = 1050 mV, 0.4 uC on 2.375 uF = 168.4 mV
    assert figures(admit(IDEAL, *tonic(), under=terms(ceiling_ua=4_000))) == {
        "width_short": (0, 200_000, 10_000),
        "width": (0, 200_000, 1_000_000),
        "rate": (0, 20_000_000, 100_000),
        "period": (0, 20_000_000, 1_000_000_000),
        "active_run": (0, 800_000, 12_000_000),
        "table_length": (0, 8, 2_048),
        "amplitude": (1, 2_000_000, 12_500_000),
        "phase_charge": (1, 400_000, 10_000_000),
        "density": (1, 3_216, 30_000),
        "shannon": (1, 1_287, 31_622),
        "running_charge": (1, 400_000, 1_983_375),
        "dc": (1, 0, 100_000),
        "discharge_peak": (1, 0, 4_000_000),  # this board says of no load how fast it is
        "no_discharge": (1, 18_970_000, 2_312),
        "compliance": (1, 1_219, 13_500),
        "ceiling": (1, 2_000, 4_000),
    }


def test_the_worst_contact_is_named_of_each_figure() -> None:
    # E1 to E2 with 2 mA, E3 to E4 with 1 mA; E4 is a tenth of the others
    used = 15
    table = (
        *(drive(-320, 12_500, E1, E2), drive(320, 12_500, E1, E2), discharge(10 * MS, used)),
        *(drive(-160, 12_500, E3, E4), drive(160, 12_500, E3, E4), discharge(10 * MS, used)),
    )
    under = terms(areas={3: AREA_UM2 // 10})
    worst = figures(admit(IDEAL, *table, under=under))
    assert worst["amplitude"] == (0, 2_000_000, 12_500_000)
    assert worst["density"][:2] == (3, 8_039)  # 100 nC on 0.01244 cm2 before 200 nC on 0.1244 cm2
    assert worst["running_charge"] == (3, 100_000, 373_200)  # 30 uC/cm2 binds before Shannon
    ceilings = kernel.Terms(under.areas_um2, [4_000, 2_100, 1_001, 1_500, 0, 0, 0, 0], None, 1_000)
    assert figures(admit(IDEAL, *table, under=ceilings))["ceiling"] == (2, 1_000, 1_000)


@pytest.mark.parametrize("most", [9_000, 8_000])
def test_the_contact_nearest_to_its_limit_is_named_before_one_with_more_current(most: int) -> None:
    # half of E1's 4 mA before four ninths of E3's 9 mA; of two at half of theirs the first
    table = (
        *(drive(-320, 12_500, E1, E2), drive(320, 12_500, E1, E2), discharge(10 * MS, 15)),
        *(drive(-640, 12_500, E3, E4), drive(640, 12_500, E3, E4), discharge(10 * MS, 15)),
    )
    ceilings = [4_000, 9_999, most, 9_999, 0, 0, 0, 0]
    under = kernel.Terms(terms().areas_um2, ceilings, None, 1_000)
    assert figures(admit(IDEAL, *table, under=under))["ceiling"] == (0, 2_000, 4_000)


def test_a_limit_of_nothing_hides_behind_no_other_contact() -> None:
    fine = IDEAL._replace(na_per_code=1_000)
    table = drive(-1, 12_500, E1, E2), discharge(10 * MS, E1 | E2)
    for ceilings in ([0, 1], [1, 0], [0, 0]):
        under = kernel.Terms(terms().areas_um2, [*ceilings, *[9] * 6], None, 1_000)
        refused = admit(fine, *table, under=under)
        assert [(name(row[0]), row[1:]) for row in refused.errors] == [
            ("ceiling", (ceilings.index(0), 1, 0))
        ]


def test_every_reason_is_given_at_once() -> None:
    refused = admit(IDEAL, drive(-2001, 125_001), idle(20 * MS))
    assert " ".join(sorted(refusals(refused))) == (
        "amplitude compliance dc density no_discharge phase_charge running_charge shannon width"
    )
    assert len(refused.figures) == 15


def test_the_stream_holds_what_was_judged() -> None:
    raw = words(BOARD, *tonic())
    stream = kernel.admit(raw, BOARD, terms()).stream
    assert stream is not None
    assert stream.words == raw
    assert stream.crc == binascii.crc32(raw)
    assert (stream.records, stream.pulses) == (4, 1)
    assert stream.period_ticks == 2_500_000
    assert stream.max_active_ticks == 100_000
    assert stream.net == [0] * 8
    assert stream.peaks_na == [0, 2_000_000, 2_000_000, 2_000_000, 0, 0, 0, 0]
    assert (stream.peak_min_na, stream.peak_max_na) == (-2_000_000, 500_000)
    assert stream.record(0) == (25_000, True, True, E3, E2 | E4, -320, False)
    assert stream.record(3) == (2_371_250, False, False, 0, 14, 0, True)


def test_the_stream_of_a_passive_burst() -> None:
    table = *[drive(-56, 125_000), idle(125_000)] * 2, discharge(20 * MS)
    stream = admit(IDEAL, *table).stream
    assert stream is not None
    assert stream.pulses == 2
    assert stream.max_active_ticks == 125_000
    assert stream.net[:4] == [0, 14_000_000, -14_000_000, 14_000_000]
    assert (stream.peak_min_na, stream.peak_max_na) == (-350_000, 0)


def test_a_stream_knows_how_many_records_at_its_end_are_the_same_rest() -> None:
    first, gap, recharge, _rest = tonic()
    for count, tail in ((1, 1), (2, 2), (5, 5)):
        ends = [discharge(10 * MS)] * count
        stream = admit(IDEAL, first, gap, recharge, *ends).stream
        assert stream is not None
        assert (stream.records, stream.tail) == (3 + count, tail)
    other = admit(IDEAL, first, gap, recharge, discharge(10 * MS), discharge(11 * MS)).stream
    assert other is not None
    assert other.tail == 1


def test_the_most_that_may_stand_after_a_discharge_is_that_of_any_contact() -> None:
    # 400 nC; after 100 time constants 1 in 65536 is counted as left, 6.1: 7, and 7 x 65536 / 65535
    table = drive(-320, 25_000), discharge(200 * MS)
    stream = admit(IDEAL, *table).stream
    assert stream is not None
    assert stream.rest_pc == 8


def test_the_same_words_under_the_same_terms_are_examined_once() -> None:
    raw, under = words(BOARD, *tonic()), terms()._replace(areas_um2=(AREA_UM2,) * 8)
    first = kernel.admit(raw, BOARD, under).stream
    assert first is not None
    assert kernel.admit(raw, BOARD, under._replace(from_na=[2_000_000] * 8)).stream is first
    for other in (
        under._replace(areas_um2=(AREA_UM2 + 1,) * 8),
        under._replace(ceilings_ua=[2_000] * 8),
        under._replace(discharge_permille=2_000),
    ):
        assert kernel.admit(raw, BOARD, other).stream is not first


def test_a_train_of_marks_drives_nothing_and_is_judged_by_its_times_alone() -> None:
    # two marks of 200 us, 10 ms apart, in 20 ms
    mark = idle(25_000)._replace(flags=2)
    verdict = admit(IDEAL, mark, idle(10 * MS - 25_000), mark, idle(10 * MS - 25_000))
    assert figures(verdict) == {
        "width_short": (0, 200_000, 10_000),
        "width": (0, 200_000, 1_000_000),
        "rate": (0, 10_000_000, 100_000),
        "period": (0, 20_000_000, 1_000_000_000),
        "active_run": (0, 200_000, 12_000_000),
        "table_length": (0, 8, 2_048),
    }
    assert name(verdict.figures[-1][0]) == "table_length"
    stream = verdict.stream
    assert stream is not None
    assert (stream.pulses, stream.peaks_na, stream.net) == (2, [0] * 8, [0] * 8)
    assert (stream.rest_pc, stream.discharge_na) == (0, 0)


def test_words_changed_after_the_verdict_do_not_reach_the_stream() -> None:
    raw = bytearray(words(BOARD, *tonic()))
    stream = kernel.admit(raw, BOARD, terms()).stream
    assert stream is not None
    raw[4] ^= 1
    assert binascii.crc32(stream.words) == stream.crc


def test_the_ladder_drives_its_two_contacts_and_discharges_them_at_mid_scale() -> None:
    first, back = drive(-100, 25_000, E1, E2), drive(100, 25_000, E1, E2)
    quiet = LADDER._replace(gain_mismatch_ppm=0, offset_na=0)
    verdict = admit(quiet, first, back, discharge(20 * MS))
    assert verdict.errors == []
    assert verdict.stream is not None
    assert verdict.stream.record(0) == (25_000, True, True, E1, E2, -100, False)
    assert verdict.stream.record(2) == (20 * MS, False, False, 0, E1 | E2, 0, True)
    # 805.6 uA x 1050 ohm = 845.88 mV of 0.9 x 1650 mV
    assert figures(verdict)["compliance"] == (0, 846, 1_485)


@pytest.mark.parametrize("bit", range(24))
def test_req_16_the_ladders_frame_holds_its_code_and_nothing_else(bit: int) -> None:
    raw = bytearray(words(LADDER, drive(-100, 25_000, E1, E2), discharge(20 * MS)))
    raw[4 + bit // 8] ^= 1 << bit % 8
    assert refusals(kernel.admit(bytes(raw), LADDER, terms())) == {"frame_format": (0, 0)}


def test_req_16_the_ladders_code_lies_within_its_span() -> None:
    raw = bytearray(words(LADDER, drive(-127, 25_000, E1, E2), discharge(20 * MS)))
    assert "frame_format" not in refusals(kernel.admit(bytes(raw), LADDER, terms()))
    raw[7] = 0  # code -128
    assert refusals(kernel.admit(bytes(raw), LADDER, terms())) == {"frame_format": (0, 0)}


def test_a_contacts_charge_limit_is_the_lower_of_density_and_shannon() -> None:
    # 30 uC/cm2 x 0.01 cm2; sqrt(31.622 x 0.1244) uC; the two lines cross at 0.0351 cm2
    assert rules.charge_limit_pc(1_000_000) == 300_000
    assert rules.charge_limit_pc(AREA_UM2) == 1_983_375
    assert rules.charge_limit_pc(3_500_000) == 1_050_000
    assert rules.charge_limit_pc(3_520_000) == 1_055_032


def test_charge_is_rounded_up_to_whole_pc() -> None:
    assert charge.picocoulombs(BOARD, 20) == 1
    assert charge.picocoulombs(BOARD, -20) == 1
    assert charge.picocoulombs(BOARD, 21) == 2
    assert charge.picocoulombs(BOARD, 0) == 0


# --- records that are the same, bit by bit ------------------------------------------------------
def test_a_record_is_read_where_it_stands() -> None:
    raw = words(IDEAL, *tonic())
    assert decode.record(IDEAL, raw, 2)[0] == (100_000, True, False, E3, E2 | E4, 80, 0)


def test_req_12_a_rest_that_is_repeated_is_refused_once_and_a_current_each_time() -> None:
    drives = [drive(-320, 1_250), drive(320, 287), drive(320, 287)]
    _records, rows = decode.table(IDEAL, words(IDEAL, *drives, idle(288), idle(288), idle(MS)))
    short = errors.SHORT_RECORD
    assert rows == [(short, 1, 287, 289), (short, 2, 287, 289), (short, 3, 288, 289)]


def test_req_13_currents_that_are_the_same_stay_two_records_and_rests_become_one() -> None:
    records, rows = decode.table(IDEAL, words(IDEAL, *[drive(-320, 1_250)] * 3, *[idle(MS)] * 3))
    assert rows == []
    # the first one has SYNC
    assert [record[0] for record in records] == [1_250, 1_250, 1_250, 3 * MS]


def test_req_14_marks_have_no_contact_at_the_source() -> None:
    mark = Rec(1_250, E3, E2, 0, 2)
    assert "active_flag" in refusals(admit(IDEAL, mark, idle(20 * MS)))


def test_req_62_a_soft_discharge_is_of_the_pulse_before_it() -> None:
    stepped = IDEAL._replace(soft_tau_us=6_000)
    one, other = drive(-320, 25_000, E1, E2), drive(-320, 25_000, E3, E4)
    own, mixed = Rec(MS, E1, E2, 0), Rec(MS, E1, E3, 0)
    end = discharge(20 * MS, 15)
    assert refusals(admit(stepped, one, own, discharge(20 * MS, 3))) == {}
    rows = decode.table(stepped, words(stepped, one, mixed, discharge(20 * MS, 3)))[1]
    assert rows == [(errors.PART_DISCHARGE, 1, E1 << 8 | E3, E1 << 8 | E2)]
    # after different pairs there is no such pulse
    table = one, idle(MS), other, idle(MS), one, own, end
    rows = decode.table(stepped, words(stepped, *table))[1]
    assert rows == [(errors.PART_DISCHARGE, 5, E1 << 8 | E2, 0)]


def test_req_22_the_contact_shown_is_the_one_nearest_to_its_own_ceiling() -> None:
    # 1.9 of 2 mA at E3 and E4, 2 of 3 mA at E1 and E2
    weaker = drive(-304, 25_000, E3, E4), drive(304, 25_000, E3, E4)
    stronger = drive(-320, 25_000, E1, E2), drive(320, 25_000, E1, E2)
    under = terms()._replace(ceilings_ua=[3_000, 3_000, 2_000, 2_000, 0, 0, 0, 0])
    verdict = admit(IDEAL, *stronger, idle(MS), *weaker, discharge(20 * MS, 15), under=under)
    assert verdict.errors == []
    assert (errors.CEILING, 2, 1_900, 2_000) in verdict.figures
