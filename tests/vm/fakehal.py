"""The seam in two hundred lines: a perfect resistor, whole microseconds, no FIFO and no DMA.

Role: what the conversations' device runs on, under either interpreter. Invariant: time moves only
when somebody changes `us`.
"""

from array import array

from stimcore import capture, output
from stimcore.kernel import Stream

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
        self.began_us = 0
        self.ending = False
        self.cells: dict = {}
        self.deaf = False
        self.is_pressed = False
        self.drawn = 0
        self.ohm = 500
        self.armed = (0, -1)  # delay of the capture, and when it was armed; below 0: it is not

    def now_us(self) -> int:
        return self.us & ((1 << 30) - 1)

    def link_read(self) -> bytes:
        data, self.inbox = self.inbox, b""
        return data

    def link_write(self, data: bytes) -> None:
        self.outbox += data

    def stream_load(self, stream: Stream) -> int:
        self._advance()
        self.staged = stream
        return self.periods + 1 if self.status == output.RUNNING else 0

    def stream_start(self, periods: int) -> None:
        self.live, self.staged = self.staged, None
        self.status = output.RUNNING
        self.planned = periods
        self.periods = 0
        self.began_us = self.us
        self.ending = False

    def stream_stop(self) -> None:
        self.ending = True

    def halt(self) -> None:
        self._advance()
        if self.status == output.RUNNING:
            self.status = output.HALTED

    def die(self, status: int) -> None:
        """Stop the output by itself: starved, or the sentinel."""
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
        return (self.status, self.periods, at, ticks)

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

    def capture_arm(self, delay_us: int) -> None:
        self.armed = (delay_us, self.us)

    def capture_take(self) -> tuple:
        """Return the capture that the words make of a resistor, once so much time has passed."""
        delay_us, since_us = self.armed
        period_us = self.live.period_ticks // TICKS_A_US
        wait_us = period_us + delay_us + 8 * capture.PAIRS
        if since_us < 0 or self.us - since_us < wait_us or self.status != output.RUNNING:
            return ()
        self.armed = (0, -1)
        return (delay_us + 2, self._samples((delay_us + 2) % period_us))

    def _samples(self, at_us: int) -> array:
        samples = array("H")
        record, left_us = 0, -at_us
        while len(samples) < 2 * capture.PAIRS:
            while left_us <= 0:
                record_now = self.live.record(record % self.live.records)
                left_us += record_now[0] // TICKS_A_US
                record += 1
            na = record_now[5] * self.live.board.na_per_code * self.gain_permille // 1000
            samples.append(2048 + (na + NA_A_LSB // 2) // NA_A_LSB)
            samples.append(2048 + (na * self.ohm // 1_000_000 + MV_A_LSB // 2) // MV_A_LSB)
            left_us -= 8
        return samples

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

    def random(self, count: int) -> bytes:
        self.drawn += 1
        return bytes([(self.drawn + at) & 255 for at in range(count)])

    def bootsel(self) -> bool:
        return self.is_pressed

    def _advance(self) -> None:
        """Advance by whole periods up to now; a staged stream takes over at a boundary."""
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
