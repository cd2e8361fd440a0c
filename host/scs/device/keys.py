"""Keys of paired boards: in the system's keyring, or each in a file that only its user may read.

Role: read, keep and remove the key of a board, by its unique id; export and import it as a file.
Invariant: a file that others may read is refused, never used; nothing here prints a key.
Requirements: REQ-70.

A board's own key permits everything; of it a key for each role is made, so that an operator's can
be handed on without the programmer's.
"""

from __future__ import annotations

import contextlib
import hmac
import importlib
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stimcore import access, commands

from ..errors import Failure, WrongUsage

FOLDER = "SCS_KEYS"  # environment variable: a folder to be used in place of keyring and home
SERVICE = "scs-bench"
ROLES = {"operator": commands.OPERATOR, "programmer": commands.PROGRAMMER}
_BOARD, _OPERATOR = "board", "operator"  # what a key is of
_FORM = re.compile(rf"([0-9a-f]{{16}}) ({_BOARD}|{_OPERATOR}) ([0-9a-f]{{64}})")
_OTHERS = 0o077  # permissions of anybody but the file's owner


@dataclass(frozen=True)
class Key:
    """A board's own key (`kind` "board"), or the one of its operators ("operator")."""

    unique_id: str
    kind: str
    secret: bytes

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles that it gives, the least first."""
        return tuple(ROLES) if self.kind == _BOARD else (_OPERATOR,)

    def of(self, role: str) -> bytes:
        """Return the role's key; raise Failure if this one does not give the role."""
        if role not in self.roles:
            raise Failure(
                f"the key of board {self.unique_id} that is kept here is an operator's, not a "
                "programmer's; use the computer that paired the board"
            )
        if self.kind != _BOARD:
            return self.secret
        return hmac.digest(self.secret, role.encode(), "sha256")

    def for_operators(self) -> Key:
        """Return the key to hand on to operators."""
        return Key(self.unique_id, _OPERATOR, self.of(_OPERATOR))


def new(unique_id: str) -> Key:
    """Return a new random key for a board."""
    return Key(unique_id, _BOARD, secrets.token_bytes(access.KEY))


def read(unique_id: str) -> Key | None:
    """Return the key kept for a board, None if there is none; raise Failure for an unsafe file."""
    keyring = _keyring()
    if keyring is not None:
        with contextlib.suppress(keyring.errors.KeyringError):
            text = keyring.get_password(SERVICE, unique_id)
            if text is not None:
                return _parsed(text, f"the keyring's entry for {SERVICE}, {unique_id}")
    file = _file(unique_id)
    return imported(file) if file.exists() else None


def keep(key: Key) -> str:
    """Keep a key, in the keyring if there is one that works; return where."""
    keyring = _keyring()
    if keyring is not None:
        with contextlib.suppress(keyring.errors.KeyringError):
            keyring.set_password(SERVICE, key.unique_id, _text(key))
            return "the system's keyring"
    file = _file(key.unique_id)
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as reason:
        raise Failure(f"cannot make {file.parent}: {reason.strerror}") from None
    file.unlink(missing_ok=True)
    exported(key, file)
    return str(file)


def remove(unique_id: str) -> None:
    """Remove the key kept for a board, wherever it is."""
    keyring = _keyring()
    if keyring is not None:
        with contextlib.suppress(keyring.errors.KeyringError):
            keyring.delete_password(SERVICE, unique_id)
    _file(unique_id).unlink(missing_ok=True)


def exported(key: Key, file: Path) -> None:
    """Write a key to a new file that only its owner may read; raise WrongUsage if it exists."""
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise WrongUsage(f"{file} already exists; name another file") from None
    except OSError as reason:
        raise WrongUsage(f"cannot write {file}: {reason.strerror}") from None
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(_text(key) + "\n")


def imported(file: Path) -> Key:
    """Return the key in a file; raise Failure if others may read it, or if it holds none."""
    try:
        with file.open(encoding="ascii") as stream:
            mode = os.fstat(stream.fileno()).st_mode
            text = stream.read(200)
    except OSError as reason:
        raise WrongUsage(f"cannot read {file}: {reason.strerror}") from None
    except UnicodeDecodeError:
        text = ""
    if os.name == "posix" and mode & _OTHERS:
        raise Failure(f"{file} holds a key and may be read by others: chmod 600 {file}")
    return _parsed(text.strip(), str(file))


def _text(key: Key) -> str:
    return f"{key.unique_id} {key.kind} {key.secret.hex()}"


def _parsed(text: str, where: str) -> Key:
    match = _FORM.fullmatch(text)
    if match is None:
        raise Failure(f"{where} holds no key of a board; needed is one that `scs pair` wrote")
    return Key(match[1], match[2], bytes.fromhex(match[3]))


def _file(unique_id: str) -> Path:
    folder = os.environ.get(FOLDER)
    if folder:
        return Path(folder) / f"{unique_id}.key"
    home = os.environ.get("APPDATA" if os.name == "nt" else "XDG_CONFIG_HOME")
    return (Path(home) if home else Path.home() / ".config") / "scs" / "keys" / f"{unique_id}.key"


def _keyring() -> Any:
    """Return the module keyring, None where it is not installed or a folder is named."""
    if os.environ.get(FOLDER):
        return None
    try:
        return importlib.import_module("keyring")
    except ImportError:
        return None
