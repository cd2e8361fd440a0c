"""A whole bench in virtual time: device, link, sequencer, stage, load and injected faults.

Role: owns the clock. Device.step is called turn by turn; the stream runs lazily alongside and is
brought up to date whenever somebody looks. Nothing here waits for a real second. Link carries
bytes with no delay (a real USB link adds up to a millisecond each way), SimHal has exactly the
calls of the real seam and decides nothing.
Invariant: everything happens in order of its tick; the same seed and the same calls give the
same run to the bit. The watchdog drops the gate at its very instant and starts a new Device.
Requirements: REQ-52.
"""

import heapq
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from stimcore.board import Board
from stimcore.device import Device
from stimcore.limits import WATCHDOG_MS

from ..circuit.adc import TOP, Window
from ..circuit.plant import Plant
from ..circuit.trace import Trace
from .dma import Admitted
from .faults import TABLE, Action, Fault, gathered, named
from .nvstore import NvStore, PowerCut
from .stream import RUNNING, Sequencer, StreamState

TURN_US = 200  # what one turn of the firmware's loop costs; MicroPython runs some 40 lines in it
POWER_ON, WATCHDOG = 0, 1  # reset causes
NOISE = 1 / 200  # of all bytes, in each direction: half are flipped, half followed by a stray one
STRAY_US = 5_000  # a noisy link also carries bytes that nobody sent, so often and so many at most
STRAY_BYTES = 16
WRAP_US = 1 << 30
UNIQUE_ID = b"SIM\0\0\0\0\1"
ID_OPEN_CODE = TOP  # no identification resistor: the divider's upper resistor pulls the input up
_NEVER = 1 << 62


class Link:
    """Byte queues from host to device and back, in order; after cut() nothing goes in or out."""

    def __init__(self) -> None:
        self.is_cut = False
        self._to_device = bytearray()
        self._to_host = bytearray()
        self._noise: np.random.Generator | None = None

    def make_noisy(self, random: np.random.Generator) -> None:
        """Damage bytes from now on at the rate of NOISE; stray ones appear."""
        self._noise = random

    def cut(self) -> None:
        """Pull the cable: bytes on their way are lost."""
        self.is_cut = True
        self._to_device.clear()
        self._to_host.clear()

    def reset(self) -> None:
        """Drop the bytes that the restarting device has not read."""
        self._to_device.clear()

    def stray(self) -> None:
        """Add a burst of noise while nobody sends; the board calls it every STRAY_US."""
        if self._noise is not None and not self.is_cut:
            for queue in (self._to_device, self._to_host):
                queue += self._noise.bytes(int(self._noise.integers(1, STRAY_BYTES + 1)))

    @property
    def pending(self) -> bool:
        """Return True if bytes wait for the device."""
        return bool(self._to_device)

    @property
    def waiting(self) -> int:
        """Return the number of bytes that wait for the host."""
        return len(self._to_host)

    def host_write(self, data: bytes) -> None:
        """Write bytes from the host."""
        if not self.is_cut:
            self._to_device += self._spoiled(data)

    def device_write(self, data: bytes) -> None:
        """Write bytes from the device."""
        if not self.is_cut:
            self._to_host += self._spoiled(data)

    def host_read(self, most: int | None = None) -> bytes:
        """Read all bytes that arrived at the host, or no more than `most`."""
        data = bytes(self._to_host[:most])
        del self._to_host[: len(data)]
        return data

    def device_read(self) -> bytes:
        """Read all bytes that arrived at the device."""
        data = bytes(self._to_device)
        self._to_device.clear()
        return data

    def _spoiled(self, data: bytes) -> bytes:
        if self._noise is None:
            return data
        hits = self._noise.random(len(data)) < NOISE
        out = bytearray()
        for byte, hit in zip(data, hits, strict=True):
            if not hit:
                out.append(byte)
            elif self._noise.random() < 0.5:
                out.append(byte ^ 1 << int(self._noise.integers(8)))
            else:
                out += bytes((byte, int(self._noise.integers(256))))
        return bytes(out)


