"""The blob of a program: packed and unpacked exactly, and refused field by field."""

import binascii
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.groups import AREAS, BURST, HEADER, TONIC, group, groups, tonic
from tests.core.support import refused

from stimcore import program
from stimcore.errors import Refused

# bytes: 6 fixed, 27 of header, 8 areas of 4, 44 a program, 4 of CRC; 6 a segment
ONE_PROGRAM = 6 + 27 + 32 + 44 + 4


def sealed(body: bytes) -> bytes:
    return body + struct.pack("<I", binascii.crc32(body))


def test_the_tuples_have_the_fields_of_the_tables_in_their_order() -> None:
    assert program.Header._fields == tuple(row[0] for row in program.HEADER)
    assert program.Program._fields == tuple(row[0] for row in program.PROGRAM)


def test_req_20_a_blob_byte_by_byte() -> None:
    one = TONIC._replace(cathodes=4, anodes=10, amplitude_ua=0x1234)
    blob = program.pack(group(one, lease_ms=0x0203))
    assert blob[:6] == b"SCSP\x02\x01"
    assert blob[6:9] == b"\x00\x03\x02"
    assert blob[33:37] == struct.pack("<I", 12_440_000)
    assert blob[65:71] == bytes((4, 10, 0, 0, 4, 1))
    assert blob[79:83] == b"\x34\x12\x00\x00"
    assert len(blob) == ONE_PROGRAM == program.blob_length(1)
    assert program.blob_length(4) == ONE_PROGRAM + 132


@given(groups())
def test_req_20_what_is_packed_is_unpacked(one: program.Group) -> None:
    program.validate(one)
    assert program.unpack(program.pack(one)) == one


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
    found = {}
    for width_ns in (100_000, 200_000):
        blob = program.pack(tonic(width_ns=width_ns))
        found[width_ns] = program.digest(blob)
        assert found[width_ns] == int.from_bytes(blob[-4:], "little")
        assert binascii.crc32(blob) == 0x2144_DF1C
    assert found[100_000] != found[200_000]


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
        (0, 0x54, (1, 2, 2)),  # magic
        (4, 1, (1, 1, 2)),  # format
        (5, 0, (2, 0, 4)),  # programs
        (5, 2, (0, 113, 157)),
        (108, 1, (0, 113, 119)),  # segments
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
    for blob in (noise, b"SCSP\x02\x01" + noise, sealed(b"SCSP\x02\x02" + noise)):
        with pytest.raises(Refused):
            program.unpack(blob)


@given(st.binary(min_size=102, max_size=102).map(lambda fields: fields + b"\0"))
def test_req_21_any_fields_at_all_are_accepted_or_refused_by_name(fields: bytes) -> None:
    one = program.unpack(sealed(b"SCSP\x02\x01" + fields))
    assert program.pack(one)[6:-4] == fields
    why = refusal(one)
    if why is not None:
        number, name = program.field_name(why.index)
        source = one.programs[number] if number >= 0 else one.header
        at_fault = one.areas_um2[why.index - 50] if name == "areas_um2" else getattr(source, name)
        assert at_fault == why.value


def refusal(one: program.Group) -> Refused | None:
    try:
        program.validate(one)
    except Refused as why:
        return why
    return None


# --- the bounds, restated -----------------------------------------------------------------------
HEADER_BOUNDS = {
    "flags": (0, 3),
    "lease_ms": (200, 10_000),
    "ramp_up_ms": (0, 60_000),
    "ramp_down_ms": (0, 60_000),
    "session_ms": (0, 86_400_000),
    "session_pulses": (0, 1_000_000_000),
}
PROGRAM_BOUNDS = {
    "cathodes": (1, 255),
    "anodes": (1, 255),
    "waveform": (0, 1),
    "recharge": (0, 2),
    "ratio": (1, 10),
    "pulses": (2, 10),
    "rate_mhz": (1_000, 10_000_000),
    "intra_rate_mhz": (40_000, 10_000_000),
    "amplitude_ua": (1, 25_500),
    "ceiling_ua": (1, 25_500),
    "width_ns": (10_000, 1_000_000),
    "gap_ns": (0, 1_000_000),
    "alternating": (0, 1),
    "count": (1, 64),
    "phase_ns": (0, 1_000_000_000),
    "rate_dither": (0, 500),
    "width_dither": (0, 500),
    "seed": (1, 65_535),
}


def named(one: program.Group) -> tuple[int, str, int, int]:
    """(program or -1, field, value, limit) of the refusal."""
    code, index, value, limit = refused(program.validate, one)
    assert code == "field"
    return *program.field_name(index), value, limit


