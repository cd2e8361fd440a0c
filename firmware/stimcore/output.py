"""From levels to a running stream: compile, encode, admit, start, swap, end, account.

Role: the only caller of hal.stream_load and hal.stream_start, and it loads nothing but what
kernel.admit() handed out. Invariant: one staged stream at a time, so that every period is
accounted to the stream that made it. Requirements: REQ-32, REQ-33, REQ-35, REQ-36, REQ-53, REQ-67.
"""

import binascii

from . import commands, errors, kernel, limits, pio_records, program, ramp
from .board import Board
from .errors import Refused, refuse_all
from .kernel import Stream, Terms
from .ledger import Ledger
from .period import compile_group

# hal.stream_state()[0]
IDLE = 0
RUNNING = 1
ENDED = 2
HALTED = 3
STARVED = 4
SENTINEL = 5
BEGUN = 6  # of Output.step() alone: it runs, and a run of its own began in this turn


_of: list = [None, []]  # a group, and the ceilings of its contacts


def terms(group: program.Group, from_na: list | None) -> Terms:
    """Return the terms to judge a group by; a contact's ceiling is the highest of its programs."""
    if _of[0] is not group:
        ceilings = [0] * limits.CONTACTS
        for member in group.programs:
            used = program.used_by(member)
            for index in range(limits.CONTACTS):
                if used >> index & 1:
                    ceilings[index] = max(ceilings[index], member.ceiling_ua)
        _of[:] = [group, ceilings]
    return Terms(group.areas_um2, _of[1], from_na, group.header.discharge_permille)


def judge(
    board: Board, group: program.Group, levels_ua: tuple, from_na: list | None = None
) -> kernel.Verdict:
    """Return the kernel's verdict on a group at these levels; raise Refused if not compilable."""
    return kernel.admit(_words(board, group, levels_ua), board, terms(group, from_na))


# the last compilation and its words: a target is judged first, then followed
_last: list = [None, None, (), b""]


def _words(board: Board, group: program.Group, levels_ua: tuple) -> bytes:
    """Return a copy of the words: what DMA streams from might be damaged and is not kept."""
    if _last[0] is not board or _last[1] is not group or _last[2] != levels_ua:
        compiled = compile_group(board, group, levels_ua)
        _last[:] = [board, group, levels_ua, bytearray(pio_records.encode(board, compiled))]
    return bytes(_last[3])


AHEAD_RECORDS = 6  # how far DMA may be beyond the record that is played


class Staged:
    """An admitted stream, its amplitudes in uA, and the period of the run it begins with."""

    def __init__(self, stream: Stream, levels_ua: tuple):
        self.stream = stream
        self.levels_ua = levels_ua
        self.since = 0


