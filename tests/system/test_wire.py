"""Damaged frames on the wire: cut, flipped, oversize, replayed, interleaved. Nothing changes.

For every fidelity, as test_device.py. The device's visible condition is compared before and after.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.exploring import examples
from tests.system.conversation import Conversation
from tests.system.groups import STAND_ALONE, group

from stimcore import commands, errors, frame


def condition(talk: Conversation) -> tuple:
    """Return all that a bad frame must not change, as far as this fidelity shows it."""
    status = talk.status()
    seen = tuple(status[name] for name in ("state", "fault", "stopped", "levels"))
    return (*seen, talk.hidden(), talk.gate)


def test_req_40_every_cut_of_a_frame_is_dropped_without_a_reply(talk: Conversation) -> None:
    talk.armed()
    errors_before = talk.status()["link_errors"]
    before = condition(talk)
    good = frame.encode(talk.next_sequence, commands.START, b"")
    for length in range(2, len(good) - 1):
        assert talk.raw(good[:length] + b"\0", 1_000) == []
    assert condition(talk) == before
    assert talk.status()["link_errors"] == errors_before + len(good) - 3


def test_req_40_every_flipped_bit_of_a_frame_is_dropped(talk: Conversation) -> None:
    talk.armed()
    before = condition(talk)
    good = frame.encode(talk.next_sequence, commands.START, b"")
    for bit in range(8, 8 * (len(good) - 1)):
        bad = bytearray(good)
        bad[bit // 8] ^= 1 << bit % 8
        assert talk.raw(bytes(bad), 400) == []
    assert condition(talk) == before
    assert talk.send(commands.START).status == 0  # and the good one still gets through


def test_req_40_an_oversize_frame_is_dropped_and_the_next_one_read(talk: Conversation) -> None:
    talk.armed()
    before = condition(talk)
    talk.raw(b"\0" + b"\x11" * 5_000, 1_000)
    assert talk.raw(b"\0", 1_000) == []
    assert condition(talk) == before
    assert talk.send(commands.START).status == 0


def test_req_40_interleaved_frames_are_dropped(talk: Conversation) -> None:
    talk.armed()
    before = condition(talk)
    first = frame.encode(talk.next_sequence, commands.START, b"")
    two = frame.encode(talk.next_sequence, commands.AMPLITUDE, b"\0\0\1\0\0")
    mixed = bytes(byte for pair in zip(first, two, strict=False) for byte in pair)
    assert talk.raw(mixed + b"\0", 2_000) == []
    assert condition(talk) == before


@pytest.mark.parametrize("length", [1, 2, 4, 6])
def test_req_40_fields_of_another_length_are_refused(talk: Conversation, length: int) -> None:
    talk.armed()
    before = condition(talk)
    frames = talk.ask(talk.framed(commands.AMPLITUDE, bytes(length)))
    assert frames[0][2][0] == errors.BAD_LENGTH
    assert condition(talk) == before


def test_req_40_an_unknown_opcode_is_refused(talk: Conversation) -> None:
    talk.armed()
    frames = talk.ask(talk.framed(0x55))
    assert frames[0][1:][0] == 0x55 | 0x80 and frames[0][2][0] == errors.BAD_COMMAND


def test_req_40_any_bytes_leave_a_running_device_as_it_was(talk: Conversation) -> None:
    talk.running(group(STAND_ALONE))
    talk.keep(0.5)
    before = condition(talk)

    @examples(60)
    @given(noise=st.lists(st.binary(max_size=80), max_size=6))
    def it_stays_as_it_was(noise: list[bytes]) -> None:
        for piece in noise:
            talk.raw(piece, 1_000)
        talk.raw(b"\0", 1_000)
        assert condition(talk) == before

    it_stays_as_it_was()


def test_req_42_a_repeated_frame_is_answered_again_and_done_once(talk: Conversation) -> None:
    talk.armed()
    first = talk.ask(talk.framed(commands.START))
    began = talk.ledger()["start_ms"]
    again = talk.framed(commands.AMPLITUDE, b"\0\xb8\x0b\0\0")
    answer = talk.ask(again)
    two = talk.ask(again)
    assert answer == two and answer[0][2][0] == 0
    assert first[0][2][0] == 0 and talk.ledger()["start_ms"] == began


def test_req_42_an_older_frame_and_one_too_early_are_refused(talk: Conversation) -> None:
    talk.running()
    for wrong in (talk.sequence - 1, talk.sequence + 2, talk.sequence + 100):
        reply = talk.send(commands.AMPLITUDE, 0, 3_000, sequence=wrong & 255)
        assert reply.rows[0] == (errors.BAD_SEQUENCE, 0, wrong & 255, talk.next_sequence)
    assert talk.levels()[0][1] == 2_000


def test_req_42_another_command_under_the_last_number_is_refused(talk: Conversation) -> None:
    talk.running()
    reply = talk.send(commands.AMPLITUDE, 0, 3_000, sequence=talk.sequence)
    assert reply.rows[0][0] == errors.BAD_SEQUENCE
    assert talk.levels()[0][1] == 2_000


def test_req_43_a_host_of_another_protocol_is_refused(talk: Conversation) -> None:
    reply = talk.send(commands.HELLO, commands.PROTOCOL + 1)
    assert reply.rows[0] == (errors.BAD_VERSION, 0, commands.PROTOCOL + 1, commands.PROTOCOL)


def test_req_32_stop_and_halt_need_no_hello_and_no_sequence(talk: Conversation) -> None:
    talk.running(group(STAND_ALONE))
    talk.keep(0.2)
    assert talk.send(commands.HALT, sequence=200).status == 0
    assert not talk.gate
    assert talk.state() == "LOADED"
    assert talk.status().status == 0  # the host whose turn it was goes on undisturbed
