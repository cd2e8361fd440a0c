"""Load test: test pulses through pairs of contacts give resistance and capacitance of each.

Role: a Measurement drives the hal as output.py does, with streams of its own that kernel.admit()
lets through like any other; result() returns for each contact the values and whether they are those
of the declared load. Invariant: no pulse above limits.MEASURE_UA or 500 nC, each with its exact
recharge and a discharge; a measurement ends by itself. Requirements: REQ-56.

Four amplitudes, and periods that are no multiple of the ADC's, average its quantization out.
"""

import binascii
from collections import namedtuple

from . import board as boards
from . import capture, errors, impedance, kernel, limits, output, period, pio_records, program
from .board import Board
from .errors import Refused, refuse_all

BELOW = (0, 1, 3, 7)  # codes below that of limits.MEASURE_UA: the four amplitudes
FINE_LSB = 100  # a voltage of so many ADC codes needs one round of pulses, a smaller one two;
# a capacitance twice as many, for its rise is small
PATIENCE_MS = 2_000  # for one capture

# a measurement: its time, contacts (mask), their Findings, and Sums.raw() of the last pair
Found = namedtuple("Found", ("at_ms", "contacts", "rows", "raw"))


def pairs(cathodes: int, anodes: int) -> list:
    """Return (cathode, anode) masks of one contact each, so that each contact is in a pair.

    Contacts of one side are never measured against one another: a dummy load may join them.
    """
    if not cathodes or not anodes or cathodes & anodes:
        raise Refused(errors.MEASURE_CONTACTS, 0, cathodes, anodes)
    one_side = [1 << at for at in range(limits.CONTACTS) if cathodes >> at & 1]
    other = [1 << at for at in range(limits.CONTACTS) if anodes >> at & 1]
    out = [(one_side[0], bit) for bit in other]
    return out + [(bit, other[0]) for bit in one_side[1:]]


def usual(board: Board) -> tuple:
    """Return (cathodes, anodes) with no program: E1, E3, … to E2, E4, …, as hardware.md joins
    them to the load and every shipped profile uses them."""
    every = (1 << board.contacts) - 1
    return (every & 0x55555555, every & 0xAAAAAAAA)


def pairs_of(group: program.Group) -> list:
    """Return the pairs of all programs of a group, each once."""
    out: list = []
    for cathodes, anodes in program.sets_of(group):
        out += [pair for pair in pairs(cathodes, anodes) if pair not in out]
    return out


def width_us(board: Board) -> int:
    """Return the width of each phase of a test pulse."""
    return int(impedance.SHAPES[board.stage][0])


def slot_us(board: Board) -> int:
    """Return the test pulse interval: a pulse, and a discharge that keeps DC within limits."""
    return 2 * width_us(board) + 2 * board.rest_tau_us


