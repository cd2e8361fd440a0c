"""Each fault by name: the output goes off, the reason is latched, and stays until it is cleared.

For every fidelity, as test_device.py; what replaces a part of the simulated board is for it alone.
"""

import pytest
from tests.system.conversation import Conversation
from tests.system.groups import BURST, STAND_ALONE, group
from tests.system.support import Talk

from stimcore import commands, errors, program, states

BY_HAND = pytest.mark.board_only("what sample() of the seam returns is put in by hand")


def fail(talk: Conversation, name: str, what: program.Group | None = None) -> None:
    """Inject a fault into a device that runs."""
    talk.running(what)
    talk.keep(0.5)
    assert talk.state() == "RUNNING"
    talk.inject(name)
    talk.keep(0.4)


# a flipped bit may lie in a hold (the sentinel sees it first), in a code, or in a mask: of a pulse,
# or of a rest, which then discharges nothing
CAUSES = {
    "open_lead": {"open_load"},
    "short": {"short_load"},
    "starved_fifo": {"starved"},
    "stuck_dac": {"sense", "open_load"},
    "corrupt_word": {"stream", "sentinel", "sense", "residual"},
}


@pytest.mark.parametrize("name", ["open_lead", "short"])
def test_req_55_a_broken_load_is_noticed_within_a_ramp(talk: Conversation, name: str) -> None:
    """Each period may be another stream's: every 20 ms of the ten seconds brings a new one."""
    talk.running(group({"ramp_up_ms": 10_000}))
    talk.keep(4.0)
    assert talk.state() == "RUNNING"
    talk.inject(name)
    talk.keep(0.2)
    assert not talk.gate
    assert talk.fault_name() in CAUSES[name]


@pytest.mark.parametrize("name", CAUSES)
def test_req_31_a_fault_drops_the_gate_and_stays_latched(talk: Conversation, name: str) -> None:
    fail(talk, name)
    assert not talk.gate
    assert talk.state() == "FAULT"
    reason = talk.fault()
    assert talk.fault_name() in CAUSES[name]
    talk.keep(1.0)
    assert (talk.state(), talk.fault()) == ("FAULT", reason)
    assert talk.why_it_stopped() == "fault"
    assert talk.send(commands.CLEAR_FAULT).status == 0
    assert talk.state() == "OFF"


@pytest.mark.parametrize("name", ["open_lead", "short", "starved_fifo", "corrupt_word"])
def test_req_31_a_fault_during_a_burst_is_latched_too(talk: Conversation, name: str) -> None:
    """A short lets the blocking capacitor go faster than the words may, and a bit of a switch's
    breaks the circuit: either is seen in the discharge, or as no current."""
    fail(talk, name, group(**BURST))
    assert not talk.gate
    assert talk.fault_name() in CAUSES[name] | {"discharge_current", "open_load"}


def test_req_55_a_loose_lead_is_found_once_it_is_open_for_some_periods(talk: Conversation) -> None:
    """Breaks of 1 to 100 ms; what judges is a window of two periods and more."""
    talk.running()
    talk.keep(0.5)
    talk.inject("loose_lead")
    talk.keep(1.5)
    assert not talk.gate
    assert talk.fault_name() in {"open_load", "sense"}


def test_req_54_a_dac_that_no_longer_follows_is_found_at_the_next_change(
    talk: Conversation,
) -> None:
    """A burst has one code: stuck on it, the DAC still delivers what is commanded."""
    talk.running(group(**BURST))
    talk.keep(0.5)
    talk.until_current(-0.3e-3)
    talk.inject("stuck_dac")
    talk.keep(0.3)
    assert talk.state() == "RUNNING"
    talk.send(commands.AMPLITUDE, 0, 200)
    talk.keep(0.3)
    assert talk.fault() == (errors.FAULT_SENSE, 0, -350_000, -200_000)
    assert not talk.gate


# the lowest DAC bit of the words of two frames: too little for the current check, and so near to
# what the charge check permits that the chip's ADC may see the charge first
@pytest.mark.parametrize("word", [1, 3])
@pytest.mark.parametrize("offset_ms", [0, 110, 220])
def test_req_53_a_changed_word_is_found_within_100_ms_and_a_turn(
    talk: Conversation, offset_ms: int, word: int
) -> None:
    talk.running(group(STAND_ALONE))
    talk.keep(0.5)
    talk.pass_us(offset_ms * 1_000)
    talk.flip(word, 1)
    talk.pass_us(101_000 + 10_000)
    assert not talk.gate
    first = [errors.FAULT_STREAM]
    if not isinstance(talk, Talk):
        first.append(errors.FAULT_RESIDUAL)
    assert talk.fault()[0] in first


