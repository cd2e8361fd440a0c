"""A second maker of signed frames, by CPython's hmac, and the keys of the tests."""

import hmac
import struct

KEY = bytes(range(32))
OTHER_KEY = bytes(range(1, 33))
NONCE = bytes(range(100, 116))
OPERATOR, PROGRAMMER = 1, 2
NAMES = {OPERATOR: b"operator", PROGRAMMER: b"programmer"}
TAG = 16


class Signer:
    """One session of a role's key; `counter` is that of the last frame."""

    def __init__(self, own: bytes, key: bytes = KEY, role: int = PROGRAMMER, nonce: bytes = NONCE):
        of_role = hmac.digest(key, NAMES[role], "sha256")
        self.key = hmac.digest(of_role, own + nonce, "sha256")
        self.counter = 0

    def signed(self, opcode: int, fields: bytes = b"", counter: int | None = None) -> bytes:
        """Return the payload of the next signed frame, or of one with another counter."""
        if counter is None:
            self.counter = counter = self.counter + 1
        message = struct.pack("<IB", counter, opcode) + fields
        return message + hmac.digest(self.key, message, "sha256")[:TAG]
