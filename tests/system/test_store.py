"""The store: save, recall, list, erase, and the power that fails.

Each test takes the conversation `talk`, as in test_device.py; those that put bytes into the store
or tear a write do so on the simulated board alone: tests/chip/test_store.py cuts the chip's power.
"""

import binascii
import struct

import pytest
from tests.system.conversation import Conversation
from tests.system.groups import group
from tests.system.states import bring_to
from tests.system.support import Talk

from stimcore import commands, errors, program, store

BY_HAND = pytest.mark.board_only("the bytes in the store are put there or torn by hand")
RECORD_BYTES = 134  # magic 4, version 1, length 2, sequence 4, a group of one program 119, CRC-32 4
LAST_SLOT = 7


def emptied(talk: Conversation) -> None:
    """Empty the store: a chip serves several tests, and its store outlasts them."""
    for slot in range(LAST_SLOT + 1):
        assert talk.send(commands.ERASE, slot).status == 0
    assert listed(talk) == []


def loaded(talk: Conversation, amplitude_ua: int = 2_000) -> int:
    """Return the hash of a program that the device has loaded."""
    return int(talk.stage(group(amplitude_ua=amplitude_ua))["hash"])


def kept(talk: Conversation, slot: int, amplitude_ua: int = 2_000) -> int:
    digest = loaded(talk, amplitude_ua)
    assert talk.send(commands.SAVE, slot)["hash"] == digest
    return digest


def listed(talk: Conversation) -> list[tuple[int, ...]]:
    """Return (slot, damaged, length, hash) of each slot in use."""
    return list(struct.iter_unpack("<BBHI", talk.send(commands.SLOTS)["slots"]))


def test_what_is_saved_is_recalled_with_the_reply_of_a_commit(talk: Conversation) -> None:
    committed = talk.stage(group())
    assert talk.send(commands.SAVE, 2)["hash"] == committed["hash"]
    talk.stage(group(amplitude_ua=1_500))
    assert talk.send(commands.RECALL, 2).raw == committed.raw
    assert talk.arm(committed["hash"]).status == 0


def test_a_program_outlasts_a_reset_and_runs(talk: Conversation) -> None:
    digest = kept(talk, LAST_SLOT)
    talk.inject("hung_loop")
    talk.pass_us(300_000)
    talk.hello()
    assert talk.fault_name() == "watchdog"
    assert talk.send(commands.CLEAR_FAULT).status == 0
    assert talk.send(commands.RECALL, LAST_SLOT)["hash"] == digest
    assert talk.state() == "LOADED"
    assert talk.arm(digest).status == 0
    assert talk.send(commands.START).status == 0
    talk.keep(0.5)
    assert talk.gate and talk.ledger()["pulses"] > 20


def test_slots_are_listed_with_hash_and_length(talk: Conversation) -> None:
    emptied(talk)
    first = kept(talk, 0)
    second = kept(talk, 5, 1_500)
    assert listed(talk) == [(0, 0, 119, first), (5, 0, 119, second)]
    assert talk.send(commands.ERASE, 0).status == 0
    assert listed(talk) == [(5, 0, 119, second)]


def test_save_keeps_the_program_as_committed_whatever_was_staged_or_changed_since(
    talk: Conversation,
) -> None:
    digest = loaded(talk)
    assert talk.send(commands.AMPLITUDE, 0, 1_000).status == 0
    assert talk.send(commands.STAGE_BEGIN, 119, 0).status == 0
    assert talk.send(commands.SAVE, 1)["hash"] == digest
    assert talk.send(commands.RECALL, 1)["hash"] == digest
    assert talk.levels()[0][1] == 2_000


@pytest.mark.parametrize("opcode", [commands.SAVE, commands.RECALL, commands.ERASE])
@pytest.mark.parametrize("slot", [8, 255])
def test_a_slot_that_is_not_there_is_refused(talk: Conversation, opcode: int, slot: int) -> None:
    loaded(talk)
    before = listed(talk)
    assert talk.send(opcode, slot).rows == [(errors.SLOT_RANGE, slot, slot, LAST_SLOT)]
    assert listed(talk) == before


def test_an_empty_slot_is_refused_and_the_loaded_program_stays(talk: Conversation) -> None:
    digest = loaded(talk)
    assert talk.send(commands.ERASE, 4).status == 0
    assert talk.send(commands.RECALL, 4).rows == [(errors.SLOT_EMPTY, 4, 0, 0)]
    assert talk.state() == "LOADED"
    assert talk.arm(digest).status == 0


