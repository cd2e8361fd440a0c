"""Serves a simulated bench on a socket or a pty, its virtual time paced to the wall clock.

Role: `scs sim --listen` and `--pty`. One thread: bytes in, virtual time on, bytes out.
Invariant: the device goes on when a client leaves (its lease then stops the output); it is never
more than SLICE_US of virtual time between two looks at the client; a bench that cannot keep up
falls behind the wall clock and does not race to catch up.
"""

import os
import threading
import time
from collections.abc import Callable

from ..bench.board import TURN_US, SimBoard
from .ports import CHUNK, Port, PtyPort, TcpPort

SLICE_US = 5_000
TICK_S = 0.002  # longest sleep: how far the wall clock runs ahead before the bench follows
LAG_S = 0.25  # beyond this the wall clock is taken anew


class Server:
    """A bench behind a port. `speed`: virtual seconds per second; 0: as fast as it goes.

    With speed 0 virtual time also runs while the client thinks, so a lease runs out at once:
    it suits a program that stands alone.
    """

    def __init__(self, bench: SimBoard, port: Port, speed: float = 1.0):
        if not 0 <= speed < float("inf"):
            raise ValueError(f"speed is {speed}; it is 0 (no pacing) or more, such as 1")
        self.bench = bench
        self.address = port.address
        self.speed = speed
        self._port = port
        self._stopping = threading.Event()

    def run(self) -> None:
        """Serve until stop(), Ctrl-C or the fault link_cut; then the port is closed."""
        self._start()
        try:
            while not self._stopping.is_set() and not self.bench.link.is_cut:
                self._exchange()
        except KeyboardInterrupt:
            self._stopping.set()
        finally:
            self._port.close()

    def stop(self) -> None:
        """Make run() return, from whatever thread."""
        self._stopping.set()

    def _start(self) -> None:
        self._wall_s, self._virtual_s = time.monotonic(), self.bench.now_s()

    def _exchange(self) -> None:
        """Run one round: sleep until bytes or time, then let the bench follow the clock."""
        owed_us = self._owed_us()
        data = self._port.poll(0.0 if owed_us >= SLICE_US else self._nap_s())
        if data:
            self.bench.host_write(data)
        self.bench.advance_us(min(self._owed_us(), SLICE_US))
        reply = self.bench.host_read()
        if reply:
            self._port.write(reply)

    def _nap_s(self) -> float:
        """Return the sleep until the device's next iteration if bytes wait, else a short one."""
        if self.speed == 0:
            return 0.0
        return min(TICK_S, TURN_US * 1e-6 / self.speed) if self.bench.link.pending else TICK_S

    def _owed_us(self) -> int:
        """Return the virtual time, us, by which the wall clock is ahead."""
        if self.speed == 0:
            return SLICE_US
        elapsed_s = (time.monotonic() - self._wall_s) * self.speed
        owed_s = elapsed_s - (self.bench.now_s() - self._virtual_s)
        if owed_s > LAG_S * max(self.speed, 1):
            self._start()
            return SLICE_US
        return max(0, int(owed_s * 1e6))


def stop_at_eof(stop: Callable[[], None]) -> None:
    """Call `stop` when standard input ends, as a pipe does with the process that holds its end."""

    def watch() -> None:
        while os.read(0, CHUNK):
            pass
        stop()

    threading.Thread(target=watch, daemon=True).start()


def listen(bench: SimBoard, host: str = "127.0.0.1", port: int = 0, speed: float = 1.0) -> Server:
    """Return a server on TCP, already listening; port 0 picks one. OSError if it cannot."""
    return Server(bench, TcpPort(host, port), speed)


def pty(bench: SimBoard, speed: float = 1.0) -> Server:
    """Return a server on a new pseudo-terminal; `address` is what a client opens."""
    return Server(bench, PtyPort(), speed)
