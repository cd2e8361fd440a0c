"""Sign the commands of one link to a paired board.

Role: signer_of() finds the key of a board; a Signer keeps the session that the board offered and
makes the payload of each signed frame (stimcore/session.py reads it).
Invariant: no two frames of a session have the same counter. Requirements: REQ-70.
"""

from __future__ import annotations

import hmac
import secrets
import struct

from stimcore import access, commands, session

from ..errors import WrongUsage
from . import keys

ROLES = ("observer", *keys.ROLES)
# never signed: what opens a session, and what has to work for anyone
UNSIGNED = (commands.HELLO, commands.OPEN, commands.STOP, commands.HALT)


class Signer:
    """The sessions of one key, one after the other."""

    def __init__(self, role: str, key: bytes):
        self.role = keys.ROLES[role]
        self.nonce = b""
        self._role_key = key
        self._session_key = b""
        self._counter = 0

    @property
    def is_open(self) -> bool:
        """True once the board has offered a session."""
        return bool(self._session_key)

    def offer(self) -> tuple[int, bytes]:
        """Return the fields of OPEN."""
        self._session_key = b""
        self.nonce = secrets.token_bytes(commands.NONCE)
        return self.role, self.nonce

    def begin(self, nonce: bytes) -> None:
        """Begin the session that the board offered with its nonce."""
        self._session_key = hmac.digest(self._role_key, nonce + self.nonce, "sha256")
        self._counter = 0

    def signed(self, opcode: int, fields: bytes) -> bytes:
        """Return the payload of the next signed frame."""
        self._counter += 1
        message = struct.pack("<IB", self._counter, opcode) + fields
        return message + hmac.digest(self._session_key, message, "sha256")[: session.TAG]


def signer_of(unique_id: str, paired: int, role: str) -> Signer | None:
    """Return the signer for a board in a role; None if nothing is to be signed.

    paired: of HELLO's reply. role: one of ROLES, or "" for the highest that the key kept here
    gives. Without a key only "" and "observer" are possible, and the board refuses what an observer
    may not do. Raises WrongUsage for another word, Failure if the key is not for the role.
    """
    if role and role not in ROLES:
        raise WrongUsage(f"{role} is not a role: {', '.join(ROLES)}")
    if paired != access.PAIRED or role == "observer":
        return None
    key = keys.read(unique_id)
    if key is None:
        if role:
            raise WrongUsage(
                f"no key of board {unique_id} is kept here; `scs pair --import FILE` takes one in"
            )
        return None
    role = role or key.roles[-1]
    return Signer(role, key.of(role))
