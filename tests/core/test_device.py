"""The device on a seam of two hundred lines: what it does of itself, call by call.

What a whole bench shows is in tests/system; here the order of the seam's calls is looked at, and
ends and failures that a healthy bench never has.
"""

import binascii
from typing import Any

import pytest
from tests.support.programs import TONIC, group
from tests.support.tables import BOARD
from tests.vm.fakehal import FakeHal

from stimcore import commands, errors, frame, limits, load_test, output, packing, program, states
from stimcore.device import Device

TURN_US = 5_000
RESISTOR = BOARD._replace(load_nf=0, seen_nf=0)  # what FakeHal has
STEADY = TONIC._replace(amplitude_ua=500)  # at its amplitude from the first pulse on
CALLS = ("link_read", "link_write", "stream_state", "stream_start", "halt", "feed_watchdog")


class Told(FakeHal):
    """A seam that writes down which of CALLS came, in their order."""

    def __init__(self, cause: int = 0) -> None:
        super().__init__(cause)
        self.calls: list[str] = []

    def wait(self, most_ms: int) -> None:
        """Return at once: time passes in Bench.turns() alone."""

    def __getattribute__(self, name: str) -> Any:
        if name in CALLS:
            object.__getattribute__(self, "calls").append(name)
        return object.__getattribute__(self, name)


class Bench:
    """A device and a host of a few lines; it has said HELLO."""

    def __init__(self, unfit: tuple[int, ...] = ()):
        self.hal = Told()
        self.device = Device(RESISTOR, self.hal, unfit)
        self.sequence = 0
        self.say(commands.HELLO, commands.PROTOCOL)

    def turns(self, count: int = 1) -> None:
        for _ in range(count):
            self.hal.us += TURN_US
            self.device.turn()

    def say(self, opcode: int, *values: Any) -> int:
        """Send a command; return the status of its reply."""
        self.sequence = (self.sequence + 1) & 255
        payload = packing.pack(commands.by_opcode(opcode)[2], values)
        self.hal.inbox += frame.encode(self.sequence, opcode, payload)
        self.hal.outbox = b""
        self.turns()
        return int(frame.Decoder().feed(self.hal.outbox)[0][2][0])

    def load(self, what: program.Group) -> int:
        blob = program.pack(what)
        assert self.say(commands.STAGE_BEGIN, len(blob), binascii.crc32(blob)) == errors.OK
        for at in range(0, len(blob), 100):
            assert self.say(commands.STAGE_DATA, at, blob[at : at + 100]) == errors.OK
        assert self.say(commands.COMMIT) == errors.OK
        return program.digest(blob)

    def measure(self) -> None:
        """Measure the load, to the end."""
        assert self.say(commands.MEASURE, 0, 0) == errors.OK
        for _ in range(1_000):
            if self.state == "MEASURING":
                self.turns()
        assert self.device.load is not None

    def running(self, flags: int = program.FLAG_STAND_ALONE, **header: int) -> "Bench":
        digest = self.load(group(STEADY, flags=flags, **header))
        self.measure()
        assert self.say(commands.ARM, digest) == errors.OK
        assert self.say(commands.START) == errors.OK
        self.turns(20)
        assert self.state == "RUNNING"
        return self

    @property
    def state(self) -> str:
        return states.NAMES[self.device.state]

    @property
    def fault(self) -> int:
        return int(self.device.fault[0])


# --- at boot ---------------------------------------------------------------------------------
def test_req_31_the_gate_is_lowered_at_boot_before_anything_is_answered() -> None:
    hal = Told()
    hal.inbox = bytes(frame.encode(0, commands.HELLO, b"\1\0"))
    device = Device(RESISTOR, hal)
    assert hal.calls == ["halt"]
    device.step()
    assert hal.calls[:2] == ["halt", "link_read"]


def test_req_52_a_board_that_is_not_fit_is_not_armed() -> None:
    unfit = (errors.FAULT_SELF_TEST, 3, 2_500, 2_088)
    bench = Bench(unfit)
    assert (bench.state, bench.device.fault) == ("FAULT", unfit)
    assert bench.say(commands.CLEAR_FAULT) == errors.OK
    digest = bench.load(group(STEADY))
    bench.measure()
    assert bench.say(commands.ARM, digest) == errors.FAULT_SELF_TEST
    assert bench.state == "LOADED"


# --- one turn --------------------------------------------------------------------------------
@pytest.mark.parametrize("runs", [False, True])
def test_req_52_the_watchdog_is_fed_once_at_the_end_of_a_turn(runs: bool) -> None:
    bench = Bench().running() if runs else Bench()
    bench.hal.calls.clear()
    bench.device.step()
    assert bench.hal.calls[0] == "link_read"
    assert "stream_state" in bench.hal.calls  # whether anything is to run or not
    assert bench.hal.calls.count("feed_watchdog") == 1
    assert bench.hal.calls[-1] == "feed_watchdog"


def test_req_31_what_is_refused_while_running_is_the_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = Bench().running()
    row = (errors.STEP_UP, 2, 600, limits.STEP_UP_UA)

    def refuse(_now_ms: int) -> int:
        raise errors.Refused(*row)

    monkeypatch.setattr(bench.device.output, "step", refuse)
    bench.turns()
    assert (bench.state, bench.device.fault) == ("FAULT", row)
    assert bench.hal.status == output.HALTED


