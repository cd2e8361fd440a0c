"""The table of the wire: unambiguous, total, and digested so that a change of it is noticed."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.programs import TONIC, group
from tests.support.tables import BOARD, refused

from stimcore import commands, errors, frame, handlers, limits, output, packing

OFF, LOADED, ARMED, RUNNING, STOPPING, FAULT, MEASURING = range(7)
ALWAYS = {OFF, LOADED, ARMED, RUNNING, STOPPING, FAULT, MEASURING}
# opcode and states in which it is allowed, restated
ALLOWED = {
    "hello": (0x01, ALWAYS),
    "status": (0x02, ALWAYS),
    "stage_begin": (0x10, {OFF, LOADED}),
    "stage_data": (0x11, {OFF, LOADED}),
    "commit": (0x12, {OFF, LOADED}),
    "arm": (0x13, {LOADED, ARMED}),
    "start": (0x14, {ARMED}),
    "stop": (0x15, ALWAYS),
    "halt": (0x16, ALWAYS),
    "amplitude": (0x17, {LOADED, ARMED, RUNNING}),
    "ledger": (0x18, ALWAYS),
    "clear_fault": (0x19, {FAULT}),
    "figures": (0x1A, {LOADED, ARMED, RUNNING, STOPPING}),
    "maintenance": (0x1B, {OFF}),
    "unload": (0x1C, {LOADED}),
    "save": (0x20, {LOADED}),
    "recall": (0x21, {OFF, LOADED}),
    "slots": (0x22, {OFF, LOADED}),
    "erase": (0x23, {OFF, LOADED}),
    "log": (0x24, {OFF, LOADED, FAULT}),
    "scope_arm": (0x30, {RUNNING, STOPPING}),
    "scope_read": (0x31, ALWAYS),
    "words": (0x32, {RUNNING, STOPPING}),
    "measure": (0x33, {OFF, LOADED}),
    "impedance": (0x34, ALWAYS),
    "calibrate": (0x35, {OFF, LOADED}),
    "calibration": (0x36, ALWAYS),
    "pair": (0x40, {OFF, LOADED}),
    "open": (0x41, ALWAYS),
    "signed": (0x42, ALWAYS),
}
# who needs which key on a paired board, restated; all others need none
OPERATORS = "arm start amplitude clear_fault recall measure unload scope_arm"
PROGRAMMERS = "stage_begin stage_data commit save erase calibrate maintenance pair"


def test_req_41_what_is_allowed_in_which_state() -> None:
    assert {row[1]: (row[0], set(row[4])) for row in commands.TABLE} == ALLOWED


def test_req_70_who_may_do_what() -> None:
    names = {role: {row[1] for row in commands.TABLE if row[5] == role} for role in range(4)}
    assert names[1] == set(OPERATORS.split())
    assert names[2] == set(PROGRAMMERS.split())
    assert names[3] == {"signed"}  # nobody may put one within another
    assert names[0] == set(ALLOWED) - names[1] - names[2] - names[3]


def test_req_32_halt_and_stop_need_no_permission() -> None:
    assert commands.by_opcode(0x16)[2] == commands.by_opcode(0x15)[2] == ""


def test_every_command_has_a_handler_and_an_opcode_of_its_own() -> None:
    opcodes = [row[0] for row in commands.TABLE]
    assert len(set(opcodes)) == len(opcodes)
    assert set(handlers.TABLE) == set(opcodes) - {commands.SIGNED}  # of its own in dialogue.py
    assert all(0 < opcode < commands.REPLY for opcode in opcodes)


@pytest.mark.parametrize("opcode", [0, 3, 0x1D, 0x81, 255])
def test_req_41_an_unknown_opcode_is_refused(opcode: int) -> None:
    assert refused(commands.by_opcode, opcode)[:2] == ("bad_command", opcode)


SIZES = {"u8": 1, "u16": 2, "u32": 4, "i16": 2, "i32": 4, "i64": 8, "u64": 8}


@pytest.mark.parametrize("row", commands.TABLE, ids=lambda row: row[1])
def test_req_40_fields_of_another_length_are_refused(row: tuple) -> None:
    fields = packing.columns(row[2])
    tail = bool(fields) and fields[-1][1] == "bytes"
    size = sum(SIZES[field[1]] for field in fields if field[1] != "bytes")
    for length in range(size + 3):
        if length == size or (tail and length > size):
            assert len(packing.unpack(row[2], bytes(length))) == len(fields)
        else:
            wanted = ("bad_length", 0, length, size)
            assert refused(packing.unpack, row[2], bytes(length)) == wanted


@pytest.mark.parametrize("side", [2, 3])
@given(st.data())
def test_what_is_packed_is_unpacked(side: int, data: st.DataObject) -> None:
    row = data.draw(st.sampled_from(commands.TABLE))
    values = []
    for _name, kind in packing.columns(row[side]):
        if kind == "bytes":
            values.append(data.draw(st.binary(max_size=40)))
        else:
            bits = 8 * SIZES[kind]
            low = -(1 << bits - 1) if kind[0] == "i" else 0
            values.append(data.draw(st.integers(low, low + (1 << bits) - 1)))
    assert packing.unpack(row[side], packing.pack(row[side], values)) == values


def test_only_the_last_field_is_of_any_length() -> None:
    for row in commands.TABLE:
        for fields in map(packing.columns, (row[2], row[3])):
            assert all(field[1] in SIZES for field in fields[:-1])
            assert all(field[1] in {*SIZES, "bytes"} for field in fields)


def test_every_reply_fits_into_a_frame() -> None:
    figures = len(output.Output(BOARD, None, group(TONIC)).figures())
    longest = {
        "figures": struct.calcsize(commands.FIGURE) * (figures + 1),  # a step up, once it runs
        "levels": 8 * limits.PROGRAMS,
        "contacts": struct.calcsize(commands.CONTACT) * limits.CONTACTS,
        "slots": struct.calcsize(commands.SLOT) * limits.GROUP_SLOTS,
        "charge": 16 * limits.CONTACTS,
        "piece": commands.LOOK_BYTES,
        "names": 255,
        "nonce": commands.NONCE,
        "reply": 0,  # of any other command
    }
    for row in commands.TABLE:
        fields = packing.columns(row[3])
        values = tuple(bytes(longest[name]) if kind == "bytes" else 0 for name, kind in fields)
        assert 1 + len(packing.pack(row[3], values)) <= frame.MAX_PAYLOAD  # 1: the status


# --- what HELLO compares --------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("module", "name", "value"),
    [
        (limits, "AMPLITUDE_UA", 25_501),
        (limits, "DC_PA", 99_999),
        (commands, "PROTOCOL", 2),
        (commands, "TABLE", commands.TABLE[:-1]),
        (commands, "STOP_REASONS", commands.STOP_REASONS[:-1]),
        (errors, "BAD_STATE", 251),
    ],
)
def test_req_43_the_digest_notices_a_change(
    module: object, name: str, value: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = commands.tables_digest()
    assert before == commands.tables_digest()
    monkeypatch.setattr(module, name, value)
    assert commands.tables_digest() != before


@pytest.mark.parametrize("field", BOARD._fields)
def test_req_43_the_boards_digest_notices_a_change_of_any_field(field: str) -> None:
    value = getattr(BOARD, field)
    other = value + 1 if isinstance(value, int) else value + "x"
    changed = BOARD._replace(**{field: other})
    assert commands.board_digest(changed) != commands.board_digest(BOARD)
