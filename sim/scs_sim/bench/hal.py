"""The simulated side of the seam: clock, link, stream and load, as stimcore calls them.

Role: each call forwards to the part of the simulated bench that would answer it on a board.
Invariant: nothing here decides anything; it has exactly the calls that the real seam has.
"""

from ..circuit.adc import TOP, Window
from .dma import Admitted
from .stream import RUNNING, StreamState
from .types import Bench

WRAP_US = 1 << 30
UNIQUE_ID = b"SIM\0\0\0\0\1"
ID_OPEN_CODE = TOP  # no identification resistor: the divider's upper resistor pulls the input up


class SimHal:
    """The hal object of a Device on a simulated bench."""

    def __init__(self, bench: Bench):
        self._bench = bench
        self.wrong_load = False
        self.cause = 0

    def now_us(self) -> int:
        """Return the microseconds since power-on, modulo 2**30."""
        return self._bench.now_us() % WRAP_US

    def link_read(self) -> bytes:
        """Return all bytes that arrived."""
        return self._bench.link.device_read()

    def link_write(self, data: bytes) -> None:
        """Write bytes to the host."""
        self._bench.link.device_write(bytes(data))

    def stream_load(self, stream: Admitted) -> int:
        """Stage an admitted stream; the period with which it follows a running one, else 0."""
        return self._bench.sequencer.load(self._bench.tick, stream)

    def stream_start(self, periods: int) -> None:
        """Close the gate and run the staged stream, for ever (0) or so many whole periods."""
        self._bench.sequencer.start(self._bench.tick, periods)

    def stream_stop(self) -> None:
        """End after the period that is being played."""
        self._bench.sequencer.stop(self._bench.tick)

    def halt(self) -> None:
        """Lower the gate now."""
        self._bench.sequencer.halt(self._bench.tick)

    def stream_state(self) -> StreamState:
        """Return (status, periods, record, ticks_in)."""
        return self._bench.sequencer.state(self._bench.tick)

    def stream_words(self) -> bytes:
        """Return the live words, little-endian."""
        return self._bench.sequencer.words(self._bench.tick)

    def sample(self) -> Window:
        """Return the extremes of the ADC since the last call."""
        self._bench.sequencer.run_to(self._bench.tick)
        return self._bench.plant.sample(self._bench.tick)

    def capture_arm(self, delay_us: int) -> None:
        """Capture from the next period's start and so much later; the capture before is dropped."""
        self._bench.sequencer.run_to(self._bench.tick)
        self._bench.plant.capture.arm(self._bench.tick, delay_us)

    def capture_take(self) -> tuple[int, memoryview] | tuple[()]:
        """Return (offset_us, samples) once, when complete, else (); never after the end."""
        bench = self._bench
        bench.sequencer.run_to(bench.tick)
        if bench.sequencer.status != RUNNING or not bench.plant.capture.ready(bench.tick):
            return ()
        return bench.plant.capture.take(bench.scope())

    def load_id(self) -> int:
        """Return the ADC code at the load's identification resistor."""
        return ID_OPEN_CODE if self.wrong_load else self._bench.board.load_id_code

    def feed_watchdog(self) -> None:
        """Feed the watchdog: the loop is alive."""
        self._bench.fed()

    def reset_cause(self) -> int:
        """Return 0 for power-on, 1 for the watchdog."""
        return self.cause

    def nv_read(self, index: int) -> bytes:
        """Return the stored bytes at an index; b"" if there are none."""
        return self._bench.store.read(index)

    def nv_write(self, index: int, data: bytes) -> None:
        """Replace it; takes no time here."""
        self._bench.store.write(index, data)

    def unique_id(self) -> bytes:
        """Return eight bytes, the same for every simulated board."""
        return UNIQUE_ID
