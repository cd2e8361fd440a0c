"""The ADC's samples from the start of a period on, as an oscilloscope shows them.

Role: the seam's capture_arm and capture_take. Invariant: the instants are those of adc.py, pairs of
current and voltage; when the period began is known as it is on a chip, by the number of samples
that had been taken until then, so within 2 us.
Assumed: noise, when asked for, is normal with NOISE_LSB before a code is rounded.
"""

from functools import lru_cache

import numpy as np

from stimcore.capture import PAIR_US, PAIRS

from .adc import TOP, Sense
from .exponentials import FloatArray
from .trace import Trace, quantity

NOISE_LSB = 1.0  # an RP2040's ADC with its inputs at rest (assumed)


class Capture:
    """One capture at a time. `seed` None: no noise."""

    def __init__(self, clock_hz: int, sense: Sense, seed: int | None):
        self._sense = sense
        self._sample_ticks = PAIR_US * (clock_hz // 1_000_000) // 2
        self._noise = None if seed is None else np.random.default_rng(seed)
        self.disarm()

    def reseed(self, seed: int) -> None:
        """Draw the noise, if there is any, from another seed."""
        if self._noise is not None:
            self._noise = np.random.default_rng(seed)

    def disarm(self) -> None:
        """Disarm: no capture is wanted."""
        self._armed_tick = -1
        self._delay_samples = 0
        self._first_pair = -1
        self._offset_us = 0

    def arm(self, tick: int, delay_us: int) -> None:
        """Arm for the next period that begins after `tick`, and so much later."""
        self.disarm()
        self._armed_tick = tick
        self._delay_samples = 2 * delay_us // PAIR_US

    def sync(self, tick: int) -> None:
        """Start a capture that is armed: a period begins."""
        if self._first_pair >= 0 or not 0 <= self._armed_tick < tick:
            return
        taken = -(-tick // self._sample_ticks)
        self._first_pair = -(-(taken + self._delay_samples) // 2)
        half_us = PAIR_US // 2
        self._offset_us = (2 * self._first_pair - taken) * half_us + half_us // 2

    def ready(self, tick: int) -> bool:
        """Return True if the last sample was taken by `tick`."""
        last = 2 * (self._first_pair + PAIRS) * self._sample_ticks
        return self._first_pair >= 0 and tick >= last

    def take(self, trace: Trace) -> tuple[int, memoryview]:
        """Return (offset_us, codes of current and voltage by turns) once ready; then arm anew."""
        begin = 2 * self._first_pair * self._sample_ticks
        rows = trace.pieces(begin, begin + (2 * PAIRS - 1) * self._sample_ticks)
        rows[:, 0] -= begin
        samples = _sampled(rows.tobytes(), rows.shape[1], self._sample_ticks, trace.clock_hz)
        offset_us = self._offset_us
        self.disarm()
        pairs = np.empty((PAIRS, 2), dtype=np.uint16)
        for channel in (0, 1):
            pairs[:, channel] = self._rounded(self._sense.codes(channel, samples[channel]))
        return offset_us, memoryview(pairs.tobytes()).cast("H")

    def _rounded(self, lsb: FloatArray) -> FloatArray:
        if self._noise is not None:
            lsb = lsb + self._noise.normal(0.0, NOISE_LSB, len(lsb))
        return np.clip(np.round(lsb), 0, TOP)


@lru_cache(maxsize=512)  # a settled train has the same pieces in every period
def _sampled(pieces: bytes, columns: int, sample_ticks: int, clock_hz: int) -> FloatArray:
    """Return current and voltage, (2, PAIRS), of trace rows with ticks from the first sample."""
    rows = np.frombuffer(pieces).reshape(-1, columns)
    ticks = sample_ticks * np.arange(2 * PAIRS)
    return np.array([quantity(rows, ticks[at::2], at, clock_hz) for at in (0, 1)])
