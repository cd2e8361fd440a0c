"""Whole conversations with the device, on a hal of a hundred lines: every reply in hex.

Role: like scenario.py, for stimcore.device and all it drives: commit, arm, start, live change,
stop, halt, lease, counted pulses, faults, refusals, replays. Invariant: time moves only in
FakeHal.wait. Next: test_same_bytes.py.
"""

import binascii
import struct

from scenario import Lcg, bench_board, line
from stimcore import board, commands, errors, frame, output, program
from stimcore.device import Device
from stimcore.kernel import Stream

US_A_TURN = 5_000
TICKS_A_US = 125
NA_A_LSB = 12_500
MV_A_LSB = 8
NA_A_MV = 2_000  # 500 ohm


class FakeHal:
    """The seam with a perfect resistor behind it; whole microseconds, no FIFO, no DMA."""

    def __init__(self, cause: int = 0) -> None:
        self.us = 0
        self.cause = cause
        self.inbox = b""
        self.outbox = b""
        self.load_code = 2_815
        self.gain_permille = 1000  # what the load really gets of the commanded current
        self.words_flip = 0
        self.fed = 0
        self.live: Stream | None = None
        self.staged: Stream | None = None
        self.status = output.IDLE
        self.planned = 0
        self.periods = 0
        self.swap_at = 0
        self.began_us = 0
        self.ending = False
        self.cells: dict = {}
        self.deaf = False

    def now_us(self) -> int:
        return self.us & ((1 << 30) - 1)

    def link_read(self) -> bytes:
        data, self.inbox = self.inbox, b""
        return data

    def link_write(self, data: bytes) -> None:
        self.outbox += data

    def stream_load(self, stream: Stream) -> None:
        self._advance()
        self.staged = stream

    def stream_start(self, periods: int) -> None:
        self.live, self.staged = self.staged, None
        self.status = output.RUNNING
        self.planned = periods
        self.periods = self.swap_at = 0
        self.began_us = self.us
        self.ending = False

    def stream_stop(self) -> None:
        self.ending = True

    def halt(self) -> None:
        self._advance()
        if self.status == output.RUNNING:
            self.status = output.HALTED

    def die(self, status: int) -> None:
        """The output stops by itself: starved, or the sentinel."""
        self._advance()
        self.status = status

    def stream_state(self) -> tuple:
        self._advance()
        at, ticks = 0, 0
        if self.live is not None and self.status != output.ENDED:
            ticks = (self.us - self.began_us) * TICKS_A_US
            while at < self.live.records and ticks >= self.live.record(at)[0]:
                ticks -= self.live.record(at)[0]
                at += 1
        return (self.status, self.periods, self.swap_at, at, ticks)

    def stream_words(self) -> bytes:
        words = bytearray(self.live.words)
        words[0] ^= self.words_flip
        return bytes(words)

    def sample(self) -> tuple:
        if self.status != output.RUNNING:
            return (4095, 0, 4095, 0, 0)
        low = self.live.peak_min_na * self.gain_permille // 1000
        high = self.live.peak_max_na * self.gain_permille // 1000
        codes = [2048 + na // NA_A_LSB for na in (low, high)]
        return tuple(codes + [2048 + na // NA_A_MV // MV_A_LSB for na in (low, high)] + [40])

    def load_id(self) -> int:
        return self.load_code

    def feed_watchdog(self) -> None:
        self.fed += 1

    def reset_cause(self) -> int:
        return self.cause

    def nv_read(self, index: int) -> bytes:
        return self.cells.get(index, b"")

    def nv_write(self, index: int, data: bytes) -> None:
        if not self.deaf:
            self.cells[index] = data

    def unique_id(self) -> bytes:
        return b"\xfe\1\2\3\4\5\6\7"

    def _advance(self) -> None:
        """Whole periods up to now; a staged stream takes over at a boundary."""
        while self.status == output.RUNNING:
            period_us = self.live.period_ticks // TICKS_A_US
            if self.us - self.began_us < period_us:
                return
            self.began_us += period_us
            self.periods += 1
            if self.ending or self.periods == self.planned:
                self.status = output.ENDED
            elif self.staged is not None:
                self.live, self.staged = self.staged, None
                self.swap_at = self.periods


class Talk:
    """A host of a few lines: numbers its frames, prints every byte that comes back."""

    def __init__(self, cause: int = 0) -> None:
        self.hal = FakeHal(cause)
        self.device = Device(bench_board(board.STAGE_MCP4922_8), self.hal)
        self.sequence = 0
        self.say(commands.HELLO, commands.PROTOCOL)

    def turns(self, count: int) -> None:
        for _ in range(count):
            self.hal.us += US_A_TURN
            self.device.step()
            if self.hal.outbox:
                line(f"reply {self.device.now_ms}", self.hal.outbox)
                self.hal.outbox = b""

    def send(self, sequence: int, opcode: int, payload: bytes) -> None:
        self.hal.inbox += frame.encode(sequence, opcode, payload)
        self.turns(1)

    def say(self, opcode: int, *values: object) -> None:
        fields = commands.by_opcode(opcode)[2]
        self.sequence = (self.sequence + 1) & 255
        self.send(self.sequence, opcode, commands.pack_fields(fields, values))

    def load(self, group: program.Group) -> int:
        blob = program.pack(group)
        self.say(commands.STAGE_BEGIN, len(blob), binascii.crc32(blob) & 0xFFFFFFFF)
        for at in range(0, len(blob), 50):
            self.say(commands.STAGE_DATA, at, blob[at : at + 50])
        self.say(commands.COMMIT)
        return program.digest(blob)

    def run(self, group: program.Group) -> None:
        self.say(commands.ARM, self.load(group))
        self.say(commands.START)

    def watch(self, times: int, turns: int) -> None:
        for _ in range(times):
            self.turns(turns)
            self.say(commands.STATUS)

    def books(self) -> None:
        self.say(commands.STATUS)
        self.say(commands.LEDGER)


def tonic(session_pulses: int = 0, ramp_ms: int = 100, cycle_ms: int = 0) -> program.Group:
    header = program.Header(0, 400, ramp_ms, ramp_ms, cycle_ms, cycle_ms, 0, session_pulses)
    one = program.Program(4, 10, 0, 0, 4, 1, 50_000, 0, 2_000, 4_000, 200_000, 30_000)
    return program.Group(header, (12_440_000,) * 8, (one,))


# --- the conversations -----------------------------------------------------------------------
def ordinary() -> None:
    """Load, arm, start, change the amplitude, stop softly, read the ledger."""
    talk = Talk()
    talk.run(tonic())
    talk.watch(6, 10)
    talk.say(commands.AMPLITUDE, 0, 3_500)
    talk.say(commands.AMPLITUDE, 0, 4_001)
    talk.say(commands.AMPLITUDE, 1, 100)
    talk.say(commands.FIGURES)
    talk.watch(6, 10)
    talk.say(commands.STOP)
    talk.watch(4, 20)
    talk.books()


def halted() -> None:
    """HALT in the middle of a first phase: one pulse is truncated."""
    talk = Talk()
    talk.run(tonic(0, 0))
    talk.watch(4, 10)
    talk.hal.us += (-talk.hal.us + talk.hal.began_us - US_A_TURN + 100) % 20_000
    talk.say(commands.HALT)
    talk.books()


def counted() -> None:
    """48 pulses are 48 pulses."""
    talk = Talk()
    talk.run(tonic(48))
    talk.watch(25, 9)
    talk.books()


def lonely() -> None:
    """The host falls silent: the lease of 400 ms runs out."""
    talk = Talk()
    talk.run(tonic())
    talk.turns(200)
    talk.books()


def cycling() -> None:
    """One second on, one second off, on again."""
    talk = Talk()
    talk.run(tonic(0, 40, 1_000))
    talk.watch(60, 9)
    talk.say(commands.HALT)
    talk.books()


def faulty() -> None:
    """Each fault latches; nothing but CLEAR_FAULT leaves it."""
    for fault in ("starved", "sentinel", "stream", "sense", "open", "watchdog"):
        talk = Talk(1 if fault == "watchdog" else 0)
        talk.run(tonic(0, 0))
        talk.turns(30)
        if fault in ("starved", "sentinel"):
            talk.hal.die(output.STARVED if fault == "starved" else output.SENTINEL)
        talk.hal.words_flip = 4 if fault == "stream" else 0
        talk.hal.gain_permille = {"sense": 700, "open": 5}.get(fault, 1000)
        print("fault", fault)
        talk.watch(3, 20)
        talk.say(commands.START)
        talk.books()
        talk.say(commands.CLEAR_FAULT)
        talk.say(commands.STATUS)


def refused() -> None:
    """Every command in every state it is not allowed in, replays, wrong sums, a wrong load."""
    talk = Talk()
    for row in commands.TABLE:
        talk.send(talk.sequence + 1 & 255, row[0], b"\0" * 7)
        talk.sequence += 1
    blob = program.pack(tonic())
    talk.say(commands.STAGE_BEGIN, len(blob), 1)
    talk.say(commands.STAGE_DATA, 0, blob)
    talk.say(commands.STAGE_DATA, 1, blob[:9])
    talk.say(commands.COMMIT)
    digest = talk.load(tonic())
    talk.say(commands.ARM, digest ^ 1)
    talk.hal.load_code = 900
    talk.say(commands.ARM, digest)
    talk.send(talk.sequence, commands.ARM, struct.pack("<I", digest))
    talk.send(talk.sequence, commands.STATUS, b"")
    talk.send(talk.sequence + 7 & 255, commands.STATUS, b"")
    talk.say(commands.START)
    talk.books()


def stored() -> None:
    """Save, list, recall, erase; a damaged half, a deaf store, slots that are not there."""
    talk = Talk()
    for pulses in (0, 48, 96):
        talk.load(tonic(pulses))
        talk.say(commands.SAVE, 7)
    talk.say(commands.SAVE, 0)
    for index in sorted(talk.hal.cells):
        line("cell", talk.hal.cells[index])
    talk.hal.cells[0] = talk.hal.cells[0][:40]
    talk.hal.cells[14] = talk.hal.cells[14][:-1] + b"?"
    for slot in (0, 1, 7, 8):
        talk.say(commands.SLOTS)
        talk.say(commands.RECALL, slot)
    talk.hal.deaf = True
    talk.say(commands.SAVE, 2)
    talk.hal.deaf = False
    talk.say(commands.ERASE, 7)
    talk.say(commands.SLOTS)
    talk.books()


def noisy() -> None:
    """Noise and cut frames between good ones."""
    lcg = Lcg(99)
    talk = Talk()
    for at in range(40):
        talk.hal.inbox += lcg.raw(lcg.below(30))
        cut = frame.encode(at, lcg.below(256), lcg.raw(lcg.below(40)))
        talk.hal.inbox += cut[: lcg.below(len(cut))]
        talk.say(commands.STATUS)
    print("code", errors.BAD_COMMAND, talk.device.decoder.errors)


TALKS = (ordinary, halted, counted, lonely, cycling, faulty, refused, stored, noisy)
STEPS = len(TALKS)


def step(number: int) -> None:
    """Print the lines of one conversation."""
    print("talk", number)
    TALKS[number]()


def main() -> None:
    for number in range(STEPS):
        step(number)


if __name__ == "__main__":
    main()
