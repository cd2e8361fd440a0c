"""The wire: every command, its fields, the states in which it is allowed, and to whom.

Role: the one table of the protocol; protocol.md is generated from it and HELLO compares
its digest. Invariant: fields are fixed-size integers, but the last may be `bytes` (the rest).
A reply is a status byte, then the fields of the table; a refusal is the status byte, then rows
of REFUSAL. Requirements: REQ-40, REQ-41, REQ-70.
"""

import binascii

from . import errors, limits, states
from .errors import Refused
from .states import ANY, ARMED, FAULT, LOADED, OFF, RUNNING, STOPPING

PROTOCOL = 1
REPLY = 0x80  # or'ed into the opcode of a reply
PIECE_BYTES = 128  # most bytes of a program in one STAGE_DATA
LOOK_BYTES = 480  # most bytes in one reply of SCOPE_READ or WORDS

HELLO = 0x01
STATUS = 0x02
STAGE_BEGIN = 0x10
STAGE_DATA = 0x11
COMMIT = 0x12
ARM = 0x13
START = 0x14
STOP = 0x15
HALT = 0x16
AMPLITUDE = 0x17
LEDGER = 0x18
CLEAR_FAULT = 0x19
FIGURES = 0x1A
MAINTENANCE = 0x1B
UNLOAD = 0x1C
SAVE = 0x20
RECALL = 0x21
SLOTS = 0x22
ERASE = 0x23
LOG = 0x24
SCOPE_ARM = 0x30
SCOPE_READ = 0x31
WORDS = 0x32
MEASURE = 0x33
IMPEDANCE = 0x34
CALIBRATE = 0x35
CALIBRATION = 0x36
PAIR = 0x40
OPEN = 0x41
SIGNED = 0x42

# least role of whom a paired board obeys (access.py); an observer needs no key, and nobody may put
# a signed frame within another
OBSERVER = 0
OPERATOR = 1
PROGRAMMER = 2
NOBODY = 3
NONCE = 16  # bytes, of either side of OPEN
INNER_AT = 4  # the opcode in the payload of a signed frame, after the counter