@pytest.mark.parametrize(("field", "bounds"), HEADER_BOUNDS.items(), ids=HEADER_BOUNDS)
def test_req_21_every_field_of_the_header(field: str, bounds: tuple[int, int]) -> None:
    for value in bounds:
        program.validate(group(**{field: value}))
    low, high = bounds
    assert named(group(**{field: high + 1})) == (-1, field, high + 1, high)
    assert named(group(**{field: low - 1})) == (-1, field, low - 1, low)


@pytest.mark.parametrize("number", [0, 2])
@pytest.mark.parametrize(("field", "bounds"), PROGRAM_BOUNDS.items(), ids=PROGRAM_BOUNDS)
def test_req_21_every_field_of_a_program(field: str, bounds: tuple[int, int], number: int) -> None:
    low, high = bounds
    for value, limit in ((low - 1, low), (high + 1, high)):
        rows = [BURST, BURST, BURST]
        rows[number] = BURST._replace(**{field: value})
        assert named(group(*rows)) == (number, field, value, limit)


FREE = BURST._replace(cathodes=1, anodes=2, amplitude_ua=1, ceiling_ua=25_500)


@pytest.mark.parametrize(("field", "bounds"), PROGRAM_BOUNDS.items(), ids=PROGRAM_BOUNDS)
def test_req_21_every_field_of_a_program_at_its_bounds(field: str, bounds: tuple[int, int]) -> None:
    for value in bounds:
        one = FREE._replace(**{field: value})
        if field == "waveform" and value == 0:
            one = one._replace(pulses=1, recharge=1)
        if field == "cathodes":
            one = one._replace(anodes=2 if value == 1 else 1, cathodes=value & 254 | (value == 1))
        if field == "anodes":
            one = one._replace(cathodes=2, anodes=value & 253)
        if field == "rate_mhz":
            one = one._replace(intra_rate_mhz=10_000_000)
        if field == "alternating":
            one = one._replace(count=2)
        if field in ("count", "phase_ns"):  # a period has one second at most
            one = one._replace(rate_mhz=64_000 if field == "count" else 1_000)
            value -= field == "phase_ns" and value > 0  # and a pulse begins before its end
            one = one._replace(**{field: value})
        program.validate(group(one))


def test_req_21_one_contact_both_ways() -> None:
    # what may be named as an anode is anything but the cathodes
    assert named(tonic(cathodes=6, anodes=10)) == (0, "anodes", 10, 249)


def test_req_21_an_amplitude_above_the_profiles_ceiling() -> None:
    program.validate(tonic(amplitude_ua=4_000))
    assert named(tonic(amplitude_ua=4_001)) == (0, "amplitude_ua", 4_001, 4_000)


def test_req_21_all_programs_come_round_in_one_period() -> None:
    # 50 Hz and 300 Hz: one pulse and six in 20 ms
    fast = TONIC._replace(rate_mhz=300_000, count=6)
    program.validate(group(TONIC, fast))
    assert named(group(TONIC, fast._replace(count=5))) == (1, "count", 5, 6)
    assert named(group(TONIC, TONIC._replace(rate_mhz=50_001))) == (1, "count", 1, 1)


def test_req_21_a_period_has_a_second_at_most() -> None:
    program.validate(tonic(count=50))
    assert named(tonic(count=51)) == (0, "count", 51, 50)


def test_req_21_the_first_pulse_comes_before_the_second_would() -> None:
    program.validate(tonic(phase_ns=19_999_999))
    assert named(tonic(phase_ns=20_000_000)) == (0, "phase_ns", 20_000_000, 19_999_999)


def test_req_21_alternating_pulses_come_in_pairs_of_one_width() -> None:
    program.validate(tonic(alternating=1, count=2))
    assert named(tonic(alternating=1, count=3)) == (0, "count", 3, 4)
    assert named(tonic(alternating=1, count=2, width_dither=1)) == (0, "width_dither", 1, 0)


# --- shapes ---------------------------------------------------------------------------------------
TRIPHASIC = ((500, 200_000), (-1_000, 200_000), (500, 200_000))


def shaped(*segments: tuple[int, int], **changes: int) -> program.Group:
    return tonic(recharge=1, gap_ns=0, segments=segments, **changes)


def test_req_20_segments_byte_by_byte() -> None:
    blob = program.pack(shaped(*TRIPHASIC))
    assert len(blob) == ONE_PROGRAM + 18 == program.blob_length(1, 3)
    assert blob[108] == 3
    assert blob[109:121] == struct.pack("<hIhI", 500, 200_000, -1_000, 200_000)
    assert program.unpack(blob) == shaped(*TRIPHASIC)


