"""A look at the load: a stretch of samples of current and voltage, beginning with a period.

Role: shares the one capture of the hal between the host's oscilloscope and the device's own
judgement. Invariant: what is kept for the host was taken of one and the same stream, and what is
not yet whole is never handed out. Next: device.py.

A capture is (offset_us, samples): 16-bit ADC codes, current and voltage by turns, that can be
indexed, and that the next capture_arm() may overwrite. The first current was sampled offset_us
after the SYNC it was armed for, within 2 us; the next 8 us later; a voltage 4 us after its current.
"""

PAIR_US = 8  # 250,000 samples a second, two channels in turn
VOLTAGE_LATER_US = 4
PAIRS = 1024
WINDOW_US = PAIRS * PAIR_US


class Captures:
    """Whose turn it is with the capture: the host's where it asked, else the judge's."""

    def __init__(self, hal) -> None:
        self.hal = hal
        self.kept: tuple = ()  # (offset_us, bytes, stream) of what the host asked for
        self._asked_us = -1  # delay the host still waits for
        self._armed = False
        self._stream = None  # whose periods the armed capture is of

    def ask(self, delay_us: int) -> None:
        """The host wants a capture; what was kept for it is dropped."""
        self.kept = ()
        self._asked_us = delay_us
        self._armed = False

    def reset(self) -> None:
        """The output ended: what is not whole by now never will be."""
        self._armed = False
        self._asked_us = -1

    def take(self, stream) -> tuple:
        """A capture of `stream`, the one that flows now, that has become whole; else ()."""
        found = self.hal.capture_take() if self._armed else ()
        if not found:
            return ()
        self._armed = False
        if stream is not self._stream:
            return ()  # it may hold periods of the stream before
        if self._asked_us >= 0:
            self._asked_us = -1
            self.kept = (found[0], bytes(found[1]), stream)
        return found

    def arm(self, stream, delay_us: int) -> None:
        """Unless one is under way: arm for the host, or with the delay given (below 0: not)."""
        if self._armed and stream is self._stream:
            return
        if self._asked_us >= 0:
            delay_us = self._asked_us
        if delay_us < 0:
            return
        self._stream = stream
        self._armed = True
        self.hal.capture_arm(delay_us)
