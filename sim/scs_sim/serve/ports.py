"""The outer end of the simulated link: a TCP socket or a pty, one client at a time.

Role: hides from the server whether bytes come over a socket or a terminal.
Invariant: nothing blocks but poll(), and that no longer than asked; what the device says while
nobody listens is dropped, not kept for the next client.
"""

import contextlib
import os
import select
import socket
import time
import tty
from typing import Protocol

CHUNK = 65_536
MOST_UNREAD = 1_000_000  # bytes a client may leave unread before it is given up


class Port(Protocol):
    """The server's view of a port. `address` is what a client opens."""

    address: str

    def poll(self, timeout_s: float) -> bytes:
        """Wait until bytes come, but no longer than told; b"" if none came."""

    def write(self, data: bytes) -> None:
        """Write bytes to the client; they are dropped if there is none."""

    def close(self) -> None:
        """Close as if the cable were pulled; safe to call twice."""


class TcpPort:
    """A listening socket. A second client is turned away while there is a first."""

    def __init__(self, host: str, port: int):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, port), family=family)
        self._listener.setblocking(False)
        self._client: socket.socket | None = None
        self._unsent = bytearray()
        name, number = self._listener.getsockname()[:2]
        self.address = f"socket://[{name}]:{number}" if ":" in name else f"socket://{name}:{number}"

    def poll(self, timeout_s: float) -> bytes:
        """Wait for bytes; accept a client on the way."""
        readers = [stream for stream in (self._listener, self._client) if stream is not None]
        writers = [self._client] if self._client is not None and self._unsent else []
        ready, free, _ = select.select(readers, writers, [], timeout_s)
        if self._listener in ready:
            self._accept()
        if free:
            self.write(b"")
        return self._receive() if self._client in ready else b""

    def write(self, data: bytes) -> None:
        """Send, and keep what does not go yet."""
        if self._client is None:
            return
        self._unsent += data
        try:
            del self._unsent[: self._client.send(self._unsent)]
        except BlockingIOError:
            if len(self._unsent) > MOST_UNREAD:
                self._drop()
        except OSError:
            self._drop()

    def close(self) -> None:
        """Close client and listener."""
        self._drop()
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            client, _ = self._listener.accept()
            if self._client is not None:
                client.close()
                return
            client.setblocking(False)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._client = client

    def _receive(self) -> bytes:
        if self._client is None:
            return b""
        try:
            data = self._client.recv(CHUNK)
        except BlockingIOError:
            return b""
        except OSError:
            data = b""
        if not data:
            self._drop()
        return data

    def _drop(self) -> None:
        if self._client is not None:
            self._client.close()
        self._client = None
        self._unsent.clear()


class PtyPort:
    """A pseudo-terminal, raw at both ends. `address` is the device a client opens.

    The slave is not held open here: only so does a hang-up tell that the client is gone.
    """

    def __init__(self) -> None:
        self._master, slave = os.openpty()
        self.address = os.ttyname(slave)
        tty.setraw(slave)
        tty.setraw(self._master)
        os.close(slave)
        os.set_blocking(self._master, False)
        self._poll = select.poll()
        self._poll.register(self._master, select.POLLIN)
        self._open = True

    def poll(self, timeout_s: float) -> bytes:
        """Wait for bytes. A hang-up would return at once for ever: then it sleeps."""
        if not self._events(timeout_s) & select.POLLIN:
            if not self._listened():
                time.sleep(timeout_s)
            return b""
        try:
            return os.read(self._master, CHUNK)
        except OSError:
            return b""

    def write(self, data: bytes) -> None:
        """Send; what a client leaves unread past the terminal's buffer is lost, as on UART."""
        if data and self._listened():
            with contextlib.suppress(OSError):
                os.write(self._master, data)

    def close(self) -> None:
        """Close the master: the client's terminal hangs up."""
        if self._open:
            self._open = False
            os.close(self._master)

    def _events(self, timeout_s: float) -> int:
        events = self._poll.poll(timeout_s * 1000) if self._open else []
        return events[0][1] if events else 0

    def _listened(self) -> bool:
        return self._open and not self._events(0) & select.POLLHUP
