"""The 12-bit ADC that runs free over two channels, current and voltage by turns.

Role: what the firmware's sense path sees: least and greatest code of each channel since it last
asked. A piece is monotonic but for the instants at which it turns, so only the first and the last
instant in each stretch are evaluated.
Invariant: instants are whole multiples of the conversion time since power-on; even ones are of the
current, odd ones of the voltage (RP2040: 96 cycles of 48 MHz, 500 kS/s). A pulse can fall between.
Assumed: ideal steps of 1 LSB; the noise, when asked for, is -1, 0 or +1 LSB on each extreme.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple, TypeVar

import numpy as np

from .exponentials import FloatArray, growth_array, turns
from .load import Piece
from .trace import START

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


_turns = lru_cache(maxsize=1024)(turns)  # a settled train has the same pieces in every period
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

    def instants(self, since: float, until: float) -> FloatArray:
        """Return the ticks of the samples from `since` until before `until`."""
        first, last = (-((self._first - tick) // self._spacing) for tick in (since, until))
        return self._first + self._spacing * np.arange(first, last)

    def see(self, values: FloatArray) -> None:
        """Take a value for each of so many instants."""
        self.count += len(values)
        self.least = min(self.least, float(np.min(values, initial=np.inf)))
        self.greatest = max(self.greatest, float(np.max(values, initial=-np.inf)))

    def take(
        self, value: Callable[[float], float], turns_s: list[float], span: tuple[float, ...]
    ) -> None:
        """Take a quantity of a piece, by seconds since its start, and the instants it turns at.

        span: the piece's start, from, until in ticks, then the ticks per second.
        """
        begin, since, until, clock_hz = span
        first = -((self._first - since) // self._spacing)  # in spacings, rounded up
        last = -((self._first - until) // self._spacing) - 1
        if last < first:
            return
        self.count += int(last - first) + 1
        looks = {first, last}
        for turn_s in turns_s:
            near = (begin + turn_s * clock_hz - self._first) // self._spacing
            looks.update(at for at in (near, near + 1) if first < at < last)
        for at in looks:
            look = value((self._first + at * self._spacing - begin) / clock_hz)
            self.least = min(self.least, look)
            self.greatest = max(self.greatest, look)


class Sense:
    """Amplifiers before the ADC, for current (channel 0) and voltage (1)."""

    def __init__(self, zero: int, amps_per_lsb: float, volts_per_lsb: float):
        self._zeros = [float(zero)] * 2
        self._per_unit = [1 / amps_per_lsb, 1 / volts_per_lsb]

    def misread(self, gains: tuple[float, float], codes: tuple[float, float]) -> None:
        """Scale each channel's readings by a gain and add an offset in codes, from now on."""
        for channel in (0, 1):
            self._zeros[channel] += codes[channel]
            self._per_unit[channel] *= gains[channel]

    def codes(self, channel: int, values: Values) -> Values:
        """Return ampere or volt in codes, not yet rounded."""
        return self._zeros[channel] + values * self._per_unit[channel]


class Adc:
    """Two channels on one piece after the other. `seed` None: no noise."""

    def __init__(self, clock_hz: int, sense: Sense, seed: int | None):
        self._clock_hz = clock_hz
        self._sense = sense
        spacing = 2 * clock_hz // RATE_HZ
        self.current = Channel(0, spacing)
        self.voltage = Channel(spacing // 2, spacing)
        self._noise = None if seed is None else np.random.default_rng(seed)
        self._done_tick = 0.0
        self._piece: Piece | None = None
        self._turns_s: tuple[list[float], list[float]] = ([], [])  # of current and voltage

    def take(self, start_tick: float, piece: Piece, until_tick: float) -> None:
        """Take a piece from `start_tick` until `until_tick`; no instant counts twice."""
        since = max(start_tick, self._done_tick)
        if until_tick <= since:
            return
        if piece is not self._piece:
            self._piece, rates = piece, piece.rates
            self._turns_s = _turns(piece.current_slopes, rates), _turns(piece.voltage_slopes, rates)
        span = (start_tick, since, until_tick, self._clock_hz)
        self.current.take(piece.current, self._turns_s[0], span)
        self.voltage.take(piece.voltage, self._turns_s[1], span)
        self._done_tick = until_tick

    def take_rows(self, rows: FloatArray, until_tick: float) -> None:
        """Take the pieces of trace rows, until a tick in the last: every sample is evaluated."""
        begins, order = rows[:, 0], (rows.shape[1] - START) // 3
        since, rates = max(begins[0], self._done_tick), rows[:, START : START + order]
        for number, channel in enumerate((self.current, self.voltage)):
            at = channel.instants(since, until_tick)
            which = np.searchsorted(begins, at, side="right") - 1
            grown = growth_array((at - begins[which])[:, None] / self._clock_hz, rates[which])
            first = START + order * (1 + number)
            curves = np.sum(rows[which, first : first + order] * grown, axis=1)
            channel.see(rows[which, 1 + number] + curves)
        self._done_tick = until_tick

    def forget(self) -> None:
        """Start a new window; what was gathered is dropped."""
        self.current.clear()
        self.voltage.clear()

    def sample(self) -> Window:
        """Return the window since the last call and start a new one; counts current samples."""
        if not self.current.count or not self.voltage.count:
            return EMPTY
        current, voltage = self._codes(self.current, 0), self._codes(self.voltage, 1)
        window = Window(*current, *voltage, self.current.count)
        self.forget()
        return window

    def _codes(self, channel: Channel, number: int) -> tuple[int, int]:
        codes = []
        for extreme in (channel.least, channel.greatest):
            noise = 0 if self._noise is None else int(self._noise.integers(-1, 2))
            lsb = round(self._sense.codes(number, extreme)) + noise
            codes.append(min(max(lsb, 0), TOP))
        return min(codes), max(codes)
