"""Pulse monitor: delivered against commanded, pulse by pulse, and whether the load has changed.

Role: walks through the records of the live stream, a phase in each capture: the voltage before
a pulse, the current of a phase, and the voltage that it makes across the declared load. Chooses
the start of the next capture. Invariant: measured values come from the ADC, expected ones from the
admitted words and the board. Of a short phase the current alone is judged, by one sample;
one too short for that, below 22 us, is left to window_monitor.py.
Requirements: REQ-54, REQ-55, REQ-58, REQ-59.
"""

from . import capture, charge, errors, limits
from .board import FINE, STAGE_R2R_1, Board, sensed_mv, sensed_na
from .decode import SOFT
from .kernel import Stream

EVERY_MS = 30  # from one capture to the next; one phase is judged in each, for 2.5 ms
CALM_MS = 100  # so long a stream must have flowed: a ramp leaves the processor no time
SAMPLES_MOST = 16  # of a phase
REST_SAMPLES = 8  # of the rest before it
SETTLED_US = 16  # from a change to the first sample: the stage, and 2 us of the capture
MARGIN_US = 8  # from the last sample to the next change
SHORT_US = 10  # both in a phase that is too short for two such samples
SHORT_MARGIN_US = 4
VOLTS_US = 4  # a voltage comes so long after its current
_LEAD_US = (REST_SAMPLES + 2) * capture.PAIR_US  # a capture begins so long before its first phase


