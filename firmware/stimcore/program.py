"""The integer program: a compiled profile, packed as one versioned blob with a CRC.

Role: the tables of its fields, pack and unpack. A group is one header and one to four programs,
each with a shape of its own where it is no plain pulse. Invariant: unpack refuses any blob that is
not exactly as pack would write it. Both ends run this same file. Requirements: REQ-20.
"""

import binascii
import struct
from collections import namedtuple

from . import errors, limits
from .errors import Refused

MAGIC = b"SCSP"
FORMAT = 4

TONIC = 0
BURST = 1
RECHARGE_ACTIVE = 0  # opposite current, amplitude / ratio, ratio times as long
RECHARGE_PASSIVE = 1  # every used contact to the anode side after each pulse
RECHARGE_PASSIVE_BURST = 2  # the same, but only after the last pulse of a burst

FLAG_STAND_ALONE = 1  # no lease: goes on without a host
FLAG_SYNC_ONLY = 2  # no output: each pulse is a mark on SYNC

# (field, struct code, least, most); the order is the wire's
HEADER = (
    ("flags", "B", 0, FLAG_STAND_ALONE | FLAG_SYNC_ONLY),
    ("lease_ms", "H", limits.LEASE_MIN_MS, limits.LEASE_MAX_MS),
    ("ramp_up_ms", "I", 0, limits.RAMP_MAX_MS),
    ("ramp_down_ms", "I", 0, limits.RAMP_MAX_MS),
    ("cycle_on_ms", "I", 0, limits.CYCLE_MAX_MS),
    ("cycle_off_ms", "I", 0, limits.CYCLE_MAX_MS),
    ("session_ms", "I", 0, limits.SESSION_MAX_MS),
    ("session_pulses", "I", 0, limits.SESSION_PULSES_MAX),
    # permitted undriven current, as a share of a contact's ceiling
    ("discharge_permille", "H", limits.DISCHARGE_LEAST_PERMILLE, limits.DISCHARGE_PERMILLE),
)
PROGRAM = (
    ("cathodes", "B", 1, 255),
    ("anodes", "B", 1, 255),
    ("waveform", "B", TONIC, BURST),
    ("recharge", "B", RECHARGE_ACTIVE, RECHARGE_PASSIVE_BURST),
    ("ratio", "B", 1, limits.RECHARGE_RATIO_MAX),
    ("pulses", "B", 1, limits.BURST_PULSES_MAX),
    ("rate_millihz", "I", limits.RATE_MIN_MILLIHZ, limits.RATE_MAX_MILLIHZ),
    ("intra_rate_millihz", "I", 0, limits.RATE_MAX_MILLIHZ),
    ("amplitude_ua", "I", 1, limits.AMPLITUDE_UA),
    ("ceiling_ua", "I", 1, limits.AMPLITUDE_UA),
    ("width_ns", "I", limits.WIDTH_MIN_NS, limits.WIDTH_MAX_NS),
    ("gap_ns", "I", 0, limits.GAP_MAX_NS),
    ("alternating", "B", 0, 1),  # every other pulse the other way round
    ("count", "H", 1, limits.PERIOD_TIMES),  # how often a pulse, or a burst, comes in a period
    ("offset_ns", "I", 0, limits.PERIOD_MAX_NS),  # when the first of them begins
    ("rate_dither", "H", 0, limits.DITHER_PERMILLE),  # of the time between two of them
    ("width_dither", "H", 0, limits.DITHER_PERMILLE),  # of the width, to either side
    ("seed", "H", 1, 65535),  # of the dither
    ("other_cathodes", "B", 0, 255),  # where some of its turns are given
    ("other_anodes", "B", 0, 255),
    ("other_count", "H", 0, limits.PERIOD_TIMES - 1),  # how many of the `count`, spread evenly
    ("segments", "B", 0, limits.SEGMENTS),  # of its shape; 0: width, gap and recharge are the pulse
)

# the names of the rows above once more, in the form that a type checker can read
Header = namedtuple(
    "Header",
    (
        "flags",
        "lease_ms",
        "ramp_up_ms",
        "ramp_down_ms",
        "cycle_on_ms",
        "cycle_off_ms",
        "session_ms",
        "session_pulses",
        "discharge_permille",
    ),
)
Program = namedtuple(
    "Program",
    (
        "cathodes",
        "anodes",
        "waveform",
        "recharge",
        "ratio",
        "pulses",
        "rate_millihz",
        "intra_rate_millihz",
        "amplitude_ua",
        "ceiling_ua",
        "width_ns",
        "gap_ns",
        "alternating",
        "count",
        "offset_ns",
        "rate_dither",
        "width_dither",
        "seed",
        "other_cathodes",
        "other_anodes",
        "other_count",
        "segments",  # a tuple of (permille of the amplitude, negative: cathodic; ns)
    ),
)
AREAS_INDEX = 50  # a BLOB_FIELD refusal's index of the first contact's area …
SEGMENTS_INDEX = 50  # … and, in a program's hundred, of its first segment

# areas_um2: one per contact, 0 where the lead has none; programs: tuple of Program
Group = namedtuple("Group", ("header", "areas_um2", "programs"))

