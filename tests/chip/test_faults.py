"""What goes wrong on the chip: the output is off, and the reason can be read afterwards."""

from tests.chip.support import ChipTalk
from tests.system.groups import steady

from stimcore import commands, errors, states

TICK_US = 125
HANG_US = 250_000


def test_req_50_a_starved_sequencer_disconnects_within_one_record(talk: ChipTalk) -> None:
    talk.running(steady()).pass_ms(50)
    stopped = talk.cycle
    talk.chip.fault("stop_dma")
    talk.pass_ms(40)
    fell = [edge.cycle for edge in talk.edges("run") if not edge.level]
    assert 0 < fell[-1] - stopped < 2 * 2_500_000  # what the FIFO holds is less than two periods
    assert not talk.chip.levels()[talk.pins["active"]]
    status = talk.status()
    assert (status["state"], status["fault"]) == (states.FAULT, errors.FAULT_STARVED)
    assert not talk.chip.levels()[talk.pins["gate"]]


def test_req_51_a_phase_that_outlasts_its_ceiling_trips_the_sentinel(talk: ChipTalk) -> None:
    talk.running(steady()).pass_ms(50)
    talk.flip(0, 1 << 22)  # the first phase 8 ms longer
    talk.pass_ms(60)
    rise = talk.rises("active")[-1]
    fell = [edge.cycle for edge in talk.edges("gate") if not edge.level][-1]
    recharge = 100_000
    assert 0 < fell - rise - recharge <= 2 * TICK_US
    status = talk.status()
    assert (status["state"], status["fault"]) == (states.FAULT, errors.FAULT_SENTINEL)


def test_req_52_a_hung_processor_is_reset_and_the_reason_is_kept(talk: ChipTalk) -> None:
    talk.running(steady()).pass_ms(30)
    talk.chip.fault("stop_cpu")
    since = talk.cycle
    talk.pass_ms(HANG_US / 1000 + 10)
    fell = [edge.cycle for edge in talk.edges("gate") if not edge.level]
    assert 0 < fell[-1] - since <= HANG_US * TICK_US
    talk.hello()
    assert talk.status()["fault"] == errors.FAULT_WATCHDOG


def test_a_failed_self_test_is_a_fault_with_its_reason_and_forbids_to_arm(
    talk: ChipTalk,
) -> None:
    talk.chip.adc(0, 100)
    talk.chip.reset("power")
    talk.hello()
    status = talk.status()
    found = (status["state"], status["fault"], status["fault_index"], status["fault_value"])
    assert found == (states.FAULT, errors.FAULT_SELF_TEST, 3, 100)
    assert talk.send(commands.CLEAR_FAULT).status == 0
    digest = talk.stage(steady())["hash"]
    assert talk.send(commands.ARM, digest).rows[0][:2] == (errors.FAULT_SELF_TEST, 3)


def test_maintenance_leads_to_the_prompt_and_a_reset_comes_back(talk: ChipTalk) -> None:
    assert talk.send(commands.MAINTENANCE).status == 0
    talk.pass_ms(1_000)
    assert b"2\r\n>>> " in talk.chip.step(100_000_000, b"1+1\r").received
    talk.chip.step(1_000_000_000, b"import machine; machine.reset()\r")
    talk.hello()
    assert talk.status()["fault"] == 0