def test_req_37_nothing_staged_before_a_fault_can_be_committed_after_it(
    talk: Conversation,
) -> None:
    fail(talk, "starved_fifo")
    talk.send(commands.CLEAR_FAULT)
    refused = talk.send(commands.COMMIT)
    assert refused.rows[0][0] == errors.STAGE_RANGE
    assert talk.state() == "OFF"


def test_req_55_open_and_short_tell_what_was_measured(talk: Conversation) -> None:
    fail(talk, "open_lead")
    code, _index, value, limit = talk.fault()
    assert code == errors.FAULT_OPEN and value < limit
    assert limit in (200_000, 50_000)  # a tenth of 2 mA, or of the recharge's 0.5 mA
    talk.inject("healed")
    talk.send(commands.CLEAR_FAULT)
    fail(talk, "short")
    code, _index, value, limit = talk.fault()
    # a quarter of 2 mA in 500 ohm, and of up to 160 mV that its 0.4 uC leaves on 2.5 uF
    assert code == errors.FAULT_SHORT and value < 250 <= limit <= 290


def test_req_52_a_hung_loop_is_cut_off_by_the_watchdog_within_250_ms(talk: Conversation) -> None:
    talk.running()
    talk.keep(0.5)
    talk.inject("hung_loop")
    talk.pass_us(235_000)  # it was last fed up to 5 ms ago
    assert talk.gate
    talk.pass_us(16_000)
    assert not talk.gate
    talk.hello()
    assert (talk.state(), talk.fault_name()) == ("FAULT", "watchdog")


def test_req_50_the_output_of_a_starved_sequencer_is_off_within_one_record(
    talk: Conversation,
) -> None:
    talk.running(group(**BURST))
    talk.keep(0.5)
    talk.until_current(-0.3e-3)
    talk.inject("starved_fifo")
    talk.pass_us(30_000)
    pulses = talk.pulses(-0.3e-3)
    assert max(pulse.width_s for pulse in pulses) <= 1.0001e-3
    assert talk.current_a > -0.3e-3  # every pulse has ended
    assert not talk.gate


def test_link_noise_does_not_disturb_the_output(talk: Conversation) -> None:
    talk.running(group(STAND_ALONE))
    errors_before = talk.status()["link_errors"]
    talk.inject("link_noise")
    for _ in range(20):
        talk.raw(b"", 50_000)
    assert talk.gate
    status = talk.insist(commands.STATUS)
    assert status["link_errors"] > errors_before  # the noise did arrive
    assert status["fault"] == 0
    assert len(talk.pulses()) >= 49


def test_req_32_halt_gets_through_the_noise(talk: Conversation) -> None:
    talk.running(group(STAND_ALONE))
    talk.keep(0.3)
    talk.inject("link_noise")
    talk.pass_us(200_000)
    talk.insist(commands.HALT)
    assert not talk.gate


# --- with a part of the simulated board replaced ---------------------------------------------
@pytest.mark.board_only("the seam's own calls are replaced")
def test_req_31_the_first_reason_is_kept(talk: Talk) -> None:
    fail(talk, "starved_fifo")
    talk.board.hal.link_read = lambda: 1 // 0
    talk.board.advance_us(20_000)  # a device with nothing to do turns every 5 ms
    assert talk.device.fault[0] == errors.FAULT_STARVED


@pytest.mark.board_only("a bit of the firmware's memory is flipped")
@pytest.mark.parametrize("bit", range(5))
@pytest.mark.parametrize("begun", ["RUNNING", "STOPPING", "MEASURING"])
def test_req_66_a_flipped_bit_of_the_state_ends_the_output(
    talk: Talk, begun: str, bit: int
) -> None:
    """In another state nothing would watch it, no lease would end, and no STOP be obeyed."""
    if begun == "MEASURING":
        assert talk.send(commands.MEASURE, 1, 2).status == 0
    else:
        talk.running(group(STAND_ALONE))
        talk.keep(0.3)
    if begun == "STOPPING":
        talk.send(commands.STOP)
    assert talk.state() == begun and talk.gate
    talk.device.state ^= 1 << bit
    talk.pass_us(30_000)
    assert not talk.gate
    assert (talk.state(), talk.fault_name()) == ("FAULT", "internal")
    if begun != "MEASURING":
        assert talk.why_it_stopped() == "fault"
    assert talk.send(commands.CLEAR_FAULT).status == 0


