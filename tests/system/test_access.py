"""Who may do what: a paired board obeys the holder of its key, and everybody's STOP and HALT.

Each test takes the conversation `talk`, as in test_device.py; the button, the store's cells and
what a device holds in memory are the simulated board's alone.
"""

import struct

import pytest
from tests.support.signing import KEY, NONCE, OPERATOR, OTHER_KEY, PROGRAMMER, Signer
from tests.system.conversation import Conversation, Reply
from tests.system.groups import STAND_ALONE, group
from tests.system.states import STATE_NAMES, bring_to
from tests.system.support import Talk

from stimcore import access, commands, errors, frame, journal, packing, session, store

ON_THE_BOARD = pytest.mark.board_only("it looks into the simulated board")
FIELDS = {
    commands.HELLO: (commands.PROTOCOL,),
    commands.STAGE_BEGIN: (100, 0),
    commands.STAGE_DATA: (0, b"x"),
    commands.ARM: (1,),
    commands.AMPLITUDE: (0, 1_000),
    commands.MEASURE: (0, 0),
    commands.CALIBRATE: (0, 0, 0, 0),
    commands.LOG: (0, 0),
    commands.PAIR: (OTHER_KEY,),
    commands.OPEN: (PROGRAMMER, NONCE),
    commands.SIGNED: (1, commands.START, bytes(session.TAG)),
    **dict.fromkeys((commands.SAVE, commands.RECALL, commands.ERASE), (0,)),
    **dict.fromkeys((commands.SCOPE_ARM, commands.SCOPE_READ, commands.WORDS), (0,)),
}
HOLD_TURNS_US = 3_100_000
SESSION_US = 10_000_000


def plain(talk: Conversation, opcode: int, *values: object) -> Reply:
    """Send a command without a signature, whatever the conversation does."""
    signer, talk.signer = talk.signer, None
    reply = talk.send(opcode, *(values or FIELDS.get(opcode, ())))
    talk.signer = signer
    return reply


def framed(talk: Conversation, payload: bytes) -> Reply:
    """Send a signed frame's payload, in its turn."""
    (answer,) = talk.ask(talk.framed(commands.SIGNED, payload))
    return Reply(commands.SIGNED, answer[2][:1] if answer[2][0] == 0 else answer[2])


def names(rows: list[tuple[int, ...]]) -> list[int]:
    return [row[0] for row in rows]


def entries(talk: Conversation) -> list[tuple[int, ...]]:
    """Return (kind, detail, index, value) of the journal, in order."""
    rows = []
    for block in range(journal.BLOCKS):
        data = plain(talk, commands.LOG, block, 0)["piece"]
        rows += [
            struct.unpack_from(journal.FORM, data, at)
            for at in range(journal.CHAIN, len(data), journal.ENTRY)
        ]
    return [row[2:6] for row in sorted(rows)]


# --- without a key -----------------------------------------------------------------------------
@pytest.mark.parametrize("name", STATE_NAMES)
def test_req_70_without_a_key_a_paired_board_lets_no_one_do_but_look_and_stop(
    talk: Conversation, name: str
) -> None:
    talk.paired().opened()
    bring_to(talk, name)
    spared = (commands.STOP, commands.HALT, commands.SIGNED, commands.HELLO)
    for opcode, word, *_rest, role in commands.TABLE:
        if opcode in spared:
            continue
        before = talk.hidden()
        reply = plain(talk, opcode)
        if role:
            assert reply.rows == [(errors.NO_ROLE, opcode, 0, role)], word
        elif opcode == commands.OPEN:
            assert names(reply.rows) == [errors.SESSION_HELD]
        else:
            assert not reply.rows or names(reply.rows) == [errors.BAD_STATE], word
        assert talk.hidden() == before, word
    assert talk.state() == name


@pytest.mark.parametrize("name", ["ARMED", "RUNNING", "MEASURING"])
def test_req_70_halt_and_stop_need_no_key(talk: Conversation, name: str) -> None:
    talk.paired().opened()
    bring_to(talk, name)
    assert plain(talk, commands.HALT).status == 0
    assert not talk.gate
    bring_to(talk, name)
    assert plain(talk, commands.STOP).status == 0
    talk.keep(2.5)
    assert talk.state() == "LOADED"
    assert not talk.gate