class Watch:
    """Position in the stream: a record, the tick it begins, and the charge held until then."""

    def __init__(self, board: Board):
        self.board = board
        self._millihz = board.clock_hz // 1_000_000
        self._tau = board.discharge_tau_us * self._millihz
        self._soft_tau = board.soft_tau_us * self._millihz
        self._stream: Stream | None = None
        self._at = self._tick = 0
        self._held = 0  # code x ticks that no discharge has taken away yet
        self._doubt_pc = 0  # the charge a discharge may have left
        self._area = 0  # held charge x time of the period so far, pC x us
        self._mean_pc = -1  # … over a whole period; below 0: not known yet

    def delay_us(self, stream: Stream) -> int:
        """Return the delay to the next capture: just before a phase, perhaps of the next period."""
        if stream is not self._stream:
            self._stream = stream
            self._at = self._tick = self._held = self._doubt_pc = self._area = 0
            self._mean_pc = -1
        self._tick %= stream.period_ticks
        self._skip(stream)
        if self._tick < _LEAD_US * self._millihz:
            self._tick += stream.period_ticks
        return self._tick // self._millihz - _LEAD_US  # no period is shorter than that

    def judge(self, stream: Stream, offset_us: int, samples) -> tuple:
        """Judge the phase that the capture was made for: (code, record, value, limit), or ()."""
        self._skip(stream)
        record = stream.record(self._at)
        since_us = self._tick // self._millihz
        until_us = (self._tick + record[0]) // self._millihz
        ends_us = offset_us + capture.WINDOW_US - capture.PAIR_US
        if until_us > ends_us or since_us < offset_us:
            return ()
        row: tuple = ()
        base: tuple = ()  # mV before the pulse, and its doubt, which is below 0 if not known
        if self._held == 0:
            base = self._base(stream, since_us, offset_us, samples)
            allowed = self._allowed_mv(stream)
            if base[1] == 0 and 0 <= allowed < abs(base[0]):
                row = (errors.FAULT_RESIDUAL, self._at, base[0], allowed)
        row = row or self._phase(record, (since_us, until_us, offset_us), base, samples)
        if not row:
            self._pass(stream, record)
        return row

    def _skip(self, stream: Stream) -> None:
        """Skip to the next phase of current; every stream has one, at its beginning."""
        record = stream.record(self._at)
        while not record[1]:
            self._pass(stream, record)
            record = stream.record(self._at)

    def _pass(self, stream: Stream, record: tuple) -> None:
        """Leave a record behind; the first one follows the last."""
        held_pc = charge.picocoulombs(self.board, self._held) + self._doubt_pc
        repeats = stream.tail if self._at == stream.records - stream.tail else 1
        ticks = lasts = record[0] * repeats
        if record[1]:
            self._held += record[5] * record[0]
            held_pc = max(held_pc, charge.picocoulombs(self.board, self._held) + self._doubt_pc)
        elif record[6]:
            tau = self._soft_tau if record[6] == SOFT else self._tau
            self._doubt_pc = charge.up(held_pc * charge.decay(ticks, tau), charge.ONE)
            self._held = 0
            lasts = min(lasts, tau)
        self._area += held_pc * (lasts // self._millihz)
        self._tick += ticks
        self._at += repeats
        if self._at == stream.records:
            self._at = 0
            self._mean_pc = self._area * self._millihz // stream.period_ticks
            self._area = 0

    def _base(self, stream: Stream, since_us: int, offset_us: int, samples) -> tuple:
        """Return (mV of the capacitance before a pulse, 0), from the end of the rest before it.

        Take one sample of a short rest; if it is too short for that, below 20 us, return (0, the
        largest possible mV). Without a discharge in it a constant-phase element goes on sinking:
        then all of it may be gone in the pulse.
        """
        rest = stream.record(self._at - 1 if self._at else stream.records - 1)
        rest_us = rest[0] // self._millihz
        last = (since_us - MARGIN_US - offset_us) // capture.PAIR_US
        count = min(last, (rest_us - SETTLED_US) // capture.PAIR_US, REST_SAMPLES)
        if count < 2:
            count, last = 1, (since_us - VOLTS_US - 2 - offset_us) // capture.PAIR_US + 1
            into_us = rest_us - since_us + offset_us + (last - 1) * capture.PAIR_US + VOLTS_US
            if last < 1 or into_us < SHORT_US:
                return (0, self._allowed_mv(stream))
        board = self.board
        first = last - count
        flows = sensed_na(board, _mean(samples, 2 * first, count))
        volts = sensed_mv(board, _mean(samples, 2 * first + 1, count))
        base = volts - flows * board.seen_ohm // 1_000_000
        return (base, 0 if rest[6] else abs(base))

    def _allowed_mv(self, stream: Stream) -> int:
        """Return the voltage allowed before a pulse, mV; below 0: not known yet.

        The stage's blocking capacitor lets the load keep the mean of its own voltage, for its
        leak takes away no more than that; beyond it there is what the words were admitted with.
        """
        board = self.board
        if self._mean_pc < 0:
            return -1
        allowed = limits.RUN_FLOOR_LSB * board.sense_uv_per_lsb // 1000
        allowed += board.sense_na_per_lsb * board.seen_ohm // 1_000_000
        if board.seen_nf:
            allowed += (self._mean_pc + stream.rest_pc) // board.seen_nf  # pC / nF: mV
            if board.stage == STAGE_R2R_1:  # its own offset, as an open ladder has it
                codes = board.code_mid * board.na_per_code
                allowed += board.compliance_mv * board.offset_na // codes
        return allowed

    def _phase(self, record: tuple, place_us: tuple, base: tuple, samples) -> tuple:
        """Judge the mean current of a phase, then the voltage it makes; return a row or ()."""
        since_us, until_us, offset_us = place_us
        first = -(-(since_us + SETTLED_US - offset_us) // capture.PAIR_US)
        last = (until_us - MARGIN_US - offset_us) // capture.PAIR_US
        count = min(last - first, SAMPLES_MOST)
        if count < 2:
            first = -(-(since_us + SHORT_US - offset_us) // capture.PAIR_US)
            if offset_us + first * capture.PAIR_US > until_us - SHORT_MARGIN_US:
                return ()
            count, base = 1, ()  # its voltage comes 4 us later, perhaps after the phase
        measured = sensed_na(self.board, _mean(samples, 2 * first, count))
        volts = sensed_mv(self.board, _mean(samples, 2 * first + 1, count))
        commanded = record[5] * self.board.na_per_code
        row = current_row(self.board, self._at, measured, commanded, volts)
        if row or not base or base[1] < 0:
            return row
        middle_us = offset_us + first * capture.PAIR_US + count * capture.PAIR_US // 2 - since_us
        return self._load_row(commanded, measured, (volts, middle_us), base)

    def _load_row(self, commanded: int, measured: int, seen: tuple, base: tuple) -> tuple:
        """Compare the voltage with what the declared load would show; return a row or ().

        The phase is one before which nothing is held: of others the base is not known.
        """
        board = self.board
        volts, middle_us = seen
        by_ohm = measured * board.seen_ohm // 1_000_000
        by_charge = 0
        doubt = base[1]
        if board.seen_nf:
            by_charge = commanded * middle_us // 1000 // board.seen_nf  # pC / nF: mV
            doubt += self._doubt_pc // board.seen_nf
        allowed = board.load_tolerance_permille + limits.RUN_ERROR_PERMILLE
        allowed = (abs(by_ohm) + abs(by_charge)) * allowed // 1000 + doubt
        allowed += limits.RUN_FLOOR_LSB * board.sense_uv_per_lsb // 1000
        expected = base[0] + by_ohm + by_charge
        if abs(volts - expected) <= allowed:
            return ()
        return short_row(board, self._at, expected, volts) or (
            errors.FAULT_LOAD,
            self._at,
            volts,
            expected,
        )


def _mean(samples, at: int, count: int) -> int:
    """Return the mean of `count` samples of a channel, in 1/16 of a code."""
    total = 0
    for number in range(at, at + 2 * count, 2):
        total += samples[number]
    return FINE * total // count


def short_row(board: Board, index: int, expected: int, volts: int) -> tuple:
    """Return a row if there is next to no voltage (mV) where a visible one is expected."""
    seen = abs(expected) >= 8 * board.sense_uv_per_lsb // 1000
    if seen and abs(volts) * 4 < abs(expected):
        return (errors.FAULT_SHORT, index, abs(volts), abs(expected) // 4)
    return ()


def current_row(board: Board, index: int, measured: int, commanded: int, volts: int) -> tuple:
    """Return the row for a current (nA) that is not the commanded one; `volts` in mV."""
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
