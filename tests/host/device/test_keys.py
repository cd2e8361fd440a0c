"""Keys of boards on this computer: in a keyring, or in files that only their user may read."""

import hmac
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from scs.device import keys
from scs.device.keys import Key
from scs.errors import Failure, WrongUsage

BOARD = "53494d0000000001"
OWN = Key(BOARD, "board", bytes(range(32)))
POSIX = pytest.mark.skipif(os.name != "posix", reason="there are no such permissions")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(keys.FOLDER, str(tmp_path / "keys"))
    return tmp_path / "keys"


class KeyringError(Exception):
    """As of the module keyring."""


class Keyring:
    """The module keyring with one backend; `broken`: one that does not work."""

    errors = SimpleNamespace(KeyringError=KeyringError)

    def __init__(self, *, broken: bool = False) -> None:
        self.kept: dict[tuple[str, str], str] = {}
        self.broken = broken

    def get_password(self, service: str, name: str) -> str | None:
        self._check()
        return self.kept.get((service, name))

    def set_password(self, service: str, name: str, text: str) -> None:
        self._check()
        self.kept[service, name] = text

    def delete_password(self, service: str, name: str) -> None:
        self._check()
        if self.kept.pop((service, name), None) is None:
            raise KeyringError("no such password")

    def _check(self) -> None:
        if self.broken:
            raise KeyringError("no backend")


@pytest.fixture
def keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Keyring:
    monkeypatch.delenv(keys.FOLDER, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("APPDATA", str(tmp_path))
    module = Keyring()
    monkeypatch.setitem(sys.modules, "keyring", module)
    return module


def test_req_70_a_key_is_kept_in_a_file_that_only_its_user_may_read(folder: Path) -> None:
    assert keys.read(BOARD) is None
    file = Path(keys.keep(OWN))
    assert file.parent == folder
    if os.name == "posix":
        assert (file.stat().st_mode & 0o777, folder.stat().st_mode & 0o777) == (0o600, 0o700)
    assert keys.read(BOARD) == OWN
    assert keys.read(BOARD[:-1] + "2") is None
    keys.remove(BOARD)
    assert keys.read(BOARD) is None


@POSIX
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644])
def test_req_70_a_file_that_others_may_read_is_refused(folder: Path, mode: int) -> None:
    file = Path(keys.keep(OWN))
    file.chmod(mode)
    with pytest.raises(Failure, match=f"may be read by others: chmod 600 {file}"):
        keys.read(BOARD)


@pytest.mark.usefixtures("folder")
def test_what_is_kept_is_replaced() -> None:
    keys.keep(OWN)
    keys.keep(OWN.for_operators())
    assert keys.read(BOARD) == OWN.for_operators()


def test_req_70_a_keyring_that_works_is_used(keyring: Keyring, tmp_path: Path) -> None:
    assert keys.keep(OWN) == "the system's keyring"
    assert list(keyring.kept) == [("scs-bench", BOARD)]
    assert list(tmp_path.iterdir()) == []
    assert keys.read(BOARD) == OWN
    keys.remove(BOARD)
    assert keys.read(BOARD) is None
    keys.remove(BOARD)  # of which there is none


def test_req_70_a_keyring_that_does_not_work_gives_way_to_a_file(
    keyring: Keyring, tmp_path: Path
) -> None:
    keyring.broken = True
    assert keys.keep(OWN) == str(tmp_path / "scs" / "keys" / f"{BOARD}.key")
    assert keys.read(BOARD) == OWN
    keys.remove(BOARD)
    assert keys.read(BOARD) is None


def test_without_keyring_installed_it_is_a_file(
    keyring: Keyring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)  # import raises ImportError
    assert keys.keep(OWN).startswith(str(tmp_path))
    assert keyring.kept == {}


def test_req_70_an_operators_key_does_not_tell_the_programmers(tmp_path: Path) -> None:
    operators = OWN.for_operators()
    assert operators.secret == hmac.digest(OWN.secret, b"operator", "sha256")
    assert OWN.roles == ("operator", "programmer")
    assert operators.roles == ("operator",)
    assert operators.of("operator") == OWN.of("operator")
    assert OWN.of("programmer") == hmac.digest(OWN.secret, b"programmer", "sha256")
    with pytest.raises(Failure, match="is an operator's, not a programmer's"):
        operators.of("programmer")
    keys.exported(operators, tmp_path / "a.key")
    assert keys.imported(tmp_path / "a.key") == operators
    with pytest.raises(WrongUsage, match="already exists"):
        keys.exported(operators, tmp_path / "a.key")


@pytest.mark.parametrize("content", [b"", b"x", b"\xff\xfe", b"a" * 300, b"0 board 00"])
def test_a_file_without_a_key_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "a.key"
    file.write_bytes(content)
    file.chmod(0o600)
    with pytest.raises(Failure, match="holds no key of a board"):
        keys.imported(file)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongUsage, match="cannot read"):
        keys.imported(tmp_path / "none.key")
    with pytest.raises(WrongUsage, match="cannot write"):
        keys.exported(OWN, tmp_path / "none" / "a.key")


def test_every_new_key_is_another() -> None:
    assert len({keys.new(BOARD).secret for _ in range(100)}) == 100
    assert len(keys.new(BOARD).secret) == 32
