"""The journal in the store: chained, cut by a power failure at any byte, wrapped."""

import hashlib
import struct

import pytest

from scs_sim.bench.nvstore import NvStore, PowerCut
from stimcore import journal, store
from stimcore.errors import Refused
from stimcore.journal import AMPLITUDE, BLOCKS, CHAIN, ENTRY, IN_BLOCK, MISSED, Journal


class Hal:
    """A store and nothing else."""

    def __init__(self, store: NvStore | None = None):
        self.store = store or NvStore()
        self.deaf = False

    def nv_read(self, index: int) -> bytes:
        return self.store.read(index)

    def nv_write(self, index: int, data: bytes) -> None:
        if not self.deaf:
            self.store.write(index, data)

    def feed_watchdog(self) -> None:
        pass


def entries(hal: Hal) -> list[tuple]:
    """Return the fields of all entries in the order of their numbers, by hand."""
    book = Journal(hal)
    rows = []
    for at in range(BLOCKS):
        data = book.block(at)
        for start in range(8, len(data), 32):
            rows.append(struct.unpack_from("<IIBBHqI", data, start))
    return sorted(rows)


def written(hal: Hal, *values: int) -> None:
    book = Journal(hal)
    for value in values:
        book.note(value, AMPLITUDE, 0, 0, value)
        book.write()


def test_req_68_an_entry_holds_the_digest_of_the_one_before_and_of_itself() -> None:
    hal = Hal()
    written(hal, 7, 8)
    first = struct.pack("<IIBBHqI", 0, 7, 3, 0, 0, 7, 0)
    second = struct.pack("<IIBBHqI", 1, 8, 3, 0, 0, 8, 0)
    digest = hashlib.sha256(bytes(8) + first).digest()[:8]
    again = hashlib.sha256(digest + second).digest()[:8]
    assert Journal(hal).block(0) == bytes(8) + first + digest + second + again
    assert (ENTRY, CHAIN) == (32, 8)


def test_req_68_a_power_cut_at_any_byte_leaves_the_old_entries_or_the_new() -> None:
    size = 15 + CHAIN + 4 * ENTRY  # a record of store.py with three old entries and a new one
    for cut in range(size):
        hal = Hal()
        written(hal, 1, 2, 3)
        hal.store.cut_after = cut
        with pytest.raises(PowerCut):
            written(hal, 4)
        assert [row[5] for row in entries(hal)] == [1, 2, 3]
        written(hal, 5)  # and it goes on
        assert [row[0] for row in entries(hal)] == [0, 1, 2, 3]
        assert [row[5] for row in entries(hal)] == [1, 2, 3, 5]


def test_req_68_the_oldest_block_gives_way_and_the_newest_stay() -> None:
    hal = Hal()
    written(hal, *range(200))
    rows = entries(hal)
    assert [row[5] for row in rows] == list(range(144, 200))  # 200 = 12 blocks of 16, and 8
    assert len(rows) >= (BLOCKS - 1) * IN_BLOCK


def test_req_68_a_wrap_cut_short_loses_no_more_than_the_oldest_block() -> None:
    for cut in (0, 20, 54):
        hal = Hal()
        written(hal, *range(64))  # four whole blocks
        hal.store.cut_after = cut
        with pytest.raises(PowerCut):
            written(hal, 64)
        assert [row[5] for row in entries(hal)] == list(range(64))


def test_req_68_more_entries_than_a_block_has_room_for_go_on_in_the_next() -> None:
    hal = Hal()
    written(hal, *range(10))
    book = Journal(hal)
    for value in range(10, 22):
        book.note(value, AMPLITUDE, 0, 0, value)
    book.write()
    assert [row[5] for row in entries(hal)] == list(range(22))
    assert len(book.block(1)) == CHAIN + 6 * ENTRY


def test_req_68_what_does_not_fit_the_queue_is_counted() -> None:
    hal = Hal()
    book = Journal(hal)
    for value in range(journal.QUEUE + 5):
        book.note(value, AMPLITUDE, 0, 0, value)
    book.write()
    rows = entries(hal)
    assert [row[5] for row in rows[:-1]] == list(range(16))
    assert (rows[-1][2], rows[-1][5]) == (MISSED, 5)


def test_req_68_a_store_that_takes_nothing_refuses_and_is_not_tried_for_ever() -> None:
    hal = Hal()
    hal.deaf = True
    book = Journal(hal)
    book.note(1, AMPLITUDE, 0, 0, 1)
    with pytest.raises(Refused):
        book.write()
    book.settle()
    assert book.queue == []
    hal.deaf = False
    book.note(2, AMPLITUDE, 0, 0, 2)
    book.write()
    assert [(row[2], row[5]) for row in entries(hal)] == [(MISSED, 1), (AMPLITUDE, 2)]


def test_req_68_a_block_that_was_damaged_is_begun_anew_and_the_chain_goes_on() -> None:
    hal = Hal()
    written(hal, 1, 2)
    book = Journal(hal)
    for index in (2 * journal.FIRST, 2 * journal.FIRST + 1):
        hal.store.cells[index] = bytearray(b"\xff" * 40)
    book.note(3, AMPLITUDE, 0, 0, 3)
    book.write()
    assert [(row[0], row[5]) for row in entries(hal)] == [(2, 3)]


def test_req_68_entries_go_on_after_the_largest_number() -> None:
    hal = Hal()
    written(hal, 7)
    block = Journal(hal).block(0)
    store.write(hal, journal.FIRST, block[:8] + b"\xff" * 4 + block[12:])
    written(hal, 8, 9)
    assert [row[0] for row in entries(hal)] == [0, 1, 0xFFFF_FFFF]