@pytest.mark.board_only("a bit of the firmware's memory is flipped")
def test_req_66_a_state_without_the_program_it_needs_is_a_fault_not_an_end(talk: Talk) -> None:
    talk.device.state = states.STOPPING  # a flipped bit of OFF
    talk.pass_us(30_000)
    assert (talk.state(), talk.fault_name()) == ("FAULT", "internal")
    assert talk.send(commands.CLEAR_FAULT).status == 0


def damage(talk: Talk, **changes: int) -> None:
    """Let bits of the loaded program flip in the device's memory: of its header or its program."""
    loaded = talk.device.output.group
    header = {name: value for name, value in changes.items() if name in loaded.header._fields}
    members = {name: value for name, value in changes.items() if name not in header}
    talk.device.output.group = loaded._replace(
        header=loaded.header._replace(**header),
        programs=(loaded.programs[0]._replace(**members), *loaded.programs[1:]),
    )


DAMAGES = [{"anodes": 64}, {"width_ns": 200_000 ^ 1 << 16}, {"discharge_permille": 1_999}]


@pytest.mark.board_only("a bit of the firmware's memory is flipped")
@pytest.mark.parametrize("changes", DAMAGES, ids=str)
def test_req_67_a_damaged_program_is_not_played_at_the_next_step(
    talk: Talk, changes: dict[str, int]
) -> None:
    talk.running(group({**STAND_ALONE, "ramp_up_ms": 2_000}))
    talk.keep(0.3)
    frames = {frame >> 1 & 0x55555555 for _tick, frame in talk.latches()}  # the switches alone
    damage(talk, **changes)
    talk.keep(0.1)
    assert not talk.gate
    assert talk.fault_name() == "hash_mismatch"
    assert {frame >> 1 & 0x55555555 for _tick, frame in talk.latches()} == frames


@pytest.mark.board_only("a bit of the firmware's memory is flipped")
def test_req_67_a_damaged_program_is_neither_armed_nor_started(talk: Talk) -> None:
    talk.stage(group())
    talk.measured()
    damage(talk, width_ns=134_464)
    refused = talk.send(commands.ARM, talk.device.hash)
    assert refused.rows[0][0] == errors.HASH_MISMATCH
    assert not talk.gate
    talk.armed()
    damage(talk, count=33)
    assert talk.send(commands.START).rows[0][0] == errors.HASH_MISMATCH
    assert not talk.gate


@pytest.mark.board_only("a bit of the firmware's memory is flipped")
def test_req_67_no_figures_are_given_of_a_damaged_program(talk: Talk) -> None:
    talk.stage(group())
    damage(talk, width_ns=134_464)
    for refused in (talk.send(commands.FIGURES), talk.send(commands.AMPLITUDE, 0, 500)):
        assert refused.rows[0][0] == errors.HASH_MISMATCH


@pytest.mark.board_only("a bit of the firmware's memory is flipped")
def test_req_67_a_program_that_has_lost_its_lease_is_found_within_a_second(talk: Talk) -> None:
    """At its amplitude nothing is compiled any more, and the output would outlive its host."""
    talk.running(group({"ramp_up_ms": 100}, amplitude_ua=500))
    talk.keep(0.5)
    damage(talk, flags=program.FLAG_STAND_ALONE)
    talk.keep(1.15)
    assert not talk.gate
    assert talk.fault_name() == "hash_mismatch"


@pytest.mark.board_only("a part of the firmware is replaced")
def test_req_52_an_error_of_the_firmwares_own_is_a_fault_not_a_hang(talk: Talk) -> None:
    talk.running()
    talk.keep(0.3)

    def broken(_now_ms: int) -> int:
        raise ZeroDivisionError

    talk.device.output.step = broken
    talk.board.advance_us(1_000)
    assert not talk.gate
    assert talk.device.fault[0] == errors.FAULT_INTERNAL


@pytest.mark.board_only("a bit of the firmware's memory is flipped")
@pytest.mark.parametrize("then", ["goes on", "halt"])
def test_req_31_a_fault_is_latched_though_its_stream_can_no_longer_be_counted(
    talk: Talk, then: str
) -> None:
    """More records than there are words: the books at the end of such a stream are an error too."""
    talk.running()
    talk.keep(0.5)
    talk.device.output.live.records |= 1 << 12
    if then == "halt":
        talk.send(commands.HALT)
    talk.board.advance_us(400_000)
    assert not talk.gate
    assert (talk.state(), talk.device.fault[0]) == ("FAULT", errors.FAULT_INTERNAL)
    assert talk.board.resets == 0
    assert talk.send(commands.CLEAR_FAULT).status == 0
    talk.running()
    talk.keep(0.3)
    assert talk.state() == "RUNNING"


