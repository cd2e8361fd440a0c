"""The session of a paired board: the commands of one holder of a key, each signed, in their order.

Role: a Session is offered by OPEN and proven by its first signed frame; admit() takes the command
out of such a frame. Invariant: a command is handed out once, and only if its frame was made with
the role's key for this session, right after the one before it. Requirements: REQ-70.

Keys: HMAC-SHA256 of the role's name by the board's key is the role's key; of both nonces, the
board's first, by the role's key is that of the session. A tag is the first TAG bytes of that of
what stands before it in the payload, by the session's key.
"""

import hashlib

from . import commands, errors, limits
from .errors import Refused

TAG = 16
IDLE_MS = limits.LEASE_MAX_MS  # of which nothing comes for so long, it is over
_BLOCK = 64  # bytes that SHA-256 takes at once
_LEAST = commands.INNER_AT + TAG


def pads(key: bytes) -> tuple:
    """Return the two blocks that RFC 2104 makes of a key of at most 64 bytes."""
    inner, outer = bytearray(b"\x36" * _BLOCK), bytearray(b"\x5c" * _BLOCK)
    for at in range(len(key)):
        inner[at] ^= key[at]
        outer[at] ^= key[at]
    return (inner, outer)


def hmac(blocks: tuple, message: bytes) -> bytes:
    """Return the HMAC-SHA256 of a message by the key of which pads() made these blocks."""
    inner = hashlib.sha256(blocks[0])
    inner.update(message)
    outer = hashlib.sha256(blocks[1])
    outer.update(inner.digest())
    return outer.digest()


class Session:
    """One session, offered at `now_ms`; Refused unless role and nonce are such."""

    def __init__(self, now_ms: int, key: bytes, role: int, own: bytes, nonce: bytes):
        names = {commands.OPERATOR: b"operator", commands.PROGRAMMER: b"programmer"}
        if role not in names:
            raise Refused(errors.NO_ROLE, commands.OPEN, role, commands.PROGRAMMER)
        if len(nonce) != commands.NONCE:
            raise Refused(errors.BAD_LENGTH, 0, len(nonce), commands.NONCE)
        self._blocks = pads(hmac(pads(hmac(pads(key), names[role])), own + nonce))
        self._role = role
        self._counter = 0
        self._is_held = False
        self._ends_ms = now_ms + IDLE_MS

    def check_free(self, now_ms: int) -> None:
        """Raise Refused while its holder has it."""
        if self._is_held and now_ms < self._ends_ms:
            raise Refused(errors.SESSION_HELD, 0, self._ends_ms - now_ms)

    def admit(self, now_ms: int, payload: bytes) -> tuple:
        """Return (role, opcode, fields) of a signed command, or Refused; the session goes on."""
        if len(payload) <= _LEAST:
            raise Refused(errors.BAD_LENGTH, 0, len(payload), _LEAST + 1)
        message = payload[:-TAG]
        tag = hmac(self._blocks, message)[:TAG]
        # both whole, as numbers: the time does not tell where they differ
        if int.from_bytes(tag, "big") ^ int.from_bytes(payload[-TAG:], "big"):
            raise Refused(errors.WRONG_TAG)
        counter = int.from_bytes(message[: commands.INNER_AT], "little")
        if counter != self._counter + 1:
            raise Refused(errors.WRONG_COUNTER, 0, counter, self._counter + 1)
        if now_ms >= self._ends_ms:
            raise Refused(errors.SESSION_OVER)  # its holder was silent, or somebody held this back
        self._counter = counter
        opcode = message[commands.INNER_AT]
        self._is_held = opcode != commands.OPEN  # with which its holder gives it up
        self._ends_ms = now_ms + IDLE_MS
        return self._role, opcode, message[commands.INNER_AT + 1 :]