def test_req_70_what_nobody_signed_does_not_renew_the_lease(talk: Conversation) -> None:
    talk.paired().opened().running(group({"lease_ms": 2_000}))
    talk.keep(1.0)
    talk.signer = None
    for _ in range(25):
        talk.pass_us(100_000)
        talk.status()
    assert talk.why_it_stopped() == "lease"
    assert not talk.gate


def test_req_70_a_repeated_signed_frame_renews_no_lease(talk: Conversation) -> None:
    talk.paired().opened().running(group({"lease_ms": 2_000}))
    talk.keep(1.0)
    assert talk.signer is not None
    data = talk.framed(commands.SIGNED, talk.signer.signed(commands.STATUS))
    for _ in range(25):
        assert talk.ask(data)[0][2][0] == errors.OK  # the reply that the host did not get
        talk.pass_us(100_000)
    talk.signer = None
    assert talk.why_it_stopped() == "lease"


def test_req_70_its_holder_s_commands_renew_the_lease(talk: Conversation) -> None:
    talk.paired().opened().running(group({"lease_ms": 2_000}))
    talk.keep(4.0)
    assert talk.state() == "RUNNING"


def test_req_70_an_unpaired_board_asks_for_no_key(talk: Conversation) -> None:
    assert talk.hello()["paired"] == access.NONE
    assert names(talk.send(commands.OPEN, PROGRAMMER, NONCE).rows) == [errors.NO_SESSION]
    signed = Signer(NONCE).signed(commands.START)
    assert names(framed(talk, signed).rows) == [errors.NO_SESSION]
    talk.running().keep(1.0)
    assert talk.state() == "RUNNING"


# --- with one ----------------------------------------------------------------------------------
def test_req_70_a_replayed_frame_is_refused_and_written_down(talk: Conversation) -> None:
    talk.paired().opened().armed()
    assert talk.signer is not None
    start = talk.signer.signed(commands.START)
    assert framed(talk, start).status == 0
    talk.keep(0.3)
    plain(talk, commands.HALT)
    counter = talk.signer.counter
    assert framed(talk, start).rows[0][:4] == (errors.WRONG_COUNTER, 0, counter - 3, counter + 1)
    assert not talk.gate
    talk.pass_us(200_000)
    assert entries(talk)[-1] == (journal.REFUSED, errors.WRONG_COUNTER, commands.SIGNED, 1)


def test_req_70_a_frame_of_an_earlier_session_is_refused(talk: Conversation) -> None:
    talk.paired().opened().armed()
    assert talk.signer is not None
    start = talk.signer.signed(commands.START)
    talk.signer.counter -= 1
    talk.send(commands.OPEN, PROGRAMMER, NONCE)  # given up
    talk.opened()
    for _ in range(20):
        if talk.signer.counter == struct.unpack_from("<I", start)[0] - 1:
            break
        talk.status()
    assert names(framed(talk, start).rows) == [errors.WRONG_TAG]
    assert talk.state() == "ARMED"


def test_req_70_frames_in_another_order_are_refused(talk: Conversation) -> None:
    talk.paired().opened()
    digest = talk.stage(group())["hash"]
    talk.measured()
    assert talk.signer is not None
    arm = talk.signer.signed(commands.ARM, struct.pack("<I", digest))
    start = talk.signer.signed(commands.START)
    assert names(framed(talk, start).rows) == [errors.WRONG_COUNTER]
    assert framed(talk, arm).status == 0
    assert framed(talk, start).status == 0


@pytest.mark.parametrize(("role", "key"), [(PROGRAMMER, OTHER_KEY), (OPERATOR, OTHER_KEY)])
def test_req_70_a_wrong_key_is_refused_and_written_down(
    talk: Conversation, role: int, key: bytes
) -> None:
    talk.paired().opened(role, key)
    reply = talk.send(commands.MEASURE, 0, 0)
    assert names(reply.rows) == [errors.WRONG_TAG]
    assert plain(talk, commands.STATUS)["state"] == 0
    talk.pass_us(200_000)
    assert entries(talk)[-1] == (journal.REFUSED, errors.WRONG_TAG, commands.SIGNED, 1)
    talk.opened()  # what was not proven keeps nobody out
    assert talk.send(commands.MEASURE, 0, 0).status == 0