def test_phases(board: Board, cathodes: int, anodes: int) -> list:
    """Return one period: four pulses and their discharges.

    It is half a microsecond longer than a whole number of samples, so that captures of several
    periods fall on different places of a pulse.
    """
    ticks_per_us = board.clock_hz // 1_000_000
    highest = boards.code_from_ua(board, limits.MEASURE_UA)
    if highest <= BELOW[3]:
        raise Refused(errors.BELOW_CODE, 0, limits.MEASURE_UA * 1000, board.na_per_code)
    width = width_us(board) * ticks_per_us
    rest = slot_us(board) * ticks_per_us - 2 * width
    out: list = []
    for below in BELOW:
        code = highest - below
        out.append((period.DRIVE, cathodes, anodes, -code, width))
        out.append((period.DRIVE, cathodes, anodes, code, width))
        out.append((period.DISCHARGE, 0, cathodes | anodes, 0, rest))
    out[-1] = out[-1][:4] + (rest + ticks_per_us // 2,)
    return out


def test_stream(board: Board, cathodes: int, anodes: int) -> kernel.Stream:
    """Return the stream of one pair; raise Refused with the kernel's reasons."""
    areas = (limits.MEASURE_AREA_UM2,) * limits.CONTACTS
    ceilings = [limits.MEASURE_UA] * limits.CONTACTS
    terms = kernel.Terms(areas, ceilings, [0] * limits.CONTACTS, 1000)
    verdict = kernel.admit(
        pio_records.encode(board, test_phases(board, cathodes, anodes)), board, terms
    )
    if verdict.stream is None:
        refuse_all(verdict.errors)
    return verdict.stream


_BEGINS, _RUNS, _ENDS = range(3)


class Measurement:
    """All pairs, one after the other."""

    def __init__(self, board: Board, hal, wanted: list):
        self.board = board
        self.hal = hal
        self.found: list = []  # Findings of the pairs done
        self.aborted = False
        self._pairs = wanted
        coarse = limits.MEASURE_UA * board.seen_ohm < FINE_LSB * board.sense_uv_per_lsb
        self._rounds = (2 if coarse else 1) * (2 if board.seen_nf else 1)
        self._stream = test_stream(board, self._pairs[0][0], self._pairs[0][1])
        self._phase = _BEGINS
        self._since_ms = 0
        self._pulse = self._round = 0
        self._sums = impedance.Sums(self.board)

    def step(self, now_ms: int) -> int:
        """Run one iteration; return output.RUNNING, ENDED once all is done, or the failure."""
        if self._phase == _BEGINS:
            if self.aborted:
                return output.ENDED
            self._begin(now_ms)
            return output.RUNNING
        status = self.hal.stream_state()[0]
        if self._phase == _ENDS and status == output.ENDED:
            return self._next()
        if status != output.RUNNING:
            return int(status)
        captured = self.hal.capture_take() if self._phase == _RUNS else ()
        if captured:
            self._since_ms = now_ms
            self._take(captured[0], captured[1])
        elif now_ms - self._since_ms > PATIENCE_MS:
            raise Refused(errors.FAULT_INTERNAL)
        return output.RUNNING

    def stop(self) -> None:
        """End on a whole period; nothing is found."""
        self.aborted = True
        if self._phase == _RUNS:
            self._end()

    def result(self, now_ms: int) -> Found:
        """Return the results at all contacts."""
        rows = impedance.by_contact(self.found)
        contacts = sum([1 << finding.where for finding in rows])
        return Found(now_ms, contacts, rows, self._sums.raw(self.board))

    def _begin(self, now_ms: int) -> None:
        self.hal.stream_load(self._stream)
        self.hal.stream_start(0)
        self._phase = _RUNS
        self._since_ms = now_ms
        self._pulse = self._round = 0
        self._sums = impedance.Sums(self.board)
        self._arm()

    def _arm(self) -> None:
        self.hal.capture_arm(max(0, self._pulse * slot_us(self.board) - 2 * capture.PAIR_US))

    def _take(self, offset_us: int, samples) -> None:
        """Take from a capture the pulses that are next."""
        if binascii.crc32(self.hal.stream_words()) & 0xFFFFFFFF != self._stream.crc:
            raise Refused(errors.FAULT_STREAM)
        width = width_us(self.board)
        ends_us = offset_us + capture.WINDOW_US
        rest_us = min((self._pulse + 1) * slot_us(self.board), ends_us) - capture.PAIR_US
        self._sums.add_rest(samples, (rest_us - offset_us) // capture.PAIR_US)
        while self._pulse < len(BELOW):
            edge_us = self._pulse * slot_us(self.board)
            if edge_us + 2 * width > ends_us:
                break
            for second in (0, 1):
                self._sums.add(samples, offset_us, edge_us + second * width, second)
            self._pulse += 1
        if self._pulse == len(BELOW):
            self._pulse = 0
            self._round += 1
        if self._round == self._rounds:
            self._end()
        else:
            self._arm()

    def _end(self) -> None:
        self.hal.stream_stop()
        self._phase = _ENDS

    def _next(self) -> int:
        """Finish a pair and go on to the next one."""
        if self.aborted:
            return output.ENDED
        cathodes, anodes = self._pairs[len(self.found)]
        ohm, nanofarad = impedance.evaluate(self.board, self._sums)
        self.found.append(impedance.judge(self.board, cathodes | anodes, ohm, nanofarad))
        if len(self.found) == len(self._pairs):
            return output.ENDED
        cathodes, anodes = self._pairs[len(self.found)]
        self._stream = test_stream(self.board, cathodes, anodes)
        self._phase = _BEGINS
        return output.RUNNING
