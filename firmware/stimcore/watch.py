"""Pulse by pulse: what was delivered against what was commanded, and whether the load is still it.

Role: walks through the records of the live stream, a few in each capture: the current of a phase,
the voltage that it makes across the declared load, and what a discharge leaves. Says where the
next capture is to begin. Invariant: what is judged comes from the ADC, what it is held against
from the admitted words and the board; a phase too short for two settled samples is left to
sense.py. Requirements: REQ-54, REQ-55, REQ-58, REQ-59. Next: captures.py.
"""

from . import capture, charge, errors, limits
from .board import Board
from .kernel import Stream

EVERY_MS = 20  # a capture, so that each period of 50 Hz is looked at
PHASES_MOST = 4  # judged in one capture: 0.5 ms each on a board
SAMPLES_MOST = 24  # of a phase
SETTLED_US = 16  # from a change to the first sample: the stage, and 2 us of the capture
MARGIN_US = 8  # from the last sample to the next change
REST_SAMPLES = 8  # of the end of a discharge


class Watch:
    """Where it is in the stream: a record, the tick it begins, and the charge held until then."""

    def __init__(self, board: Board):
        self.board = board
        self._mhz = board.clock_hz // 1_000_000
        self._stream: Stream | None = None
        self._at = self._tick = 0
        self._held = 0  # code x ticks that no discharge has taken away yet
        self._doubt_pc = 0  # what a discharge may have left

    def delay_us(self, stream: Stream) -> int:
        """Where the next capture is to begin."""
        if stream is not self._stream:
            self._stream = stream
            self._at = self._tick = self._held = self._doubt_pc = 0
        self._tick %= stream.period_ticks
        self._skip(stream)
        begins = self._tick
        if self._at == stream.records - 1 and not stream.record(self._at)[1]:
            begins = stream.period_ticks - 2 * REST_SAMPLES * capture.PAIR_US * self._mhz
            begins = max(begins, self._tick)
        return max(0, begins // self._mhz - 2 * capture.PAIR_US)

    def judge(self, stream: Stream, offset_us: int, samples) -> tuple:
        """A row (code, record, value, limit) for a deviation, else ()."""
        ends_us = offset_us + capture.WINDOW_US - capture.PAIR_US
        for _ in range(PHASES_MOST):
            self._skip(stream)
            one = stream.record(self._at)
            since_us = self._tick // self._mhz
            until_us = (self._tick + one[0]) // self._mhz
            if until_us > ends_us or (one[1] and since_us + SETTLED_US < offset_us):
                return ()
            if one[1]:
                row = self._phase(one, since_us, until_us, offset_us, samples)
            else:
                row = self._rest(stream, until_us, offset_us, samples)
            if row:
                return row
            self._pass(stream, one)
        return ()

    def _skip(self, stream: Stream) -> None:
        """On to a phase of current, or to the last record."""
        while self._at < stream.records - 1:
            one = stream.record(self._at)
            if one[1]:
                return
            self._pass(stream, one)

    def _pass(self, stream: Stream, one: tuple) -> None:
        """Leave a record behind; the first one follows the last."""
        if one[1]:
            self._held += one[5] * one[0]
        elif one[6]:
            tau = self.board.discharge_tau_us * self._mhz
            before = charge.picocoulombs(self.board, self._held) + self._doubt_pc
            self._doubt_pc = charge.up(before * charge.decay(one[0], tau), 65536)
            self._held = 0
        self._tick += one[0]
        self._at = (self._at + 1) % stream.records

    def _phase(self, one: tuple, since_us: int, until_us: int, offset_us: int, samples) -> tuple:
        first = -(-(since_us + SETTLED_US - offset_us) // capture.PAIR_US)
        last = (until_us - MARGIN_US - offset_us) // capture.PAIR_US
        count = min(last - first, SAMPLES_MOST)
        if count < 2:
            return ()
        measured = _mean(samples, 2 * first, count, self.board.adc_zero)
        measured = measured * self.board.sense_na_per_lsb // count
        volts = _mean(samples, 2 * first + 1, count, self.board.adc_zero)
        volts = volts * self.board.sense_uv_per_lsb // (1000 * count)  # mV
        commanded = one[5] * self.board.na_per_code
        row = current_row(self.board, self._at, measured, commanded, volts)
        if row:
            return row
        middle_us = offset_us + first * capture.PAIR_US + count * capture.PAIR_US // 2 - since_us
        return self._load_row(commanded, measured, volts, middle_us)

    def _load_row(self, commanded: int, measured: int, volts: int, middle_us: int) -> tuple:
        """The voltage that the declared load would show, and how far off the measured one is."""
        board = self.board
        row = short_row(board, self._at, commanded, volts)
        if row:
            return row
        by_ohm = measured * board.seen_ohm // 1_000_000
        by_charge = 0
        doubt = 0
        if board.seen_nf:
            held_pc = charge.picocoulombs(board, self._held)
            held_pc = held_pc if self._held > 0 else -held_pc
            by_charge = (held_pc + commanded * middle_us // 1000) // board.seen_nf  # pC / nF: mV
            doubt = self._doubt_pc // board.seen_nf
        allowed = board.load_tolerance_permille + limits.RUN_ERROR_PERMILLE
        allowed = (abs(by_ohm) + abs(by_charge)) * allowed // 1000 + doubt
        allowed += limits.RUN_FLOOR_LSB * board.sense_uv_per_lsb // 1000
        if abs(volts - by_ohm - by_charge) > allowed:
            return (errors.FAULT_LOAD, self._at, volts, by_ohm + by_charge)
        return ()

    def _rest(self, stream: Stream, until_us: int, offset_us: int, samples) -> tuple:
        """The end of the last discharge: what the load's capacitance still holds."""
        board = self.board
        last = (until_us - MARGIN_US - offset_us) // capture.PAIR_US
        first = last - REST_SAMPLES
        if first < 0 or not stream.record(self._at)[6]:
            return ()
        amps = _mean(samples, 2 * first, REST_SAMPLES, board.adc_zero) * board.sense_na_per_lsb
        volts = _mean(samples, 2 * first + 1, REST_SAMPLES, board.adc_zero)
        volts = volts * board.sense_uv_per_lsb - amps * board.seen_ohm // 1000  # uV x REST_SAMPLES
        left = volts // (1000 * REST_SAMPLES)
        allowed = limits.RUN_FLOOR_LSB * board.sense_uv_per_lsb // 1000
        allowed += board.sense_na_per_lsb * board.seen_ohm // 1_000_000
        if board.seen_nf:
            period_us = stream.period_ticks // self._mhz
            allowed += limits.DC_PA // 1000 * period_us // (1000 * board.seen_nf)  # pC / nF: mV
        if abs(left) > allowed:
            return (errors.FAULT_RESIDUAL, self._at, left, allowed)
        return ()


def _mean(samples, at: int, count: int, zero: int) -> int:
    """The sum of `count` samples of a channel, in codes away from zero."""
    total = 0
    for number in range(at, at + 2 * count, 2):
        total += samples[number]
    return total - count * zero


def short_row(board: Board, index: int, commanded: int, volts: int) -> tuple:
    """The row for a current (nA) that makes next to no voltage (mV), where it could be seen."""
    expected = abs(commanded) * board.load_ohm // 1_000_000
    seen = expected >= 8 * board.sense_uv_per_lsb // 1000
    if seen and abs(volts) * 4 < expected:
        return (errors.FAULT_SHORT, index, abs(volts), expected // 4)
    return ()


def current_row(board: Board, index: int, measured: int, commanded: int, volts: int) -> tuple:
    """The row for a current (nA) that is not the commanded one, with the voltage (mV) it has."""
    allowed = abs(commanded) * limits.SENSE_TOLERANCE_PERMILLE // 1000
    allowed = max(allowed, limits.SENSE_FLOOR_UA * 1000)
    if abs(measured - commanded) <= allowed:
        return ()
    weaker = abs(measured) < abs(commanded)
    if weaker and abs(commanded) > 2 * limits.SENSE_FLOOR_UA * 1000:
        if abs(measured) * 10 < abs(commanded):
            return (errors.FAULT_OPEN, index, abs(measured), abs(commanded) // 10)
    if weaker and abs(volts) * 1000 >= board.compliance_mv * limits.RAIL_PERMILLE:
        return (errors.FAULT_COMPLIANCE, index, abs(volts), board.compliance_mv)
    return (errors.FAULT_SENSE, index, measured, commanded)
