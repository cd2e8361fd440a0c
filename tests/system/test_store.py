"""The store on the simulated board: save, recall, list, erase, and the power that fails."""

import binascii
import struct

import pytest
from tests.system.support import NAME, Talk, group

from scs import boards
from scs_sim.board import SimBoard
from stimcore import commands, errors, frame, program, states, store

ANOTHER = {"amplitude_ua": 1_500}
RECORD_BYTES = 114  # magic 4, version 1, length 2, sequence 4, a group of one program 99, CRC-32 4


def loaded(talk: Talk, **changes: int) -> int:
    """The hash of a program that the device has loaded."""
    talk.hello()
    return int(talk.stage(group(**changes))["hash"])


def listed(talk: Talk) -> list[tuple[int, ...]]:
    """(slot, damaged, length, hash) of each slot in use."""
    return list(struct.iter_unpack("<BBHI", talk.send(commands.SLOTS)["slots"]))


def kept(talk: Talk, slot: int, **changes: int) -> int:
    digest = loaded(talk, **changes)
    assert talk.send(commands.SAVE, slot)["hash"] == digest
    return digest


def unanswered(talk: Talk, opcode: int, slot: int) -> bool:
    """Whether a command of which the device does not live to see the end gets no reply."""
    return talk.raw(frame.encode(talk.sequence + 1 & 255, opcode, bytes((slot,)))) == []


def put(talk: Talk, slot: int, data: bytes) -> None:
    """Bytes into a slot that this firmware would not have saved."""
    store.write(talk.board.hal, slot, data)


def test_what_is_saved_is_recalled_with_the_reply_of_a_commit() -> None:
    talk = Talk()
    talk.hello()
    committed = talk.stage(group())
    assert talk.send(commands.SAVE, 2)["hash"] == committed["hash"]
    talk.stage(group(**ANOTHER))
    assert talk.send(commands.RECALL, 2).raw == committed.raw
    assert talk.send(commands.ARM, committed["hash"]).status == 0


def test_a_recalled_program_runs_after_a_reset() -> None:
    talk = Talk()
    digest = kept(talk, 7)
    talk.board.inject("hung_loop")
    talk.board.advance_us(300_000)
    talk.hello()
    assert talk.send(commands.CLEAR_FAULT).status == 0
    assert talk.send(commands.RECALL, 7)["hash"] == digest
    assert states.NAMES[talk.device.state] == "LOADED"
    assert talk.send(commands.ARM, digest).status == 0
    assert talk.send(commands.START).status == 0
    talk.keep(0.5)
    assert talk.board.gate and talk.ledger()["pulses"] > 20


def test_slots_are_listed_with_hash_and_length() -> None:
    talk = Talk()
    talk.hello()
    assert listed(talk) == []
    first = kept(talk, 0)
    second = kept(talk, 5, **ANOTHER)
    assert listed(talk) == [(0, 0, 99, first), (5, 0, 99, second)]
    assert talk.send(commands.ERASE, 0).status == 0
    assert listed(talk) == [(5, 0, 99, second)]


def test_save_keeps_the_program_as_committed_whatever_was_staged_or_changed_since() -> None:
    talk = Talk()
    digest = loaded(talk)
    assert talk.send(commands.AMPLITUDE, 0, 1_000).status == 0
    assert talk.send(commands.STAGE_BEGIN, 99, 0).status == 0
    assert talk.send(commands.SAVE, 1)["hash"] == digest
    assert talk.send(commands.RECALL, 1)["hash"] == digest
    assert struct.unpack("<II", talk.status()["levels"])[1] == 2_000


@pytest.mark.parametrize("opcode", [commands.SAVE, commands.RECALL, commands.ERASE])
@pytest.mark.parametrize("slot", [8, 255])
def test_a_slot_that_is_not_there_is_refused(opcode: int, slot: int) -> None:
    talk = Talk()
    loaded(talk)
    assert talk.send(opcode, slot).rows == [(errors.SLOT_RANGE, slot, slot, 7)]
    assert not talk.board.store.cells


def test_an_empty_slot_is_refused_and_the_loaded_program_stays() -> None:
    talk = Talk()
    digest = loaded(talk)
    assert talk.send(commands.RECALL, 4).rows == [(errors.SLOT_EMPTY, 4, 0, 0)]
    assert (talk.device.hash, states.NAMES[talk.device.state]) == (digest, "LOADED")