def test_req_70_an_operator_runs_what_is_there_and_programs_nothing(talk: Conversation) -> None:
    talk.paired().opened()
    assert talk.stage(group())["hash"]
    assert talk.send(commands.SAVE, 3).status == 0
    talk.send(commands.OPEN, PROGRAMMER, NONCE)
    talk.opened(OPERATOR)
    for opcode, word, *_rest, role in commands.TABLE:
        if role == PROGRAMMER:
            reply = talk.send(opcode, *FIELDS.get(opcode, ()))
            assert reply.rows == [(errors.NO_ROLE, opcode, OPERATOR, PROGRAMMER)], word
    digest = talk.send(commands.RECALL, 3)["hash"]
    assert talk.arm(digest).status == 0
    assert talk.send(commands.START).status == 0
    assert talk.send(commands.AMPLITUDE, 0, 1_500).status == 0
    ceiling = talk.send(commands.AMPLITUDE, 0, 12_000)
    assert names(ceiling.rows) == [errors.CEILING]


def test_req_70_a_second_host_is_refused_while_the_first_lives(talk: Conversation) -> None:
    talk.paired().opened().running(group(STAND_ALONE))
    reply = plain(talk, commands.OPEN, PROGRAMMER, NONCE)
    assert names(reply.rows) == [errors.SESSION_HELD]
    assert 0 < reply.rows[0][2] <= 10_000
    assert talk.send(commands.STATUS).status == 0  # the first goes on
    first = talk.signer
    talk.pass_us(SESSION_US - 100_000)
    assert names(plain(talk, commands.OPEN, PROGRAMMER, NONCE).rows) == [errors.SESSION_HELD]
    talk.pass_us(200_000)
    talk.opened(OPERATOR)
    assert talk.send(commands.AMPLITUDE, 0, 1_500).status == 0
    assert first is not None
    assert names(framed(talk, first.signed(commands.STATUS)).rows) == [errors.WRONG_TAG]
    assert talk.state() == "RUNNING"


def test_req_70_a_second_host_is_written_down(talk: Conversation) -> None:
    talk.paired().opened().status()
    plain(talk, commands.OPEN, PROGRAMMER, NONCE)
    talk.pass_us(200_000)
    assert entries(talk)[-1] == (journal.REFUSED, errors.SESSION_HELD, commands.OPEN, 1)


def test_req_70_open_after_open_keeps_nobody_out(talk: Conversation) -> None:
    talk.paired()
    for _ in range(40):
        assert talk.send(commands.OPEN, PROGRAMMER, NONCE).status == 0
    talk.opened().armed()


def test_req_70_a_signed_frame_within_a_signed_one_is_refused(talk: Conversation) -> None:
    talk.paired().opened()
    assert talk.signer is not None
    inner = talk.signer.signed(commands.MEASURE, bytes(2), counter=2)
    reply = framed(talk, talk.signer.signed(commands.SIGNED, inner))
    assert reply.rows == [(errors.NO_ROLE, commands.SIGNED, PROGRAMMER, 3)]
    assert talk.state() == "OFF"


def test_req_32_req_70_a_signed_start_that_stands_before_a_halt_starts_nothing(
    talk: Conversation,
) -> None:
    talk.paired().opened()
    digest = talk.stage(group())["hash"]
    talk.measured()
    assert talk.signer is not None
    talk.mark()
    arm = talk.signer.signed(commands.ARM, struct.pack("<I", digest))
    both = talk.framed(commands.SIGNED, arm)
    both += talk.framed(commands.SIGNED, talk.signer.signed(commands.START))
    answers = talk.raw(both + talk.framed(commands.HALT), 200_000)
    assert [answer[2][0] for answer in answers] == [errors.OK, errors.BAD_STATE, errors.OK]
    assert not talk.gate
    assert talk.pulses() == []


def test_req_42_req_70_a_signed_frame_that_is_repeated_is_done_once(talk: Conversation) -> None:
    talk.paired().opened().armed()
    assert talk.signer is not None
    data = talk.framed(commands.SIGNED, talk.signer.signed(commands.START))
    first, again = talk.ask(data), talk.ask(data)
    assert first == again
    assert first[0][2] == bytes((errors.OK,))


