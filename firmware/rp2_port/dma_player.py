"""The output on the chip: DMA loops the admitted words, the PIO plays them, the CPU sleeps.

Role: the calls of the seam named stream_*, and halt. Invariant: the sequencer is fed by hardware
alone; a table begins only where another has ended; the position of a cut is known to the record.
Requirements: REQ-32, REQ-35, REQ-50 to REQ-53.

Four DMA channels chain in a loop, once a period:
  data    feeds the table to the sequencer, then chains to
  tail    which reads the cell, the address of the pair to come, into the relay, a state machine
          that passes it on; the word that comes out requests one transfer of
  ticket  which names that pair to the channel below; its transfers are counted, so it is the
          counter of periods, and where it has no more to give the output ends
  pair    which writes the pair (count, address of a table) into the data channel and starts it.
So a swap is one word, the cell; 0 ends the output after the period that DMA is in. Where DMA is a
period ahead of the pins by then (the FIFO holds four records), the output is cut during the last
record of the period that is played, just before its end: see stop() and registers.end_early().
"""

import time
from array import array

from . import registers as at
from .dma_table import PARALLEL_AHEAD, PARALLEL_TICKS, SERIAL_AHEAD, SERIAL_TICKS, Table
from .pio_programs import STATUS_N

IDLE, RUNNING, ENDED, HALTED, STARVED, SENTINEL = 0, 1, 2, 3, 4, 5

_FJOIN_RX = 1 << 31
_PRIME_LOOKS = 1000
_EARLY_US = 600  # before a period's end, for another interrupt may be on: when end() is wanted
_READY_US = 600  # from asking for it until the timer can strike


