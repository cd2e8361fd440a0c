"""The bytes on the link: stuffed as the published library stuffs them, and found again in noise."""

import binascii
import struct

import pytest
from cobs import cobs
from hypothesis import example, given
from hypothesis import strategies as st

from stimcore import frame

Frame = tuple[int, int, bytes]
# zeros, runs of 253 to 255 bytes without one, and random bytes: where the stuffing has its corners
runs = st.lists(
    st.one_of(
        st.binary(max_size=20),
        st.integers(252, 256).map(lambda count: b"\x07" * count),
        st.just(b"\0"),
        st.just(b"\0\0"),
    ),
    max_size=6,
).map(b"".join)
frames = st.tuples(st.integers(0, 255), st.integers(0, 255), st.binary(max_size=300))


def fed(data: bytes, piece: int = 0) -> tuple[list[Frame], int]:
    """Return frames and errors; `piece` > 0 feeds so many bytes at a time."""
    decoder = frame.Decoder()
    frames: list[Frame] = []
    step = piece or max(len(data), 1)
    for at in range(0, len(data), step):
        frames += decoder.feed(data[at : at + step])
    return frames, decoder.errors


# --- stuffing -------------------------------------------------------------------------------------
@given(runs)
def test_req_40_stuffing_is_that_of_the_published_library(data: bytes) -> None:
    assert frame.stuff(data) == cobs.encode(data)
    assert frame.unstuff(cobs.encode(data)) == data


@pytest.mark.parametrize("size", [0, 1, 253, 254, 255, 508, 509, 1024, 1030])
def test_req_40_stuffing_around_the_longest_block(size: int) -> None:
    for data in (b"\x01" * size, b"\0" * size, b"\x01" * size + b"\0", b"\0" + b"\x01" * size):
        assert frame.stuff(data) == cobs.encode(data)
        assert frame.unstuff(frame.stuff(data)) == data


@given(st.binary(max_size=600))
def test_req_40_unstuffing_noise_gives_what_the_library_gives_or_nothing(noise: bytes) -> None:
    try:
        expected = cobs.decode(noise)
    except cobs.DecodeError:
        expected = b""
    assert frame.unstuff(noise) == expected


# --- frames ---------------------------------------------------------------------------------------
@given(st.integers(0, 255), st.integers(0, 255), runs)
@example(0, 0, bytes(247))
@example(1, 1, b"\x01" * 247)
@example(1, 1, b"\x01" * 248)
@example(1, 1, b"\x01" * 1024)
def test_req_40_a_frame_is_what_the_published_library_makes_of_it(
    sequence: int, opcode: int, payload: bytes
) -> None:
    body = bytes((sequence, opcode)) + payload
    crc = binascii.crc32(body).to_bytes(4, "little")
    assert frame.encode(sequence, opcode, payload) == b"\0" + cobs.encode(body + crc) + b"\0"


def test_req_40_a_frame_byte_by_byte() -> None:
    # sequence 5, opcode 0x12, no payload; CRC-32 least significant byte first
    crc = struct.pack("<I", binascii.crc32(b"\x05\x12"))
    assert 0 not in crc
    assert frame.encode(5, 0x12, b"") == b"\0\x07\x05\x12" + crc + b"\0"


@given(frames)
def test_req_40_a_frame_is_found_whole(sent: Frame) -> None:
    assert fed(frame.encode(*sent)) == ([sent], 0)


@given(st.lists(frames, max_size=4), st.integers(1, 40))
def test_req_40_frames_arrive_in_any_pieces(many: list[Frame], piece: int) -> None:
    assert fed(b"".join(frame.encode(*sent) for sent in many), piece) == (many, 0)


@given(st.binary(max_size=400), frames)
def test_req_40_a_good_frame_is_found_after_noise(noise: bytes, sent: Frame) -> None:
    decoded, _errors = fed(noise + frame.encode(*sent))
    assert decoded == [sent]


@given(frames, st.data())
def test_req_40_a_cut_frame_is_thrown_away_and_the_next_is_found(
    sent: Frame, data: st.DataObject
) -> None:
    whole = frame.encode(*sent)
    cut = whole[: data.draw(st.integers(2, len(whole) - 2))]
    assert fed(cut + frame.encode(1, 2, b"next")) == ([(1, 2, b"next")], 1)
    tail = whole[data.draw(st.integers(2, len(whole) - 2)) :]
    assert fed(tail + frame.encode(1, 2, b"next")) == ([(1, 2, b"next")], 1)


def test_req_40_every_bit_flipped_gives_no_frame() -> None:
    whole = frame.encode(9, 0x17, bytes(range(8)))
    for bit in range(8, 8 * (len(whole) - 1)):
        bad = bytearray(whole)
        bad[bit // 8] ^= 1 << bit % 8
        frames, errors = fed(bytes(bad) + frame.encode(1, 2, b"next"))
        assert frames == [(1, 2, b"next")], bit
        assert errors >= 1


def test_req_40_two_frames_interleaved_give_none() -> None:
    first, two = frame.encode(1, 2, b"one here"), frame.encode(3, 4, b"two here")
    mixed = b"".join(bytes(pair) for pair in zip(first[1:-1], two[1:-1], strict=True))
    assert fed(mixed + b"\0" + first) == ([(1, 2, b"one here")], 1)


def test_req_40_the_largest_payload_arrives_and_a_larger_one_does_not() -> None:
    for fill in (b"\0", b"\x55"):
        largest = fill * 1024
        for piece in (0, 1, 1_036):  # the last one: all of it but the zero at its end
            assert fed(frame.encode(1, 2, largest), piece) == ([(1, 2, largest)], 0)
        # 1024 bytes of payload and 6 more are 1035 stuffed at the most
        frames, errors = fed(frame.encode(1, 2, fill * 1200) + frame.encode(3, 4, b""), 100)
        assert (frames, errors) == ([(3, 4, b"")], 1)


@pytest.mark.parametrize("piece", [1, 7, 100_000])
def test_req_40_the_decoder_never_holds_more_than_one_frame(piece: int) -> None:
    decoder = frame.Decoder()
    noise = b"\x55" * 5_000
    for at in range(0, len(noise), piece):
        assert decoder.feed(noise[at : at + piece]) == []
        assert len(decoder._buffer) <= 1_035
    assert decoder.feed(b"\0" + frame.encode(1, 2, b"")) == [(1, 2, b"")]
    assert decoder.errors == 1


@pytest.mark.parametrize("body", [b"", b"\1", b"\1" * 5, bytes(4), b"\1" + b"\x1b\xdf\x05\xa5"])
def test_req_40_a_block_too_short_for_a_frame_is_an_error(body: bytes) -> None:
    """The last two are CRC-32s of nothing and of one byte, in their place."""
    frames, errors = fed(cobs.encode(body) + b"\0")
    assert (frames, errors) == ([], 1)


def test_req_40_empty_blocks_between_frames_are_no_errors() -> None:
    assert fed(b"\0\0\0" + frame.encode(1, 2, b"") + b"\0\0") == ([(1, 2, b"")], 0)


@given(st.lists(st.binary(max_size=2_000), max_size=5))
def test_req_40_noise_raises_nothing(pieces: list[bytes]) -> None:
    decoder = frame.Decoder()
    for piece in pieces:
        decoder.feed(piece)
