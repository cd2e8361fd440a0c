"""The calibration of the sense path: applied by hand, kept whole or not used at all."""

import struct

import pytest
from tests.support.tables import BOARD, LADDER, refused

from stimcore import board, calibration, store
from stimcore.calibration import DAMAGED, FOREIGN, GOOD, NONE, PLAIN

# 5 codes and 4 % too much current, 3 codes and 4 % too little voltage
VALUES = (80, -38_462, -48, 41_667)


class Cells:
    """The store alone of a hal."""

    def __init__(self, unique_id: bytes = b"\1\2\3\4\5\6\7\x08") -> None:
        self.cells: dict[int, bytes] = {}
        self._id = unique_id

    def unique_id(self) -> bytes:
        return self._id

    def nv_read(self, index: int) -> bytes:
        return self.cells.get(index, b"")

    def nv_write(self, index: int, data: bytes) -> None:
        self.cells[index] = data

    def feed_watchdog(self) -> None:
        pass


def test_a_reading_is_corrected_by_offset_and_gain() -> None:
    corrected = calibration.applied(BOARD, VALUES)
    # 2 mA: 160 codes, times 1.04 and 5 more; 1 V: 125 codes, times 0.96 and 3 fewer
    assert board.sensed_na(BOARD, 16 * 2048 + 2_742) == 2_142_187  # 171.4 codes
    assert board.sensed_na(corrected, 16 * 2048 + 2_742) == pytest.approx(2_000_000, rel=1e-3)
    assert board.sensed_mv(corrected, 16 * (2048 + 117)) == pytest.approx(1_000, rel=1e-3)
    assert board.sensed_mv(BOARD, 16 * 2048) == board.sensed_na(BOARD, 16 * 2048) == 0


def test_nothing_but_the_sense_path_is_changed() -> None:
    corrected = calibration.applied(BOARD, VALUES)
    changed = {name for name in BOARD._fields if getattr(BOARD, name) != getattr(corrected, name)}
    assert changed == {"current_offset", "sense_na_per_lsb", "voltage_offset", "sense_uv_per_lsb"}
    # 12,500 x 0.961538 and 8,000 x 1.041667, rounded down
    assert corrected[-4:] == (80, 12_019, -48, 8_333)
    assert calibration.applied(BOARD, PLAIN) == BOARD


def test_req_47_what_is_kept_is_read_back() -> None:
    hal = Cells()
    assert calibration.restore(hal, BOARD) == (NONE, PLAIN)
    calibration.keep(hal, BOARD, VALUES)
    assert calibration.restore(hal, BOARD) == (GOOD, VALUES)
    assert set(hal.cells) <= {16, 17}


@pytest.mark.parametrize("at", range(35))  # record 4 + 1 + 2 + 4, data 4 + 12, CRC 4, and beyond
def test_req_47_a_flipped_byte_anywhere_is_damage(at: int) -> None:
    hal = Cells()
    calibration.keep(hal, BOARD, VALUES)
    (index,) = hal.cells
    record = bytearray(hal.cells[index])
    assert len(record) == 31
    if at < len(record):
        record[at] ^= 1
    else:
        del record[at - len(record) + 1 :]
    hal.cells[index] = bytes(record)
    assert calibration.restore(hal, BOARD) == (DAMAGED, PLAIN)
    calibration.keep(hal, BOARD, VALUES)
    assert calibration.restore(hal, BOARD) == (GOOD, VALUES)


def test_req_47_one_damaged_half_spoils_the_other_until_it_is_kept_anew() -> None:
    hal = Cells()
    calibration.keep(hal, BOARD, VALUES)
    calibration.keep(hal, BOARD, (0, 0, 0, 1))
    hal.cells[17] = hal.cells[17][:-1]
    assert calibration.restore(hal, BOARD) == (DAMAGED, PLAIN)
    calibration.keep(hal, BOARD, VALUES)
    assert calibration.restore(hal, BOARD) == (GOOD, VALUES)
    hal.cells.update({16: b"x", 17: b"y"})
    assert calibration.restore(hal, BOARD) == (DAMAGED, PLAIN)
    calibration.keep(hal, BOARD, VALUES)
    assert calibration.restore(hal, BOARD) == (GOOD, VALUES)


def test_req_47_another_stage_s_is_not_used_and_another_load_s_is() -> None:
    hal = Cells()
    calibration.keep(hal, BOARD, VALUES)
    assert calibration.restore(hal, LADDER) == (FOREIGN, PLAIN)
    finer = BOARD._replace(sense_na_per_lsb=6_250)
    assert calibration.restore(hal, finer) == (FOREIGN, PLAIN)
    other = BOARD._replace(name="pico/mcp4922-8/resistor-1k", load_ohm=1_000, seen_ohm=1_000)
    assert calibration.restore(hal, other) == (GOOD, VALUES)


def test_req_47_that_of_another_board_is_not_used_though_its_store_was_copied() -> None:
    first, second = Cells(), Cells(b"\1\2\3\4\5\6\7\x09")
    calibration.keep(first, BOARD, VALUES)
    second.cells.update(first.cells)
    assert calibration.restore(second, BOARD) == (FOREIGN, PLAIN)
    calibration.keep(second, BOARD, VALUES)
    assert calibration.restore(second, BOARD) == (GOOD, VALUES)


@pytest.mark.parametrize(
    ("values", "row"),
    [
        ((512, 50_000, -512, -50_000), None),
        ((513, 0, 0, 0), (0, 513, 512)),
        ((0, -50_001, 0, 0), (1, -50_001, 50_000)),
        ((0, 0, -513, 0), (2, -513, 512)),
        ((0, 0, 0, 50_001), (3, 50_001, 50_000)),
    ],
)
def test_req_47_bounds_and_one_beyond(values: tuple, row: tuple | None) -> None:
    hal = Cells()
    if row is None:
        calibration.keep(hal, BOARD, values)
        assert calibration.restore(hal, BOARD) == (GOOD, values)
        return
    assert refused(calibration.keep, hal, BOARD, values) == ("calibration_range", *row)
    assert hal.cells == {}
    # and where it stands in the store, by whatever way
    store.write(hal, 8, struct.pack("<Ihihi", calibration._mark(hal, BOARD), *values))
    assert calibration.restore(hal, BOARD) == (DAMAGED, PLAIN)
