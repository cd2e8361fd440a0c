"""The USB serial link: bytes in and out, never waiting for the host.

Role: hal.link_read and hal.link_write; finds a HALT while slower work is being done.
Invariant: a read takes what is there, a write drops what the host does not fetch in time.
Requirements: REQ-40, REQ-42, REQ-43.

MicroPython's stdin reads as many bytes as it was asked for and waits for them; so each byte is
asked for by itself, after poll has said that there is one. Its stdout waits 500 ms for a host
that holds the port open and reads nothing: longer than the watchdog does.
"""

import select
import sys
import time

import micropython

from stimcore import commands
from stimcore.frame import Decoder

from .registers import peek

_AT_ONCE = 512  # bytes taken in one go: MicroPython's own buffer
_HELD = (
    512  # and kept for the loop; the rest waits in the host, that a flood does not stop the loop
)
_ROOM = 256  # bytes MicroPython has room for when nothing waits to be sent
# USB's device RAM, RP2040 data sheet 4.1.2.5: the control word of the endpoint that MicroPython
# sends on. While either of its buffers is full, older bytes wait, and there may be no room.
_IN_ENDPOINT = 0x50100090
_BUSY = 1 << 10 | 1 << 26
_HALT = bytes((commands.HALT,))
_HALT_BYTES = 7  # sequence, opcode and CRC under COBS
_PATIENCE_US = 5000  # for the host to fetch a reply


class Link:
    """Both directions of the link."""

    def __init__(self) -> None:
        self._in = sys.stdin.buffer
        self._out = sys.stdout.buffer
        self._readable = select.poll()
        self._readable.register(sys.stdin, select.POLLIN)
        self._writable = select.poll()
        self._writable.register(sys.stdout, select.POLLOUT)
        self._byte = bytearray(1)
        self._piece = bytearray(_AT_ONCE)
        self._held = bytearray()
        self._gathering = False

    def wait(self, most_ms: int) -> bool:
        """Sleep until a byte is there, or so long; return True if one is."""
        if self._held:  # a timer took it while the loop was busy
            return True
        for _ in self._readable.ipoll(most_ms):
            return True
        return False

    def gather(self) -> bool:
        """Take the bytes that have come; return True if there were any.

        A timer may call this while the loop is in it: it must not take the byte that the loop
        has just seen, or the loop would wait for the next.
        """
        if self._gathering or len(self._held) >= _HELD:
            return False
        self._gathering = True
        count = _drain(self._readable.ipoll, self._in.readinto, self._byte, self._piece)
        if count:
            self._held.extend(memoryview(self._piece)[:count])
        self._gathering = False
        return count > 0

    @micropython.native
    def read(self) -> bytes:
        """Return all bytes that arrived."""
        if self._held:
            held, self._held = self._held, bytearray()  # a timer adds to the new one from here on
            return bytes(held)
        if self._gathering:
            return b""
        self._gathering = True  # until they are copied
        count = _drain(self._readable.ipoll, self._in.readinto, self._byte, self._piece)
        data = bytes(memoryview(self._piece)[:count]) if count else b""
        self._gathering = False
        return data

    def holds_halt(self) -> bool:
        """Return True if a whole HALT is among the bytes not yet read."""
        if _HALT not in self._held:  # COBS leaves every byte but zero as it is
            return False
        for block in bytes(self._held).split(b"\0"):
            if len(block) == _HALT_BYTES and _HALT in block:
                for frame in Decoder().feed(block + b"\0"):
                    if frame[1] == commands.HALT:
                        return True
        return False

    def write(self, data: bytes) -> None:
        """Send; give up where the host does not read."""
        view = memoryview(data)
        at = 0
        since = time.ticks_us()
        while at < len(data):
            for _ in self._writable.ipoll(0):
                pass  # it has MicroPython look after USB: what was fetched makes room
            if not peek(_IN_ENDPOINT) & _BUSY:
                self._out.write(view[at : at + _ROOM])
                at += _ROOM
                continue
            at = _fill(self._writable.ipoll, self._out.write, view, at)
            if at < len(data) and time.ticks_diff(time.ticks_us(), since) > _PATIENCE_US:
                return


@micropython.native
def _drain(ipoll, readinto, byte, piece):
    count = 0
    most = len(piece)
    while count < most:
        ready = False
        for _ in ipoll(0):
            ready = True
        if not ready:
            break
        readinto(byte)
        piece[count] = byte[0]
        count += 1
    return count


@micropython.native
def _fill(ipoll, write, view, at):
    most = len(view)
    while at < most:
        ready = False
        for _ in ipoll(0):
            ready = True
        if not ready:
            break
        write(view[at : at + 1])
        at += 1
    return at
