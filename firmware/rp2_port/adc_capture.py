"""Copy samples out of the ADC's ring as it fills, starting with a period of the stream.

Role: hal.capture_arm and hal.capture_take. Hardware alone determines the period's start: a state
machine waits for SYNC, and on its request one DMA transfer copies the address to which the next
sample will go. That sample was taken within 2 us of SYNC.
Invariant: more() allocates nothing, so that an interrupt may call it; the next arm() overwrites
what take() returned.
"""

from array import array

import micropython

from stimcore.capture import PAIR_US, PAIRS

from . import registers as at

_SAMPLE_US = PAIR_US // 2
_FJOIN_RX = 1 << 31
_SHIFTCTRL = at.SM0 + 2 * 0x18 + 8  # of PIO1's state machine 2
_DREQ = 14  # PIO1's RX FIFO 2: RP2040 data sheet 2.5.3.1, RP2350's 12.6.4.1
_DONE = 2 * PAIRS
_IDLE, _WAITS, _FILLS = range(3)


class Capture:
    """One capture at a time."""

    def __init__(self, mark, channel, source: int, samples: int):
        """Keep mark (a sync_mark machine), source (the ring's WRITE_ADDR) and the ring's size."""
        self._mark = mark
        self._dma = channel
        self._source = source
        self._ring_samples = samples
        self._cell = array("I", (0,))
        self._room = array("H", bytes(4 * PAIRS))
        self._whole = memoryview(self._room)
        self._phase = _IDLE
        self._delay = self._next = self._filled = self._seen = self._offset_us = 0

    def arm(self, delay_us: int, ring_at: int) -> None:
        """Arm for the next SYNC and so much later; ring_at: how far the ring was gathered."""
        self.disarm()
        self._delay = delay_us // _SAMPLE_US
        self._seen = ring_at
        shape = at.peek(at.PIO1 + _SHIFTCTRL)
        at.poke(at.PIO1 + _SHIFTCTRL, shape ^ _FJOIN_RX)  # either change empties the FIFOs
        at.poke(at.PIO1 + _SHIFTCTRL, shape)
        self._cell[0] = 0
        dma = self._dma
        ctrl = dma.pack_ctrl(size=2, inc_read=False, inc_write=False, treq_sel=_DREQ)
        dma.config(read=self._source, write=self._cell, count=1, ctrl=ctrl, trigger=True)
        self._mark.restart()
        self._mark.active(1)
        self._phase = _WAITS

    def again(self) -> None:
        """Restart after the ring restarted: capture from the next SYNC on."""
        if self._phase != _IDLE:
            self.arm(self._delay * _SAMPLE_US, 0)

    def disarm(self) -> None:
        """Disarm: no capture is wanted."""
        if self._phase != _IDLE:
            self._mark.active(0)
            self._dma.active(0)
        self._phase = _IDLE

    @micropython.native
    def begun(self) -> int:
        """Return the address that DMA copied at SYNC, or 0; ask before reading the ring's end."""
        return self._cell[0] if self._phase == _WAITS else 0

    @micropython.native
    def more(self, begun: int, ring: int, since: int, end: int) -> None:
        """Take the new samples from `since` to `end` of the ring; `end` may lie below `since`."""
        if self._phase == _IDLE:
            return
        if begun and self._phase == _WAITS:
            self._place((begun - ring) // 2, since)
        many = self._ring_samples
        self._seen += (end - since) & (many - 1)
        if self._phase == _FILLS:
            count = self._seen - self._next
            if count > _DONE - self._filled:
                count = _DONE - self._filled
            if count > 0:
                copied(ring, self._next, many - 1, self._room, self._filled, count)
                self._next += count
                self._filled += count

    def _place(self, index: int, since: int) -> None:
        """Locate the first sample wanted: SYNC's, perhaps just before `since`, plus the delay."""
        ahead = (index - since) & (self._ring_samples - 1)
        if ahead > self._ring_samples // 8 * 7:
            ahead -= self._ring_samples
        sync = self._seen + ahead
        self._next = (sync + self._delay + 1) & ~1
        self._offset_us = (self._next - sync) * _SAMPLE_US
        self._filled = 0
        self._phase = _FILLS

    def take(self) -> tuple:
        """Return (offset_us, samples) once they are complete, else (); then arm the next."""
        if self._phase != _FILLS or self._filled < _DONE:
            return ()
        self.disarm()
        return (self._offset_us, self._whole)


@micropython.viper
def copied(ring: ptr16, at: int, mask: int, room: ptr16, to: int, count: int):
    """Copy `count` samples from place `at` of the ring to `room`, from place `to` on."""
    end = to + count
    while to < end:
        room[to] = ring[at & mask]
        at += 1
        to += 1