# opcode, name, request fields, reply fields, states, least role; what each does stands in
# scs.messages.error_texts. A string is a third of the memory that tuples of names and types take on
# a board.
TABLE = (
    (
        HELLO,
        "hello",
        "protocol u16",
        "protocol u16, tables_digest u32, board_digest u32, state u8, reset_cause u8, "
        "paired u8, unique_id u64, names bytes",
        ANY,
        OBSERVER,
    ),
    (
        STATUS,
        "status",
        "",
        "state u8, fault u8, fault_index u16, fault_value i64, fault_limit i64, now_ms u32, "
        "lease_left_ms u16, stopped u8, periods u32, pulses u32, link_errors u32, "
        "current_min_na i32, current_max_na i32, voltage_min_mv i32, voltage_max_mv i32, "
        "hash u32, levels bytes",
        ANY,
        OBSERVER,
    ),
    (STAGE_BEGIN, "stage_begin", "length u16, crc u32", "", (OFF, LOADED), PROGRAMMER),
    (STAGE_DATA, "stage_data", "offset u16, piece bytes", "", (OFF, LOADED), PROGRAMMER),
    (COMMIT, "commit", "", "hash u32, figures bytes", (OFF, LOADED), PROGRAMMER),
    (ARM, "arm", "hash u32", "load_id u16", (LOADED, ARMED), OPERATOR),
    (START, "start", "", "", (ARMED,), OPERATOR),
    (STOP, "stop", "", "", ANY, OBSERVER),
    (HALT, "halt", "", "", ANY, OBSERVER),
    (
        AMPLITUDE,
        "amplitude",
        "program u8, amplitude_ua u32",
        "actual_na u32, ramp_ms u32",
        (LOADED, ARMED, RUNNING),
        OPERATOR,
    ),
    (
        LEDGER,
        "ledger",
        "",
        "pulses u32, truncated u32, periods u32, start_ms u32, stop_ms u32, output_ms u32, "
        "stopped u8, charge bytes",
        ANY,
        OBSERVER,
    ),
    (CLEAR_FAULT, "clear_fault", "", "", (FAULT,), OPERATOR),
    (FIGURES, "figures", "", "figures bytes", (LOADED, ARMED, RUNNING, STOPPING), OBSERVER),
    (MAINTENANCE, "maintenance", "", "", (OFF,), PROGRAMMER),
    (UNLOAD, "unload", "", "", (LOADED,), OPERATOR),
    (SAVE, "save", "slot u8", "hash u32", (LOADED,), PROGRAMMER),
    (RECALL, "recall", "slot u8", "hash u32, figures bytes", (OFF, LOADED), OPERATOR),
    (SLOTS, "slots", "", "slots bytes", (OFF, LOADED), OBSERVER),
    (ERASE, "erase", "slot u8", "", (OFF, LOADED), PROGRAMMER),
    (LOG, "log", "block u8, offset u16", "blocks u8, piece bytes", (OFF, LOADED, FAULT), OBSERVER),
    (SCOPE_ARM, "scope_arm", "delay_us u32", "", (RUNNING, STOPPING), OPERATOR),
    (
        SCOPE_READ,
        "scope_read",
        "offset u16",
        "ready u8, begins_us u32, crc u32, piece bytes",
        ANY,
        OBSERVER,
    ),
    (
        WORDS,
        "words",
        "offset u16",
        "crc u32, length u16, piece bytes",
        (RUNNING, STOPPING),
        OBSERVER,
    ),
    (MEASURE, "measure", "sources u8, returns u8", "", (OFF, LOADED), OPERATOR),
    (
        IMPEDANCE,
        "impedance",
        "",
        "measured u8, age_ms u32, load_id u16, contacts bytes",
        ANY,
        OBSERVER,
    ),
    (
        CALIBRATE,
        "calibrate",
        "current_offset i16, current_ppm i32, voltage_offset i16, voltage_ppm i32",
        "",
        (OFF, LOADED),
        PROGRAMMER,
    ),
    (
        CALIBRATION,
        "calibration",
        "",
        "kept u8, current_offset i16, current_ppm i32, voltage_offset i16, voltage_ppm i32, "
        "current_na u32, rest_current u16, rest_voltage u16",
        ANY,
        OBSERVER,
    ),
    (PAIR, "pair", "key bytes", "", (OFF, LOADED), PROGRAMMER),
    (OPEN, "open", "role u8, nonce bytes", "nonce bytes", ANY, OBSERVER),
    (SIGNED, "signed", "counter u32, command u8, signed bytes", "reply bytes", ANY, NOBODY),
)

# a refusal: rows of (code, index, value, limit)
REFUSAL = "<BHqq"
# a figure: (error code it would be refused with, contact or program, value, limit)
FIGURE = "<BBqq"
# a row of SLOTS: (slot, whether a half of it is damaged, bytes of the program, its hash)
SLOT = "<BBHI"

# a contact of IMPEDANCE: (its number, verdict of impedance.py, ohm, nF)
CONTACT = "<BBII"

# why the output stopped
RUNNING_STILL = 0
STOP_COMMAND = 1
STOP_HALT = 2
STOP_LEASE = 3
STOP_SESSION = 4
STOP_PULSES = 5
STOP_FAULT = 6
STOP_NEVER = 7
STOP_REASONS = ("running", "stop", "halt", "lease", "session", "pulses", "fault", "never started")


def by_opcode(opcode: int) -> tuple:
    """Return the row of an opcode; raise Refused(BAD_COMMAND) if there is none."""
    for row in TABLE:
        if row[0] == opcode:
            return row
    raise Refused(errors.BAD_COMMAND, opcode)


def tables_digest() -> int:
    """Return the CRC-32 over the commands, the limits, the errors' codes and the states."""
    codes = sorted([(getattr(errors, name), name) for name in dir(errors) if name.isupper()])
    return _digest([PROTOCOL, STOP_REASONS] + list(TABLE + states.MOVES) + limits.rows() + codes)


def board_digest(board: tuple) -> int:
    """Return the CRC-32 over a Board tuple."""
    return _digest(board)


def _digest(rows: list | tuple) -> int:
    """Digest row by row: the text of all rows would be as long as a board's largest free block."""
    crc = 0
    for row in rows:
        crc = binascii.crc32((repr(row) + ",").encode(), crc)
    return crc & 0xFFFFFFFF
