"""The store's slots: whatever cuts a write or flips a bit, a slot holds the old or the new."""

import binascii
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.support.tables import refused

from stimcore import store

DATA = st.binary(min_size=1, max_size=60)
SLOT = 3
HALVES = (6, 7)


class Cut(Exception):
    """The power failed."""


class Medium:
    """The seam's two calls and the watchdog; `tear` makes of (old, new) what a cut leaves."""

    def __init__(self) -> None:
        self.cells: dict[int, bytes] = {}
        self.tear: Callable[[bytes, bytes], bytes] | None = None
        self.writes_left = 0  # until it tears
        self.deaf = False
        self.events: list[str] = []

    def nv_read(self, index: int) -> bytes:
        return self.cells.get(index, b"")

    def nv_write(self, index: int, data: bytes) -> None:
        self.events.append(f"write {index}")
        if self.deaf:
            return
        if self.tear is not None and self.writes_left == 0:
            self.cells[index] = self.tear(self.cells.get(index, b""), data)
            raise Cut
        self.writes_left -= 1
        self.cells[index] = data

    def feed_watchdog(self) -> None:
        self.events.append("fed")


def record(sequence: int, data: bytes) -> bytes:
    """Return a half as the page on the format has it, by hand."""
    body = b"SCSN\x01" + len(data).to_bytes(2, "little") + sequence.to_bytes(4, "little") + data
    return body + binascii.crc32(body).to_bytes(4, "little")


def filled(*contents: bytes) -> Medium:
    medium = Medium()
    for data in contents:
        store.write(medium, SLOT, data)
    return medium


def test_a_half_is_what_the_format_says() -> None:
    medium = filled(b"first", b"second", b"third")
    assert medium.cells == {6: record(2, b"third"), 7: record(1, b"second")}


def test_an_empty_slot_reads_as_nothing() -> None:
    assert store.read(Medium(), SLOT) == (b"", False)


@given(st.lists(st.tuples(st.integers(0, 8), DATA), max_size=12))
def test_each_slot_holds_what_was_written_last(writes: list[tuple[int, bytes]]) -> None:
    medium = Medium()
    for slot, data in writes:
        store.write(medium, slot, data)
    last = dict(writes)
    for slot in range(9):
        assert store.read(medium, slot) == (last.get(slot, b""), False)


def torn(how: str, count: int, chance: int) -> Callable[[bytes, bytes], bytes]:
    """Return a function that gives the half left by a cut after `count` bytes."""

    def tear(old: bytes, new: bytes) -> bytes:
        arrived, missing = new[:count], len(new) - count
        if how == "short":
            return arrived
        if how == "erased":
            return arrived + b"\xff" * max(0, missing)
        if how == "over the old":
            return arrived + old[count:]
        flips = chance.to_bytes(256, "little")
        return bytes(byte | flips[at] for at, byte in enumerate(new))  # bits not yet cleared

    return tear


TORN = st.builds(
    torn,
    st.sampled_from(["short", "erased", "over the old", "bit by bit"]),
    st.integers(0, 80),
    st.integers(0, (1 << 2048) - 1),
)


@given(st.lists(DATA, max_size=4), DATA, TORN)
@example([b"old"], b"new", torn("short", 0, 0))
@example([b"old"], b"new", torn("short", 17, 0))
def test_req_45_a_cut_write_leaves_the_old_or_the_new(
    before: list[bytes], new: bytes, tear: Callable[[bytes, bytes], bytes]
) -> None:
    medium = filled(*before)
    medium.tear, medium.writes_left = tear, 0
    with pytest.raises(Cut):
        store.write(medium, SLOT, new)
    old = before[-1] if before else b""
    assert store.read(medium, SLOT)[0] in (old, new)
    medium.tear = None
    store.write(medium, SLOT, b"after")
    assert store.read(medium, SLOT)[0] == b"after"


@given(st.lists(DATA, max_size=4), st.integers(0, 1), st.booleans())
def test_req_45_a_cut_erasure_leaves_the_old_or_nothing(
    before: list[bytes], writes: int, removed: bool
) -> None:
    medium = filled(*before)
    medium.tear, medium.writes_left = (lambda old, new: new if removed else old), writes
    with pytest.raises(Cut):
        store.erase(medium, SLOT)
    assert store.read(medium, SLOT) in [(before[-1] if before else b"", False), (b"", False)]
    medium.tear = None
    store.erase(medium, SLOT)
    assert store.read(medium, SLOT) == (b"", False)


@given(st.lists(DATA, min_size=1, max_size=3), st.data())
def test_req_45_a_flipped_bit_is_noticed(contents: list[bytes], data: st.DataObject) -> None:
    medium = filled(*contents)
    newest = HALVES[(len(contents) - 1) % 2]
    spoilt = bytearray(medium.cells[newest])
    bit = data.draw(st.integers(0, 8 * len(spoilt) - 1))
    spoilt[bit // 8] ^= 1 << bit % 8
    medium.cells[newest] = bytes(spoilt)
    older = contents[-2] if len(contents) > 1 else b""
    assert store.read(medium, SLOT) == (older, True)
    store.write(medium, SLOT, b"after")  # over the damaged half
    assert store.read(medium, SLOT) == (b"after", False)


@given(st.binary(max_size=40))
@example(b"SCSN\x01\x00\x00")
def test_req_45_what_is_no_record_is_not_read(noise: bytes) -> None:
    medium = Medium()
    medium.cells[6] = noise
    assert store.read(medium, SLOT) == (b"", noise != b"")


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(b"XCSN\x01", id="magic"),
        pytest.param(b"SCSN\x02", id="version"),
    ],
)
def test_req_45_a_record_of_another_kind_is_not_read(other: bytes) -> None:
    body = other + record(9, b"data")[5:-4]
    medium = Medium()
    medium.cells[6] = body + binascii.crc32(body).to_bytes(4, "little")
    assert store.read(medium, SLOT) == (b"", True)


def test_req_45_what_did_not_arrive_is_refused_and_the_old_is_kept() -> None:
    medium = filled(b"old")
    medium.deaf = True
    assert refused(store.write, medium, SLOT, b"new") == ("store_write", 3, 0, 0)
    assert store.read(medium, SLOT) == (b"old", False)
    assert refused(store.erase, medium, SLOT) == ("store_write", 3, 0, 0)


@pytest.mark.parametrize("deaf", HALVES)
def test_req_45_what_was_not_erased_is_refused(deaf: int) -> None:
    class Worn(Medium):
        def nv_write(self, index: int, data: bytes) -> None:
            if index != deaf:
                super().nv_write(index, data)

    medium = filled(b"old", b"new")
    worn = Worn()
    worn.cells = dict(medium.cells)
    assert refused(store.erase, worn, SLOT) == ("store_write", 3, 0, 0)


def test_req_52_the_watchdog_is_fed_before_each_write() -> None:
    medium = filled(b"old")
    store.erase(medium, SLOT)
    assert medium.events == ["fed", "write 6", "fed", "write 7", "fed", "write 6"]


def test_req_45_a_slot_whose_records_are_used_up_is_refused_and_kept_until_erased() -> None:
    medium = Medium()
    last = store.pack(0xFFFF_FFFF, b"the last one")
    medium.cells[HALVES[0]] = last
    assert refused(store.write, medium, SLOT, b"new")[0] == "store_write"
    assert medium.cells == {HALVES[0]: last}
    store.erase(medium, SLOT)
    store.write(medium, SLOT, b"new")
    assert store.read(medium, SLOT) == (b"new", False)
