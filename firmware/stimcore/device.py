"""The loop: bytes -> command -> state table -> action -> sleep. One call of turn() each time.

Role: holds the state, feeds the watchdog, latches faults, drives the output and its checks.
Invariant: nothing blocks; the output is off before anything else is handled; the watchdog is
fed at the end of a turn that went all the way through, before a write to the store, and before
the kernel judges what is to flow next.
Requirements: REQ-30 to REQ-34, REQ-40 to REQ-43, REQ-50 to REQ-55, REQ-66,
REQ-67, REQ-70.
"""

from . import calibration, commands, errors, journal, output, ramp, states
from .access import Access
from .board import Board
from .capture_queue import Captures
from .dialogue import Dialogue
from .errors import Refused
from .ledger import Ledger
from .load_test import Found, Measurement
from .window_monitor import Monitor

_WRAP_US = (1 << 30) - 1  # the last microsecond before hal.now_us() is 0 again
_CHECK_STREAM_MS = 100
_CHECK_PROGRAM = 10  # every so many of these checks: packing one may take 20 ms
_IDLE_MS = 20  # the longest sleep between two turns where nothing runs, and where something does:
_RUNNING_MS = 10  # the ADC's ring holds 8, and a timer empties it meanwhile
_TABLES_DIGEST = commands.tables_digest()  # takes longer than a watchdog that runs would wait
CAUSE_WATCHDOG = 1  # hal.reset_cause()

_STREAM_FAULTS = {
    output.STARVED: errors.FAULT_STARVED,
    output.SENTINEL: errors.FAULT_SENTINEL,
}