# --- REQ-44: what the states let through is in test_device.py, too ---------------------------
@pytest.mark.parametrize("name", ["ARMED", "RUNNING", "STOPPING", "FAULT"])
def test_req_44_the_store_is_not_touched_while_current_may_flow_nor_in_a_fault(
    talk: Conversation, name: str
) -> None:
    digest = kept(talk, 0, 1_500)
    bring_to(talk, name)
    for opcode, values in {
        commands.SAVE: (0,),
        commands.ERASE: (0,),
        commands.RECALL: (0,),
        commands.SLOTS: (),
    }.items():
        assert talk.send(opcode, *values).rows[0][:2] == (errors.BAD_STATE, opcode)
    assert talk.state() == name
    if name == "FAULT":
        talk.send(commands.CLEAR_FAULT)
    talk.send(commands.HALT)
    assert listed(talk) == [(0, 0, 119, digest)]


def test_req_44_without_a_loaded_program_nothing_is_saved(talk: Conversation) -> None:
    assert talk.send(commands.SAVE, 0).rows == [(errors.BAD_STATE, commands.SAVE, 0, 0)]


# --- REQ-45 ----------------------------------------------------------------------------------
@BY_HAND
def test_req_45_the_power_fails_after_each_byte_of_a_write(talk: Talk) -> None:
    old = kept(talk, 6)
    for count in range(RECORD_BYTES + 1):
        new = loaded(talk, 1_000 + 2 * count)
        talk.board.store.cut_after = count
        assert talk.ask(talk.framed(commands.SAVE, b"\6"), patience_ms=20) == []
        assert talk.hello()["reset_cause"] == 0
        assert not talk.gate
        whole = count == RECORD_BYTES
        held = talk.send(commands.RECALL, 6)["hash"]
        assert held == (new if whole else old), count
        assert listed(talk) == [(6, int(not whole), 119, held)]
    assert kept(talk, 6, 700) == talk.send(commands.RECALL, 6)["hash"]


@BY_HAND
def test_req_45_the_power_fails_within_an_erasure(talk: Talk) -> None:
    kept(talk, 6)
    new = kept(talk, 6, 1_500)
    talk.board.store.cut_after = 0
    assert talk.ask(talk.framed(commands.ERASE, b"\6"), patience_ms=20) == []
    talk.hello()
    assert listed(talk) == [(6, 0, 119, new)]


@BY_HAND
def test_req_45_a_slot_of_which_nothing_is_whole_is_refused_as_damaged(talk: Talk) -> None:
    kept(talk, 3)
    talk.board.hal.nv_write(6, talk.board.hal.nv_read(6)[:-1])
    assert listed(talk) == [(3, 1, 0, 0)]
    assert talk.send(commands.RECALL, 3).rows == [(errors.SLOT_DAMAGED, 3, 0, 0)]
    assert talk.send(commands.ERASE, 3).status == 0
    assert listed(talk) == []


@BY_HAND
def test_req_45_a_program_changed_in_memory_is_not_saved(talk: Talk) -> None:
    digest = loaded(talk)
    talk.device.output.group = group(amplitude_ua=1_500)
    digest_sent = binascii.crc32(program.pack(group(amplitude_ua=1_500))[:-4])
    assert talk.send(commands.SAVE, 0).rows == [(errors.HASH_MISMATCH, 0, digest_sent, digest)]


@BY_HAND
def test_req_45_recall_validates_as_commit_does(talk: Talk) -> None:
    """A program that an older firmware, or another stage's, would have kept."""
    digest = loaded(talk)
    too_strong = program.pack(group(amplitude_ua=13_000, ceiling_ua=13_000))
    unknown = program.pack(group())
    unknown = unknown[:4] + b"\x63" + unknown[5:-4]  # another format
    unknown += binascii.crc32(unknown).to_bytes(4, "little")
    codes = []
    for slot, blob in enumerate((too_strong, unknown, b"not a program" * 10)):
        store.write(talk.board.hal, slot, blob)
        reply = talk.send(commands.RECALL, slot)
        assert reply.raw == talk.stage(blob).raw
        assert (talk.device.hash, talk.state()) == (digest, "LOADED")
        codes.append(reply.status)
    assert codes[1:] == [errors.BLOB_FORMAT] * 2 and codes[0] not in (0, errors.BLOB_FORMAT)


@BY_HAND
def test_each_simulated_board_has_a_store_and_all_have_the_id_of_a_simulation(talk: Talk) -> None:
    kept(talk, 0)
    other = Talk()
    assert other.hello()["unique_id"] == int.from_bytes(b"SIM\0\0\0\0\1", "big")
    assert listed(other) == []
