"""The running stream: DMA, the sequencer's PIO program, the sentinel, the gate.

Role: executes the firmware's own PIO program on the live words, only as far as somebody looks,
and moves the plant's pins at the ticks at which the program moves its own.
Invariant: the load is connected only while GATE is high (from start until halt, a trip of the
sentinel, or the end) and RUN is high (the sequencer's own). Where a record begins is known from
the words it took, what flows is known from the pins alone.
Requirements: REQ-50, REQ-51.
"""

from collections import deque
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from stimcore.board import STAGE_R2R_1, Board

from ..circuit.plant import Plant
from ..memo import memo
from ..pio.asm import assemble, firmware_programs
from ..pio.executor import Executor, Segment, Words
from .decode import SerialPins, SerialState, at_rest, decode_parallel, decode_serial
from .dma import Admitted, Dma, Table
from .pins import PinLog

IDLE, RUNNING, ENDED, HALTED, STARVED, TRIPPED = range(6)  # stream_state's status
LADDER_MIDDLE = 128
LATCHES_KEPT = 65_536
SENTINEL_SYNC_TICKS = 2  # the synchroniser of its input pin
_SENTINEL_TRIP_TICKS = 6  # after the wait that saw the rise, for a ceiling of 0 turns
_MEMO = 8_192
_AT_ONCE = 4  # periods: fewer are taken event by event
_NEVER = 1 << 62

# kinds of events, in the order in which those of one tick are taken
_RECORD, _LATCH, _ACTIVE, _RUN, _REPEATED = range(5)
_Event = tuple[int, int, int]  # tick, kind, value
_Decoded = tuple[tuple[_Event, ...], SerialState | int]


class StreamState(NamedTuple):
    """Result of the seam's stream_state()."""

    status: int
    periods: int  # whole ones since the start
    record: int  # position within the present or cut period: record, and ticks in it
    ticks_in: int


class _Lap(NamedTuple):
    """A whole period as it will repeat: what it began with, and its events by ticks from there."""

    begins: tuple[object, ...]
    ticks: int
    latches: tuple[tuple[int, int], ...]
    events: tuple[_Event, ...]  # the latches, and the records as _REPEATED

    @classmethod
    def of(cls, begins: tuple[object, ...], events: list[_Event], since: int, until: int) -> "_Lap":
        """Return the lap of the events between two ticks, in order."""
        latches = tuple((tick - since, value) for tick, kind, value in events if kind == _LATCH)
        starts = [tick - since for tick, kind, _value in events if kind == _RECORD]
        repeated = [(tick, _REPEATED, record) for record, tick in enumerate(starts)]
        marked = [(tick, _LATCH, frame) for tick, frame in latches]
        return cls(begins, until - since, latches, tuple(sorted(marked + repeated)))


_NO_LAP = _Lap((), 0, (), ())


class Lines(NamedTuple):
    """The GPIO numbers that the sequencer drives."""

    active: int
    run: int
    data0: int  # of a ladder, else -1
    serial: SerialPins | None  # of a serial stage


def lines(pins: Mapping[str, int]) -> Lines:
    """Read a stage's row of pins, name -> GPIO number; raise KeyError for a missing pin."""
    if "data0" in pins:
        return Lines(pins["active"], pins["run"], pins["data0"], None)
    serial = SerialPins(*(pins[name] for name in SerialPins._fields))
    return Lines(pins["active"], pins["run"], -1, serial)


def sequencer(wiring: Lines) -> Executor:
    """Return the state machine that runs the stage's sequencer program."""
    serial = wiring.serial
    if serial is None:
        program = assemble("sequencer_parallel")
        return Executor(program, out_base=wiring.data0, set_base=wiring.active)
    program = assemble("sequencer_serial")
    return Executor(
        program, out_base=serial.sdi_dac, set_base=wiring.active, sideset_base=serial.sck
    )


@cache
def latch_offset_ticks(board: Board, wiring: Lines) -> int:
    """Return the ticks from the pull of a record's second word to its latch, by execution."""
    machine, words = sequencer(wiring), Words((2, 0xFFFF_FFFF))
    while words.left:
        segment = machine.step(words)
    return next(tick for tick, pin, level in segment.edges if pin == wiring.run and level) + (
        1 if board.stage == STAGE_R2R_1 else 0  # its pins are set in two instructions
    )


