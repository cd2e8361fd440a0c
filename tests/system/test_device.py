"""The device as a whole: states, HALT, STOP, two-phase commit, lease, refusals.

Each test takes the conversation `talk`: here with the simulated board, in tests/chip with the
real firmware on the emulated chip.
"""

import struct

import pytest
from tests.system.conversation import Conversation
from tests.system.groups import STAND_ALONE, group
from tests.system.states import STATE_NAMES, bring_to
from tests.system.support import Talk

from stimcore import commands, errors, frame, program

HALT_US = 2_000  # from its bytes to the gate, in the steady state
HALT_WORST_US = 10_000  # while something is computed
PAYLOADS = {
    commands.STAGE_BEGIN: (program.blob_length(1), 0),
    commands.STAGE_DATA: (0, b"x"),
    commands.ARM: (1,),
    commands.MEASURE: (0, 0),
    commands.AMPLITUDE: (0, 1_000),
    **dict.fromkeys((commands.SCOPE_ARM, commands.WORDS), (0,)),
    **dict.fromkeys((commands.SAVE, commands.RECALL, commands.ERASE), (0,)),
    commands.CALIBRATE: (0, 0, 0, 0),
    commands.LOG: (0, 0),
    commands.PAIR: (b"",),
}
LOOK = {"scope_arm", "words"}
STORE = {"recall", "slots", "erase", "calibrate", "log", "pair"}
# restated by hand: what each state lets through
ALLOWED = {
    "OFF": {"stage_begin", "stage_data", "commit", "maintenance", "measure", *STORE},
    "LOADED": {
        "stage_begin",
        "stage_data",
        "commit",
        "arm",
        "amplitude",
        "figures",
        "save",
        "measure",
        "unload",
        *STORE,
    },
    "ARMED": {"arm", "start", "amplitude", "figures"},
    "RUNNING": {"amplitude", "figures", *LOOK},
    "STOPPING": {"figures", *LOOK},
    "FAULT": {"clear_fault", "log"},
    "MEASURING": set(),
}
EVERYWHERE = {"hello", "status", "stop", "halt", "ledger", "scope_read", "impedance", "calibration"}
EVERYWHERE |= {"open", "signed"}


@pytest.mark.parametrize("name", STATE_NAMES)
def test_req_41_a_command_the_state_forbids_is_refused_and_changes_nothing(
    talk: Conversation, name: str
) -> None:
    bring_to(talk, name)
    for row in commands.TABLE:
        if row[1] in ALLOWED[name] | EVERYWHERE:
            continue
        before = (talk.hidden(), talk.gate or name == "MEASURING")
        reply = talk.send(row[0], *PAYLOADS.get(row[0], ()))
        assert reply.rows[0][:3] == (errors.BAD_STATE, row[0], STATE_NAMES.index(name)), row[1]
        assert (talk.hidden(), talk.gate or name == "MEASURING") == before, row[1]
        assert talk.state() == name, row[1]


@pytest.mark.parametrize("name", STATE_NAMES)
def test_req_32_halt_drops_the_gate_in_every_state(talk: Conversation, name: str) -> None:
    bring_to(talk, name)
    data = frame.encode(77, commands.HALT, b"")  # not even the right sequence number
    answers = talk.raw(data, HALT_WORST_US if name in ("STOPPING", "MEASURING") else HALT_US)
    assert not talk.gate
    assert answers or talk.ask(b"")  # the reply
    ends = ("ARMED", "RUNNING", "STOPPING", "MEASURING")
    after = "LOADED" if name in ends else name
    assert talk.state() == after


def test_req_32_halt_behind_slower_commands_is_obeyed_before_them(talk: Conversation) -> None:
    talk.running()
    talk.keep(0.3)
    figures = talk.framed(commands.FIGURES)
    answers = talk.raw(figures + frame.encode(9, commands.HALT, b""), HALT_WORST_US)
    assert not talk.gate
    while len(answers) < 2:
        answers += talk.ask(b"")
    assert [answer[1] & ~commands.REPLY for answer in answers] == [commands.FIGURES, commands.HALT]
    assert talk.state() == "LOADED"


def test_req_32_a_start_that_came_with_a_halt_behind_it_starts_nothing(talk: Conversation) -> None:
    """All three arrive in one piece: the HALT is the host's last word."""
    digest = talk.stage(group())["hash"]
    talk.measured()
    talk.mark()
    arm = talk.framed(commands.ARM, digest.to_bytes(4, "little"))
    answers = talk.raw(arm + talk.framed(commands.START) + talk.framed(commands.HALT), 200_000)
    assert not talk.gate
    assert talk.pulses() == []
    assert [answer[1] & ~commands.REPLY for answer in answers] == [
        commands.ARM,
        commands.START,
        commands.HALT,
    ]
    assert talk.state() == "LOADED"


