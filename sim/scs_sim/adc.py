"""The 12-bit ADC that runs free over two channels, current and voltage by turns.

Role: what the firmware's sense path sees: least and greatest code of each channel since it last
asked. Pieces are monotonic, so only the first and the last instant in each are evaluated.
Invariant: instants are whole multiples of the conversion time since power-on; even ones are of the
current, odd ones of the voltage (RP2040: 96 cycles of 48 MHz, 500 kS/s). A pulse can fall between.
Assumed: ideal steps of 1 LSB; the noise, when asked for, is -1, 0 or +1 LSB on each extreme.
Next: plant.py.
"""

from typing import NamedTuple

import numpy as np

from .load import Piece, growth

RATE_HZ = 500_000  # both channels together
TOP = 4095


class Window(NamedTuple):
    """What sample() of the seam returns; each least > greatest where there are no samples."""

    current_min: int
    current_max: int
    voltage_min: int
    voltage_max: int
    samples: int


EMPTY = Window(TOP, 0, TOP, 0, 0)


class Channel:
    """One input: the extremes over its instants, in units of its own."""

    def __init__(self, first_tick: int, spacing_ticks: int):
        self._first = first_tick
        self._spacing = spacing_ticks
        self.clear()

    def clear(self) -> None:
        """Forget the window."""
        self.least = float("inf")
        self.greatest = float("-inf")
        self.count = 0

    def take(self, value: float, slope: float, tau_s: float, span: tuple[float, ...]) -> None:
        """A piece: `span` is (its start, from, until) in ticks, then the ticks per second."""
        begin, since, until, clock_hz = span
        spacing = self._spacing
        first = -((self._first - since) // spacing)  # whole numbers of spacings, rounded up
        last = -((self._first - until) // spacing) - 1
        if last < first:
            return
        self.count += int(last - first) + 1
        low = high = value
        if slope:
            low += slope * growth((self._first + first * spacing - begin) / clock_hz, tau_s)
            high += slope * growth((self._first + last * spacing - begin) / clock_hz, tau_s)
            if slope < 0:
                low, high = high, low
        self.least = min(self.least, low)
        self.greatest = max(self.greatest, high)


class Adc:
    """Two channels on one piece after the other. `seed` None: no noise."""

    def __init__(
        self, clock_hz: int, zero: int, amps_per_lsb: float, volts_per_lsb: float, seed: int | None
    ):
        self._clock_hz = clock_hz
        self._zero = zero
        self._scales = (1 / amps_per_lsb, 1 / volts_per_lsb)
        spacing = 2 * clock_hz // RATE_HZ
        self.current = Channel(0, spacing)
        self.voltage = Channel(spacing // 2, spacing)
        self._noise = None if seed is None else np.random.default_rng(seed)
        self._done_tick = 0.0

    def take(self, start_tick: float, piece: Piece, until_tick: float) -> None:
        """The piece that began at `start_tick` held until `until_tick`; no instant counts twice."""
        since = max(start_tick, self._done_tick)
        if until_tick <= since:
            return
        span = (start_tick, since, until_tick, self._clock_hz)
        self.current.take(piece.current_a, piece.current_slope, piece.tau_s, span)
        self.voltage.take(piece.voltage_v, piece.voltage_slope, piece.tau_s, span)
        self._done_tick = until_tick

    def sample(self) -> Window:
        """The window since the last call, and a new one; samples of the current channel."""
        out = EMPTY
        if self.current.count and self.voltage.count:
            current = self._codes(self.current, self._scales[0])
            voltage = self._codes(self.voltage, self._scales[1])
            out = Window(*current, *voltage, self.current.count)
            self.current.clear()
            self.voltage.clear()
        return out

    def _codes(self, channel: Channel, per_unit: float) -> tuple[int, int]:
        least = self._code(channel.least * per_unit)
        greatest = self._code(channel.greatest * per_unit)
        return min(least, greatest), max(least, greatest)

    def _code(self, lsb: float) -> int:
        noise = 0 if self._noise is None else int(self._noise.integers(-1, 2))
        return min(max(round(self._zero + lsb) + noise, 0), TOP)
