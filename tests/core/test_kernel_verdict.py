"""The kernel's verdict on a table: every figure, every reason, and the stream it hands out."""

import binascii

import pytest
from tests.support.tables import (
    AREA_UM2,
    BOARD,
    E1,
    E2,
    E3,
    E4,
    IDEAL,
    LADDER,
    MS,
    admit,
    discharge,
    drive,
    idle,
    name,
    refusals,
    terms,
    tonic,
    words,
)

from stimcore import charge, kernel, rules


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
    found = figures(admit(IDEAL, *table, under=under))
    assert found["amplitude"] == (0, 2_000_000, 12_500_000)
    assert found["density"][:2] == (3, 8_039)  # 100 nC on 0.01244 cm2 before 200 nC on 0.1244 cm2
    assert found["running_charge"] == (3, 100_000, 373_200)  # 30 uC/cm2 binds before Shannon
    ceilings = kernel.Terms(under.areas_um2, [4_000, 2_100, 1_001, 1_500, 0, 0, 0, 0], None, 1_000)
    assert figures(admit(IDEAL, *table, under=ceilings))["ceiling"] == (2, 1_000, 1_000)


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