class SimHal:
    """The hal object of a Device: each call goes to the part of the bench that answers it."""

    def __init__(self, bench: "SimBoard"):
        self._bench = bench
        self.wrong_load = False
        self.is_pressed = False  # BOOTSEL
        self.cause = 0
        self._clock = (0, 0, 1000)  # (bench's us, the chip's us then, its rate from there on)

    def now_us(self) -> int:
        """Return the microseconds since power-on by the chip's clock, modulo 2**30."""
        since_us, us, permille = self._clock
        return (us + (self._bench.now_us() - since_us) * permille // 1000) % WRAP_US

    def set_clock(self, us: int, permille: int = 1000) -> None:
        """Let the chip's clock stand at a time now, and go at so many ‰ of its rate."""
        self._clock = (self._bench.now_us(), us, permille)

    def link_read(self) -> bytes:
        return self._bench.link.device_read()

    def link_write(self, data: bytes) -> None:
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
        return self._bench.sequencer.state(self._bench.tick)

    def stream_words(self) -> bytes:
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

    def wait(self, most_ms: int) -> None:
        """Sleep until a byte comes, but no longer than told."""
        self._bench.sleep(most_ms)

    def load_id(self) -> int:
        """Return the ADC code at the load's identification resistor."""
        return ID_OPEN_CODE if self.wrong_load else self._bench.board.load_id_code

    def feed_watchdog(self) -> None:
        self._bench.fed()

    def reset_cause(self) -> int:
        """Return 0 for power-on, 1 for the watchdog."""
        return self.cause

    def nv_read(self, index: int) -> bytes:
        return self._bench.store.read(index)

    def nv_write(self, index: int, data: bytes) -> None:
        """Replace it; takes no time here."""
        self._bench.store.write(index, data)

    def unique_id(self) -> bytes:
        """Return eight bytes, the same for every simulated board."""
        return UNIQUE_ID

    def random(self, count: int) -> bytes:
        """Return so many random bytes, of the bench's seed."""
        return self._bench.random.bytes(count)

    def bootsel(self) -> bool:
        """Return True while BOOTSEL is pressed."""
        return self.is_pressed


class SimBoard:
    """A simulated bench at power-on.

    electrical: the dicts "stage", "load" and "pins" of scs.catalog.boards.electrical(); faults:
    text as in faults.parse, or Faults; seed: of every random thing; noise: of the ADC. Raises
    UnknownFault.
    """

    def __init__(
        self,
        board: Board,
        electrical: Mapping[str, Any],
        faults: str | Iterable[str | Fault] = "",
        seed: int = 0,
        *,
        noise: bool = False,
        turn_us: int = TURN_US,
        make_device: Callable[[Board, SimHal], Any] = Device,
    ):
        self.board, self.tick = board, 0
        self._clock_hz: int = board.clock_hz
        self._turn_tick = self._bite_tick = self._stray_tick = _NEVER
        self.random = np.random.default_rng(seed)
        self.link = Link()
        self.plant = Plant(board, electrical, seed if noise else None)
        self.sequencer = Sequencer(board, self.plant, electrical["pins"])
        self.store = NvStore()
        self.hal = SimHal(self)
        self.resets = 0
        self._faults: list[tuple[int, int, Action]] = []
        self._injected = 0
        self._pause: tuple[int, Callable[[], None]] | None = None
        self._held_tick = 0  # no turn before it
        self._turn_us, self._make_device = turn_us, make_device
        self._boot(POWER_ON)
        for fault in gathered(faults):
            self.inject(*fault)

    # --- the host's side -------------------------------------------------------------------
    def host_write(self, data: bytes) -> None:
        """Write bytes to the device; an idling loop sees them one iteration from now."""
        self.link.host_write(data)
        self._wake()

    def host_read(self, most: int | None = None, wait_us: int | None = None) -> bytes:
        """Return what the device sent, or no more than `most` bytes of it; b"" if nothing.

        With `wait_us`, up to so many microseconds pass until `most` bytes are there.
        """
        if wait_us is not None and most:
            self.advance_us(wait_us, most)
        return self.link.host_read(most)

    def inject(self, name: str, at_us: int | None = None) -> None:
        """Let a fault happen at a time since power-on, or now. Raises UnknownFault."""
        self.act(TABLE[named(name)][1], at_us)

    def act(self, action: Action, at_us: int | None = None) -> None:
        """Let an action on this bench, as a fault is one, happen at its time or now."""
        tick = self.tick if at_us is None else max(self.tick, self._ticks(at_us))
        self._injected += 1
        heapq.heappush(self._faults, (tick, self._injected, action))
        if tick == self.tick:
            self._run_faults()

    def pause_at(self, us: int, call: Callable[[], None]) -> None:
        """Call once, before the time since power-on comes to `us`: nothing of then has happened.

        The call finds the bench as it is at an instant before, and changes nothing by itself.
        """
        self._pause = (self._ticks(us), call)

    def reseed(self, seed: int) -> None:
        """Draw what is random from another seed from now on."""
        self.random = np.random.default_rng(seed)
        self.plant.reseed(seed)

    def advance_us(self, us: int, until_waiting: int = 0) -> None:
        """Let so many microseconds pass; fewer if so many bytes wait for the host before that."""
        end = self.tick + self._ticks(us)
        while not (until_waiting and (self.link.is_cut or self.link.waiting >= until_waiting)):
            if not self._next(end):
                self.tick = end
                return

    def now_us(self) -> int:
        """Return the microseconds since power-on."""
        return self.tick * 1_000_000 // self._clock_hz

    def now_s(self) -> float:
        """Return the seconds since power-on, to the tick."""
        return self.tick / self._clock_hz

    # --- the bench's side ------------------------------------------------------------------
    def scope(self) -> Trace:
        """Return current and voltage at the load up to now."""
        self.sequencer.run_to(self.tick)
        self.plant.run_to(self.tick)
        return self.plant.trace

    @property
    def gate(self) -> bool:
        """Return True if the stage is connected to the load now."""
        self.sequencer.run_to(self.tick)
        return self.plant.stage.gate_high

    def hang(self) -> None:
        """Stop the loop; only the watchdog restarts it."""
        self._turn_tick = _NEVER
        self._hung = True

    def brown_out(self) -> None:
        """Let the power fail for an instant: all but the store is lost, and the device boots."""
        self._reset(POWER_ON)

    def slow_down(self, turn_us: int) -> None:
        """Let each turn of the loop take so long from now on."""
        self._turn_us = turn_us

    def hold(self, us: int) -> None:
        """Let the loop stand still for so long, and go on."""
        self._held_tick = self.tick + self._ticks(us)
        self._turn_tick = max(self._turn_tick, self._held_tick)

    def make_noisy(self) -> None:
        """Make the link noisy, with bytes that nobody sent."""
        self.link.make_noisy(self.random)
        self._stray_tick = self.tick

    def sleep(self, most_ms: int) -> None:
        """Put off the next turn, until a byte comes."""
        if not self.link.pending:
            self._turn_tick = self.tick + self._ticks(max(self._turn_us, 1000 * most_ms))

    def _wake(self) -> None:
        if self.link.pending and not self._hung:
            soon = max(self._held_tick, self.tick + self._ticks(self._turn_us))
            self._turn_tick = min(self._turn_tick, soon)

    def fed(self) -> None:
        """Restart the watchdog's time: the device fed it."""
        self._bite_tick = self.tick + self._ticks(WATCHDOG_MS * 1000)

    def _ticks(self, us: int) -> int:
        return us * self._clock_hz // 1_000_000

    def _boot(self, cause: int) -> None:
        self._hung = False
        self._turn_tick = self._held_tick = self.tick
        self.hal.cause = cause
        self.fed()
        self.device = self._make_device(self.board, self.hal)

    def _next(self, end: int) -> bool:
        """Run the next event, in this order at one tick; False if there is none up to `end`."""
        fault_tick = self._faults[0][0] if self._faults else _NEVER
        tick = min(fault_tick, self._bite_tick, self._stray_tick, self._turn_tick)
        if self._pause is not None and min(tick, end) >= self._pause[0]:
            (_tick, call), self._pause = self._pause, None
            call()  # what happens next may be another thing now
            return True
        if tick > end:
            return False
        self.tick = tick
        if tick == fault_tick:
            self._run_faults()
        elif tick == self._bite_tick:
            self._reset(WATCHDOG)
        elif tick == self._stray_tick:
            self._stray()
        else:
            self._turn()
        return True

    def _run_faults(self) -> None:
        self.sequencer.run_to(self.tick)
        self.plant.land(self.tick)
        while self._faults and self._faults[0][0] <= self.tick:
            heapq.heappop(self._faults)[2](self)

    def _stray(self) -> None:
        self.link.stray()
        self._wake()
        self._stray_tick = self.tick + self._ticks(STRAY_US)

    def _reset(self, cause: int) -> None:
        """Reset by watchdog or power failure: the pins go back to inputs, and GATE's pull-down
        opens the gate; what is in the store stays."""
        self.sequencer.power_off(self.tick)
        self.link.reset()
        self.resets += 1
        self._boot(cause)

    def _turn(self) -> None:
        """Run one iteration of the loop; it takes turn_us, then the device may sleep()."""
        self._turn_tick = self.tick + self._ticks(self._turn_us)
        try:
            self.device.turn()
        except PowerCut:
            self._reset(POWER_ON)
