"""The 12-bit ADC that runs free over two channels, current and voltage by turns.

Role: what the firmware's sense path sees: least and greatest code of each channel since it last
asked. A piece is monotonic but for the instants at which it turns, so only the first and the last
instant in each stretch are evaluated.
Invariant: instants are whole multiples of the conversion time since power-on; even ones are of the
current, odd ones of the voltage (RP2040: 96 cycles of 48 MHz, 500 kS/s). A pulse can fall between.
Assumed: ideal steps of 1 LSB; the noise, when asked for, is -1, 0 or +1 LSB on each extreme.
"""

from functools import lru_cache
from typing import NamedTuple, TypeVar

import numpy as np

from .exponentials import FloatArray, turns
from .load import Piece
from .trace import quantity

Values = TypeVar("Values", float, FloatArray)
RATE_HZ = 500_000  # both channels together
TOP = 4095


class Window(NamedTuple):
    """Result of the seam's sample(); each least > greatest where there are no samples."""

    current_min: int
    current_max: int
    voltage_min: int
    voltage_max: int
    samples: int


EMPTY = Window(TOP, 0, TOP, 0, 0)


class Channel:
    """One input: the extremes over its instants, in units of its own."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget the window."""
        self.least = float("inf")
        self.greatest = float("-inf")
        self.count = 0

    def see(self, count: int, least: float, greatest: float) -> None:
        """Take so many samples by their extremes."""
        self.count += count
        self.least = min(self.least, least)
        self.greatest = max(self.greatest, greatest)


@lru_cache(maxsize=4096)  # a settled train has the same pieces in every period
def _extremes(
    piece: Piece, begin: float, since: float, until: float, clock_hz: int
) -> list[tuple[int, int, float, float]]:
    """Return (channel, count, least, greatest) of a piece, for each channel that has samples.

    begin, since, until: of the piece and of the samples, in ticks from a sample of the current.
    """
    spacing = 2 * clock_hz // RATE_HZ
    seen = []
    for number, (value, slopes) in enumerate(
        ((piece.current, piece.current_slopes), (piece.voltage, piece.voltage_slopes))
    ):
        of_channel = number * spacing // 2
        first = -((of_channel - since) // spacing)  # in spacings, rounded up
        last = -((of_channel - until) // spacing) - 1
        if last < first:
            continue
        looks = {first, last}
        for turn_s in turns(slopes, piece.rates):
            near = (begin + turn_s * clock_hz - of_channel) // spacing
            looks.update(at for at in (near, near + 1) if first < at < last)
        values = [value((of_channel + at * spacing - begin) / clock_hz) for at in looks]
        seen.append((number, int(last - first) + 1, min(values), max(values)))
    return seen


class Sense:
    """Amplifiers before the ADC, for current (channel 0) and voltage (1)."""

    def __init__(self, zero: int, amps_per_lsb: float, volts_per_lsb: float):
        self._zeros = [float(zero)] * 2
        self._per_unit = [1 / amps_per_lsb, 1 / volts_per_lsb]
        self._noise: tuple[np.random.Generator, float] | None = None

    def misread(self, gains: tuple[float, float], codes: tuple[float, float]) -> None:
        """Scale each channel's readings by a gain and add an offset in codes, from now on."""
        for channel in (0, 1):
            self._zeros[channel] += codes[channel]
            self._per_unit[channel] *= gains[channel]

    def stick(self, channel: int, code: float) -> None:
        """Read this code on a channel from now on, whatever there is."""
        self._zeros[channel], self._per_unit[channel] = code, 0.0

    def make_noisy(self, random: np.random.Generator, codes: float) -> None:
        """Add normal noise of so many codes to what is read from now on."""
        self._noise = (random, codes)

    def codes(self, channel: int, values: Values) -> Values:
        """Return ampere or volt in codes, not yet rounded."""
        read: Values = self._zeros[channel] + values * self._per_unit[channel]
        if self._noise is not None:
            random, codes = self._noise
            read += random.normal(0.0, codes, np.shape(values) or None)
        return read


class Adc:
    """Two channels on one piece after the other. `seed` None: no noise."""

    def __init__(self, clock_hz: int, sense: Sense, seed: int | None):
        self._clock_hz = clock_hz
        self._sense = sense
        self._spacing = 2 * clock_hz // RATE_HZ
        self.current, self.voltage = self._channels = (Channel(), Channel())
        self._noise = None if seed is None else np.random.default_rng(seed)
        self._done_tick = 0.0

    def reseed(self, seed: int) -> None:
        """Draw the noise, if there is any, from another seed."""
        if self._noise is not None:
            self._noise = np.random.default_rng(seed)

    def take(self, start_tick: float, piece: Piece, until_tick: float) -> None:
        """Take a piece from `start_tick` until `until_tick`; no instant counts twice."""
        since = max(start_tick, self._done_tick)
        if until_tick <= since:
            return
        begin = start_tick % self._spacing
        shift = start_tick - begin
        span = begin, since - shift, until_tick - shift
        for number, count, least, greatest in _extremes(piece, *span, self._clock_hz):
            self._channels[number].see(count, least, greatest)
        self._done_tick = until_tick

    def take_rows(self, rows: FloatArray, until_tick: float) -> None:
        """Take the pieces of trace rows, until a tick in the last: every sample is evaluated."""
        since = max(rows[0, 0], self._done_tick)
        for number, channel in enumerate(self._channels):
            of_channel = number * self._spacing // 2
            low, high = (-((of_channel - tick) // self._spacing) for tick in (since, until_tick))
            at = of_channel + self._spacing * np.arange(low, high)
            values = quantity(rows, at, number, self._clock_hz)
            if len(values):
                channel.see(len(values), float(np.min(values)), float(np.max(values)))
        self._done_tick = until_tick

    def forget(self) -> None:
        """Start a new window; what was gathered is dropped."""
        for channel in self._channels:
            channel.clear()

    def sample(self) -> Window:
        """Return the window since the last call and start a new one; counts current samples."""
        if not all(channel.count for channel in self._channels):
            return EMPTY
        current, voltage = (self._codes(number) for number in (0, 1))
        window = Window(*current, *voltage, self._channels[0].count)
        self.forget()
        return window

    def _codes(self, number: int) -> tuple[int, int]:
        channel, codes = self._channels[number], []
        for extreme in (channel.least, channel.greatest):
            noise = 0 if self._noise is None else int(self._noise.integers(-1, 2))
            lsb = round(self._sense.codes(number, extreme)) + noise
            codes.append(min(max(lsb, 0), TOP))
        return min(codes), max(codes)
