"""Two-phase commit: staged whole, validated, named by its hash; or refused.

For every fidelity, as test_device.py.
"""

import binascii

from tests.system.conversation import Conversation
from tests.system.groups import group

from scs.messages import error_texts
from stimcore import commands, errors, program


def test_req_37_arm_names_the_hash_of_what_was_committed(talk: Conversation) -> None:
    blob = program.pack(group())
    digest = talk.stage(blob)["hash"]
    assert digest == binascii.crc32(blob[:-4])
    refused = talk.send(commands.ARM, digest ^ 1)
    assert refused.rows[0] == (errors.HASH_MISMATCH, 0, digest ^ 1, digest)
    assert talk.state() == "LOADED"
    assert talk.arm(digest).status == 0


def test_req_37_arm_refuses_the_hash_of_another_program(talk: Conversation) -> None:
    first = talk.stage(group())["hash"]
    second = talk.stage(group(amplitude_ua=1_500))["hash"]
    assert first != second
    assert talk.send(commands.ARM, first).rows[0] == (errors.HASH_MISMATCH, 0, first, second)


def test_req_37_a_refused_commit_leaves_the_program_before_it(talk: Conversation) -> None:
    first = talk.stage(group())["hash"]
    refused = talk.stage(group(amplitude_ua=4_000, width_ns=1_000_000))  # 4 uC: k = 2.1
    assert {errors.SHANNON, errors.RUNNING_CHARGE, errors.DENSITY} <= {r[0] for r in refused.rows}
    assert talk.state() == "LOADED"
    assert talk.arm(first).status == 0


def test_req_37_a_program_staged_in_part_cannot_be_committed(talk: Conversation) -> None:
    blob = program.pack(group())
    talk.send(commands.STAGE_BEGIN, len(blob), binascii.crc32(blob) & 0xFFFFFFFF)
    talk.send(commands.STAGE_DATA, 0, blob[:40])
    assert talk.send(commands.COMMIT).rows[0] == (errors.STAGE_RANGE, 2, 40, len(blob))
    assert talk.send(commands.STAGE_DATA, 41, blob[41:]).rows[0][0] == errors.STAGE_RANGE
    assert talk.send(commands.STAGE_DATA, 40, blob[40:] + b"!").rows[0][0] == errors.STAGE_RANGE
    assert talk.state() == "OFF"


def test_req_37_a_length_that_no_program_has_is_refused(talk: Conversation) -> None:
    shortest, longest = 119, 1_031  # 71 bytes, and 48 a program; 4 of them and 128 segments of 6
    for length in (0, shortest - 1, longest + 1, 65_535):
        refused = talk.send(commands.STAGE_BEGIN, length, 0)
        assert refused.rows[0] == (errors.STAGE_RANGE, 0, length, longest)
    for length in (shortest, longest):
        assert talk.send(commands.STAGE_BEGIN, length, 0).status == 0


def test_req_20_a_blob_that_is_not_the_announced_one_is_refused(talk: Conversation) -> None:
    blob = program.pack(group())
    talk.send(commands.STAGE_BEGIN, len(blob), 1)
    talk.send(commands.STAGE_DATA, 0, blob)
    assert talk.send(commands.COMMIT).rows[0][0] == errors.STAGE_CRC


def test_req_21_the_device_itself_refuses_a_field_out_of_range(talk: Conversation) -> None:
    refused = talk.stage(group(pulses=2))  # two pulses in a tonic program
    assert refused.rows[0][0] == errors.BLOB_FIELD
    assert error_texts.field_name(refused.rows[0][1]) == (0, "pulses")
    assert talk.state() == "OFF"


def test_req_22_an_amplitude_above_the_profiles_ceiling_is_refused_live(
    talk: Conversation,
) -> None:
    talk.running()
    talk.keep(0.3)
    refused = talk.send(commands.AMPLITUDE, 0, 4_001)
    assert refused.rows[0] == (errors.CEILING, 0, 4_001, 4_000)
    assert talk.send(commands.AMPLITUDE, 1, 100).rows[0][0] == errors.NO_PROGRAM
    assert talk.send(commands.AMPLITUDE, 0, 0).rows[0][0] == errors.BELOW_CODE
    assert talk.levels() == [(2_000, 2_000)]


def test_req_38_arm_is_refused_when_the_load_does_not_identify_itself(
    talk: Conversation,
) -> None:
    talk.inject("wrong_load")
    digest = talk.stage(group())["hash"]
    refused = talk.send(commands.ARM, digest)
    assert refused.rows[0][0] == errors.LOAD_ID and refused.rows[0][2] == 4095
    assert talk.state() == "LOADED"
