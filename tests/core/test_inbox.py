"""Frames wait for their turn: one a turn, bounded, and nothing before a HALT starts anything."""

from stimcore import commands
from stimcore.dialogue import Inbox

ARM, START, HALT, MEASURE = commands.ARM, commands.START, commands.HALT, commands.MEASURE


def frames(*opcodes: int) -> list[tuple[int, int, bytes]]:
    return [(number, opcode, b"") for number, opcode in enumerate(opcodes)]


def taken(inbox: Inbox) -> list[tuple[int, bool]]:
    """Return (opcode, may start) of all that waits."""
    out = []
    while waiting := inbox.take():
        out.append((waiting[0][1], waiting[1]))
    return out


def test_frames_come_out_one_by_one_in_their_order() -> None:
    inbox = Inbox()
    assert inbox.put(frames(ARM, START)) is False
    assert inbox.waits()
    assert inbox.take() == ((0, ARM, b""), True)
    assert inbox.take() == ((1, START, b""), True)
    assert inbox.take() == ()
    assert not inbox.waits()


def test_req_32_what_stands_before_a_halt_starts_nothing() -> None:
    inbox = Inbox()
    assert inbox.put(frames(ARM, START, MEASURE, HALT, START)) is True
    halted = [(ARM, True), (START, False), (MEASURE, False), (HALT, True)]
    assert taken(inbox) == [*halted, (START, True)]


def test_req_32_a_halt_of_a_later_turn_bars_what_still_waits() -> None:
    inbox = Inbox()
    inbox.put(frames(ARM, START))
    inbox.take()
    assert inbox.put(frames(HALT)) is True
    assert taken(inbox) == [(START, False), (HALT, True)]


def test_req_32_a_halt_for_which_there_is_no_room_is_still_one() -> None:
    inbox = Inbox()
    assert inbox.put(frames(*[START] * 32, HALT)) is True
    assert taken(inbox) == [(START, False)] * 32
    assert inbox.lost == 1
    inbox.put(frames(START))
    assert taken(inbox) == [(START, True)]
