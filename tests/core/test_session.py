"""The session of a key: its HMAC against published vectors and CPython's, and what it hands out."""

import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.signing import KEY, NONCE, OPERATOR, OTHER_KEY, PROGRAMMER, TAG, Signer
from tests.support.tables import refused

from stimcore import commands, session
from stimcore.session import Session

OWN = bytes(range(200, 216))
IDLE_MS = 10_000
# RFC 4231, 4.2 to 4.5: key, data, HMAC-SHA-256; those of keys longer than a block cannot come
VECTORS = [
    (
        b"\x0b" * 20,
        b"Hi There",
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
    ),
    (
        b"Jefe",
        b"what do ya want for nothing?",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ),
    (
        b"\xaa" * 20,
        b"\xdd" * 50,
        "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
    ),
    (
        bytes(range(1, 26)),
        b"\xcd" * 50,
        "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
    ),
]


def of(key: bytes, message: bytes) -> bytes:
    return session.hmac(session.pads(key), message)


@pytest.mark.parametrize(("key", "message", "digest"), VECTORS)
def test_req_70_the_hmac_is_that_of_rfc_4231(key: bytes, message: bytes, digest: str) -> None:
    assert of(key, message).hex() == digest


@given(st.binary(max_size=64), st.binary(max_size=300))
def test_req_70_the_hmac_is_cpythons(key: bytes, message: bytes) -> None:
    assert of(key, message) == hmac.digest(key, message, "sha256")


def pair(role: int = PROGRAMMER, key: bytes = KEY) -> tuple[Session, Signer]:
    """Return a session that the board offers at 0, and the signer of a holder of `key`."""
    return Session(0, KEY, role, OWN, NONCE), Signer(OWN, key, role)


@pytest.mark.parametrize("role", [OPERATOR, PROGRAMMER])
def test_req_70_a_signed_command_is_handed_out_with_its_role(role: int) -> None:
    board, host = pair(role)
    for number in range(3):
        fields = bytes(number)
        assert board.admit(5, host.signed(commands.ARM, fields)) == (role, commands.ARM, fields)


@pytest.mark.parametrize("role", [0, 3, 255])
def test_req_70_there_is_no_session_of_another_role(role: int) -> None:
    assert refused(Session, 0, KEY, role, OWN, NONCE) == ("no_role", commands.OPEN, role, 2)


@pytest.mark.parametrize("size", [0, 15, 17])
def test_req_70_a_nonce_has_16_bytes(size: int) -> None:
    assert refused(Session, 0, KEY, 1, OWN, bytes(size)) == ("bad_length", 0, size, 16)


def test_req_70_a_replay_is_refused() -> None:
    board, host = pair()
    frames = [host.signed(commands.STATUS) for _ in range(3)]
    for frame in frames:
        board.admit(0, frame)
    for at, frame in enumerate(frames):
        assert refused(board.admit, 0, frame) == ("wrong_counter", 0, at + 1, 4)


def test_req_70_a_frame_out_of_its_turn_is_refused_and_takes_none() -> None:
    board, host = pair()
    first, second = host.signed(commands.ARM), host.signed(commands.START)
    assert refused(board.admit, 0, second) == ("wrong_counter", 0, 2, 1)
    board.admit(0, first)
    board.admit(0, second)


@pytest.mark.parametrize(
    "host",
    [
        pytest.param(Signer(OWN, OTHER_KEY), id="another board's key"),
        pytest.param(Signer(OWN, KEY, OPERATOR), id="the operators' key"),
        pytest.param(Signer(NONCE, KEY), id="another session's board"),
        pytest.param(Signer(OWN, KEY, nonce=OWN), id="another session's host"),
    ],
)
def test_req_70_a_wrong_key_is_refused_and_holds_nothing(host: Signer) -> None:
    board, _right = pair()
    assert refused(board.admit, 0, host.signed(commands.START))[0] == "wrong_tag"
    board.check_free(0)


@given(st.data())
def test_req_70_a_frame_changed_in_any_bit_is_refused(data: st.DataObject) -> None:
    board, host = pair()
    frame = bytearray(host.signed(commands.AMPLITUDE, b"\0\x10\x27\0\0"))
    bit = data.draw(st.integers(0, 8 * len(frame) - 1))
    frame[bit // 8] ^= 1 << bit % 8
    assert refused(board.admit, 0, bytes(frame))[0] == "wrong_tag"


@given(st.binary(max_size=60))
def test_req_70_what_is_no_signed_frame_is_refused(noise: bytes) -> None:
    board, _host = pair()
    code = "bad_length" if len(noise) <= 4 + TAG else "wrong_tag"
    assert refused(board.admit, 0, noise)[0] == code


def test_req_70_a_session_is_held_from_its_first_command_until_10_s_after_its_last() -> None:
    board, host = pair()
    board.check_free(0)  # offered, and not proven
    board.admit(9_000, host.signed(commands.STATUS))
    assert refused(board.check_free, 18_999) == ("session_held", 0, 1, 0)
    board.check_free(19_000)


def test_req_70_a_command_that_is_held_back_for_10_s_is_refused() -> None:
    board, host = pair()
    board.admit(0, host.signed(commands.ARM))
    late = host.signed(commands.START)
    assert refused(board.admit, IDLE_MS, late)[0] == "session_over"
    assert board.admit(IDLE_MS - 1, late)[1] == commands.START


def test_req_70_a_session_that_is_not_proven_within_10_s_is_over() -> None:
    board, host = pair()
    assert refused(board.admit, IDLE_MS, host.signed(commands.STATUS))[0] == "session_over"


def test_req_70_its_holder_gives_it_up_with_a_signed_open() -> None:
    board, host = pair()
    board.admit(0, host.signed(commands.STATUS))
    board.admit(0, host.signed(commands.OPEN))
    board.check_free(0)
