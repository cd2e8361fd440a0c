"""Access to MicroPython's prompt: identify the board, list, hash and write files.

Role: Prompt uses the raw prompt through mpremote's transport, and is the only user of it.
Invariant: every error is a Failure that names the port; mpremote's output is suppressed.
"""

from __future__ import annotations

import ast
import contextlib
import errno
import io
import math
import struct
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Self

from mpremote.transport import TransportError, TransportExecError
from mpremote.transport_serial import SerialTransport

from ..device.link import Link
from ..errors import Failure, LinkLost

SILENCE_S = 5.0  # of a board that should answer
STEP_S = 300.0  # of one that does; the largest file takes a few seconds
CHUNK = 1024  # bytes of a file in one go
HEAR_S = 0.6
WAKE = b"\r\x03\x02"  # Ctrl-C, and Ctrl-B: out of a raw prompt that was left open
BROKEN = (TransportError, OSError, struct.error, ValueError, SyntaxError)
HINTS = {
    "Permission denied": "; on Linux: sudo usermod -aG dialout $USER, then log in again",
    "Resource temporarily unavailable": "; another program uses it: end it first",
}

_FACTS = """
import sys, os
i = sys.implementation
v = os.statvfs('/')
print((i.name, tuple(i.version[:3]), getattr(i, '_mpy', 0), i._machine, v[0] * v[3]))
"""
_LIST = """
import os
for p in ('', 'rp2_port/', 'stimcore/'):
    try:
        for e in os.ilistdir('/' + p):
            print(repr(p + e[0] + ('/' if e[1] & 0x4000 else '')))
    except OSError:
        pass
"""
_HASH = """
import hashlib
b = bytearray(512)
m = memoryview(b)
for n in {names!r}:
    h = hashlib.sha256()
    with open(n, 'rb') as f:
        while True:
            k = f.readinto(b)
            if not k:
                break
            h.update(m[:k])
    print((n, h.digest()))
"""

# the wait is for the port's last answer to get out
_RESET = """
import machine, time
time.sleep_ms(100)
machine.reset()
"""


class Facts(NamedTuple):
    """Facts about MicroPython and its board. mpy: version | sub << 8 | arch << 10."""

    name: str
    version: tuple[int, int, int]
    mpy: int
    machine: str
    free_bytes: int

    @property
    def chip(self) -> str:
        """Name of the chip as in boards.yaml; "" if unknown."""
        return next((chip for chip in ("rp2040", "rp2350") if chip.upper() in self.machine), "")


class _Bounded:
    """Serial port that ends a step which takes too long, whatever arrives.

    mpremote looks at its own limit only while nothing arrives.
    """

    def __init__(self, port: Any):
        self._port = port
        self.until_s = math.inf  # of time.monotonic()

    def __getattr__(self, name: str) -> Any:
        if name in ("read", "inWaiting") and time.monotonic() > self.until_s:
            raise TransportError("it sends without end")
        return getattr(self._port, name)


class Prompt:
    """Open port with MicroPython's prompt; a context manager that closes it."""

    def __init__(self, port: str):
        self.port = port
        try:
            self._board = SerialTransport(port, timeout=SILENCE_S)
        except BROKEN:
            try:
                Link(port, patience_s=0.1).close()  # it says why, which mpremote does not
            except LinkLost as lost:
                hints = (hint for words, hint in HINTS.items() if words in str(lost))
                raise LinkLost(str(lost) + next(hints, "")) from None
            raise LinkLost(f"cannot open {port}: it was in use; try again") from None
        self._port = self._board.serial = _Bounded(self._board.serial)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_reason: object) -> None:
        with contextlib.suppress(*BROKEN):
            self._board.close()

    @contextlib.contextmanager
    def _doing(self, what: str, most_s: float = STEP_S) -> Iterator[None]:
        """Convert errors of mpremote, the port and the board to Failure or LinkLost."""
        self._port.until_s = time.monotonic() + most_s
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                yield
        except TransportExecError as reason:
            last = (reason.error_output.strip().splitlines() or ["no reason"])[-1]
            raise Failure(f"{self.port}: MicroPython could not {what}: {last}") from None
        except BROKEN as reason:
            if getattr(reason, "errno", None) == errno.ENOSPC:
                raise Failure(f"{self.port}: the board's file system is full: {what}") from None
            raise LinkLost(f"the link to {self.port} broke while it was to {what}") from None

    def is_there(self) -> bool:
        """Return True if a prompt answers; interrupts a running program if possible."""
        with self._doing("show its prompt", HEAR_S * 2):
            self._board.serial.write(WAKE)
            heard = self._board.read_until(1, b">>> ", timeout=HEAR_S)
            return bool(heard.endswith(b">>> "))

    def enter(self) -> Facts:
        """Enter the raw prompt with a soft reset; return the board's facts."""
        with self._doing("enter the raw prompt"):
            self._board.enter_raw_repl(soft_reset=True)
        return Facts(*self._printed(_FACTS, "say what it is")[0])

    def leave(self) -> None:
        """Return to the friendly prompt."""
        with self._doing("leave the raw prompt"):
            self._board.exit_raw_repl()

    def listing(self) -> list[str]:
        """List the names in the root, rp2_port/ and stimcore/; folders end with a slash."""
        return [str(name) for name in self._printed(_LIST, "list its files")]

    def hashes(self, names: list[str]) -> dict[str, bytes]:
        """Return name -> SHA-256 of existing files."""
        return dict(self._printed(_HASH.format(names=names), "read its files back"))

    def _printed(self, script: str, what: str) -> list[Any]:
        with self._doing(what):
            lines = self._board.exec(script).decode().splitlines()
            return [ast.literal_eval(line) for line in lines if line.strip()]

    def write(self, name: str, data: bytes, tell: Callable[[int, int], None]) -> None:
        """Write a whole file; `tell` is called with (bytes done, total)."""
        with self._doing(f"write {name}"):
            self._board.fs_writefile(name, data, chunk_size=CHUNK, progress_callback=tell)

    def run(self, script: str, what: str) -> None:
        """Run Python on the board; `what` describes it in an error."""
        with self._doing(what):
            self._board.exec(script)

    def restart(self) -> None:
        """Reset the board, which starts main.py; success is confirmed only by HELLO."""
        with contextlib.suppress(LinkLost), self._doing("restart"):
            self._board.exec_raw_no_follow(_RESET)
            time.sleep(0.3)
