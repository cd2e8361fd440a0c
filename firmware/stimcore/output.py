"""From levels to a running stream: compile, encode, admit, start, swap, end, account.

Role: the only caller of hal.stream_load and hal.stream_start, and it loads nothing but what
kernel.admit() handed out. Invariant: one staged stream at a time, so that every period is
accounted to the stream that made it. Requirements: REQ-32, REQ-33, REQ-35, REQ-36, REQ-53.
Next: kernel.py, then device.py which drives this.
"""

import binascii

from . import commands, errors, kernel, limits, phases, program, records, train
from .board import Board
from .errors import Refused, refuse_all
from .kernel import Stream, Terms
from .ledger import Ledger

# hal.stream_state()[0]
IDLE = 0
RUNNING = 1
ENDED = 2
HALTED = 3
STARVED = 4
SENTINEL = 5


_of: list = [None, []]  # a group, and the ceilings of its contacts


def terms(group: program.Group, from_na: list | None) -> Terms:
    """What a group's words are judged for; a contact's ceiling is the highest of its programs."""
    if _of[0] is not group:
        ceilings = [0] * limits.CONTACTS
        for one in group.programs:
            for index in range(limits.CONTACTS):
                if program.used_by(one) >> index & 1:
                    ceilings[index] = max(ceilings[index], one.ceiling_ua)
        _of[:] = [group, ceilings]
    return Terms(group.areas_um2, _of[1], from_na, group.header.discharge_permille)


def judge(
    board: Board, group: program.Group, levels_ua: tuple, from_na: list | None = None
) -> kernel.Verdict:
    """The kernel's verdict on a group at these levels; Refused if it does not even compile."""
    return kernel.admit(_words(board, group, levels_ua), board, terms(group, from_na))


# what was compiled last, and its words: a target is judged first, then followed
_last: list = [None, None, (), b""]


def _words(board: Board, group: program.Group, levels_ua: tuple) -> bytes:
    """The words, always a copy: what DMA streams from, and might be damaged, is not kept."""
    if _last[0] is not board or _last[1] is not group or _last[2] != levels_ua:
        compiled = phases.compile_group(board, group, levels_ua)
        _last[:] = [board, group, levels_ua, bytearray(records.encode(board, compiled))]
    return bytes(_last[3])


class Output:
    """The output of one loaded group."""

    def __init__(self, board: Board, hal, group: program.Group):
        self.board = board
        self.hal = hal
        self.group = group
        self.train = train.Train(group)
        self.ledger = Ledger()
        self.live: Stream | None = None
        self.pending: Stream | None = None
        self._live_from = 0  # periods at which the live stream began
        self._periods = 0
        self._left = 0  # periods still to come of a counted session

    # --- figures and targets ---------------------------------------------------------------
    def figures(self) -> list:
        """The kernel's figures at the targets; Refused with every reason it has."""
        verdict = judge(self.board, self.group, tuple(self.train.targets_ua))
        if verdict.errors:
            refuse_all(verdict.errors)
        return verdict.figures

    def retarget(self, number: int, amplitude_ua: int) -> None:
        """A new target for one program, judged whole; nothing changes when it is refused."""
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

    # --- starting and stopping -------------------------------------------------------------
    def prepare(self) -> None:
        """Stage the first stream of the soft start."""
        self.pending = self._admitted(self.train.preview(), [0] * limits.CONTACTS)
        self.hal.stream_load(self.pending)

    def start(self, now_ms: int) -> None:
        """Start what prepare() staged, with a new ledger."""
        pulses = self.group.header.session_pulses
        self._left = pulses // program.pulses_per_period(self.group)
        self.ledger = Ledger()
        self.ledger.start_ms = now_ms
        self.ledger.stopped = commands.RUNNING_STILL
        self._begin(now_ms)

    def _begin(self, now_ms: int) -> None:
        self.train.begin(now_ms)
        self.live, self.pending = self.pending, None
        self._live_from = self._periods = 0
        self.hal.stream_start(self._left)

    def halt(self) -> None:
        """Gate off first, then the books."""
        self.hal.halt()
        self._account(self.hal.stream_state(), True)
        self.train.halt()

    def step(self, now_ms: int) -> int:
        """Account, follow the train; the status of the stream (IDLE … SENTINEL)."""
        state = self.hal.stream_state()
        self._periods = state[1]
        if state[0] != RUNNING:
            if self.live is not None:
                self._account(state, True)
                if state[0] == ENDED:
                    self.train.ended()
            again = self.train.rested(now_ms) and not self.counted_out()
            if state[0] in (IDLE, ENDED) and again:
                self.prepare()
                self._begin(now_ms)
                return RUNNING
            return state[0]
        self._account(state, False)
        if self.pending is None or self.train.phase == train.DOWN:
            self._follow(self.train.step(now_ms))
        return RUNNING

    def counted_out(self) -> bool:
        """Whether a session counted in pulses has delivered them all."""
        return bool(self.group.header.session_pulses) and self._left == 0

    def _follow(self, levels: tuple) -> None:
        if not levels:
            return
        if max(levels) == 0:
            self.hal.stream_stop()
            return
        if self.pending is not None:
            return
        stream = self._admitted(levels, self.live.peaks_na)
        if stream.crc != self.live.crc:
            self.pending = stream
            self.hal.stream_load(stream)

    def _admitted(self, levels: tuple, from_na: list) -> Stream:
        self.hal.feed_watchdog()  # so far all went through; what follows may take 200 ms alone
        least = -(-self.board.na_per_code // 1000)  # a ramp begins at one code, not at none
        verdict = judge(self.board, self.group, tuple([max(one, least) for one in levels]), from_na)
        if verdict.stream is None:
            refuse_all(verdict.errors)
        return verdict.stream

    # --- the books -------------------------------------------------------------------------
    def _account(self, state: tuple, over: bool) -> None:
        """Periods of a stream that has been swapped out, and of the live one when it is over."""
        _status, periods, swap_at, record, ticks_in = state
        if self.pending is not None and self.live is not None and swap_at > self._live_from:
            self.ledger.add_periods(self.live, swap_at - self._live_from)
            self.live, self.pending, self._live_from = self.pending, None, swap_at
        if over and self.live is not None:
            self.ledger.add_periods(self.live, periods - self._live_from)
            self.ledger.add_cut(self.live, record, ticks_in)
            self._left = max(0, self._left - periods)
            self.live = self.pending = None

    def ledger_now(self) -> Ledger:
        """The ledger as it stands, the periods of the live stream included."""
        book = self.ledger.copy()
        if self.live is not None:
            state = self.hal.stream_state()
            swapped = self.pending is not None and state[2] > self._live_from
            upto = state[2] if swapped else state[1]
            book.add_periods(self.live, upto - self._live_from)
            if swapped:
                book.add_periods(self.pending, state[1] - state[2])
        return book

    def counts(self) -> tuple:
        """(periods, pulses) delivered when step() last looked: the ledger's, without the charge."""
        periods, pulses = self.ledger.periods, self.ledger.pulses
        if self.live is not None:
            whole = self._periods - self._live_from
            periods += whole
            pulses += self.live.pulses * whole
        return periods, pulses

    def periods(self) -> int:
        """Whole periods of the present run of the stream, when step() last looked."""
        return self._periods

    def words_intact(self) -> bool:
        """Whether the words DMA reads are still the admitted ones."""
        if self.live is None:
            return True
        crc = binascii.crc32(self.hal.stream_words()) & 0xFFFFFFFF
        return crc == self.live.crc or (self.pending is not None and crc == self.pending.crc)