class Player:
    """The sequencer, the sentinel and the wheel between them."""

    def __init__(self, parts, chip: tuple, is_serial: bool, gate_ctrl: int, irqs: tuple):
        """Set up the parts of rp2: (sequencer, sentinel, relay, data, tail, ticket, pair)."""
        self.sequencer, self.sentinel, self.relay = parts[:3]
        self.data, self.tail, self.ticket, self.pair = parts[3:]
        self._off_irqs, self._on_irqs = irqs
        self._endless = chip[6]
        self._timer = chip[8]
        self._gate_ctrl = gate_ctrl
        self._gate_normal = at.peek(gate_ctrl) & ~(3 << chip[1])
        self._ticks = SERIAL_TICKS if is_serial else PARALLEL_TICKS
        self.cell = array("I", (0,))
        self.plan = array("I", bytes(4 * at.PLAN_WORDS))
        self.sight = array("I", bytes(4 * at.SIGHT_WORDS))
        self.sight[at.IS_CUT] = 1
        self.tables = array("I", bytes(4 * (2 + 2 * at.TABLES_MOST)))
        self._joined = at.peek(at.PIO0 + at.SM0 + 8)
        status = at.peek(at.PIO0 + at.EXECCTRL) & ~chip[4] | STATUS_N
        at.poke(at.PIO0 + at.EXECCTRL, status)
        self._base = at.peek(at.PIO0 + at.SM0 + 12)
        low = self._gate_normal | at.LOW << chip[1]
        if is_serial:
            self._make_plan(low, 0x1000, SERIAL_AHEAD)  # side: nCS high
        else:
            self._make_plan(low, 0, PARALLEL_AHEAD)
        self.plan[at.ABORT_AT] = chip[7]
        self.staged: Table | None = None
        self._tables: list = []  # the live one, and those that follow
        self._turns = 0  # the sentinel's ceiling
        self._clear()

    def _make_plan(self, gate_low: int, side: int, ahead: tuple) -> None:
        plan = self.plan
        channels = (self.data, self.tail, self.ticket, self.pair)
        plan[at.GATE] = self._gate_ctrl
        plan[at.GATE_LOW] = gate_low
        plan[at.FEED] = at.DMA + at.CHANNEL * self.data.channel + 8
        plan[at.TICKETS] = at.DMA + at.CHANNEL * self.ticket.channel + 8
        for number in range(4):
            channel = channels[number].channel
            plan[at.ABORT] |= 1 << channel
            plan[at.CHANNELS + number] = at.DMA + at.CHANNEL * channel + 0x10
        plan[at.SIDE] = side
        plan[at.OFF] = self._base + 2 | side
        plan[at.BASE] = self._base
        plan[at.HOLD] = self._base + len(self._ticks) - 1
        for instruction in ahead:
            plan[at.AHEAD] |= 1 << instruction
        self.hold_gate()

    def _clear(self) -> None:
        self.status = IDLE
        self._total = 0  # periods planned; 0: no end
        self._began_us = 0
        self._end = 0  # periods after which end() ends
        self._periods = self._record = self._ticks_in = 0

    # --- the seam's calls ------------------------------------------------------------------
    def hold_gate(self) -> None:
        """Hold the gate low at the pin, whatever the sentinel says."""
        at.poke(self._gate_ctrl, self.plan[at.GATE_LOW])

    def load(self, stream) -> int:
        """Stage a stream; a running one gives way where DMA begins a period: which one."""
        table = Table(stream)
        if self.status != RUNNING or self.sight[at.IS_CUT]:
            self.staged = table
            return 0
        if table.turns > self._turns:
            self._guard(table.turns)  # the sentinel must know the longer run beforehand
        return self._follow(table.pointer, table.low, table.low + 4 * table.count, table)

    def stop(self) -> int:
        """End after the period that is played; microseconds until end() is wanted, 0: never."""
        if self.status != RUNNING or self.sight[at.IS_CUT]:
            return 0
        since = self._follow(0, 0, 0, None)
        self._total = min(self._total, since) if self._total else since
        self._list()
        return self._time_end()

    def _time_end(self) -> int:
        """Choose the first period that can be ended; return its end in us, less _EARLY_US."""
        table = self._tables[0]
        asked_us = time.ticks_us()
        ticks = (at.microseconds(self._timer) - self._began_us) * table.ticks_per_us
        soonest = ticks + (_READY_US + _EARLY_US) * table.ticks_per_us
        self._end = soonest // table.period_ticks + 1
        if self._end >= self._total:
            return 0  # DMA ends it by itself
        left_us = (self._end * table.period_ticks - ticks) // table.ticks_per_us - _EARLY_US
        return left_us - time.ticks_diff(time.ticks_us(), asked_us)

    def end(self) -> None:
        """Cut, from an interrupt, where the last record of the period to be ended is held."""
        at.end_early(self.plan, self.sight, self.tables, self._end)

    def _follow(self, pointer: int, low: int, high: int, table) -> int:
        """Swap; from which period on."""
        irqs = self._off_irqs()
        since = at.swap(self.plan, self.cell, pointer, low, high)
        self._on_irqs(irqs)
        while self._tables[-1].since >= since and len(self._tables) > 1:
            self._tables.pop()  # it was to follow, and never will
        if table is not None:
            table.since = since
            self._tables.append(table)
        self._list()
        return since

    def start(self, periods: int) -> None:
        """Close the gate and run what is staged, for ever (0) or so many whole periods."""
        self.halt()
        self._clear()
        table, self.staged = self.staged, None
        table.since = 0
        self._tables = [table]
        self._total = periods
        self._list()
        self._reset_machines()
        self._turn_on(periods or self._endless, table)
        self._prime(table.count * (periods or 8))
        at.poke(self._gate_ctrl, self._gate_normal)
        self._turns = table.turns
        self.sentinel.put(table.turns)
        self.sentinel.active(1)
        self.status = RUNNING
        self.sight[at.IS_CUT] = self.sight[at.ENDED_AT] = 0
        self._began_us = at.microseconds(self._timer)
        self.sequencer.active(1)

    def refuse(self) -> None:
        """Refuse a start: the state is as after one that was cut at once."""
        self._clear()
        self.status = HALTED

    def halt(self) -> None:
        """Lower the gate now; keep the position of the cut."""
        self.cut()
        self.state()

    def cut(self) -> None:
        """Lower the gate first; an interrupt's own cut must not come between what is then seen."""
        self.hold_gate()
        irqs = self._off_irqs()
        at.cut(self.plan, self.sight)
        self._on_irqs(irqs)

    def state(self) -> tuple:
        """Return (status, periods, record, ticks_in); ticks_in only once it is over."""
        if self.status == RUNNING:
            if not self.sight[at.IS_CUT]:
                irqs = self._off_irqs()
                if not self.sight[at.IS_CUT]:
                    at.see(self.plan, self.sight)
                self._on_irqs(irqs)
                if (self.sight[at.FLAGS] | self.sight[at.TRIPS]) & 1:
                    self.cut()
            self._place()
            if self.sight[at.IS_CUT]:
                self._conclude()
        return (self.status, self._periods, self._record, self._ticks_in)

    def words(self):
        """Return the live words as DMA reads them."""
        return memoryview(self._tables[0].words) if self._tables else b""

    # --- starting --------------------------------------------------------------------------
    def _reset_machines(self) -> None:
        """Reset all three machines to their beginning, with empty FIFOs and flags cleared."""
        for machine in (self.sequencer, self.sentinel, self.relay):
            machine.active(0)
        at.poke(at.PIO0 + at.SM0 + 8, self._joined ^ _FJOIN_RX)
        at.poke(at.PIO0 + at.SM0 + 8, self._joined)
        _empty(at.PIO1 + at.SM0 + 8)
        _empty(at.PIO1 + at.SM0 + 0x18 + 8)
        at.rewind(self.plan)
        for machine in (self.sentinel, self.relay):
            machine.restart()
        self.sentinel.exec(0xE000)  # set(pins, 0): its own GATE is low before the pin is its again
        at.poke(at.PIO0 + 0x30, 1)
        at.poke(at.PIO1 + 0x30, 1)

    def _turn_on(self, tickets: int, table: Table) -> None:
        data, tail, ticket, pair = self.data, self.tail, self.ticket, self.pair
        pair_at = at.DMA + at.CHANNEL * pair.channel + at.AL3_TRANS_COUNT + 4
        data_at = at.DMA + at.CHANNEL * data.channel + at.AL3_TRANS_COUNT
        ctrl = data.pack_ctrl(size=2, inc_write=False, treq_sel=0, chain_to=tail.channel)
        data.config(write=at.PIO0 + at.TXF0, count=0, ctrl=ctrl)
        ctrl = tail.pack_ctrl(size=2, inc_read=False, inc_write=False)
        tail.config(read=self.cell, write=at.PIO1 + at.TXF0 + 4, count=1, ctrl=ctrl)
        ctrl = pair.pack_ctrl(size=2, ring_sel=True, ring_size=3)
        pair.config(read=table.pair, write=data_at, count=2, ctrl=ctrl)
        self.cell[0] = table.pointer
        self.plan[at.PERIODS] = tickets
        ctrl = ticket.pack_ctrl(size=2, inc_read=False, inc_write=False, treq_sel=13)
        read = at.PIO1 + at.RXF0 + 4
        ticket.config(read=read, write=pair_at, count=tickets, ctrl=ctrl, trigger=True)
        self.relay.active(1)
        self.relay.put(table.pointer)

    def _prime(self, words: int) -> None:
        """Wait until the sequencer's FIFO is full or holds all words; else raise ValueError."""
        wanted = min(8, words)
        for _ in range(_PRIME_LOOKS):
            if self.sequencer.tx_fifo() >= wanted:
                return
        raise ValueError

    def _guard(self, turns: int) -> None:
        """Give the sentinel a ceiling. One not yet taken would stand for a run before it."""
        self._turns = turns
        _empty(at.PIO1 + at.SM0 + 8)
        self.sentinel.put(turns)

    # --- where it is -----------------------------------------------------------------------
    def _place(self) -> None:
        """Locate the period and the record that the output is held in."""
        sight = self.sight
        at.place(self.plan, sight, self.tables)
        self._periods, self._record = sight[at.PERIOD], sight[at.RECORD]
        if len(self._tables) > 1:
            self._pass()
        if sight[at.IS_CUT] and sight[at.HELD]:
            after = self._ticks[sight[at.PC] - self._base]
            self._ticks_in = self._tables[0].ticks_in(self._record, after, sight)

    def _list(self) -> None:
        """Tell place() what the tables are."""
        tables = self.tables
        tables[0] = self._total
        tables[1] = len(self._tables)
        for number in range(len(self._tables)):
            tables[2 + 2 * number] = self._tables[number].since
            tables[3 + 2 * number] = self._tables[number].count

    def _pass(self) -> None:
        """Forget the tables before the live one; the ceiling is that of what is left."""
        while len(self._tables) > 1 and self._tables[1].since <= self._periods:
            self._tables.pop(0)
            self._list()
            if self._turns != self._tables[0].turns:
                turns = 0
                for table in self._tables:
                    turns = max(turns, table.turns)
                if self._turns != turns:
                    self._guard(turns)

    def _conclude(self) -> None:
        sight = self.sight
        if sight[at.TRIPS] & 1:
            self.status = SENTINEL
        elif self._is_planned_end():
            self.status = ENDED
            self._periods, self._record, self._ticks_in = self._periods + 1, 0, 0
        else:
            self.status = STARVED if sight[at.FLAGS] & 1 else HALTED

    def _is_planned_end(self) -> bool:
        """Return True if cut in the last record of the last period: all played, or by end()."""
        sight = self.sight
        if self._record != self._tables[0].count // 2 - 1:
            return False
        if sight[at.FLAGS] & 1:
            return self._periods == self._total - 1 and sight[at.FIFO] == 0
        return self._periods == sight[at.ENDED_AT] - 1


def _empty(shape_at: int) -> None:
    """Empty a state machine's FIFOs by a change of how they are joined (data sheet, SHIFTCTRL)."""
    shape = at.peek(shape_at)
    at.poke(shape_at, shape ^ _FJOIN_RX)
    at.poke(shape_at, shape)
