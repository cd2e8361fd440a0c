"""Serves a simulated bench on a socket or a pty, or the emulated chip on a socket.

Role: `scs sim --listen`, `--pty` and `--chip`. Of a bench: one thread; bytes in, virtual time on,
bytes out, paced to the wall clock. Of a chip: makes its file system and starts it with stage and
load at its pins.
Invariant: the device goes on when a client leaves (its lease then stops the output); it is never
more than SLICE_US of virtual time between two looks at the client; a bench that cannot keep up
falls behind the wall clock and does not race to catch up. The chip has the very files that get
flashed; it ends with this process.
"""

import os
import threading
import time
from collections.abc import Mapping
from typing import Any

from ..bench.board import TURN_US, SimBoard
from ..chip.emulator import Chip, ChipError
from ..chip.rig_files import Files
from .ports import CHUNK, Port, PtyPort, TcpPort

SLICE_US = 5_000
TICK_S = 0.002  # longest sleep: how far the wall clock runs ahead before the bench follows
LAG_S = 0.25  # beyond this the wall clock is taken anew
LOOK_S = 0.2  # between two looks at whether the chip's rig still runs


class Service:
    """A device behind `address`, which is what a client opens."""

    address: str

    def __init__(self) -> None:
        self._stopping = threading.Event()

    def run(self) -> None:
        """Serve until stop(), Ctrl-C or the device's own end; then the port is closed."""
        try:
            while not self._stopping.is_set() and self._go_on():
                pass
        except KeyboardInterrupt:
            self._stopping.set()
        finally:
            self._close()

    def stop(self) -> None:
        """Make run() return, from whatever thread."""
        self._stopping.set()

    def stop_at_eof(self) -> None:
        """Stop when standard input ends, as a pipe does with the process at its other end."""

        def watch() -> None:
            while os.read(0, CHUNK):
                pass
            self.stop()

        threading.Thread(target=watch, daemon=True).start()

    def _go_on(self) -> bool:
        """Serve for an instant; False if the device has ended."""
        raise NotImplementedError

    def _close(self) -> None:
        raise NotImplementedError


class Server(Service):
    """A bench behind a port, which the fault link_cut ends.

    speed: virtual seconds per second; 0: as fast as it goes. Then virtual time also runs while the
    client thinks, so a lease runs out at once: it suits a program that stands alone.
    """

    def __init__(self, bench: SimBoard, port: Port, speed: float = 1.0):
        super().__init__()
        if not 0 <= speed < float("inf"):
            raise ValueError(f"speed is {speed}; it is 0 (no pacing) or more, such as 1")
        self.bench = bench
        self.address = port.address
        self.speed = speed
        self._port = port

    def run(self) -> None:
        self._start()
        super().run()

    def _start(self) -> None:
        self._wall_s, self._virtual_s = time.monotonic(), self.bench.now_s()

    def _close(self) -> None:
        self._port.close()

    def _go_on(self) -> bool:
        """Sleep until bytes or time come, then let the bench follow the clock."""
        if self.bench.link.is_cut:
            return False
        owed_us = self._owed_us()
        data = self._port.poll(0.0 if owed_us >= SLICE_US else self._nap_s())
        if data:
            self.bench.host_write(data)
        self.bench.advance_us(min(self._owed_us(), SLICE_US))
        reply = self.bench.host_read()
        if reply:
            self._port.write(reply)
        return True

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


class ChipServer(Service):
    """A chip behind a socket.

    content: name on the board -> bytes; plant: emulator.plant_facts(); speed: emulated seconds a
    second at most, 0 as fast as it goes; seed: of the chip's random bits, 0 for the rig's own.
    rig_files.Missing and ChipError where it cannot start.
    """

    def __init__(
        self,
        files: Files,
        content: Mapping[str, bytes],
        plant: Mapping[str, Any],
        place: tuple[str, int] = ("127.0.0.1", 0),
        speed: float = 1.0,
        seed: int = 0,
    ):
        options = ["--host", place[0], "--port", str(place[1])]
        if seed:
            options += ["--seed", str(seed)]
        pace = speed or "max"
        super().__init__()
        self.chip = Chip.of_content(files, content, plant=plant, speed=pace, options=options)
        self.address = self.chip.url

    def _go_on(self) -> bool:
        """Wait; raise ChipError if the rig has ended by itself."""
        if not self._stopping.wait(LOOK_S) and not self.chip.is_running:
            raise ChipError(f"the emulated chip has ended\n  {self.chip.last_words()}")
        return True

    def _close(self) -> None:
        self.chip.close()


def listen(bench: SimBoard, host: str = "127.0.0.1", port: int = 0, speed: float = 1.0) -> Server:
    """Return a server on TCP, already listening; port 0 picks one. OSError if it cannot."""
    return Server(bench, TcpPort(host, port), speed)


def pty(bench: SimBoard, speed: float = 1.0) -> Server:
    """Return a server on a new pseudo-terminal; `address` is what a client opens."""
    return Server(bench, PtyPort(), speed)