def outlasts(run_ticks: int, turns: int) -> bool:
    """Return True if a run of ACTIVE of `run_ticks` ticks trips a sentinel given `turns`.

    Exact, as trip_tick(), for runs at least 6 ticks apart: the sentinel is back at its wait when
    the next begins. The tests hold both against the executor running the sentinel's opcodes.
    """
    return turns == 0 or run_ticks > 2 * turns + _SENTINEL_TRIP_TICKS - 2


def trip_tick(rise_tick: int, turns: int) -> int:
    """Return the tick at which GATE falls, if ACTIVE rose at `rise_tick` and lasts too long."""
    return rise_tick + SENTINEL_SYNC_TICKS + 2 * turns + _SENTINEL_TRIP_TICKS


class Sequencer:
    """The output path from the staged stream to the plant. Ticks must not go back.

    A period that begins exactly as the one before goes on as it did: it is repeated, not executed,
    and where many fit into the time that is looked at, the plant takes them at once.
    """

    def __init__(self, board: Board, plant: Plant, pins: Mapping[str, int]):
        self._lines, self._pins = lines(pins), pins
        self.pin_log: PinLog | None = None
        self.dma = Dma()
        self.latched: deque[tuple[int, int]] = deque(maxlen=LATCHES_KEPT)  # (tick, frame)
        self._plant = plant
        self._machine = sequencer(self._lines)
        self._offset_ticks = latch_offset_ticks(board, self._lines)
        self._decoded = memo(("decoded", self._lines), _MEMO)
        self._staged: Table | None = None
        self._turns_of = firmware_programs().sentinel_turns
        self._clear()

    def _clear(self) -> None:
        self.status = IDLE
        self._events: deque[_Event] = deque()
        self._live: Table | None = None
        self._seen: Table | None = None  # the live one when the processor last looked
        self._periods = self._record = self._ticks_in = 0
        self._record_tick = _NEVER
        self._ceiling: Table | None = None  # given to the sentinel and not yet taken
        self._rise_tick, self._trip_tick = 0, _NEVER
        self._lap = _NO_LAP
        self._executed: list[_Event] = []  # since the last period began, at …
        self._begun: tuple[int, tuple[object, ...]] = (0, ())  # … with what
        self._repeats = False  # the events of a whole period are in the queue, DMA is at its end

    def log_pins(self) -> PinLog:
        """Start a log of the pins, from the next start on."""
        self.pin_log = PinLog(self._pins)
        return self.pin_log

    # --- the seam's calls ------------------------------------------------------------------
    def load(self, tick: int, stream: Admitted) -> int:
        """Stage a stream; while one runs it replaces it where DMA begins a period: which one."""
        self.run_to(tick)
        table = Table(stream)
        if self.status != RUNNING:
            self._staged = table
            return 0
        self._notice(tick)
        self._interrupt(tick)
        since = self.dma.follow(table)
        if table.max_active_ticks > self._guarding().max_active_ticks:
            self._ceiling = table  # the sentinel must know the longer run beforehand
        return since

    def start(self, tick: int, periods: int) -> None:
        """Close the gate and run what is staged. ValueError where nothing is."""
        if self._staged is None:
            raise ValueError("nothing is staged: stream_load comes before stream_start")
        self.halt(tick)
        self._clear()
        self._plant.start(tick)
        self.status = RUNNING
        table, self._staged = self._staged, None
        self._live = self._seen = table
        self._guard(table)
        self.dma.begin(table, periods)
        self._machine.restart(tick)
        if self.pin_log is not None:
            self.pin_log.started(tick)
        serial = self._lines.serial
        self._state: SerialState | int = at_rest(serial) if serial else LADDER_MIDDLE

    def stop(self, tick: int) -> None:
        """End after the period that is being played."""
        self._interrupt(tick)
        self.dma.finish(self._periods + 1)

    def halt(self, tick: int) -> None:
        """Lower the gate at this tick; keep the position of the cut."""
        self.run_to(tick)
        if self.status == RUNNING:
            self._end(tick, HALTED)

    def power_off(self, tick: int) -> None:
        """Reset: gate low, and nothing is remembered."""
        self.halt(tick)
        self._clear()
        self._staged = None

    def state(self, tick: int) -> StreamState:
        """Return status and position at this tick; after an end, those of the end."""
        self.run_to(tick)
        self._notice(tick)
        if self.status == RUNNING:
            self._ticks_in = max(0, tick - self._record_tick)
        return StreamState(self.status, self._periods, self._record, self._ticks_in)

    def words(self, tick: int) -> bytes:
        """Return the words of the stream whose period is under way; b"" before the first start."""
        self.run_to(tick)
        return self._live.image() if self._live is not None else b""

    # --- faults ----------------------------------------------------------------------------
    def starve(self, tick: int) -> None:
        """Inject starved_fifo, see Dma."""
        self._interrupt(tick)
        self.dma.starve()

    def corrupt(self, tick: int, which: int) -> None:
        """Inject corrupt_word, see Dma."""
        self._interrupt(tick)
        self._lap, self._begun = _NO_LAP, (0, ())  # it was made of the words before
        self.dma.corrupt(which)

    # --- in time ---------------------------------------------------------------------------
    def run_to(self, tick: int) -> None:
        """Run everything up to and including `tick`."""
        while self.status == RUNNING:
            known_to = min(tick, self._trip_tick)
            if self._events and self._events[0][0] <= known_to:
                self._happen(*self._events.popleft())
            elif not self._events and self._machine.tick <= known_to:
                if not self._repeat(known_to):
                    self._step()
            elif self._trip_tick <= tick:
                self._end(self._trip_tick, TRIPPED)
            else:
                break

    def _step(self) -> None:
        """Run one segment of the program; its events are due at their ticks."""
        start, before = self._machine.tick, self.dma.popped
        segment = self._machine.step(self.dma)
        if self.pin_log is not None:
            self.pin_log.ran(start, segment)
        latches = self.dma.popped > before and self.dma.popped % 2 == 0
        key = (segment, latches, self._state)
        known: _Decoded | None = self._decoded.get(key)
        if known is None:
            known = self._decode(segment, latches)
            self._decoded.remember(key, known)
        events, self._state = known
        for at, kind, value in events:
            self._events.append((start + at, kind, value))
            self._executed.append((start + at, kind, value))
        if segment.end != "pull":  # dead, with RUN low even if it never was high; or stalled
            if segment.end == "dead":
                self._events.append((self._machine.tick, _RUN, 0))
            self._machine.tick = _NEVER

    def _repeat(self, tick: int) -> bool:
        """Repeat the next period, or all that end by `tick`; False where it is to be executed."""
        self._repeats = False
        tags, start = self.dma.tags, self._machine.tick
        if self.dma.popped % 2 or not tags or tags[0].record or self.pin_log is not None:
            return False
        position = () if self._ceiling or self._trip_tick < _NEVER else self.dma.position()
        begins = position and (self._machine.state, self._state, self._turns, position)
        if begins and begins == self._begun[1]:
            self._lap = _Lap.of(begins, self._executed, self._begun[0], start)
        self._executed, self._begun = [], (start, begins)
        lap, left = self._lap, self.dma.periods_left()
        if not begins or begins != lap.begins or left < 1:
            return False
        self._begun = (0, ())
        count = min(left, (tick - start) // lap.ticks)
        if count >= _AT_ONCE and (count := self._plant.laps(start, lap.latches, lap.ticks, count)):
            self._pass(lap, count)
        else:
            self._events.extend([(start + at, kind, value) for at, kind, value in lap.events])
            self._plant.repeat(start, lap.latches, lap.ticks)
            self._repeats, count = True, 1
        self._machine.tick += count * lap.ticks
        self.dma.skip(count)
        return True

    def _pass(self, lap: _Lap, count: int) -> None:
        """Be where so many repeated periods end; the plant has taken them."""
        start, period = self._machine.tick, self.dma.tags[0].period
        records = [at for at, kind, _value in lap.events if kind == _REPEATED]
        for number in range(min(2, count)):  # armed before the first began, or while it ran
            self._plant.capture.sync(start + number * lap.ticks + records[0])
        for number in range(max(0, count - LATCHES_KEPT // len(lap.latches) - 1), count):
            begin = start + number * lap.ticks
            self.latched.extend([(begin + at, frame) for at, frame in lap.latches])
        self._periods, self._record = period + count - 1, len(records) - 1
        self._record_tick = start + (count - 1) * lap.ticks + records[-1]

    def _interrupt(self, tick: int) -> None:
        """Run up to `tick`; put program and DMA there, also in the midst of a repeated period."""
        self.run_to(tick)
        if not self._repeats:
            return
        self._repeats = False
        self._events.clear()
        self.dma.skip(-1)
        self._machine.tick -= self._lap.ticks
        while self._machine.tick <= tick:
            self._step()
        while self._events and self._events[0][0] <= tick:
            at, kind, value = self._events.popleft()
            if kind == _RECORD:
                self.dma.tags.popleft()
            elif kind == _ACTIVE:
                self._watch(at, value)

    def _decode(self, segment: Segment, latches: bool) -> _Decoded:
        """Decode a segment's events by tick, and what the chips' shift registers hold after it."""
        state: SerialState | int
        if isinstance(self._state, int):
            frames, state = decode_parallel(segment.edges, self._state, self._lines.data0)
        else:
            frames, state = decode_serial(segment.edges, self._state)
        events = [(at, _LATCH, frame) for at, frame in frames]
        kinds = {self._lines.active: _ACTIVE, self._lines.run: _RUN}
        events += [(at, kinds[pin], level) for at, pin, level in segment.edges if pin in kinds]
        if latches:
            events.append((self._offset_ticks, _RECORD, 0))
        return tuple(sorted(events)), state

    def _happen(self, tick: int, kind: int, value: int) -> None:
        if kind == _LATCH:
            self.latched.append((tick, value))
            self._plant.latch(tick, value)
        elif kind == _RECORD:
            self._begin_record(tick)
        elif kind == _REPEATED:
            self._record, self._record_tick = value, tick
            if value == 0:
                self._plant.capture.sync(tick)
                self._periods += 1
        elif kind == _ACTIVE:
            self._watch(tick, value)
        elif value:
            self._plant.set_gate(tick, True)
        else:
            self._end(tick, ENDED if self.dma.spent else STARVED)

    def _begin_record(self, tick: int) -> None:
        period, record, table = self.dma.tags.popleft()
        if self.dma.limit and period >= self.dma.limit:
            self._end(tick, ENDED)  # fetched before the stop: the board's processor cuts here
            return
        self._record = record
        self._record_tick = tick
        if record == 0:
            self._plant.capture.sync(tick)
            self._periods = period
            self._live = table

    def _end(self, tick: int, status: int) -> None:
        """Lower the gate; keep the position of the cut, or none after a planned end."""
        self._plant.set_gate(tick, False)
        if self.pin_log is not None:
            self.pin_log.halted(tick)
        self._ticks_in = max(0, tick - self._record_tick)
        if status == ENDED:
            self._periods, self._record, self._ticks_in = self.dma.limit, 0, 0
        self.status = status
        self.dma.abort()
        self._events.clear()
        self._repeats = False

    # --- the sentinel ----------------------------------------------------------------------
    def _guard(self, table: Table) -> None:
        """Give the sentinel a table's longest active run as its ceiling."""
        self._guarded = table
        self._turns = self._turns_of(table.max_active_ticks)

    def _guarding(self) -> Table:
        """Return the table of the last ceiling given to the sentinel, taken or still waiting."""
        return self._ceiling or self._guarded

    def _notice(self, tick: int) -> None:
        """Notice, as the processor does, a swap: the ceiling may come down after it."""
        if self._live is not None and self._live is not self._seen:
            self._seen = self._live
            if self._live.max_active_ticks < self._guarding().max_active_ticks:
                self._interrupt(tick)
                ahead = [tag.table for tag in self.dma.tags] + [self.dma.staged or self._live]
                self._ceiling = max([self._live, *ahead], key=lambda table: table.max_active_ticks)

    def _watch(self, tick: int, level: int) -> None:
        """Follow an edge of ACTIVE. A ceiling that waits is taken at the start of a run."""
        if level:
            if self._ceiling is not None:
                self._guard(self._ceiling)
                self._ceiling = None
            self._rise_tick, self._trip_tick = tick, trip_tick(tick, self._turns)
        elif not outlasts(tick - self._rise_tick, self._turns):
            self._trip_tick = _NEVER
