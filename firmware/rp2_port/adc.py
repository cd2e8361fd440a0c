"""The sense inputs: two ADC channels in turn, by DMA into a ring, and the extremes of them.

Role: hal.sample and single readings; feeds the capture. Invariant: current stands at the even
places of the ring, voltage at the odd ones; a FIFO that ran over starts the ring anew, and the
capture that was under way with it.
Requirements: REQ-54, REQ-55.

250,000 samples a second, so 8 us from one to the next of a channel: the shortest phase, 10 us, has
one of each. The ring holds 8 ms. It runs only while the output does.
"""

from array import array

import micropython
from uctypes import addressof

from . import registers as at
from .adc_capture import Capture
from .adc_extremes import take
from .aligned_buffer import aligned

RING_BITS = 12
_ROUND = 1 << RING_BITS  # bytes
_TOP = 0x0FFF0FFF  # the ADC's highest code, of current and of voltage
CS, FCS, FIFO, DIV = 0x00, 0x08, 0x0C, 0x10
_EN, _ONCE, _MANY, _READY = 1, 4, 8, 0x100
_INPUT0 = 26  # the GPIO of ADC input 0
_RAN_OVER = 1 << 11
_PACE = 191 << 8  # DIV: 192 cycles of 48 MHz from one sample to the next
_FIFO_ON = 1 << 24 | _RAN_OVER | 8 | 1  # one sample a request; clears what has run over

_ROOM = aligned(_ROUND)


class Sense:
    """Current, voltage and the identification resistor."""

    def __init__(self, channel, chip: tuple, pins: dict, mark: tuple):
        """Set up the ADC. mark: the state machine and DMA channel that mark a period's start."""
        self._dma = channel
        self._base = chip[2]
        self._fcs_at = chip[2] + FCS  # too large a number to be made in an interrupt
        self._dreq = chip[3]
        self._inputs = [
            pins[name] - _INPUT0 for name in ("sense_current", "sense_voltage", "load_id")
        ]
        self._ring = (addressof(_ROOM) + _ROUND - 1) & -_ROUND
        self._extremes = array("I", (_TOP, 0, 0x80008000))
        self._count = 0  # pairs
        self._at = self._ring  # the first one that is not yet taken
        self._write_at = at.DMA + at.CHANNEL * channel.channel + 4
        self.capture = Capture(mark[0], mark[1], self._write_at, _ROUND // 2)
        self.is_on = False
        self.is_busy = False  # an interrupt has to leave the samples alone
        at.poke(self._base, _EN)
        self._forget()

    def arm(self, delay_us: int) -> None:
        """Capture from the next period's start and so much later."""
        self.is_busy = True
        self.gather()
        self.capture.arm(delay_us, (self._at - self._ring) // 2)
        self.is_busy = False

    def taken(self) -> tuple:
        """Return the capture once it is complete, else ()."""
        self.is_busy = True
        self.gather()
        self.is_busy = False
        return self.capture.take()

    def _forget(self) -> None:
        self._extremes[0] = _TOP
        self._extremes[1] = self._count = 0

    def start(self) -> None:
        """Sample from now on; nothing is captured until it is armed."""
        self.capture.disarm()
        self._begin()

    def _begin(self) -> None:
        self.stop()
        both = 1 << self._inputs[0] | 1 << self._inputs[1]
        dma = self._dma
        ctrl = dma.pack_ctrl(
            size=1, inc_read=False, ring_sel=True, ring_size=RING_BITS, treq_sel=self._dreq
        )
        at.poke(self._base + FCS, _FIFO_ON)
        while at.peek(self._base + FCS) >> 16 & 15:
            at.peek(self._base + FIFO)
        dma.config(
            read=self._base + FIFO, write=self._ring, count=0xFFFFFFFF, ctrl=ctrl, trigger=True
        )
        self._at = self._ring
        self._forget()
        at.poke(self._base + DIV, _PACE)
        at.poke(self._base, _EN | _MANY | self._inputs[0] << 12 | both << 16)
        self.is_on = True

    def stop(self) -> None:
        """Stop sampling until the next start; what was gathered is kept."""
        if self.is_on:
            self.gather()
        at.poke(self._base, _EN)
        self._dma.active(0)
        at.poke(self._base + FCS, 0)
        self.is_on = False

    @micropython.native
    def gather(self) -> None:
        """Take the ring's new samples into the extremes. An interrupt may call it."""
        if not self.is_on or at.peek(self._fcs_at) & _RAN_OVER:
            return
        begun = self.capture.begun()
        ring, since = self._ring, self._at
        end = at.peek(self._write_at) & -4
        self.capture.more(begun, ring, (since - ring) // 2, (end - ring) // 2)
        if end < since:
            self._count += _ROUND // 4
            take(since, ring + _ROUND, self._extremes)
            since = ring
        self._count += (end - self._at) // 4
        take(since, end, self._extremes)
        self._at = end

    def take(self) -> tuple:
        """Return (current_min, current_max, voltage_min, voltage_max, count) since last call."""
        self.is_busy = True
        self.gather()
        low, high = self._extremes[0], self._extremes[1]
        out = (low & 0xFFFF, high & 0xFFFF, low >> 16, high >> 16, self._count)
        self._forget()
        if self.is_on and at.peek(self._base + FCS) & _RAN_OVER:
            self._begin()
            self.capture.again()
        self.is_busy = False
        return out

    def read(self, which: int) -> int:
        """Read input 0 (current), 1 (voltage) or 2 (identification): mean of eight."""
        total = 0
        for _ in range(8):
            at.poke(self._base, _EN | _ONCE | self._inputs[which] << 12)
            while not at.peek(self._base) & _READY:
                pass
            total += at.peek(self._base + 4)
        return (total + 4) // 8
