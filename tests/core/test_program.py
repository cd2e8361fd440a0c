"""The blob of a program: packed and unpacked exactly, and refused field by field."""

import binascii
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.programs import TONIC, TRIPHASIC, group, groups, shaped, tonic
from tests.support.tables import refused

from scs.messages import error_texts
from stimcore import checks, program
from stimcore.errors import Refused

# bytes: 6 fixed, 29 of header, 8 areas of 4, 48 a program, 4 of CRC; 6 a segment
ONE_PROGRAM = 6 + 29 + 32 + 48 + 4


def sealed(body: bytes) -> bytes:
    return body + struct.pack("<I", binascii.crc32(body))


def test_the_tuples_have_the_fields_of_the_tables_in_their_order() -> None:
    assert program.Header._fields == tuple(row[0] for row in program.HEADER)
    assert program.Program._fields == tuple(row[0] for row in program.PROGRAM)


def test_req_20_a_blob_byte_by_byte() -> None:
    member = TONIC._replace(cathodes=4, anodes=10, amplitude_ua=0x1234)
    blob = program.pack(group(member, lease_ms=0x0203))
    assert blob[:6] == b"SCSP\x04\x01"
    assert blob[6:9] == b"\x00\x03\x02"
    assert blob[35:39] == struct.pack("<I", 12_440_000)
    assert blob[67:73] == bytes((4, 10, 0, 0, 4, 1))
    assert blob[81:85] == b"\x34\x12\x00\x00"
    assert len(blob) == ONE_PROGRAM == program.blob_length(1)
    assert program.blob_length(4) == ONE_PROGRAM + 144


@given(groups())
def test_req_20_what_is_packed_is_unpacked(stimulus: program.Group) -> None:
    checks.validate(stimulus)
    assert program.unpack(program.pack(stimulus)) == stimulus


@pytest.mark.parametrize("count", [1, 2, 4])
def test_req_20_every_length_but_the_right_one_is_refused(count: int) -> None:
    blob = program.pack(group(*[TONIC] * count))
    for size in range(len(blob)):
        assert refused(program.unpack, blob[:size])[0] in ("blob_format", "stage_crc")
        if size >= 10:
            assert refused(program.unpack, sealed(blob[: size - 4]))[0] == "blob_format"
    assert refused(program.unpack, sealed(blob[:-4] + b"\0"))[0] == "blob_format"


def test_req_37_the_hash_tells_programs_apart() -> None:
    """It is the CRC-32 at the blob's end; that of a whole blob is the same for all of them."""
    hashes = {}
    for width_ns in (100_000, 200_000):
        blob = program.pack(tonic(width_ns=width_ns))
        hashes[width_ns] = program.digest(blob)
        assert hashes[width_ns] == int.from_bytes(blob[-4:], "little")
        assert binascii.crc32(blob) == 0x2144_DF1C
    assert hashes[100_000] != hashes[200_000]


def test_req_20_every_byte_changed_is_refused() -> None:
    blob = program.pack(tonic())
    for at in range(len(blob)):
        for flip in (1, 0x80, 0xFF):
            bad = bytearray(blob)
            bad[at] ^= flip
            wanted = "blob_format" if at < 6 else "stage_crc"
            assert refused(program.unpack, bytes(bad))[0] == wanted


@pytest.mark.parametrize(
    ("at", "value", "numbers"),
    [
        (0, 0x54, (1, 4, 4)),  # magic
        (4, 3, (1, 3, 4)),  # format
        (5, 0, (2, 0, 4)),  # programs
        (5, 2, (0, 119, 167)),
        (114, 1, (0, 119, 125)),  # segments
        (5, 5, (2, 5, 4)),
    ],
)
def test_req_20_another_format_is_refused_even_with_a_good_crc(
    at: int, value: int, numbers: tuple[int, int, int]
) -> None:
    bad = bytearray(program.pack(tonic())[:-4])
    bad[at] = value
    assert refused(program.unpack, sealed(bytes(bad))) == ("blob_format", *numbers)


def test_req_20_five_programs_are_refused_even_at_their_right_length() -> None:
    blob = program.pack(group(*[TONIC] * 5))
    assert refused(program.unpack, blob) == ("blob_format", 2, 5, 4)


@given(st.binary(max_size=250))
def test_req_20_noise_is_refused_and_crashes_nothing(noise: bytes) -> None:
    for blob in (noise, b"SCSP\x04\x01" + noise, sealed(b"SCSP\x04\x02" + noise)):
        with pytest.raises(Refused):
            program.unpack(blob)


@given(st.binary(min_size=108, max_size=108).map(lambda fields: fields + b"\0"))
def test_req_21_any_fields_at_all_are_accepted_or_refused_by_name(fields: bytes) -> None:
    stimulus = program.unpack(sealed(b"SCSP\x04\x01" + fields))
    assert program.pack(stimulus)[6:-4] == fields
    why = refusal(stimulus)
    if why is not None:
        number, name = error_texts.field_name(why.index)
        source = stimulus.programs[number] if number >= 0 else stimulus.header
        at_fault = (
            stimulus.areas_um2[why.index - 50] if name == "areas_um2" else getattr(source, name)
        )
        assert at_fault == why.value


def refusal(stimulus: program.Group) -> Refused | None:
    try:
        checks.validate(stimulus)
    except Refused as why:
        return why
    return None


def test_req_20_segments_byte_by_byte() -> None:
    blob = program.pack(group(shaped(*TRIPHASIC)))
    assert len(blob) == ONE_PROGRAM + 18 == program.blob_length(1, 3)
    assert blob[114] == 3
    assert blob[115:127] == struct.pack("<hIhI", 500, 200_000, -1_000, 200_000)
    assert program.unpack(blob) == group(shaped(*TRIPHASIC))
