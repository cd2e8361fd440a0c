"""A whole bench in virtual time: device, link, sequencer, stage, load and injected faults.

Role: owns the clock. Device.step is called turn by turn; the stream runs lazily alongside and is
brought up to date whenever somebody looks. Nothing here waits for a real second.
Invariant: everything happens in order of its tick; the same seed and the same calls give the
same run to the bit. The watchdog drops the gate at its very instant and starts a new Device.
Requirements: REQ-52.
"""

import heapq
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

import numpy as np

from stimcore.board import Board
from stimcore.limits import WATCHDOG_MS

from ..circuit.plant import Plant
from ..circuit.trace import Trace
from .faults import TABLE, Fault, gathered
from .hal import SimHal
from .link import STRAY_US, Link
from .nvstore import NvStore, PowerCut
from .stream import Sequencer

TURN_US = 200  # what one turn of the firmware's loop costs; MicroPython runs some 40 lines in it
IDLE_TURN_US = 5_000
POWER_ON, WATCHDOG = 0, 1  # reset causes
_NEVER = 1 << 62


class Loop(Protocol):
    """The part of a device that a bench calls."""

    def step(self) -> None:
        """Run one iteration of the loop."""


def _device(board: Board, hal: SimHal) -> Loop:
    from stimcore.device import Device

    device: Loop = Device(board, hal)
    return device


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
        make_device: Callable[[Board, SimHal], Loop] = _device,
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
        self._faults: list[tuple[int, int, str]] = []
        self._turn_us, self._make_device = turn_us, make_device
        self._boot(POWER_ON)
        for fault in gathered(faults):
            self.inject(*fault)

    # --- the host's side -------------------------------------------------------------------
    def host_write(self, data: bytes) -> None:
        """Write bytes to the device; an idling loop sees them one iteration from now."""
        self.link.host_write(data)
        if not self._hung:
            self._turn_tick = min(self._turn_tick, self.tick + self._ticks(self._turn_us))

    def host_read(self, most: int | None = None) -> bytes:
        """Return what the device sent, or no more than `most` bytes of it; b"" if nothing."""
        return self.link.host_read(most)

    def inject(self, name: str, at_us: int | None = None) -> None:
        """Let a fault happen at a time since power-on, or now. Raises UnknownFault."""
        (fault,) = gathered([Fault(name, at_us)])
        tick = self.tick if fault.at_us is None else max(self.tick, self._ticks(fault.at_us))
        heapq.heappush(self._faults, (tick, len(self._faults), fault.name))
        self._run_faults()

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

    def make_noisy(self) -> None:
        """Make the link noisy, with bytes that nobody sent."""
        self.link.make_noisy(self.random)
        self._stray_tick = self.tick

    def fed(self) -> None:
        """Restart the watchdog's time: the device fed it."""
        self._bite_tick = self.tick + self._ticks(WATCHDOG_MS * 1000)

    def _ticks(self, us: int) -> int:
        return us * self._clock_hz // 1_000_000

    def _boot(self, cause: int) -> None:
        self._hung = False
        self._turn_tick = self.tick
        self.hal.cause = cause
        self.fed()
        self.device = self._make_device(self.board, self.hal)

    def _next(self, end: int) -> bool:
        """Run the next event, in this order at one tick; False if there is none up to `end`."""
        fault_tick = self._faults[0][0] if self._faults else _NEVER
        tick = min(fault_tick, self._bite_tick, self._stray_tick, self._turn_tick)
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
        while self._faults and self._faults[0][0] <= self.tick:
            TABLE[heapq.heappop(self._faults)[2]][1](self)

    def _stray(self) -> None:
        self.link.stray()
        self._stray_tick = self.tick + self._ticks(STRAY_US)

    def _reset(self, cause: int) -> None:
        """Reset by watchdog or power failure: the pins go back to inputs, and GATE's pull-down
        opens the gate; what is in the store stays."""
        self.sequencer.power_off(self.tick)
        self.link.reset()
        self.resets += 1
        self._boot(cause)

    def _turn(self) -> None:
        """Run one iteration of the loop, and schedule the next one.

        Where nothing streams and no byte waits, a turn does nothing that can be seen: it reads
        the clock and feeds the watchdog. So it may come later, as long as a byte (host_write)
        calls it at once and the watchdog is fed in time. A train that ended by itself is no
        idleness: the device may be waiting to begin the next one.
        """
        try:
            self.device.step()
        except PowerCut:
            self._reset(POWER_ON)
            return
        idle = self.sequencer.at_rest and not self.link.pending
        cost_us = max(IDLE_TURN_US, self._turn_us) if idle else self._turn_us
        self._turn_tick = self.tick + self._ticks(cost_us)
