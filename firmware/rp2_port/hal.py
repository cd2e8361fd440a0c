"""The hardware side of the seam: clock, link, stream and load of an RP2, as stimcore calls them.

Role: makes the parts (no other file imports machine or rp2, but for the PIO programs) and
forwards each call to the one that answers it; runs the self-test at boot.
Invariant: the gate is held low from the first line on, and the watchdog runs before the loop.
Requirements: REQ-50 to REQ-55.
"""

import gc
import os
import sys
import time

import machine
import rp2
from uctypes import addressof

from stimcore import limits
from stimcore.board import STAGE_MCP4922_8

from . import flash_store
from . import pio_programs as programs
from . import registers as at
from .adc import Sense
from .dma_player import RUNNING, Player
from .halt_watch import Watch
from .usb_link import Link

_TIDY_TURNS = 32  # quiet turns between two looks at how much memory was used
_PROBE = 256  # bytes: none of the small holes below
_LEAVE = 0x5C5B0001  # in a scratch register of the watchdog: boot to the prompt
_SCRATCH = 0x0C + 4 * 2


def wants_prompt(chip: str) -> bool:
    """Return True once if the command to leave for the prompt caused this reset."""
    scratch = at.CHIPS[chip][5] + _SCRATCH
    wanted = at.peek(scratch) == _LEAVE
    at.poke(scratch, 0)
    return wanted


