"""Each fault by name: the output goes off, the reason is latched, and stays until it is cleared."""

import pytest
from tests.system.support import Talk, group

from stimcore import commands, errors, program, states

BURST = dict(
    waveform=program.BURST,
    recharge=program.RECHARGE_PASSIVE_BURST,
    pulses=5,
    rate_mhz=40_000,
    intra_rate_mhz=500_000,
    width_ns=1_000_000,
    amplitude_ua=350,
    gap_ns=0,
)


def fail(name: str, what: program.Group | None = None, seconds: float = 0.4) -> Talk:
    """A running board on which a fault happens."""
    talk = Talk().running(what)
    talk.keep(0.5)
    assert talk.device.state == states.RUNNING
    talk.board.inject(name)
    talk.keep(seconds)
    return talk


# a flipped bit may lie in a hold (the sentinel sees it first), in a code or in a mask
CAUSES = {
    "open_lead": {errors.FAULT_OPEN},
    "short": {errors.FAULT_SHORT},
    "starved_fifo": {errors.FAULT_STARVED},
    "stuck_dac": {errors.FAULT_SENSE, errors.FAULT_OPEN},
    "corrupt_word": {errors.FAULT_STREAM, errors.FAULT_SENTINEL, errors.FAULT_SENSE},
}


@pytest.mark.parametrize("name", CAUSES)
def test_req_31_a_fault_drops_the_gate_and_stays_latched(name: str) -> None:
    talk = fail(name)
    status = talk.status()
    assert not talk.board.gate
    assert (status["state"], status["fault"] in CAUSES[name]) == (states.FAULT, True)
    talk.keep(3.0)
    assert talk.status()["state"] == states.FAULT
    assert commands.STOP_REASONS[talk.ledger()["stopped"]] == "fault"
    assert talk.send(commands.CLEAR_FAULT).status == 0
    assert talk.status()["state"] == states.OFF


@pytest.mark.parametrize("name", ["open_lead", "short", "starved_fifo", "corrupt_word"])
def test_req_31_a_fault_during_a_burst_is_latched_too(name: str) -> None:
    talk = fail(name, group(**BURST))
    assert not talk.board.gate
    assert talk.device.fault[0] in CAUSES[name]


def test_req_54_a_dac_that_no_longer_follows_is_found_at_the_next_change() -> None:
    """A burst has one code: stuck on it, the DAC still delivers what is commanded."""
    talk = Talk().running(group(**BURST))
    talk.keep(0.5)
    while talk.board.scope().events()[1][-1] > -0.3e-3:
        talk.board.advance_us(100)
    talk.board.inject("stuck_dac")
    talk.keep(0.3)
    assert talk.device.state == states.RUNNING
    talk.send(commands.AMPLITUDE, 0, 200)
    talk.keep(0.3)
    assert talk.device.fault == (errors.FAULT_SENSE, 0, -350_000, -200_000)
    assert not talk.board.gate


@pytest.mark.parametrize("offset_ms", [0, 110, 220])
def test_req_53_a_changed_word_is_found_within_100_ms_and_a_turn(offset_ms: int) -> None:
    talk = Talk().running()
    talk.keep(0.5)
    talk.board.advance_us(offset_ms * 1_000)
    words = bytearray(talk.board.hal.stream_words())
    words[4] ^= 1  # one DAC code: far too little for the current check
    talk.board.hal.stream_words = lambda: bytes(words)
    talk.board.advance_us(101_000)
    assert talk.device.fault[0] == errors.FAULT_STREAM and not talk.board.gate


def test_req_37_nothing_staged_before_a_fault_can_be_committed_after_it() -> None:
    talk = fail("starved_fifo")
    talk.send(commands.CLEAR_FAULT)
    refused = talk.send(commands.COMMIT)
    assert refused.rows[0][0] == errors.STAGE_RANGE
    assert talk.status()["state"] == states.OFF


def test_req_31_the_first_reason_is_kept() -> None:
    talk = fail("starved_fifo")
    talk.board.hal.link_read = lambda: 1 // 0
    talk.board.advance_us(20_000)  # a device with nothing to do turns every 5 ms
    assert talk.device.fault[0] == errors.FAULT_STARVED


