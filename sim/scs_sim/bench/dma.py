"""DMA and the FIFO before the sequencer: from the live table of words to `pop`.

Role: loops a table for ever or for so many periods, swaps in the staged one where a period
begins, and fills the FIFO as soon as there is room (RP2040: 8 words when joined; DMA needs some
10 ticks a word, a record at least a hundred).
Invariant: the words that come out are whole periods, one after the other; what was fetched is
not taken back. So a swap acts on the period after the one that DMA is in, and DMA is up to 8 words
ahead of the sequencer; where it is a period ahead at a stop, stream.py ends before the next latch.
"""

import struct
from collections import deque
from typing import NamedTuple, Protocol

FIFO_WORDS = 8


class Admitted(Protocol):
    """The fields of a stimcore.kernel.Stream that the bench uses."""

    words: bytes
    max_active_ticks: int


class Table:
    """A stream in the device's memory, where a bit can flip."""

    def __init__(self, stream: Admitted):
        self.words = list(struct.unpack(f"<{len(stream.words) // 4}I", stream.words))
        self.max_active_ticks = stream.max_active_ticks

    def image(self) -> bytes:
        """Return the words as DMA reads them now, little-endian."""
        return struct.pack(f"<{len(self.words)}I", *self.words)


class Tag(NamedTuple):
    """Position of a pair of words: its period and its record."""

    period: int
    record: int
    table: Table


class Dma:
    """The supply of the sequencer's executor."""

    def __init__(self) -> None:
        self.fifo: deque[int] = deque()
        self.tags: deque[Tag] = deque()  # of the records fetched and not yet latched
        self.popped = 0
        self.busy = False
        self.limit = 0  # periods to fetch in all; 0: no end
        self.staged: Table | None = None
        self._table: Table | None = None
        self._index = 0
        self._period = 0
        self._starve_next = False
        self._corrupt_next: list[int] = []

    def begin(self, table: Table, periods: int) -> None:
        """Feed a table from its first word; 0 periods: for ever."""
        self.fifo.clear()
        self.tags.clear()
        self.popped = self._index = self._period = 0
        self.limit, self.staged, self._table, self.busy = periods, None, table, True
        self._fill()
        for which in self._corrupt_next:
            self.corrupt(which)
        self._corrupt_next = []
        if self._starve_next:
            self.starve()

    def abort(self) -> None:
        """Stop at once and forget what was fetched."""
        self.busy = False
        self.fifo.clear()
        self.tags.clear()

    def finish(self, periods: int) -> None:
        """Finish after so many periods in all; what was fetched of a later one is not played."""
        self.limit = min(self.limit, periods) if self.limit else periods
        self._fill()

    @property
    def spent(self) -> bool:
        """Return True if all the periods planned were fetched, and taken by the sequencer."""
        return bool(self.limit) and self._period == self.limit and not self.fifo

    def follow(self, table: Table) -> int:
        """Stage a table that follows; the period from which on it is played."""
        self.staged = table
        return self._period + (1 if self._index else 0)

    # --- repetition ------------------------------------------------------------------------
    def position(self) -> tuple[object, ...]:
        """Return what it will supply, counted from the period of the next record; () if that may
        end or change.
        """
        tags = self.tags
        if not self.busy or self.staged is not None or tags[-1].table is not tags[0].table:
            return ()
        ahead = tuple([(tag.period - tags[0].period, tag.record) for tag in tags])
        return tags[0].table, self._period - tags[0].period, self._index, *self.fifo, ahead

    def periods_left(self) -> int:
        """Return how many more periods can be fetched before the last one is."""
        return self.limit - 1 - self._period if self.limit else 1 << 30

    def skip(self, periods: int) -> None:
        """Be where so many periods, supplied as the one before, leave it; or go back (negative)."""
        self.popped += periods * len(self.tags[0].table.words)
        self._period += periods
        self.tags = deque(Tag(tag.period + periods, *tag[1:]) for tag in self.tags)

    # --- faults ----------------------------------------------------------------------------
    def starve(self) -> None:
        """Inject starved_fifo: no further word; if nothing runs, at the next start."""
        self._starve_next = not self.busy
        self.busy = False

    def corrupt(self, which: int) -> None:
        """Inject corrupt_word: flip one bit of the table, chosen by a large number."""
        if self._table is None or not self.busy:
            self._corrupt_next.append(which)
            return
        bit = which % (32 * len(self._table.words))
        self._table.words[bit // 32] ^= 1 << bit % 32

    # --- executor.Supply -------------------------------------------------------------------
    def available(self, _tick: int) -> int:
        """Return the number of words in the FIFO; later ticks follow from what it holds now."""
        return len(self.fifo)

    def pop(self, _tick: int) -> int:
        """Return the next word; DMA puts another in its place."""
        word = self.fifo.popleft()
        self.popped += 1
        self._fill()
        return word

    def _fill(self) -> None:
        while self.busy and len(self.fifo) < FIFO_WORDS:
            if self._index == 0:
                self._turn()
            if not self.busy or self._table is None:
                return
            if self._index % 2 == 0:
                self.tags.append(Tag(self._period, self._index // 2, self._table))
            self.fifo.append(self._table.words[self._index])
            self._index += 1
            if self._index == len(self._table.words):
                self._index = 0
                self._period += 1

    def _turn(self) -> None:
        """Start a period: end, switch to the staged table, or repeat."""
        if self.limit and self._period >= self.limit:
            self.busy = False
        elif self.staged is not None:
            self._table, self.staged = self.staged, None