# --- many refusals -----------------------------------------------------------------------------
def test_req_70_refusals_without_end_make_one_entry_in_ten_minutes(talk: Conversation) -> None:
    talk.paired()
    for _ in range(60):
        assert plain(talk, commands.START).status == errors.NO_ROLE
        talk.pass_us(100_000)
    refusals = [row for row in entries(talk) if row[0] == journal.REFUSED]
    assert refusals == [(journal.REFUSED, errors.NO_ROLE, commands.START, 1)]


@ON_THE_BOARD
def test_req_70_those_that_made_no_entry_are_counted_in_the_next() -> None:
    talk = Talk()
    talk.hello()
    talk.paired()
    for _ in range(5):
        plain(talk, commands.START)
        talk.pass_us(50_000)
    talk.pass_us(599_000_000)
    assert [row[3] for row in entries(talk) if row[0] == journal.REFUSED] == [1]
    talk.pass_us(2_000_000)
    assert [row[3] for row in entries(talk) if row[0] == journal.REFUSED] == [1, 4]


@ON_THE_BOARD
def test_req_70_refusals_take_no_room_of_what_happens_while_output_flows() -> None:
    talk = Talk()
    talk.hello()
    talk.paired().opened().running()
    for _ in range(100):
        plain(talk, commands.AMPLITUDE)
        talk.status()
    assert not [row for row in talk.device.journal.queue if row[1] == journal.REFUSED]
    plain(talk, commands.HALT)
    talk.pass_us(100_000)
    kinds = [row[0] for row in entries(talk)]
    assert kinds[-3:] == [journal.STARTED, journal.STOPPED, journal.REFUSED]
    assert entries(talk)[-1][3] == 100


# --- the key -----------------------------------------------------------------------------------
@pytest.mark.parametrize("size", [1, 31, 33, 64])
def test_req_70_a_key_of_another_length_is_refused(talk: Conversation, size: int) -> None:
    reply = talk.send(commands.PAIR, bytes(size))
    assert reply.rows == [(errors.BAD_LENGTH, 0, size, 32)]
    assert talk.hello()["paired"] == access.NONE


def test_req_70_its_holder_replaces_and_erases_the_key(talk: Conversation) -> None:
    talk.paired().opened()
    assert talk.send(commands.PAIR, OTHER_KEY, patience_ms=2_000).status == 0
    assert names(talk.send(commands.STATUS).rows) == [errors.NO_SESSION]  # it was of the old key
    talk.opened(PROGRAMMER, KEY)
    assert names(talk.send(commands.STATUS).rows) == [errors.WRONG_TAG]
    talk.opened(PROGRAMMER, OTHER_KEY)
    assert talk.send(commands.PAIR, b"", patience_ms=2_000).status == 0
    talk.signer = None
    assert talk.hello()["paired"] == access.NONE
    talk.pass_us(200_000)
    kept = [row for row in entries(talk) if row[0] == journal.KEY]
    assert [row[3] for row in kept] == [access.PAIRED, access.PAIRED, access.NONE]
    talk.armed()


@ON_THE_BOARD
def test_req_70_the_key_outlasts_the_power() -> None:
    talk = Talk()
    talk.hello()
    talk.paired().inject("brown_out")
    assert talk.hello()["paired"] == access.PAIRED
    assert plain(talk, commands.MEASURE).status == errors.NO_ROLE
    talk.opened().armed()


@ON_THE_BOARD
@pytest.mark.parametrize("halves", [(0,), (1,), (0, 1)])
def test_req_70_a_damaged_key_lets_nobody_in_and_one_half_is_enough(halves: tuple[int]) -> None:
    talk = Talk()
    talk.hello()
    talk.paired()
    for half in halves:
        talk.board.store.cells[2 * access.SLOT + half][20] ^= 1
    talk.inject("brown_out")
    if len(halves) == 1:
        assert talk.hello()["paired"] == access.PAIRED
        talk.opened().armed()
        return
    assert talk.hello()["paired"] == access.DAMAGED
    assert names(talk.send(commands.OPEN, PROGRAMMER, NONCE).rows) == [errors.KEY_DAMAGED]
    for opcode in (commands.MEASURE, commands.PAIR, commands.STAGE_BEGIN):
        assert plain(talk, opcode).status == errors.NO_ROLE
    assert talk.send(commands.HALT).status == 0