@pytest.mark.parametrize(
    ("status", "fault"),
    [
        (output.STARVED, errors.FAULT_STARVED),
        (output.SENTINEL, errors.FAULT_SENTINEL),
        (output.IDLE, errors.FAULT_INTERNAL),
    ],
)
def test_req_50_req_51_an_output_that_ended_by_itself_is_a_fault(status: int, fault: int) -> None:
    bench = Bench().running()
    bench.hal.die(status)
    bench.turns()
    assert (bench.state, bench.fault) == ("FAULT", fault)


def test_req_50_an_end_that_nobody_asked_for_is_a_fault() -> None:
    bench = Bench().running()
    bench.hal.die(output.ENDED)
    bench.turns()
    assert (bench.state, bench.fault) == ("FAULT", errors.FAULT_STARVED)


def test_req_35_a_session_counted_in_pulses_is_over() -> None:
    bench = Bench().running(session_pulses=25)  # half a second at 50 Hz
    bench.turns(100)
    assert bench.state == "LOADED"
    assert (bench.device.ledger.stopped, bench.device.ledger.pulses) == (commands.STOP_PULSES, 25)


def test_req_35_a_session_whose_time_ends_in_an_off_time_is_over() -> None:
    # on from 0 to 1 s, off to 3 s; 1.5 s are over in the pause, where no period is counted
    bench = Bench().running(cycle_on_ms=1_000, cycle_off_ms=2_000, session_ms=1_500)
    bench.turns(250)
    assert bench.state == "RUNNING"
    bench.turns(60)
    assert bench.state == "LOADED"
    assert bench.device.ledger.stopped == commands.STOP_SESSION


def test_req_34_a_lease_that_has_run_out_ends_the_output() -> None:
    bench = Bench().running(flags=0, lease_ms=1_000)  # 100 ms of it are over
    bench.turns(170)
    assert bench.state == "RUNNING"
    bench.turns(20)
    assert (bench.state, bench.device.ledger.stopped) == ("LOADED", commands.STOP_LEASE)


# --- the gate first --------------------------------------------------------------------------
def test_req_32_the_gate_falls_before_the_books_are_kept() -> None:
    bench = Bench().running()
    bench.hal.calls.clear()
    bench.device.halt()
    assert bench.hal.calls[0] == "halt"
    assert bench.hal.calls.count("halt") == 2  # the device's own, and that of its output


@pytest.mark.parametrize("state", ["OFF", "RUNNING"])
def test_req_31_a_fault_lowers_the_gate_first(state: str) -> None:
    bench = Bench().running() if state == "RUNNING" else Bench()
    bench.hal.calls.clear()
    bench.device._latch((errors.FAULT_INTERNAL, 0, 0, 0))
    assert bench.hal.calls[0] == "halt"
    assert bench.hal.calls.count("halt") == (2 if state == "RUNNING" else 1)


# --- a measurement ---------------------------------------------------------------------------
def measuring() -> Bench:
    bench = Bench()
    assert bench.say(commands.MEASURE, 0, 0) == errors.OK
    bench.turns(2)
    assert (bench.state, bench.hal.status) == ("MEASURING", output.RUNNING)
    return bench


def test_req_57_a_measurement_that_is_stopped_leaves_none() -> None:
    bench = Bench()
    bench.measure()
    assert bench.say(commands.MEASURE, 0, 0) == errors.OK
    assert bench.say(commands.STOP) == errors.OK
    bench.turns(20)
    assert (bench.state, bench.device.load) == ("OFF", None)


def test_req_53_words_changed_while_measuring_are_a_fault() -> None:
    bench = measuring()
    bench.hal.words_flip = 1
    bench.turns(20)
    assert (bench.state, bench.fault) == ("FAULT", errors.FAULT_STREAM)
    assert bench.hal.status == output.HALTED


def test_req_56_a_measurement_without_samples_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = measuring()
    monkeypatch.setattr(bench.hal, "capture_take", tuple)
    bench.turns(load_test.PATIENCE_MS * 1_000 // TURN_US - 2)
    assert bench.state == "MEASURING"
    bench.turns(4)
    assert (bench.state, bench.fault) == ("FAULT", errors.FAULT_INTERNAL)


# --- the journal -----------------------------------------------------------------------------
def test_req_68_what_cannot_be_written_down_is_not_armed() -> None:
    bench = Bench()
    digest = bench.load(group(STEADY))
    bench.measure()
    bench.hal.deaf = True  # the store takes nothing
    assert bench.say(commands.ARM, digest) == errors.STORE_WRITE
    assert bench.state == "LOADED"
    bench.hal.deaf = False
    assert bench.say(commands.ARM, digest) == errors.OK


def test_req_68_what_happened_is_written_down_once_the_output_is_off() -> None:
    bench = Bench().running()
    assert bench.device.journal.queue != []  # STARTED waits: nothing is written while it flows
    written = dict(bench.hal.cells)
    bench.turns(10)
    assert bench.hal.cells == written
    assert bench.say(commands.HALT) == errors.OK
    bench.turns()
    assert bench.device.journal.queue == []
    assert bench.hal.cells != written
