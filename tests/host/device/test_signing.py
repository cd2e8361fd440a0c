"""A paired board as a host uses it: what needs a key is signed, or refused in one line."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.stimulators import quick

from scs import Stimulator
from scs.device import keys, signing
from scs.device.keys import Key
from scs.errors import DeviceRefused, Failure, WrongUsage
from stimcore import access, commands, errors

BOARD = "53494d0000000001"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(keys.FOLDER, str(tmp_path))
    return tmp_path


@pytest.fixture
def stim() -> Iterator[Stimulator]:
    """Yield a paired board whose key is kept here; it was opened before it was paired."""
    with Stimulator("sim") as stim:
        key = keys.new(stim.unique_id)
        keys.keep(key)
        stim.link.request(commands.PAIR, key.secret)
        as_role(stim, "")
        yield stim


def as_role(stim: Stimulator, role: str) -> None:
    """Sign as a host would that opened the board now."""
    stim.link.request(commands.HELLO, commands.PROTOCOL)
    stim.link.signer = signing.signer_of(BOARD, stim.link.paired, role)


def refusal(stim: Stimulator) -> str:
    """Return the message of a refused measurement."""
    with pytest.raises(DeviceRefused) as refused:
        stim.measure()
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_req_70_a_session_is_opened_by_itself_and_all_goes_as_before(stim: Stimulator) -> None:
    stim.load(quick())
    stim.arm()
    stim.start()
    assert stim.wait(2.0).state == "RUNNING"
    stim.amplitude(1, "0.5 mA")
    stim.stop()
    assert stim.ledger().stopped == "stop"


def test_req_70_reading_opens_no_session_so_that_nobody_is_held_out(stim: Stimulator) -> None:
    stim.status()
    stim.ledger()
    stim.slots()
    stim.log()
    assert stim.link.signer is not None
    assert not stim.link.signer.is_open
    assert stim.link.bench.device.access.sessions == []


def test_req_70_once_a_session_is_open_reading_is_signed_and_renews_the_lease(
    stim: Stimulator,
) -> None:
    stim.load(quick())
    stim.arm()
    stim.start()
    assert stim.wait(6.0).state == "RUNNING"


def test_req_70_a_session_that_is_over_is_opened_anew(stim: Stimulator) -> None:
    stim.load(quick())
    stim.link.sleep(30.0)
    stim.load(quick())
    assert [entry.event for entry in stim.log().entries] == ["boot", "key"]  # and no refusal


def test_req_70_leaving_gives_the_session_up(stim: Stimulator) -> None:
    stim.load(quick())
    stim.link.give_up()
    as_role(stim, "operator")  # another process of the same user
    stim.arm(measure=True)


def test_req_70_a_second_host_is_told_how_long_the_first_has_the_board(stim: Stimulator) -> None:
    stim.load(quick())
    as_role(stim, "")
    assert "another host has the board, and its session ends in 10 s if it" in refusal(stim)
    stim.link.sleep(10.0)
    stim.measure()


def test_req_70_without_a_key_the_refusal_says_what_to_do(stim: Stimulator) -> None:
    keys.remove(BOARD)
    as_role(stim, "")
    assert refusal(stim) == (
        "the board is paired, and this needs a key: the operator's; take its key in with `scs pair "
        "--import FILE`; a lost one is erased at the board: press BOOTSEL within 5 s of power-on "
        "and hold it for 3 s"
    )
    assert stim.status().state == "OFF"
    stim.halt()


def test_req_70_an_operator_is_told_that_a_programmers_key_is_needed(stim: Stimulator) -> None:
    as_role(stim, "operator")
    stim.measure()
    with pytest.raises(DeviceRefused, match="the programmer's, and the session has the operator's"):
        stim.load(quick())


def test_req_70_an_observer_signs_nothing(stim: Stimulator) -> None:
    as_role(stim, "observer")
    assert "the operator's;" in refusal(stim)


def test_req_70_a_key_of_another_board_is_refused(stim: Stimulator) -> None:
    keys.keep(Key(BOARD, "board", bytes(32)))
    as_role(stim, "")
    assert "was not signed with the board's key; take the present key in" in refusal(stim)


def test_req_70_a_damaged_key_is_told(stim: Stimulator) -> None:
    bench = stim.link.bench
    for half in (0, 1):
        bench.store.cells[2 * access.SLOT + half][20] ^= 1
    bench.brown_out()
    stim.link.request(commands.HELLO, commands.PROTOCOL)
    assert stim.link.paired == access.DAMAGED
    with pytest.raises(DeviceRefused) as refused:
        stim.link.request(commands.OPEN, 1, bytes(16))
    assert refused.value.rows[0][0] == errors.KEY_DAMAGED


@pytest.mark.parametrize("role", ["", *signing.ROLES])
def test_an_unpaired_board_needs_no_key_in_any_role(role: str) -> None:
    with Stimulator("sim", role=role) as stim:
        stim.load(quick())
        assert stim.link.signer is None


def test_a_role_that_there_is_not_is_refused() -> None:
    with pytest.raises(WrongUsage, match="boss is not a role: observer, operator, programmer"):
        Stimulator("sim", role="boss").open()


def test_a_role_without_a_key_of_it_is_refused() -> None:
    with pytest.raises(WrongUsage, match=f"no key of board {BOARD} is kept here"):
        signing.signer_of(BOARD, access.PAIRED, "operator")
    keys.keep(keys.new(BOARD).for_operators())
    with pytest.raises(Failure, match="is an operator's, not a programmer's"):
        signing.signer_of(BOARD, access.PAIRED, "programmer")
    signer = signing.signer_of(BOARD, access.PAIRED, "")
    assert signer is not None
    assert signer.role == commands.OPERATOR


def test_req_70_the_journal_tells_of_keys_and_of_what_was_refused(stim: Stimulator) -> None:
    as_role(stim, "observer")
    refusal(stim)
    stim.link.sleep(0.1)
    as_role(stim, "")
    stim.link.request(commands.PAIR, b"")
    texts = [entry.text for entry in stim.log().entries]
    assert texts[1:] == [
        "a key was kept: the board is paired",
        "measuring the load: the board is paired, and this needs a key",
        "the key was erased by its holder",
    ]