@ON_THE_BOARD
def test_req_70_a_key_of_another_length_in_the_store_is_a_damaged_one() -> None:
    talk = Talk()
    store.write(talk.board.hal, access.SLOT, KEY[:-1])
    talk.inject("brown_out")
    assert talk.hello()["paired"] == access.DAMAGED


CUTS = [(0, cut) for cut in (0, 1, 14, 40, 46)] + [(1, cut) for cut in (0, 1, 14, 40, 46)]


def cut_at(talk: Talk, write: int, after: int, key: bytes) -> None:
    """Send PAIR, and let the power fail in that write of it, after so many bytes."""
    cells, whole = talk.board.store, talk.board.store.write
    writes = iter(range(9))

    def until(index: int, data: bytes) -> None:
        if next(writes) == write:
            cells.cut_after = after
        whole(index, data)

    cells.write = until  # type: ignore[method-assign]
    payload = packing.pack("key bytes", (key,))
    opcode = commands.PAIR
    if talk.signer:
        opcode, payload = commands.SIGNED, talk.signer.signed(commands.PAIR, payload)
    talk.raw(talk.framed(opcode, payload), 300_000)
    del cells.write
    assert talk.board.resets == 1
    talk.signer = None


@ON_THE_BOARD
@pytest.mark.parametrize(("write", "after"), CUTS)
def test_req_45_req_70_a_power_cut_while_pairing_gives_the_new_key_or_none_or_denies(
    write: int, after: int
) -> None:
    talk = Talk()
    talk.hello()
    cut_at(talk, write, after, KEY)
    now = talk.hello()["paired"]
    assert now == (access.PAIRED if write else access.DAMAGED if after < 47 else access.NONE)
    if write:
        talk.opened().armed()
    else:
        assert plain(talk, commands.MEASURE).status == errors.NO_ROLE


@ON_THE_BOARD
@pytest.mark.parametrize(("write", "after"), CUTS)
def test_req_45_req_70_a_power_cut_while_a_key_is_replaced_leaves_the_old_or_the_new(
    write: int, after: int
) -> None:
    talk = Talk()
    talk.hello()
    talk.paired().opened()
    cut_at(talk, write, after, OTHER_KEY)
    assert talk.hello()["paired"] == access.PAIRED
    talk.opened(PROGRAMMER, OTHER_KEY if write else KEY).armed()


@ON_THE_BOARD
@pytest.mark.parametrize(("write", "after"), [(0, 0), (1, 0)])
def test_req_70_a_power_cut_while_a_key_is_erased_lets_nobody_in_too_early(
    write: int, after: int
) -> None:
    talk = Talk()
    talk.hello()
    talk.paired().opened()
    cut_at(talk, write, after, b"")
    assert talk.hello()["paired"] == (access.NONE if write else access.PAIRED)


@ON_THE_BOARD
def test_req_70_a_replaced_key_never_comes_back_where_the_new_one_is_damaged() -> None:
    talk = Talk()
    talk.hello()
    talk.paired().opened().send(commands.PAIR, OTHER_KEY)
    talk.signer = None
    cells = talk.board.store.cells
    for half in (0, 1):
        kept = bytes(cells[2 * access.SLOT + half])
        cells[2 * access.SLOT + half][20] ^= 1
        talk.inject("brown_out")
        talk.hello()
        talk.opened(PROGRAMMER, OTHER_KEY).measured()
        talk.signer = None
        cells[2 * access.SLOT + half][:] = kept


@ON_THE_BOARD
def test_req_70_a_key_that_does_not_arrive_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    talk = Talk()
    talk.hello()
    monkeypatch.setattr(talk.board.store, "write", lambda _index, _data: None)
    assert talk.send(commands.PAIR, KEY).rows == [(errors.STORE_WRITE, access.SLOT, 0, 0)]
    assert talk.hello()["paired"] == access.NONE


# --- BOOTSEL -----------------------------------------------------------------------------------
def pressed(talk: Talk, from_us: int, for_us: int) -> int:
    """Restart the board and press BOOTSEL for so long; return what it keeps then."""
    talk.inject("brown_out")
    talk.pass_us(from_us)
    talk.board.hal.is_pressed = True
    talk.pass_us(for_us)
    talk.board.hal.is_pressed = False
    talk.pass_us(400_000)
    return int(talk.hello()["paired"])