class Hal:
    """The hal object of a Device on an RP2040 or RP2350."""

    def __init__(self, board, chip: str, pins: dict):
        self._gate = machine.Pin(pins["gate"], machine.Pin.IN, machine.Pin.PULL_DOWN)
        self._gate_was_low = self._gate.value() == 0
        if machine.freq() != board.clock_hz:
            machine.freq(board.clock_hz)
        self.board = board
        self._chip = at.CHIPS[chip]
        self._cause = at.peek(self._chip[5] + 8) & 1  # REASON: the timer, not a wanted reset
        self._player = self._make_player(pins)
        for name in ("sense_current", "sense_voltage", "load_id"):
            machine.ADC(pins[name])
        mark = rp2.StateMachine(6, programs.sync_mark, in_base=machine.Pin(pins["sync"]))
        self._sense = Sense(rp2.DMA(), self._chip, pins, (mark, rp2.DMA()))
        self._link = Link()
        timers = [machine.Timer(-1) for _ in range(4)]
        self._watch = Watch(timers, self._player, self._link, self._sense)
        self._quiet_turns = 0
        gc.collect()
        self._tidy_above = addressof(bytearray(_PROBE)) + gc.mem_free() // 2
        self._watchdog = machine.WDT(timeout=limits.WATCHDOG_MS)

    def _make_player(self, pins: dict) -> Player:
        pin = machine.Pin
        serial = self.board.stage == STAGE_MCP4922_8
        if serial:
            self._sequencer = programs.sequencer_serial
            bases = (pin(pins["sdi_dac"]), pin(pins["sck"]))
        else:
            self._sequencer = programs.sequencer_parallel
            bases = (pin(pins["data0"]), None)
        active = pin(pins["active"])
        sequencer = rp2.StateMachine(
            0, self._sequencer, set_base=active, out_base=bases[0], sideset_base=bases[1]
        )
        sentinel = rp2.StateMachine(
            4, programs.sentinel, in_base=active, jmp_pin=active, set_base=self._gate
        )
        relay = rp2.StateMachine(5, programs.relay)
        parts = (sequencer, sentinel, relay, rp2.DMA(), rp2.DMA(), rp2.DMA(), rp2.DMA())
        gate_ctrl = self._chip[0] + 8 * pins["gate"] + 4
        irqs = (machine.disable_irq, machine.enable_irq)
        player = Player(parts, self._chip, serial, gate_ctrl, irqs)
        rp2.PIO(1).irq(self._tripped, trigger=rp2.PIO.IRQ_SM0, hard=True)
        self._plan, self._sight = player.plan, player.sight
        return player

    def _tripped(self, _pio) -> None:
        """Cut on the sentinel's interrupt; the position of the output is known to a few us."""
        if not self._sight[at.IS_CUT]:
            at.cut(self._plan, self._sight)
            self._sight[at.TRIPS] = 1

    # --- the seam --------------------------------------------------------------------------
    def now_us(self) -> int:
        """Return the time in microseconds, modulo 2**30."""
        return time.ticks_us()

    def link_read(self) -> bytes:
        """Return all bytes that arrived."""
        return self._link.read()

    def link_write(self, data: bytes) -> None:
        """Write bytes to the host; they are dropped if it does not read."""
        self._link.write(data)

    def stream_load(self, stream) -> int:
        """Stage an admitted stream; a running one gives way where DMA begins a period: which one.

        0 where none runs.
        """
        if self._player.status != RUNNING:
            gc.collect()  # 20 ms that START would else have to wait for
        return self._player.load(stream)

    def stream_start(self, periods: int) -> None:
        """Close the gate and run the staged stream, for ever (0) or so many whole periods."""
        if not self._watch.permits():
            self._player.refuse()
            return
        self._sense.start()
        self._player.start(periods)
        self._watch.turned()
        self._watch.start()

    def stream_stop(self) -> None:
        """End after the period that is being played; if one is shorter than some ms, soon after.

        What is cut away of its last record is shorter than 0.7 ms; the period counts as whole.
        """
        us = self._player.stop()
        if us:
            self._watch.end_in(us)

    def halt(self) -> None:
        """Lower the gate now."""
        self._player.halt()
        self._watch.tapped = False
        self._rest()

    def stream_state(self) -> tuple:
        """Return (status, periods, record, ticks_in)."""
        state = self._player.state()
        if state[0] != RUNNING:
            self._rest()
        return state

    def stream_words(self):
        """Return the live words as DMA reads them."""
        return self._player.words()

    def sample(self) -> tuple:
        """Return the extremes of the ADC since the last call."""
        return self._sense.take()

    def capture_arm(self, delay_us: int) -> None:
        """Capture from the next period's start and so much later; the capture before is dropped."""
        self._sense.arm(delay_us)

    def capture_take(self) -> tuple:
        """Return (offset_us, samples) once, when complete, else (); the next arm overwrites it."""
        return self._sense.taken()

    def load_id(self) -> int:
        """Return the ADC code at the load's identification resistor."""
        return self._sense.read(2)

    def feed_watchdog(self) -> None:
        """Feed the watchdog: the loop is alive."""
        self._watchdog.feed()

    def reset_cause(self) -> int:
        """Return 0 for power-on, 1 for the watchdog."""
        return self._cause

    def nv_read(self, index: int) -> bytes:
        """Return the stored bytes at an index; b"" if there are none."""
        return flash_store.read(index)

    def nv_write(self, index: int, data: bytes) -> None:
        """Replace it; what did not arrive is found by reading back."""
        flash_store.write(index, data, self._watchdog.feed)

    def unique_id(self) -> bytes:
        """Return eight bytes that no other board has."""
        return machine.unique_id()

    def random(self, count: int) -> bytes:
        """Return so many random bytes, of the ring oscillator."""
        return os.urandom(count)

    def bootsel(self) -> bool:
        """Return True while BOOTSEL is pressed; the flash cannot be read meanwhile, some 10 us."""
        return rp2.bootsel_button() == 1

    # --- between two turns -----------------------------------------------------------------
    def wait(self, most_ms: int) -> None:
        """Sleep until the host says something, but no longer than told."""
        self._watch.waits = True
        spoken = self._link.wait(most_ms)
        self._watch.waits = False
        self._tidy(spoken)
        self._watch.turned()

    def _tidy(self, spoken: bool) -> None:
        """Collect garbage while nothing is asked for, so that no command has to wait in its midst.

        A collection takes 20 ms. MicroPython gives out memory from below: where a new piece lies
        says how much has been used since the last one.
        """
        self._quiet_turns = 0 if spoken else self._quiet_turns + 1
        if self._quiet_turns % _TIDY_TURNS == 1 and addressof(bytearray(_PROBE)) > self._tidy_above:
            gc.collect()

    def _rest(self) -> None:
        if self._sense.is_on:
            self._watch.stop()
            self._sense.stop()

    def leave(self) -> None:
        """Restart to MicroPython's prompt."""
        time.sleep_ms(20)  # for the reply
        at.poke(self._chip[5] + _SCRATCH, _LEAVE)
        machine.reset()

    # --- at boot ---------------------------------------------------------------------------
    def self_test(self) -> tuple:
        """Return the row (code, index, value, limit) of the first failed check, or ().

        The modules used once are removed from memory: 3 kB.
        """
        from . import selftest

        parts = (self._gate, self._gate_was_low, self._sequencer, self._sense, self._chip)
        row = selftest.row(self.board, parts)
        package = sys.modules["rp2_port"]  # it knows its modules, too
        del package.selftest, package.pio_golden
        for name in ("selftest", "pio_golden"):
            del sys.modules["rp2_port." + name]
        return row