@pytest.mark.board_only("the order within one turn is seen on the simulated board alone")
def test_req_32_halt_overtakes_slower_commands_that_came_with_it(talk: Talk) -> None:
    talk.running()
    talk.keep(0.3)
    figures = frame.encode(talk.next_sequence, commands.FIGURES, b"")
    talk.board.host_write(figures + frame.encode(9, commands.HALT, b"no fields belong here"))
    gates = []
    real = talk.device.dialogue._carry_out
    talk.device.dialogue._carry_out = lambda *a: (gates.append(talk.board.gate), real(*a))[1]
    talk.board.advance_us(10_000)
    assert gates == [False, False]


@pytest.mark.board_only("a HALT between two lines of a turn is made by hand")
def test_req_32_a_halt_in_the_midst_of_a_turn_is_no_fault(talk: Talk) -> None:
    """An interrupt cuts the output; what was sampled since looks like an open load."""
    talk.running()
    talk.keep(0.3)
    captures = talk.device.captures
    look = captures.look

    def cut(*_asked: object) -> tuple[int, int, int, int]:
        captures.look = look
        talk.device.hal.halt()
        return (errors.FAULT_OPEN, 0, 0, 200_000)

    captures.look = cut
    talk.keep(0.1)
    assert (talk.state(), talk.why_it_stopped()) == ("LOADED", "halt")
    assert not talk.gate


def test_req_30_only_the_table_moves_the_state(talk: Conversation) -> None:
    seen = [talk.state()]
    talk.armed()
    seen.append(talk.state())
    talk.send(commands.START)
    seen.append(talk.state())
    talk.keep(0.2)
    talk.send(commands.STOP)
    talk.keep(0.2)
    seen.append(talk.state())
    assert seen == ["OFF", "ARMED", "RUNNING", "LOADED"]


def test_req_46_a_program_that_ran_is_unloaded_and_only_then_the_prompt_may_come(
    talk: Conversation,
) -> None:
    talk.running(group({"session_pulses": 5}))
    talk.keep(0.3)
    assert talk.state() == "LOADED"
    refused = talk.send(commands.MAINTENANCE)
    assert refused.rows[0][:3] == (errors.BAD_STATE, commands.MAINTENANCE, 1)
    digest = talk.stage(group())["hash"]
    assert talk.send(commands.UNLOAD).status == 0
    assert talk.state() == "OFF"
    assert talk.ledger()["pulses"] == 5  # of the run, whose program is gone
    assert talk.levels() == []
    assert talk.send(commands.COMMIT).rows[0][0] == errors.STAGE_RANGE
    assert talk.stage(group())["hash"] == digest


@pytest.mark.parametrize("name", [state for state in STATE_NAMES if state != "OFF"])
def test_req_46_the_prompt_is_refused_in_every_state_but_off(talk: Conversation, name: str) -> None:
    bring_to(talk, name)
    refused = talk.send(commands.MAINTENANCE)
    assert refused.rows[0][:2] == (errors.BAD_STATE, commands.MAINTENANCE)
    assert talk.state() == name


def test_req_33_stop_ramps_down_and_ends_on_a_whole_period(talk: Conversation) -> None:
    talk.running(group({"ramp_down_ms": 400}))
    talk.keep(0.5)
    talk.send(commands.STOP)
    began_ms = talk.status()["now_ms"]
    assert talk.state() == "STOPPING"
    talk.pass_us(150_000)
    status = talk.status()
    level_ua = struct.unpack_from("<I", status["levels"])[0]
    gone_ms = status["now_ms"] - began_ms
    assert 150 <= gone_ms < 300
    assert level_ua == pytest.approx(2_000 * (1 - gone_ms / 400), abs=350)  # 5 uA a ms, in steps
    assert talk.gate
    talk.keep(0.4)
    assert talk.state() == "LOADED"
    assert not talk.gate
    book = talk.ledger()
    assert book["truncated"] == 0 and book["pulses"] == book["periods"]
    assert talk.why_it_stopped() == "stop"


def test_req_33_stop_without_ramp_ends_with_the_period_that_dma_is_in(talk: Conversation) -> None:
    talk.running()
    talk.keep(0.5)
    talk.send(commands.STOP)
    talk.pass_us(65_000)  # a step of 20 ms, this period and the next that DMA is in, 5 ms
    assert not talk.gate


def test_req_34_a_host_that_falls_silent_stops_the_output_after_its_lease(
    talk: Conversation,
) -> None:
    talk.running()
    talk.keep(0.5)
    talk.status()
    talk.pass_us(1_980_000)
    assert talk.gate
    talk.pass_us(80_000)  # 2 s of lease, 45 ms to the end of a period
    assert not talk.gate
    assert talk.why_it_stopped() == "lease"


def test_req_34_noise_and_replays_do_not_renew_the_lease(talk: Conversation) -> None:
    talk.running()
    last = frame.encode(talk.sequence, commands.START, b"")
    for _ in range(23):
        talk.raw(last + b"\x00\x05noise\x00", 100_000)
    assert not talk.gate


def test_req_34_a_stand_alone_program_outlives_its_host(talk: Conversation) -> None:
    talk.running(group(STAND_ALONE))
    talk.pass_us(2_500_000)
    assert talk.gate