@ON_THE_BOARD
@pytest.mark.parametrize(
    ("from_us", "for_us", "kept"),
    [
        pytest.param(100_000, HOLD_TURNS_US, access.NONE, id="soon"),
        pytest.param(4_900_000, HOLD_TURNS_US, access.NONE, id="within 5 s"),
        pytest.param(5_100_000, HOLD_TURNS_US, access.PAIRED, id="too late"),
        pytest.param(100_000, 2_900_000, access.PAIRED, id="let go too early"),
    ],
)
def test_req_70_a_lost_key_is_erased_at_the_board(from_us: int, for_us: int, kept: int) -> None:
    talk = Talk()
    talk.hello()
    talk.paired()
    assert pressed(talk, from_us, for_us) == kept
    if kept == access.NONE:
        assert entries(talk)[-1] == (journal.KEY, journal.AT_THE_BOARD, 0, access.NONE)
        talk.paired().opened().armed()


@ON_THE_BOARD
def test_req_70_a_damaged_key_is_erased_at_the_board() -> None:
    talk = Talk()
    talk.hello()
    talk.paired()
    for half in (0, 1):
        talk.board.store.cells[2 * access.SLOT + half][20] ^= 1
    assert pressed(talk, 100_000, HOLD_TURNS_US) == access.NONE


@ON_THE_BOARD
def test_req_70_bootsel_does_nothing_while_output_may_flow() -> None:
    talk = Talk()
    talk.hello()
    talk.paired().opened().armed(group(STAND_ALONE))
    talk.send(commands.SAVE, 0)
    talk.signer = None
    talk.inject("brown_out")
    talk.hello()
    talk.opened()
    digest = talk.stage(group(STAND_ALONE))["hash"]
    assert talk.arm(digest).status == 0
    assert talk.send(commands.START).status == 0
    assert talk.now_us() < 5_000_000
    asked = []
    talk.board.hal.bootsel = lambda: asked.append(1) or True  # type: ignore[method-assign, func-returns-value]
    talk.keep(4.0)
    assert not asked
    assert talk.state() == "RUNNING"


@ON_THE_BOARD
def test_req_70_a_press_that_output_came_between_begins_anew() -> None:
    talk = Talk()
    talk.hello()
    talk.paired()
    talk.board.hal.is_pressed = True
    talk.inject("brown_out")
    talk.hello()
    talk.pass_us(1_500_000)
    talk.opened().measured()  # 1 s of it
    talk.pass_us(1_000_000)
    assert talk.hello()["paired"] == access.PAIRED


@ON_THE_BOARD
def test_req_70_an_unpaired_board_does_not_look_at_bootsel() -> None:
    talk = Talk()
    asked = []
    talk.board.hal.bootsel = lambda: asked.append(1) or True  # type: ignore[method-assign, func-returns-value]
    talk.hello()
    talk.pass_us(6_000_000)
    assert not asked


@ON_THE_BOARD
def test_req_70_a_store_that_keeps_the_key_is_pressed_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    talk = Talk()
    talk.hello()
    talk.paired().inject("brown_out")
    with monkeypatch.context() as deaf:
        deaf.setattr(talk.board.store, "write", lambda _index, _data: None)
        talk.board.hal.is_pressed = True
        talk.pass_us(4_000_000)
        talk.board.hal.is_pressed = False
        talk.pass_us(100_000)
        assert talk.hello()["paired"] == access.PAIRED
    assert talk.board.resets == 1
    assert pressed(talk, 100_000, HOLD_TURNS_US) == access.NONE


# --- between two hosts -------------------------------------------------------------------------
def test_req_70_noise_and_forged_frames_take_no_session_from_its_holder(
    talk: Conversation,
) -> None:
    talk.paired().opened().running(group(STAND_ALONE))
    for at in range(20):
        talk.raw(frame.encode(at, commands.SIGNED, bytes(at + 10)))
        talk.raw(frame.encode(at, commands.OPEN, bytes(17)))
    plain(talk, commands.HELLO)  # numbers the frames anew
    assert talk.state() == "RUNNING"