class Output:
    """The output of one loaded group."""

    def __init__(self, board: Board, hal, group: program.Group):
        self.board = board
        self.hal = hal
        self.group = group
        blob = program.pack(group)
        self.hash = program.digest(blob)
        self._twin = program.unpack(blob)  # compared before each use: faster than another digest
        self.train = ramp.Train(group)
        self.ledger = Ledger()
        self._none_ua = (0,) * len(group.programs)
        self.live: Stream | None = None
        self.live_ua = self._none_ua
        self._first: Staged | None = None  # of the run that is to start
        self._staged: list = []  # to follow the live one, in order of their periods
        self._live_from = 0  # the period at which the live stream began
        self._periods = 0
        self._left = 0  # periods still to come of a counted session

    # --- figures and targets ---------------------------------------------------------------
    def check_program(self) -> None:
        """Raise Refused (HASH_MISMATCH) if the loaded program changed in memory."""
        if self.group != self._twin:
            now = program.digest(program.pack(self.group))
            raise Refused(errors.HASH_MISMATCH, 0, now, self.hash)

    def figures(self) -> list:
        """Return the kernel's figures at the targets; raise Refused with every reason."""
        self.check_program()
        verdict = judge(self.board, self.group, tuple(self.train.targets_ua))
        if verdict.errors:
            refuse_all(verdict.errors)
        return verdict.figures

    def retarget(self, number: int, amplitude_ua: int) -> None:
        """Set a new target of one program, judged whole; nothing changes if it is refused."""
        if number >= len(self.group.programs):
            raise Refused(errors.NO_PROGRAM, number, number, len(self.group.programs) - 1)
        ceiling_ua = self.group.programs[number].ceiling_ua
        if amplitude_ua > ceiling_ua:
            raise Refused(errors.CEILING, number, amplitude_ua, ceiling_ua)
        before = self.train.targets_ua[number]
        self.train.targets_ua[number] = amplitude_ua
        try:
            self.figures()
        except Refused:
            self.train.targets_ua[number] = before
            raise
        self.train.retarget()
        if self.train.phase == ramp.REST:
            self._first = None  # step() stages another one

    def settles_in_ms(self, number: int) -> int:
        """Time, at most, until a program's target is reached."""
        return self.train.settles_in_ms(number, self.live_ua[number])

    # --- starting and stopping -------------------------------------------------------------
    def prepare(self) -> None:
        """Stage the first stream of the next run."""
        levels = self.train.preview()
        self._first = Staged(self._admitted(levels, [0] * limits.CONTACTS), levels)
        self.hal.stream_load(self._first.stream)

    def start(self, now_ms: int) -> None:
        """Start what prepare() staged, with a new ledger."""
        self.check_program()
        pulses = self.group.header.session_pulses
        self._left = pulses // program.pulses_per_period(self.group)
        self.ledger = Ledger()
        self.ledger.start_ms = now_ms
        self.ledger.stopped = commands.RUNNING_STILL
        self.train.start(now_ms)
        self._begin()

    def _begin(self) -> None:
        first, self._first = self._first, None
        self.train.begin()
        self.live, self.live_ua = first.stream, first.levels_ua
        self._live_from = self._periods = 0
        self.hal.stream_start(self.train.lasts(self._left))

    def halt(self) -> None:
        """Lower the gate first, then update the ledger."""
        self.hal.halt()
        self._account(self.hal.stream_state(), True)
        self.train.halt()
        self._first = None

    def step(self, now_ms: int) -> int:
        """Account, follow the train; the status of the stream (IDLE … BEGUN)."""
        state = self.hal.stream_state()
        self._periods = state[1]
        if state[0] == RUNNING:
            self._account(state, False)
            self._follow()
            return RUNNING
        if self.live is not None:
            self._account(state, True)
            if state[0] == ENDED:
                self.train.ended()
        if state[0] in (IDLE, ENDED) and self.train.phase == ramp.REST and not self.counted_out():
            if self._first is None:
                self.prepare()
            elif self.train.rested(now_ms):
                self._begin()
                return BEGUN
        return state[0]

    def quiet_ms(self, now_ms: int) -> int:
        """Return the least time until a run may have to begin, or another stream to be staged."""
        if self.live is None:
            return max(0, self.train.next_on_ms - now_ms)
        return self.train.quiet_ms(self._next_period())

    def _next_period(self) -> int:
        """Return the first period that a stream staged now can begin with."""
        return self._periods + (1 if self.live.tail > AHEAD_RECORDS else 2)

    def counted_out(self) -> bool:
        """Return True if a session counted in pulses has delivered them all."""
        return bool(self.group.header.session_pulses) and self._left == 0

    def _follow(self) -> None:
        """Stage what the next period is to be, one step at a time; what goes down does not wait."""
        superseded = len(self._staged) > 0
        if superseded and not self.train.wants_change:
            return
        period = self._next_period()
        self.train.follow(period, self.live_ua)
        levels = self.train.step(period)
        if levels and max(levels) == 0 and self.train.phase == ramp.DOWN:
            self.hal.stream_stop()  # and nothing that is staged begins
        else:
            if superseded:
                # what was to come may be higher, and must not begin while its successor is judged
                self._load(Staged(self.live, self.live_ua))
            if not levels:
                return
            period = self._stage(levels, period, superseded)
        self.train.staged(period, levels)

    def _stage(self, levels: tuple, period: int, superseded: bool) -> int:
        """Let these levels follow; from which period on they flow."""
        staged = Staged(self._admitted(levels, self.live.peaks_na), levels)
        if staged.stream.crc == self.live.crc and not superseded:
            self.live_ua = levels  # not a code higher or lower
            return period
        return max(self._load(staged), period)

    def _load(self, staged: Staged) -> int:
        """Load a stream; return its first period, or 0 if the stream has ended meanwhile.

        Raise Refused (FAULT_STREAM) if the words that it follows have changed: no check comes
        round to them any more.
        """
        if not self.words_intact():
            raise Refused(errors.FAULT_STREAM)
        staged.since = int(self.hal.stream_load(staged.stream))
        if staged.since:  # else the stream has ended meanwhile
            self._staged = [later for later in self._staged if later.since < staged.since]
            self._staged.append(staged)
        return staged.since

    def _admitted(self, levels: tuple, from_na: list) -> Stream:
        self.hal.feed_watchdog()  # so far all went through; what follows may take 200 ms alone
        self.check_program()
        least = -(-self.board.na_per_code // 1000)  # a ramp begins at one code, not at none
        verdict = judge(
            self.board, self.group, tuple([max(level, least) for level in levels]), from_na
        )
        if verdict.stream is None:
            refuse_all(verdict.errors)
        return verdict.stream

    # --- the books -------------------------------------------------------------------------
    def _account(self, state: tuple, over: bool) -> None:
        """Account for the periods of streams swapped out, and of the live one when it is over."""
        _status, periods, record, ticks_in = state
        while self._staged and self._staged[0].since <= periods:
            following = self._staged.pop(0)
            self.ledger.add_periods(self.live, following.since - self._live_from)
            self.live, self.live_ua = following.stream, following.levels_ua
            self._live_from = following.since
        if over and self.live is not None:
            self.ledger.add_periods(self.live, periods - self._live_from)
            self.ledger.add_cut(self.live, record, ticks_in)
            self._left = max(0, self._left - periods)
            self.live, self.live_ua = None, self._none_ua
            self._staged = []

    def ledger_now(self) -> Ledger:
        """Return the ledger as it stands, the periods of the live stream included."""
        book = self.ledger.copy()
        if self.live is not None:
            periods = self.hal.stream_state()[1]
            stream, since = self.live, self._live_from
            for following in self._staged:
                if following.since <= periods:
                    book.add_periods(stream, following.since - since)
                    stream, since = following.stream, following.since
            book.add_periods(stream, periods - since)
        return book

    def counts(self) -> tuple:
        """Return (periods, pulses) at the last step(): the ledger's, without the charge."""
        periods, pulses = self.ledger.periods, self.ledger.pulses
        if self.live is not None:
            whole = self._periods - self._live_from
            periods += whole
            pulses += self.live.pulses * whole
        return periods, pulses

    def streams(self) -> tuple:
        """Return the live stream and those staged to follow it."""
        return tuple([self.live] + [following.stream for following in self._staged])

    @property
    def is_settled(self) -> bool:
        """Return True if no stream is staged to follow the live one."""
        return not self._staged

    def periods(self) -> int:
        """Return the whole periods of the present run at the last step()."""
        return self._periods

    def words_intact(self) -> bool:
        """Return True if the words DMA reads are still the admitted ones."""
        if self.live is None:
            return True
        crc = binascii.crc32(self.hal.stream_words()) & 0xFFFFFFFF
        return crc in [stream.crc for stream in self.streams()]
