"""Phases become words: bit by bit by hand, and what the kernel's own decoder reads back."""

import struct

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.support.programs import groups, tonic
from tests.support.tables import BOARD, LADDER, refused

from stimcore import board, decode, period, pio_records, program
from stimcore.errors import Refused
from stimcore.period import DISCHARGE, DRIVE, IDLE, MARK, SOFT


def word_pairs(on: board.Board, *table: tuple[int, int, int, int, int]) -> list[tuple[int, int]]:
    return list(struct.iter_unpack("<II", pio_records.encode(on, list(table))))


def test_req_14_a_driven_record_bit_by_bit() -> None:
    # hold 25000 - 139 = 24861, first record: flags 2
    # DAC 0x3000 | 2048 - 320 = 0x36C0, switches 0x040A (source E3, return E2 and E4):
    # bits 15..0 of the DAC on the even places, of the switches on the odd ones
    (first, frame), *_rest = word_pairs(BOARD, (DRIVE, 4, 10, -320, 25_000), (IDLE, 0, 0, 0, 300))
    assert first == 24_861 << 2 | 2
    #           DAC 0011 0110 1100 0000 / switches 0000 0100 0000 1010
    assert frame == 0b00_00_01_01_00_11_01_00_01_01_00_00_10_00_10_00


def test_req_14_flags_of_the_records() -> None:
    table = (
        (DRIVE, 4, 10, -320, 25_000),
        (IDLE, 0, 0, 0, 300),
        (DRIVE, 4, 10, 320, 25_000),
        (DISCHARGE, 0, 14, 0, 300),
    )
    assert [first & 3 for first, _frame in word_pairs(BOARD, *table)] == [2, 0, 1, 0]


def test_a_rest_that_is_repeated_is_written_as_often() -> None:
    # hold 10,000 - 139 = 9,861 << 2; hold 300 - 139 = 161 << 2; no current: DAC 0x3800
    rest = (IDLE, 0, 0, 0, 300)
    table = (DRIVE, 4, 10, -320, 25_000), (IDLE, 0, 0, 0, 10_000), *[rest] * 7
    silent = 0b00_00_01_01_01_00_00_00_00_00_00_00_00_00_00_00
    raw = pio_records.encode(BOARD, list(table))
    assert raw[8:] == struct.pack("<II", 39_444, silent) + 7 * struct.pack("<II", 644, silent)
    again = pio_records.encode(BOARD, [*table, table[0]])  # and what comes behind it, where it is
    assert again[:-8] == raw
    assert len(again) == len(raw) + 8


def test_req_12_a_record_shorter_than_its_overhead_cannot_be_written() -> None:
    assert word_pairs(BOARD, (IDLE, 0, 0, 0, 139))[0][0] == 0
    short = [(IDLE, 0, 0, 0, 139), (IDLE, 0, 0, 0, 138)]
    assert refused(pio_records.encode, BOARD, short) == ("short_record", 1, 138, 289)


def test_the_ladders_code_stands_in_the_top_byte() -> None:
    table = (DRIVE, 1, 2, -100, 1_250), (DRIVE, 2, 1, -100, 1_250), (DISCHARGE, 0, 3, 0, 300)
    pairs = word_pairs(LADDER, *table)
    assert [frame for _first, frame in pairs] == [28 << 24, 228 << 24, 128 << 24]
    assert pairs[0][0] == (1_250 - 12) << 2 | 2


@pytest.mark.parametrize("masks", [(1, 4), (4, 2), (3, 2), (1, 3), (2, 2)])
def test_req_10_the_ladder_switches_no_contacts(masks: tuple[int, int]) -> None:
    table = [(DRIVE, *masks, -100, 1_250)]
    numbers = ("stage_contacts", 0, masks[0] << 8 | masks[1], 0x0102)
    assert refused(pio_records.encode, LADDER, table) == numbers


def read_back(on: board.Board, table: list[tuple[int, int, int, int, int]]) -> list[tuple]:
    words = pio_records.encode(on, table)
    records, rows = decode.table(on, words)
    assert rows == []
    return list(records)


def test_req_16_the_same_bits_mean_something_else_on_another_stage() -> None:
    words = bytes(4) + bytes((0, 0, 0, 0x30))  # the ladder's code 0x30 is 80 below its middle
    for _ in range(2):
        assert decode.record(LADDER, words, 0)[0][3:6] == (1, 2, 0x30 - 128)
        assert decode.record(BOARD, words, 0)[1] is False  # no command of the DAC


@given(groups())
def test_req_16_the_kernels_decoder_reads_what_the_compiler_meant(stimulus: program.Group) -> None:
    try:
        table = period.compile_group(
            BOARD, stimulus, tuple(member.amplitude_ua for member in stimulus.programs)
        )
    except Refused:
        assume(False)
    assume(all(phase[4] >= 289 for phase in table))
    expected: list[tuple] = []
    for at, (kind, source, back, code, ticks) in enumerate(table):
        what = (kind == DRIVE, at == 0, source, back, code, kind == DISCHARGE)
        if kind != DRIVE and what == expected[-1][1:]:  # rests in a row are one
            ticks += expected.pop()[0]
        expected.append((ticks, *what))
    assert read_back(BOARD, table) == expected


@given(st.integers(-2_047, 2_047), st.integers(0, 255), st.integers(0, 255), st.integers(0, 3))
def test_every_frame_is_read_back(code: int, source: int, back: int, wide: int) -> None:
    ticks = (1 << 30) - 1 - wide + 139
    record = decode.record(
        BOARD, pio_records.encode(BOARD, [(DRIVE, source, back, code, ticks)]), 0
    )
    assert record == ((ticks, True, True, source, back, code, source == 0 and back != 0), True)


@given(st.integers(-127, 127).filter(bool), st.booleans())
def test_every_code_of_the_ladder_is_read_back(code: int, turned: bool) -> None:
    masks = (2, 1) if turned else (1, 2)
    table = [(DRIVE, *masks, code, 1_250), (DISCHARGE, 0, 3, 0, 300)]
    sign = -1 if turned else 1
    assert read_back(LADDER, table) == [
        (1_250, True, True, 1, 2, sign * code, False),
        (300, False, False, 0, 3, 0, True),
    ]


def test_a_ladders_program_goes_all_the_way() -> None:
    stimulus = tonic(cathodes=2, anodes=1, amplitude_ua=806, gap_ns=0)
    table = period.compile_group(LADDER, stimulus, (806,))
    records = read_back(LADDER, table)
    assert [record[5] for record in records] == [100, -25, 0]  # contact 2 is the cathode
    assert sum(record[0] * record[5] for record in records) == 0


def test_req_14_a_mark_has_sync_and_a_soft_discharge_no_flag() -> None:
    table = (MARK, 0, 0, 0, 25_000), (SOFT, 4, 10, 0, 25_000), (IDLE, 0, 0, 0, 10_000)
    assert [first & 3 for first, _frame in word_pairs(BOARD, *table)] == [2, 0, 0]
