"""Journal: what was armed, started, changed and stopped, in a chain that shows what is missing.

Role: note() queues an entry; write() appends what is queued to the store, while no output flows.
Entries lie in blocks, each a slot of store.py, so that a cut of the power leaves the old entries or
the new ones; when all are full, the oldest block gives way. Each entry holds a part of the SHA-256
of the one before it and of itself: the host detects an entry that was changed, or is not there.
Invariant: nothing is written while output flows; what did not fit the queue is counted in an entry
of its own. Requirements: REQ-68.

A block: CHAIN bytes of the entry before its first, then entries of FORM, each with its own CHAIN.
"""

import hashlib
import struct

from . import limits, store
from .errors import Refused

# kind of an entry, with its detail, index, value and extra
BOOT = 0  # cause of the reset, -, digest of the tables, -
ARMED = 1  # -, -, hash of the program, -
STARTED = 2  # -, -, hash of the program, -
AMPLITUDE = 3  # program, -, uA, -
STOPPED = 4  # reason, truncated pulses, pulses, ms with output
FAULT = 5  # code, index, value, limit
MISSED = 6  # -, -, entries that did not fit the queue, -
REFUSED = 7  # code and command of the last refusal for want of a key, so many since the last entry
KEY = 8  # by whom, -, what is kept now (access.py), -
BY_HOLDER = 0
AT_THE_BOARD = 1

FORM = "<IIBBHqI"  # number, ms since power-on, kind, detail, index, value, extra
CHAIN = 8  # bytes of the digest
ENTRY = struct.calcsize(FORM) + CHAIN
IN_BLOCK = 16
BLOCKS = 4
FIRST = limits.GROUP_SLOTS + 1  # its first slot in the store
QUEUE = 16
_U32 = 0xFFFFFFFF


class Journal:
    """Queue of entries, and the end of the chain that they are appended to."""

    def __init__(self, hal):
        self.hal = hal
        self.queue: list = []
        self._missed = 0
        self._block = self._number = 0
        self._last = bytes(CHAIN)  # digest of the newest entry
        for at in range(BLOCKS):
            data = self.block(at)
            if len(data) >= CHAIN + ENTRY:
                number = struct.unpack_from("<I", data, len(data) - ENTRY)[0] + 1
                if number > self._number:
                    self._block, self._number, self._last = at, number, data[-CHAIN:]

    def note(self, now_ms: int, kind: int, detail=0, index=0, value=0, extra=0) -> None:
        """Queue an entry; those that do not fit are counted."""
        if len(self.queue) < QUEUE:
            self.queue.append((now_ms & _U32, kind, detail, index & 0xFFFF, value, extra & _U32))
        else:
            self._missed += 1

    def settle(self) -> None:
        """Write what is queued; a store that does not take it is not tried again for it."""
        try:
            self.write()
        except Refused:
            self._missed += len(self.queue)
            self.queue = []

    def write(self) -> None:
        """Append what is queued; Refused (STORE_WRITE), still queued, where it does not arrive."""
        if self._missed:
            at = len(self.queue) if len(self.queue) == QUEUE else 0
            self.queue.insert(at, (self.queue[0][0], MISSED, 0, 0, self._missed, 0))
            self._missed = 0
        while self.queue:
            block, number = self._block, self._number
            data = self.block(block)
            if data[-CHAIN:] != self._last:  # none yet, or it was damaged since
                data = self._last
            if len(data) >= CHAIN + IN_BLOCK * ENTRY:
                block, data = (block + 1) % BLOCKS, self._last
            room = IN_BLOCK - (len(data) - CHAIN) // ENTRY
            for entry in self.queue[:room]:
                packed = struct.pack(FORM, number & _U32, *entry)
                data += packed + hashlib.sha256(data[-CHAIN:] + packed).digest()[:CHAIN]
                number += 1
            store.write(self.hal, FIRST + block, data)
            self._block, self._number, self._last = block, number, data[-CHAIN:]
            self.queue = self.queue[room:]

    def block(self, at: int) -> bytes:
        """Return a block as it is in the store; b"" if there is none."""
        return store.read(self.hal, FIRST + at)[0] if at < BLOCKS else b""