class Device:
    """One stimulator on one hal.

    unfit: the row (code, index, value, limit) of what the self-test at boot found wrong, or ().
    """

    def __init__(self, board: Board, hal, unfit: tuple = ()):
        self.declared = board
        self.hal = hal
        self.state = states.OFF
        self.fault = (errors.OK, 0, 0, 0)
        self.now_ms = 0
        self.lease_ends_ms = 0
        self.staged = bytearray()
        self.staged_length = 0
        self.staged_crc = 0
        self.hash = 0
        self.output: output.Output | None = None
        self.ledger = Ledger()  # of the last run, kept when its program goes
        self.measurement: Measurement | None = None  # while MEASURING
        self.load: Found | None = None  # the load as it was last found
        self.calibrated(calibration.restore(hal, board))
        self.journal = journal.Journal(hal)
        self.journal.note(0, journal.BOOT, hal.reset_cause(), 0, _TABLES_DIGEST)
        self.access = Access(hal, self.journal)
        self.dialogue = Dialogue(self)
        self._us = hal.now_us()
        self._spare_us = 0
        self._checked_ms = 0
        self._checks = 0
        self._stop_reason = 0
        self.digests = (_TABLES_DIGEST, commands.board_digest(board))
        self.unfit = unfit
        self.leaving = False  # the loop is to end: the host asked for MicroPython's prompt
        self.hal.halt()
        if unfit:
            self._latch(unfit)
        if hal.reset_cause() == CAUSE_WATCHDOG:
            self._latch((errors.FAULT_WATCHDOG, 0, 0, 0))

    # --- one turn --------------------------------------------------------------------------
    def turn(self) -> None:
        """Run one iteration, then sleep until a byte comes or something is due."""
        self.step()
        if not self.dialogue.waits():
            self.access.look(self.now_ms, self.state)
            if self.journal.queue and self.state in states.CALM:
                self.journal.settle()
            self.hal.wait(self._sleep_ms())

    def _sleep_ms(self) -> int:
        """Return the longest sleep: no step of a ramp and no on time comes late for it."""
        if self.state in (states.RUNNING, states.STOPPING):
            return min(_RUNNING_MS, self.output.quiet_ms(self.now_ms))
        return _RUNNING_MS if self.state == states.MEASURING else _IDLE_MS

    def step(self) -> None:
        """Run one iteration of the loop. An internal error is a latched fault, output off."""
        try:
            self._clock()
            if self.fault[0] != errors.OK and self.state != states.FAULT:
                self._latch(self.fault)  # a bit of either has flipped in memory
            self.dialogue.step()
            self._run_output()
            self._run_lease()
        except Refused as refusal:
            self._latch(refusal.rows[0])
        except Exception:
            self._latch((errors.FAULT_INTERNAL, 0, 0, 0))
        self.hal.feed_watchdog()

    def _clock(self) -> None:
        now = self.hal.now_us()
        self._spare_us += (now - self._us) & _WRAP_US
        self._us = now
        self.now_ms += self._spare_us // 1000
        self._spare_us %= 1000

    # --- output and its checks -------------------------------------------------------------
    def _run_output(self) -> None:
        if self.state == states.MEASURING:
            self.monitor.feed(self.hal.sample())
            self._run_measurement()
        elif self.state not in (states.RUNNING, states.STOPPING):
            self._run_nothing()
        if self.state not in (states.RUNNING, states.STOPPING):
            return
        status = self.output.step(self.now_ms)
        if status == output.RUNNING:
            self._check_output()
        elif status == output.BEGUN:
            self._begin_run()
        elif status == output.ENDED:
            self._run_end()
        elif status == output.HALTED:
            self.halt()  # the hal saw a HALT among the bytes it had not handed over yet
        else:
            self._fail(status)

    def _run_nothing(self) -> None:
        """End a stream that runs where none may: a bit of the state, or of memory, has flipped."""
        if self.hal.stream_state()[0] == output.RUNNING:
            self._fail(output.RUNNING)

    def _run_measurement(self) -> None:
        status = self.measurement.step(self.now_ms)
        if status == output.ENDED:
            if not self.measurement.aborted:
                self.load = self.measurement.result(self.now_ms)
            self._leave_measuring("measured")
        elif status == output.HALTED:
            self.halt()
        elif status != output.RUNNING:
            self._fail(status)

    def _fail(self, status: int) -> None:
        """Latch the fault of a stream that ended unasked."""
        self._latch((_STREAM_FAULTS.get(status, errors.FAULT_INTERNAL), 0, 0, 0))

    def _run_end(self) -> None:
        """Handle a stream that ended on a whole period: counted out, stopped, or in an off time."""
        row = self._end_run()
        if row:
            self._latch(row)
        elif self.output.counted_out():
            self._ended(commands.STOP_PULSES)
        elif self.output.train.phase == ramp.REST:
            self._check_session()
        elif self._stop_reason:
            self._ended(self._stop_reason)
        elif self.output.train.times_out:
            self._ended(commands.STOP_SESSION)
        else:
            self._latch((errors.FAULT_STARVED, 0, 0, 0))  # nobody had asked for an end

    def _begin_run(self) -> None:
        """Begin a run, at START and at each on time of a cycle: periods count from 0 again."""
        self.monitor.begin_run(self.output.live)
        self.captures.begin_run()

    def _end_run(self) -> tuple:
        """End a run, once; return the row of what its last window shows, or ()."""
        monitor = self.monitor
        if monitor.is_closed:
            return ()
        monitor.feed(self.hal.sample())
        return monitor.end_run(self.output.periods())

    def _check_output(self) -> None:
        out, monitor = self.output, self.monitor
        monitor.feed(self.hal.sample())  # after the periods were looked at, before they are again
        streams = out.streams()
        row = monitor.judge(streams, out.periods())
        if monitor.is_closed:
            monitor.begin(self.hal.stream_state()[1], streams)
        row = row or self.captures.look(out.live, out.is_settled, self.now_ms)
        if row:
            self._blame(row)
        elif self.now_ms - self._checked_ms >= _CHECK_STREAM_MS:
            self._checked_ms = self.now_ms
            self._checks += 1
            if not out.words_intact():
                self._latch((errors.FAULT_STREAM, 0, 0, 0))
            elif self._checks % _CHECK_PROGRAM == 0:
                out.check_program()  # or its lease may have gone

    def _blame(self, row: tuple) -> None:
        """Latch the stream's own fault, if it has one; else `row`, found in the samples."""
        status = self.hal.stream_state()[0]
        if status == output.RUNNING:
            self._latch(row)
        elif status in _STREAM_FAULTS:
            self._fail(status)  # an end or a HALT is for the next turn

    def _check_session(self) -> None:
        """Check the session's time in an off time; the run that it ends is counted in periods."""
        session_ms = self.output.group.header.session_ms
        if session_ms and self.now_ms - self.output.ledger.start_ms >= session_ms:
            self.stop(commands.STOP_SESSION)

    def _run_lease(self) -> None:
        if self.state == states.RUNNING and self.lease_left_ms() == 0:
            self.stop(commands.STOP_LEASE)

    def lease_left_ms(self) -> int:
        """Return the time until the lease stops the output, ms; 65535 without a lease."""
        if self.output is None or self.output.group.header.flags & 1:
            return 65535
        return max(0, self.lease_ends_ms - self.now_ms)

    def book(self) -> Ledger:
        """Return the ledger since the last START, the present run included."""
        if self.state in (states.RUNNING, states.STOPPING):
            return self.output.ledger_now()
        return self.ledger

    def counts(self) -> tuple:
        """Return (stop reason, periods, pulses) of book(), at a fraction of its cost."""
        if self.state in (states.RUNNING, states.STOPPING):
            return (self.output.ledger.stopped,) + self.output.counts()
        return self.ledger.stopped, self.ledger.periods, self.ledger.pulses

    def renew_lease(self) -> None:
        if self.output is not None:
            self.lease_ends_ms = self.now_ms + self.output.group.header.lease_ms

    # --- moves of state --------------------------------------------------------------------
    def start(self) -> None:
        """Start what ARM prepared."""
        self._stop_reason = 0
        self.journal.note(self.now_ms, journal.STARTED, 0, 0, self.hash)
        self.output.start(self.now_ms)
        self._begin_run()
        self.move("start")

    def calibrated(self, restored: tuple) -> None:
        """Use a calibration, of calibration.restore(); what was measured before is no more."""
        self.calibration = restored
        self.board = calibration.applied(self.declared, restored[1])
        self.monitor = Monitor(self.board)
        self.captures = Captures(self.board, self.hal)
        self.load = None

    def measure(self, wanted: list) -> None:
        """Measure the load at these pairs of contacts."""
        self.measurement = Measurement(self.board, self.hal, wanted)
        self.load = None
        self.move("measure")

    def _leave_measuring(self, event: str) -> None:
        self.measurement = None
        self.move(event if self.output is not None else event + "_empty")

    def move(self, event: str) -> None:
        """Follow the table of states."""
        self.state = states.after(self.state, event)

    def stop(self, reason: int) -> None:
        """Ramp down and end on a whole period; where nothing runs, ARMED falls back."""
        if self.state == states.RUNNING:
            self._stop_reason = reason
            self.output.train.end()
        elif self.state == states.MEASURING:
            self.measurement.stop()
        self.move("stop")

    def halt(self) -> None:
        """Lower the gate now, whatever the state; then update the ledger."""
        self.hal.halt()
        if self.state in (states.RUNNING, states.STOPPING):
            self.output.halt()
            self._close(commands.STOP_HALT)
        if self.state == states.MEASURING:
            self._leave_measuring("halt")
        else:
            self.move("halt")

    def _ended(self, reason: int) -> None:
        self._close(reason)
        self.move("ended")

    def _close(self, reason: int) -> None:
        self.output.ledger.stop_ms = self.now_ms
        self.output.ledger.stopped = reason
        book = self.ledger = self.output.ledger
        ms = book.output_us // 1000
        self.journal.note(self.now_ms, journal.STOPPED, reason, book.truncated, book.pulses, ms)
        self.monitor = Monitor(self.board)  # no reading outlives the output it was made of
        self.captures.reset()

    def _latch(self, row: tuple) -> None:
        """Switch the output off, then latch the reason; the first is kept until CLEAR_FAULT."""
        self.hal.halt()
        out = self.output  # none, or one that runs, in whatever state a flipped bit makes
        if out and (out.live or self.state in (states.RUNNING, states.STOPPING)):
            try:
                out.halt()
            except Exception:  # a stream that has changed in memory: what it delivered is not known
                out.live = None
            self._close(commands.STOP_FAULT)
        if self.fault[0] == errors.OK:
            self.fault = row
            self.journal.note(self.now_ms, journal.FAULT, *row)
        self.measurement = self.load = None  # whatever the load was, it may be no more
        self.move("fault")
        self.state = states.FAULT  # from what is no state, too