@pytest.mark.board_only("a bit of the firmware's memory is flipped")
@pytest.mark.parametrize("bit", range(8))
@pytest.mark.parametrize("running", [False, True])
def test_req_31_a_reason_without_its_state_is_a_fault(talk: Talk, bit: int, running: bool) -> None:
    """Else the next fault would be latched with a reason that nothing has found."""
    if running:
        talk.running()
        talk.keep(0.3)
    talk.device.fault = (1 << bit, *talk.device.fault[1:])
    talk.pass_us(50_000)
    assert not talk.gate
    assert (talk.state(), talk.fault()[0]) == ("FAULT", 1 << bit)
    assert talk.send(commands.CLEAR_FAULT).status == 0
    assert (talk.state(), talk.fault()[0]) == ("OFF", errors.OK)


def flipped_in_a_ramp(talk: Talk, is_settled: bool) -> None:
    """Flip a word just after a check of the words, another table waiting or not, and run on."""
    talk.running(group({"ramp_up_ms": 2_000}, rate_millihz=200_000))
    talk.keep(0.45)
    checks, out = talk.device._checks, talk.device.output
    while talk.device._checks == checks or out.is_settled != is_settled:
        talk.pass_us(1_000)
    live = out.live
    talk.flip(1, 1 << 29)  # another contact to source
    while out.live is live and talk.device.state == states.RUNNING:
        talk.pass_us(1_000)


@pytest.mark.board_only("the instant of a flip is chosen")
def test_req_53_a_word_changed_in_a_table_is_found_before_another_follows_it(talk: Talk) -> None:
    """Runs 3480 and 9308 of the campaign of faults with seed 1: a pulse at another contact.

    The words are compared every 100 ms, and in a ramp the next table comes sooner.
    """
    flipped_in_a_ramp(talk, True)
    assert talk.fault()[0] == errors.FAULT_STREAM


@pytest.mark.board_only("the instant of a flip is chosen")
@pytest.mark.xfail(strict=True, reason="between the load of a table and its first period")
def test_req_53_a_word_changed_in_a_table_that_another_waits_to_follow_is_found(talk: Talk) -> None:
    """Run 1210 of the same campaign."""
    flipped_in_a_ramp(talk, False)
    assert talk.fault()[0] == errors.FAULT_STREAM


@BY_HAND
def test_req_54_a_current_that_is_not_the_commanded_one_names_both(talk: Talk) -> None:
    talk.running()
    talk.keep(0.5)
    talk.board.hal.sample = lambda: (2048 - 120, 2048 + 40, 1_900, 2_100, 50)  # -1.5 mA, not -2
    talk.keep(0.2)
    assert talk.fault() == (errors.FAULT_SENSE, 0, -1_500_000, -2_000_000)
    assert not talk.gate


@BY_HAND
def test_req_54_a_current_within_its_tolerance_is_no_fault(talk: Talk) -> None:
    talk.running()
    talk.keep(0.5)
    talk.board.hal.sample = lambda: (2048 - 138, 2048 + 40, 1_900, 2_100, 50)  # -1.725 mA
    talk.keep(0.3)
    assert talk.state() == "RUNNING"


@BY_HAND
@pytest.mark.parametrize(("low", "state"), [(-12, "RUNNING"), (-13, "FAULT")])
def test_req_54_the_tolerance_is_never_finer_than_60_ua(talk: Talk, low: int, state: str) -> None:
    talk.running(group(amplitude_ua=100, recharge=program.RECHARGE_PASSIVE))
    talk.keep(0.5)
    talk.board.hal.sample = lambda: (2048 + low, 2048, 2_040, 2_050, 50)  # 12.5 uA a code
    talk.keep(0.2)
    assert talk.state() == state


@BY_HAND
def test_req_55_neither_current_nor_voltage_is_an_open_load_not_a_short(talk: Talk) -> None:
    talk.running()
    talk.keep(0.52)  # in the second half of a window, so that one of nothing else follows
    talk.board.hal.sample = lambda: (2048, 2048, 2048, 2048, 50)
    talk.keep(0.2)
    assert talk.fault() == (errors.FAULT_OPEN, 0, 0, 200_000)