def test_req_54_a_current_that_is_not_the_commanded_one_names_both() -> None:
    talk = Talk().running()
    talk.keep(0.5)
    talk.board.hal.sample = lambda: (2048 - 120, 2048 + 40, 1_900, 2_100, 50)  # -1.5 mA, not -2
    talk.keep(0.2)
    assert talk.device.fault == (errors.FAULT_SENSE, 0, -1_500_000, -2_000_000)
    assert not talk.board.gate


def test_req_54_a_current_within_its_tolerance_is_no_fault() -> None:
    talk = Talk().running()
    talk.keep(0.5)
    talk.board.hal.sample = lambda: (2048 - 138, 2048 + 40, 1_900, 2_100, 50)  # -1.725 mA
    talk.keep(0.3)
    assert talk.device.state == states.RUNNING


@pytest.mark.parametrize(("low", "state"), [(-12, states.RUNNING), (-13, states.FAULT)])
def test_req_54_the_tolerance_is_never_finer_than_60_ua(low: int, state: int) -> None:
    talk = Talk().running(group(amplitude_ua=100, recharge=program.RECHARGE_PASSIVE))
    talk.keep(0.5)
    talk.board.hal.sample = lambda: (2048 + low, 2048, 2_040, 2_050, 50)  # 12.5 uA a code
    talk.keep(0.2)
    assert talk.device.state == state


def test_req_55_neither_current_nor_voltage_is_an_open_load_not_a_short() -> None:
    talk = Talk().running()
    talk.keep(0.5)
    talk.board.hal.sample = lambda: (2048, 2048, 2048, 2048, 50)
    talk.keep(0.2)
    assert talk.device.fault == (errors.FAULT_OPEN, 0, 0, 200_000)


def test_req_55_open_and_short_tell_what_was_measured() -> None:
    opened = fail("open_lead").device.fault
    assert opened[0] == errors.FAULT_OPEN and opened[2] < opened[3] == 200_000
    shorted = fail("short").device.fault
    assert shorted[0] == errors.FAULT_SHORT and shorted[2] < shorted[3] == 250


def test_req_52_a_hung_loop_is_cut_off_by_the_watchdog_within_250_ms() -> None:
    talk = Talk().running()
    talk.keep(0.5)
    talk.board.inject("hung_loop")
    talk.board.advance_us(240_000)
    assert talk.board.gate
    talk.board.advance_us(11_000)
    assert not talk.board.gate
    talk.board.advance_us(10_000)
    talk.hello()
    status = talk.status()
    assert (status["state"], status["fault"]) == (states.FAULT, errors.FAULT_WATCHDOG)


def test_req_52_an_error_of_the_firmwares_own_is_a_fault_not_a_hang() -> None:
    talk = Talk().running()
    talk.keep(0.3)

    def broken(_now_ms: int) -> int:
        raise ZeroDivisionError

    talk.device.output.step = broken
    talk.board.advance_us(1_000)
    assert not talk.board.gate
    assert talk.device.fault[0] == errors.FAULT_INTERNAL


def test_req_50_the_output_of_a_starved_sequencer_is_off_within_one_record() -> None:
    talk = Talk().running(group(**BURST))
    talk.keep(0.5)
    while talk.board.scope().events()[1][-1] > -0.3e-3:
        talk.board.advance_us(100)
    talk.board.inject("starved_fifo")
    talk.board.advance_us(30_000)
    time_s, current_a, _ = talk.board.scope().events()
    falls = [time_s[i] for i in range(1, len(time_s)) if current_a[i] < -0.3e-3 < current_a[i - 1]]
    rises = [time_s[i] for i in range(1, len(time_s)) if current_a[i] > -0.3e-3 > current_a[i - 1]]
    assert len(falls) == len(rises)
    assert max(b - a for a, b in zip(falls, rises, strict=True)) <= 1.0001e-3


def test_link_noise_does_not_disturb_the_output() -> None:
    talk = Talk(seed=3).running()
    talk.board.inject("link_noise")
    for _ in range(20):
        talk.raw(b"", 50_000)
    assert talk.device.state == states.RUNNING and talk.board.gate
    assert talk.device.decoder.errors > 0  # the noise did arrive