# --- REQ-44 ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["OFF", "ARMED", "RUNNING", "STOPPING", "FAULT"])
def test_req_44_nothing_is_saved_but_from_a_loaded_program_with_the_output_off(name: str) -> None:
    talk = Talk()
    talk.hello()
    if name != "OFF":
        talk.running(group({"ramp_down_ms": 500})) if name != "ARMED" else talk.armed()
    if name == "STOPPING":
        talk.keep(0.3)
        talk.send(commands.STOP)
    if name == "FAULT":
        talk.board.inject("starved_fifo")
        talk.keep(0.2)
    state = states.NAMES.index(name)
    assert talk.device.state == state
    assert talk.send(commands.SAVE, 0).rows == [(errors.BAD_STATE, commands.SAVE, state, 0)]
    if name != "OFF":  # nothing runs there either
        for opcode in (commands.ERASE, commands.RECALL):
            assert talk.send(opcode, 0).rows == [(errors.BAD_STATE, opcode, state, 0)]
    assert not talk.board.store.cells


# --- REQ-45 ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("count", range(0, RECORD_BYTES + 1))
def test_req_45_the_power_fails_within_a_write(count: int) -> None:
    talk = Talk()
    old = kept(talk, 6)
    new = loaded(talk, **ANOTHER)
    talk.board.store.cut_after = count
    assert unanswered(talk, commands.SAVE, 6)
    assert talk.hello()["reset_cause"] == 0
    assert not talk.board.gate
    whole = count == RECORD_BYTES
    held = talk.send(commands.RECALL, 6)["hash"]
    assert held == (new if whole else old)
    assert listed(talk) == [(6, int(not whole), 99, held)]
    assert kept(talk, 6, amplitude_ua=700) == talk.send(commands.RECALL, 6)["hash"]


def test_req_45_the_power_fails_within_an_erasure() -> None:
    talk = Talk()
    kept(talk, 6)
    new = kept(talk, 6, **ANOTHER)
    talk.board.store.cut_after = 0
    assert unanswered(talk, commands.ERASE, 6)
    talk.hello()
    assert listed(talk) == [(6, 0, 99, new)]


def test_req_45_a_slot_of_which_nothing_is_whole_is_refused_as_damaged() -> None:
    talk = Talk()
    kept(talk, 3)
    talk.board.hal.nv_write(6, talk.board.hal.nv_read(6)[:-1])
    assert listed(talk) == [(3, 1, 0, 0)]
    assert talk.send(commands.RECALL, 3).rows == [(errors.SLOT_DAMAGED, 3, 0, 0)]
    assert talk.send(commands.ERASE, 3).status == 0
    assert listed(talk) == []


def test_req_45_a_program_changed_in_memory_is_not_saved() -> None:
    talk = Talk()
    digest = loaded(talk)
    talk.device.output.group = group(**ANOTHER)
    found = binascii.crc32(program.pack(group(**ANOTHER))[:-4])
    assert talk.send(commands.SAVE, 0).rows == [(errors.HASH_MISMATCH, 0, found, digest)]


def test_req_45_recall_validates_as_commit_does() -> None:
    """A program that an older firmware, or another stage's, would have kept."""
    talk = Talk()
    digest = loaded(talk)
    too_strong = program.pack(group(amplitude_ua=13_000, ceiling_ua=13_000))
    unknown = program.pack(group())
    unknown = unknown[:4] + b"\x63" + unknown[5:-4]  # another format
    unknown += binascii.crc32(unknown).to_bytes(4, "little")
    for slot, blob in enumerate((too_strong, unknown, b"not a program" * 9)):
        put(talk, slot, blob)
        reply = talk.send(commands.RECALL, slot)
        assert reply.raw == talk.stage(blob).raw and reply.status
        assert (talk.device.hash, states.NAMES[talk.device.state]) == (digest, "LOADED")
    assert reply.rows[0][0] == errors.BLOB_FORMAT


def test_the_store_is_each_boards_own() -> None:
    one, other = Talk(), Talk()
    kept(one, 0)
    other.hello()
    assert listed(other) == []
    board = SimBoard(boards.board(NAME), boards.electrical(NAME))
    assert board.hal.unique_id() == b"SIM\0\0\0\0\1"
