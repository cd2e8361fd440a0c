"""Port `sim://`: a whole simulated bench inside this process, in virtual time.

Role: lets anything that speaks pyserial talk to the simulated board with no other process.
  sim://?board=pico/mcp4922-8/randles-500&fault=open_lead@2&seed=1&noise=1
Everything is optional; `fault` may be given several times.
Invariant: virtual time passes only inside read() and sleep(), so a run does not depend on how
fast this computer is. After the fault link_cut every call raises SerialException, as a pulled
cable does.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from serial import PortNotOpenError, SerialBase, SerialException

from scs import sim_bridge
from scs.documents.problem import FileRefused

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

OPTIONS = ("board", "fault", "seed", "noise")
PATIENCE_US = 60_000_000  # of a read without timeout: a minute of virtual time
EXAMPLE = "sim://?board=pico/mcp4922-8/randles-500&fault=open_lead@2&seed=1"


def options(url: str, known: Sequence[str] = OPTIONS, example: str = EXAMPLE) -> dict[str, str]:
    """Return the options of a URL like the example; raise SerialException for an unknown one."""
    parts = urlsplit(url)
    if parts.scheme != urlsplit(example).scheme or parts.netloc or parts.path.strip("/"):
        raise SerialException(f"{url!r} is not of the form {example}")
    chosen = parse_qs(parts.query, keep_blank_values=True)
    for name in chosen:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            raise SerialException(f"{url}: no option {name!r}; {hint}as in {example}")
    return {name: ",".join(values) for name, values in chosen.items()}


class Serial(SerialBase):
    """Serial port of a simulated bench; `bench` is the bench itself, for its scope(); now()
    returns the virtual seconds since power-on."""

    bench: sim_bridge.SimBoard | sim_bridge.ChipBench
    now: Callable[[], float]

    def open(self) -> None:
        """Power the bench on; raise SerialException for an invalid URL."""
        if self.portstr is None:
            raise SerialException("a port must be named before it is opened")
        if self.is_open:
            raise SerialException("the port is already open")
        try:
            self.bench = self._made(self.portstr)
        except (ValueError, FileRefused, sim_bridge.NoChip) as error:
            raise SerialException(f"{self.portstr}: {error}") from error
        self.now = self.bench.now_s
        self.is_open = True

    def _made(self, url: str) -> sim_bridge.SimBoard | sim_bridge.ChipBench:
        chosen = options(url)
        return sim_bridge.make(
            chosen.get("board", ""),
            chosen.get("fault", ""),
            int(chosen.get("seed", "0")),
            noise=bool(int(chosen.get("noise", "0"))),
        )

    def close(self) -> None:
        """Close the port; the bench's time stops."""
        self.is_open = False

    def sleep(self, seconds: float) -> None:
        """Let virtual time pass."""
        self._ready()
        self.bench.advance_us(round(seconds * 1e6))

    @property
    def in_waiting(self) -> int:
        """Bytes that can be read without waiting."""
        self._ready()
        return self.bench.link.waiting

    def read(self, size: int = 1) -> bytes:
        """Read up to `size` bytes; fewer if the timeout, in virtual time, passes before."""
        self._ready()
        wait_us = PATIENCE_US if self.timeout is None else round(self.timeout * 1e6)
        data = self.bench.host_read(size, wait_us)
        self._ready()
        if self.timeout is None and len(data) < size:
            raise SerialException("no byte in a minute of virtual time; a timeout would end this")
        return data

    def write(self, data: ReadableBuffer, /) -> int:
        """Write all of `data` at once; return its length."""
        self._ready()
        sent = bytes(data)
        self.bench.host_write(sent)
        return len(sent)

    def flush(self) -> None:
        """Do nothing, if the port is open: writes are not buffered."""
        self._ready()

    reset_output_buffer = flush

    def reset_input_buffer(self) -> None:
        """Discard unread input."""
        self._ready()
        self.bench.host_read()

    def _reconfigure_port(self) -> None:
        """Do nothing: there is no speed, parity or modem line."""

    _update_rts_state = _update_dtr_state = _reconfigure_port

    def _ready(self) -> None:
        if not self.is_open:
            raise PortNotOpenError()
        if self.bench.link.is_cut:
            raise SerialException("the link was cut")