def test_req_21_a_shape_sums_to_zero() -> None:
    program.validate(shaped(*TRIPHASIC))
    wrong = (*TRIPHASIC[:2], (500, 199_999))
    # 500 x 200,000 - 1000 x 200,000 + 500 x 199,999
    assert refused(program.validate, shaped(*wrong)) == ("field", 152, -500, 0)
    assert program.field_name(152) == (0, "segments")


@pytest.mark.parametrize(
    ("segments", "wanted"),
    [
        (((0, 1_000), (100, 1_000), (-100, 1_000)), (150, 0, 1_000)),
        (((1_001, 1_000), (-1_001, 1_000)), (150, 1_001, 1_000)),
        (((100, 1_000), (-1_001, 1_000)), (151, -1_001, 1_000)),
        (((100, 1_000_001), (-100, 1_000_001)), (150, 1_000_001, 1_000_000)),
        (((100, 0), (-100, 0)), (150, 0, 1_000_000)),
    ],
)
def test_req_21_every_segment_is_in_its_range(
    segments: tuple[tuple[int, int], ...], wanted: tuple[int, int, int]
) -> None:
    assert refused(program.validate, shaped(*segments)) == ("field", *wanted)


def test_req_21_what_a_shape_rules_out() -> None:
    for field, value, limit in (("recharge", 0, 1), ("gap_ns", 8, 0), ("width_dither", 1, 0)):
        one = group(shaped(*TRIPHASIC).programs[0]._replace(**{field: value}))
        assert named(one) == (0, field, value, limit)


@pytest.mark.parametrize(
    ("segments", "pulses"),
    [
        ((), 1),
        (TRIPHASIC, 1),  # what goes beyond zero without a pause is the same pulse
        (((-1_000, 100), (1_000, 100)), 1),
        (((-1_000, 100), (1_000, 100), (-1_000, 100), (1_000, 100)), 2),
        (((-1_000, 100), (0, 50), (-1_000, 100), (500, 400)), 2),
    ],
)
def test_req_35_the_pulses_of_a_shape(segments: tuple[tuple[int, int], ...], pulses: int) -> None:
    assert program.first_phases(segments) == pulses


def test_req_21_what_belongs_to_a_burst_alone() -> None:
    assert named(tonic(pulses=2)) == (0, "pulses", 2, 1)
    assert named(tonic(recharge=2)) == (0, "recharge", 2, 1)
    assert named(group(BURST._replace(pulses=1))) == (0, "pulses", 1, 2)
    program.validate(group(BURST._replace(intra_rate_mhz=40_000)))


@pytest.mark.parametrize(
    ("on", "off", "wrong"),
    [
        (0, 0, None),
        (1_000, 1_000, None),
        (5_400_000, 5_400_000, None),
        (999, 1_000, ("cycle_on_ms", 999, 1_000)),
        (1_000, 999, ("cycle_off_ms", 999, 1_000)),
        (1_000, 0, ("cycle_off_ms", 0, 1_000)),
        (0, 1_000, ("cycle_on_ms", 0, 1_000)),
        (5_400_001, 1_000, ("cycle_on_ms", 5_400_001, 5_400_000)),
        (1_000, 5_400_001, ("cycle_off_ms", 5_400_001, 5_400_000)),
    ],
)
def test_req_21_a_cycle_has_both_its_times(
    on: int, off: int, wrong: tuple[str, int, int] | None
) -> None:
    one = group(cycle_on_ms=on, cycle_off_ms=off)
    if wrong is None:
        program.validate(one)
    else:
        assert named(one) == (-1, *wrong)


@pytest.mark.parametrize("contact", [0, 3, 7])
def test_req_21_an_area_is_nothing_or_between_0_01_mm2_and_10_cm2(contact: int) -> None:
    def with_area(area: int) -> program.Group:
        areas = tuple(area if at == contact else AREAS[at] for at in range(8))
        return program.Group(HEADER, areas, (TONIC,))

    for area in (0, 10_000, 1_000_000_000):
        program.validate(with_area(area))
    assert named(with_area(9_999)) == (-1, "areas_um2", 9_999, 10_000)
    assert named(with_area(1_000_000_001)) == (-1, "areas_um2", 1_000_000_001, 1_000_000_000)
    assert refused(program.validate, with_area(1))[1] == 50 + contact


def test_req_35_a_session_is_counted_in_whole_periods() -> None:
    # a tonic pulse and a burst of five: six a period
    two = (TONIC._replace(rate_mhz=40_000), BURST)
    program.validate(group(*two, session_pulses=48))
    assert program.pulses_per_period(group(*two)) == 6
    assert named(group(*two, session_pulses=50)) == (-1, "session_pulses", 50, 48)