_FIXED = "<4sBB"  # magic, format, number of programs
_HEADER = "<" + "".join(row[1] for row in HEADER)
_AREAS = "<" + "I" * limits.CONTACTS
_PROGRAM = "<" + "".join(row[1] for row in PROGRAM)
_SEGMENT = "<hI"


def pack(group: Group) -> bytes:
    """Return the blob: fixed part, header, areas, programs each with its segments, CRC-32."""
    body = struct.pack(_FIXED, MAGIC, FORMAT, len(group.programs))
    body += struct.pack(_HEADER, *group.header)
    body += struct.pack(_AREAS, *group.areas_um2)
    for program in group.programs:
        body += struct.pack(_PROGRAM, *numbers_of(program))
        for segment in program.segments:
            body += struct.pack(_SEGMENT, *segment)
    return body + struct.pack("<I", binascii.crc32(body) & 0xFFFFFFFF)


def numbers_of(program: Program) -> tuple:
    """Return the fields in PROGRAM's order; for the segments, their count."""
    return program[:-1] + (len(program.segments),)


def digest(blob: bytes) -> int:
    """Return the hash that names a program: CRC-32 of all but the blob's own.

    Over the whole blob it would name nothing: a CRC-32 behind what it is of makes the CRC-32 of
    both 0x2144df1c, whatever they are.
    """
    return binascii.crc32(blob[:-4]) & 0xFFFFFFFF


def blob_length(programs: int, segments: int = 0) -> int:
    """Return the bytes of a blob of so many programs, with so many segments in all."""
    fixed = struct.calcsize(_FIXED) + struct.calcsize(_HEADER) + struct.calcsize(_AREAS)
    shapes = segments * struct.calcsize(_SEGMENT)
    return fixed + programs * struct.calcsize(_PROGRAM) + shapes + 4


LONGEST = blob_length(limits.PROGRAMS, limits.PROGRAMS * limits.SEGMENTS)


def unpack(blob: bytes) -> Group:
    """Return a blob's group; raise Refused (BLOB_FORMAT, STAGE_CRC) if pack would not write it."""
    if len(blob) < blob_length(1):
        raise Refused(errors.BLOB_FORMAT, 0, len(blob), blob_length(1))
    magic, form, count = struct.unpack_from(_FIXED, blob, 0)
    if magic != MAGIC or form != FORMAT:
        raise Refused(errors.BLOB_FORMAT, 1, form, FORMAT)
    if not 1 <= count <= limits.PROGRAMS:
        raise Refused(errors.BLOB_FORMAT, 2, count, limits.PROGRAMS)
    crc = binascii.crc32(blob[:-4]) & 0xFFFFFFFF
    if struct.unpack_from("<I", blob, len(blob) - 4)[0] != crc:
        raise Refused(errors.STAGE_CRC)
    at = struct.calcsize(_FIXED)
    header = Header(*struct.unpack_from(_HEADER, blob, at))
    at += struct.calcsize(_HEADER)
    areas = struct.unpack_from(_AREAS, blob, at)
    at += struct.calcsize(_AREAS)
    programs = []
    size = struct.calcsize(_SEGMENT)
    for left in range(count, 0, -1):
        wanted = at + left * struct.calcsize(_PROGRAM) + 4
        if len(blob) >= wanted:
            numbers = struct.unpack_from(_PROGRAM, blob, at)
            at += struct.calcsize(_PROGRAM)
            ends = at + numbers[-1] * size
            wanted = ends + 4
        if len(blob) < wanted:
            raise Refused(errors.BLOB_FORMAT, 0, len(blob), wanted)
        segments = [struct.unpack_from(_SEGMENT, blob, place) for place in range(at, ends, size)]
        programs.append(Program(*(numbers[:-1] + (tuple(segments),))))
        at = ends
    if len(blob) != at + 4:
        raise Refused(errors.BLOB_FORMAT, 0, len(blob), at + 4)
    return Group(header, areas, tuple(programs))


def contacts_of(group: Group) -> int:
    """Return the mask of the contacts that any program uses."""
    used = 0
    for program in group.programs:
        used |= used_by(program)
    return used


def used_by(program: Program) -> int:
    """Return the mask of the contacts that a program uses."""
    return program.cathodes | program.anodes | program.other_cathodes | program.other_anodes


def sets_of(group: Group) -> list:
    """Return the (cathodes, anodes) that any program uses, each once."""
    sets: list = []
    for program in group.programs:
        for masks in (
            (program.cathodes, program.anodes),
            (program.other_cathodes, program.other_anodes),
        ):
            if masks[0] and masks not in sets:
                sets.append(masks)
    return sets


def pulses_per_period(group: Group) -> int:
    """Return the number of pulses in one period of the group."""
    return sum(
        [
            program.count * program.pulses * first_phases(program.segments)
            for program in group.programs
        ]
    )


def first_phases(segments: tuple) -> int:
    """Return the number of pulses the kernel counts in a shape: runs that take charge away from
    zero, and each piece of a recharge that follows a pause in it."""
    if not segments:
        return 1
    pulses = charge = 0
    before = recharged = flows = False
    for permille, width_ns in segments:
        after = charge + permille * width_ns
        grows = permille != 0 and (charge * permille >= 0 or after * permille > 0)
        new = grows or (permille != 0 and recharged and not flows)
        if new and not before:
            pulses += 1
        charge, before, flows = after, new, permille != 0
        if flows:
            recharged = not grows
    return pulses
