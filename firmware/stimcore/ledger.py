"""Delivered pulses, periods, charge per contact and times, and the reason for the end.

Role: adds whole periods of each stream that ran, and the cut period as what it was.
Invariant: exact integers in code x ticks until the moment they are read; a pulse cut short is
counted as truncated, never as whole. Requirements: REQ-35, REQ-36.
"""

from . import charge, commands, limits
from .kernel import Stream


class Ledger:
    """Sums since the last START."""

    def __init__(self) -> None:
        self.pulses = 0
        self.truncated = 0
        self.periods = 0
        self.output_us = 0  # time with the gate closed
        self.start_ms = 0
        self.stop_ms = 0
        self.stopped = commands.STOP_NEVER
        self.driven = [0] * limits.CONTACTS  # first phases, code x ticks
        self.net = [0] * limits.CONTACTS

    def copy(self) -> "Ledger":
        other = Ledger()
        other.pulses, other.truncated, other.periods = self.pulses, self.truncated, self.periods
        other.output_us, other.stopped = self.output_us, self.stopped
        other.start_ms, other.stop_ms = self.start_ms, self.stop_ms
        other.driven = list(self.driven)
        other.net = list(self.net)
        return other

    def add_periods(self, stream: Stream, count: int) -> None:
        """Add so many whole periods of a stream."""
        if count <= 0:
            return
        if not stream.sums:  # asked for at every STATUS, and always the same
            whole = _Part()
            whole.add(stream, stream.records)
            stream.sums.append(whole)
        self.pulses += stream.pulses * count
        self.periods += count
        self._add(stream, stream.sums[0], count)

    def add_cut(self, stream: Stream, record: int, ticks_in: int) -> None:
        """Add a period that got as far as `ticks_in` ticks into a record."""
        if record == 0 and ticks_in <= 0:
            return
        part = _Part()
        part.add(stream, record)
        begun, _longest = charge.pulses(stream.first(record))
        self.pulses += charge.count(begun)
        if record < stream.records:
            cut = part.cut(stream, record, ticks_in)
            self.pulses -= 1 if cut < 0 else 0
            self.truncated += 1 if cut else 0
        self._add(stream, part, 1)

    def _add(self, stream: Stream, part: "_Part", count: int) -> None:
        for index in range(limits.CONTACTS):
            self.driven[index] += part.driven[index] * count
            self.net[index] += part.net[index] * count
        self.output_us += part.ticks * count // (stream.board.clock_hz // 1_000_000)


class _Part:
    """Sums over the records of a period, or of the part of it that was delivered."""

    def __init__(self) -> None:
        self.ticks = 0
        self.driven = [0] * limits.CONTACTS
        self.net = [0] * limits.CONTACTS
        self._running: dict = {}  # unrecovered code x ticks by pair of masks
        self._growing = False  # the last record is of a first phase

    def add(self, stream: Stream, count: int) -> None:
        """Add the first `count` records, whole."""
        for record in stream.first(count):
            self._growing = self._take(record, record[0])

    def cut(self, stream: Stream, at: int, ticks: int) -> int:
        """Add the record that was cut. 0: no pulse suffers; 1: a first phase that had just
        begun is cut; -1: a pulse counted before is cut, or misses its active recharge."""
        record = stream.record(at)
        grows = self._take(record, min(ticks, record[0]))
        if grows and self._growing:
            return -1
        if grows and ticks > 0:
            return 1
        returned: dict = {}  # of a whole period by pair of masks: 0 if recharge is active
        for record in stream.first(stream.records):
            if record[1]:
                charge.grows(returned, record, record[0])
        for key, value in self._running.items():
            if value and returned[key] == 0:
                return -1
        return 0

    def _take(self, record: tuple, ticks: int) -> bool:
        """Add one record; return True if it is (part of) a first phase."""
        self.ticks += ticks
        if not record[1]:
            if record[6]:
                self._running = {}
            return False
        grows = charge.grows(self._running, record, ticks)
        masks = record[3] | record[4]
        for index in range(limits.CONTACTS):
            if masks >> index & 1:
                part = charge.signed(record, 1 << index) * ticks
                self.net[index] += part
                if grows:
                    self.driven[index] += abs(part)
        return grows
