"""Four timers that serve the running output, whatever the main loop is busy with.

Role: detects a HALT in USB's own memory, takes the ADC's samples in time, searches the bytes that
wait for the loop, and cuts at the end of the last period. Invariant: what a hard interrupt calls
allocates nothing, so that a collection of garbage, 20 ms, does not hold it up.
Requirements: REQ-32, REQ-33.

USB: RP2040 data sheet 4.1.2.5 (the same on RP2350). TinyUSB gives the endpoint that MicroPython's
serial port receives on one buffer of 64 bytes. A packet stays there until the next one comes; while
the buffer is not AVAILABLE to the controller MicroPython has not fetched it either.
"""

import time

import micropython

from stimcore import commands

from . import registers as at

_HALT_US = 1800
_LOOK_MS = 6
_LATE_US = 3000  # a turn that takes longer is looked after: a HALT may stand behind other frames
_GATHER_MS = 5  # the ADC's ring holds 8
_POLYNOMIAL = 0xEDB88320  # of CRC-32, reflected


class Watch:
    """Four timers of machine.Timer(-1): HALT, ADC, received bytes, end of the run."""

    def __init__(self, timers: list, player, link, sense):
        self._timers = timers
        self._player = player
        self._plan, self._sight = player.plan, player.sight
        self._link, self._sense = link, sense
        self._room = bytearray(8) + _POLYNOMIAL.to_bytes(4, "little") + bytes((commands.HALT, 0, 0))
        self._turned_us = time.ticks_us()
        self.waits = False  # the loop sleeps
        self.tapped = False  # a HALT is on its way through the loop

    def permits(self) -> bool:
        """Return True if the output may start: no HALT is pending. A later one cuts the output."""
        heard(self._room)
        return not self.look_for_halt()

    def start(self) -> None:
        """Start the timers: the output runs."""
        halt, gather, look, _end = self._timers
        periodic = halt.PERIODIC
        halt.init(period=_HALT_US, tick_hz=1_000_000, mode=periodic, callback=self._hear, hard=True)
        gather.init(period=_GATHER_MS, mode=periodic, callback=self._gather, hard=True)
        look.init(period=_LOOK_MS, mode=periodic, callback=self._look)

    def stop(self) -> None:
        """Stop the timers: the output is off."""
        for timer in self._timers:
            timer.deinit()

    def end_in(self, us: int) -> None:
        """Call player.end so many microseconds from now."""
        timer = self._timers[3]
        mode, strike = timer.ONE_SHOT, self._strike
        timer.init(period=max(us, 1), tick_hz=1_000_000, mode=mode, callback=strike, hard=True)

    @micropython.native
    def turned(self) -> None:
        """Note that an iteration of the loop begins."""
        self._turned_us = time.ticks_us()

    def look_for_halt(self) -> bool:
        """Cut if a HALT is among the bytes waiting for the loop; return True if one is pending."""
        if self._link.gather() and self._link.holds_halt():
            self.tapped = True
            self._player.cut()
        return self.tapped

    # --- interrupts ------------------------------------------------------------------------
    @micropython.native
    def _hear(self, _timer) -> None:
        if heard(self._room):
            at.cut(self._plan, self._sight)

    @micropython.native
    def _gather(self, _timer) -> None:
        if not self._sense.is_busy:
            self._sense.gather()

    def _strike(self, _timer) -> None:
        self._player.end()

    def _look(self, _timer) -> None:
        """Look for a HALT in a soft interrupt, between two of MicroPython's instructions."""
        late_us = time.ticks_diff(time.ticks_us(), self._turned_us)
        if late_us > _LATE_US and not self.waits:
            self.look_for_halt()


@micropython.viper
def heard(room: ptr8) -> int:
    """Return 1 if USB's receive buffer holds a HALT that was not there the last time.

    A packet that was not fetched is searched whole. Of a fetched one only the first bytes are sure
    to be the last packet's, so a HALT counts at its beginning and nowhere behind it.
    room[13]: the sequence number of the HALT that was there, and room[14] whether one was.
    """
    usb = ptr32(0x50100000)
    packets = ptr8(0x50100000)
    opcode = room[12]
    at = usb[5] & 0xFFC0  # where endpoint 2's OUT buffer lies
    control = usb[37]  # its control word
    last = at
    if not control & 0x400:  # not AVAILABLE
        last = at + (control & 0x3FF) - 9
    while at <= last:
        # the third byte under COBS is the opcode, whatever the sequence number
        is_like = packets[at] == 0 and packets[at + 3] == opcode and packets[at + 8] == 0
        if is_like and int(is_halt(at + 1, room)):
            is_new = 1
            if room[14] and room[13] == room[0]:
                is_new = 0
            room[13] = room[0]
            room[14] = 1
            return is_new
        at += 1
    room[14] = 0
    return 0


@micropython.viper
def is_halt(at: int, room: ptr8) -> int:
    """Return 1 if seven bytes are COBS(sequence, HALT, CRC-32). room: 8 bytes, polynomial, HALT.

    `at` is an offset: an address of USB's memory would become an object, on the heap.
    """
    packets = ptr8(0x50100000)
    end = at + 7
    count = 0
    while at < end:
        code = packets[at]
        if code == 0 or at + code > end:
            return 0
        while code > 1:
            at += 1
            code -= 1
            room[count] = packets[at]
            count += 1
        at += 1
        if at < end:
            room[count] = 0
            count += 1
    if room[1] != room[12]:
        return 0
    return int(crc_fits(room))


@micropython.viper
def crc_fits(room: ptr8) -> int:
    """Return 1 if four bytes are the CRC-32 of the two before them."""
    polynomial = ptr32(room)[2]
    crc = -1
    for index in range(16):
        if index & 7 == 0:
            crc ^= room[index >> 3]
        odd = crc & 1
        crc = int(uint(crc) >> 1)
        if odd:
            crc ^= polynomial
    crc ^= -1
    for index in range(4):
        if room[2 + index] != crc >> 8 * index & 255:
            return 0
    return 1
