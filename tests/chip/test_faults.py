"""Faults on the chip: the output is off, and the reason can be read afterwards.

Role: faults in the hardware's reach that the simulated board has not: DMA that stops in any
phase, every kind of word changed in RAM, a processor or an interpreter that hangs.
"""

import pytest
from tests.chip.support import MS, ChipTalk
from tests.system.groups import BURST, STAND_ALONE, group, steady

from scs.flashing import firmware_files
from stimcore import commands, errors, frame, states

TICK_US = 125
PERIOD = 2_500_000  # ticks of 50 Hz
WATCHDOG_US = 250_000
FIND_US = 110_000  # the words are checked every 100 ms, and a turn of the loop takes up to 10 ms
EARLY = 139 - 5  # ticks: where no record follows a phase ends this long before the next latch

# run by the chip's own main.py: bytes from the host make the interpreter hang
HANGS = b"""
import micropython

micropython.kbd_intr(-1)

import machine
from rp2_port import hal

_read = hal.Hal.link_read


def link_read(hal):
    data = _read(hal)
    if b"DEAF!" in data:
        machine.disable_irq()
    while b"HANG!" in data or b"DEAF!" in data:
        pass
    return data


hal.Hal.link_read = link_read
"""


def assert_off(talk: ChipTalk, *reasons: str) -> None:
    """Assert gate and ACTIVE low, and a latched FAULT for one of these reasons over the link."""
    assert (talk.level("gate"), talk.level("active")) == (0, 0)
    reason = talk.fault_name()
    assert reason in reasons
    talk.pass_ms(50)
    assert (talk.state(), talk.fault_name()) == ("FAULT", reason)
    assert talk.why_it_stopped() == "fault"
    assert (talk.level("gate"), talk.level("active")) == (0, 0)


def to_mid_phase(talk: ChipTalk, phase: int, ticks: int) -> int:
    """Step into the middle of the active phase of that number; return the cycle it began."""
    for _ in range(phase):
        assert talk.chip.step(60 * MS, until=(talk.pins["active"], 1)).met
    begun = talk.rises("active")[-1]
    talk.chip.step(1_000 * ticks / TICK_US / 2)
    assert talk.level("active")
    return begun


def active_after(talk: ChipTalk, cycle: int) -> list[int]:
    """Return ticks of each stretch of ACTIVE from that cycle on, until the gate fell."""
    gate = talk.falls("gate")[-1]
    rises = [rise for rise in talk.rises("active") if cycle <= rise < gate]
    falls = [fall for fall in talk.falls("active") if fall > cycle]
    return [min(end, gate) - begin for begin, end in zip(rises, falls, strict=False)]


# --- DMA ------------------------------------------------------------------------------------------
@pytest.mark.parametrize("phase", [1, 2, 3, 4, 5])
def test_req_50_dma_that_stops_in_a_pulse_of_a_burst_holds_no_pulse(
    talk: ChipTalk, phase: int
) -> None:
    """Pulse and rest by turns: the FIFO's four records end with either, depending on the phase."""
    width = 125_000
    talk.running(group(STAND_ALONE, **{**BURST, "amplitude_ua": 200})).pass_ms(60)
    begun = to_mid_phase(talk, phase, width)
    talk.starve()
    talk.pass_ms(60)
    lengths = active_after(talk, begun)
    assert 1 <= len(lengths) <= 3  # the running one, and those that were in the FIFO
    assert set(lengths[:-1]) <= {width}
    assert lengths[-1] in (width, width - EARLY)
    assert_off(talk, "starved")


@pytest.mark.parametrize(("phase", "width"), [(1, 25_000), (2, 100_000)], ids=["drive", "recharge"])
def test_req_50_dma_that_stops_in_a_phase_lets_it_end_on_time(
    talk: ChipTalk, phase: int, width: int
) -> None:
    talk.running(steady()).pass_ms(45)
    begun = to_mid_phase(talk, phase, width)
    stopped = talk.cycle
    talk.starve()
    talk.pass_ms(60)
    lengths = active_after(talk, begun)
    assert lengths[0] == width
    assert set(lengths) <= {25_000, 25_000 - EARLY, 100_000, 100_000 - EARLY}
    assert 0 < talk.falls("run")[-1] - stopped < 2 * PERIOD  # the FIFO holds less than that
    assert_off(talk, "starved")


# --- words ----------------------------------------------------------------------------------------
# what the sentinel would find may be found by the check of the words before it comes to pass
# 500 uA: hold, frame of the drive (0, 1), the gap (2, 3), recharge (4, 5) and discharge (6, 7).
# A frame has the DAC's bits in the even places, 2n for bit n, the contacts' in the odd ones.
CHANGED = {
    "a longer drive": (0, 1 << 22, {"sentinel", "stream"}),
    "a shorter drive": (0, 1 << 15, {"stream"}),
    "a longer gap": (2, 1 << 14, {"stream"}),
    "a longer recharge": (4, 1 << 21, {"sentinel", "stream"}),
    "a longer discharge": (6, 1 << 20, {"stream"}),
    "a drive not flagged active": (0, 2, {"stream"}),
    "a recharge not flagged active": (4, 1, {"stream"}),
    "a discharge flagged active": (6, 1, {"sentinel", "stream"}),
    "a drive that marks no period": (0, 3, {"stream"}),
    "a code one too high": (1, 1 << 0, {"stream"}),
    "a code 6.4 mA too low": (1, 1 << 20, {"stream", "sense"}),
    "a recharge of the other sign": (5, 1 << 22, {"stream", "sense"}),
    "a drive with the DAC shut down": (1, 1 << 24, {"stream", "sense"}),
    "another contact to source": (1, 1 << 29, {"stream"}),
    "a contact both ways": (1, 1 << 5, {"stream", "sense"}),
    "an anode left open": (1, 1 << 3, {"stream"}),
    "a discharge that joins nothing": (7, 0xAAAA, {"stream"}),
}


@pytest.mark.parametrize("change", CHANGED)
def test_req_53_a_word_changed_in_ram_ends_the_output(talk: ChipTalk, change: str) -> None:
    word, mask, reasons = CHANGED[change]
    talk.running(steady()).pass_ms(75)
    changed = talk.cycle
    talk.flip(word, mask)
    talk.pass_ms(150)
    assert 0 < talk.falls("gate")[-1] - changed <= FIND_US * TICK_US
    assert max(active_after(talk, 0)) <= 100_000 + 2 * TICK_US  # none is held longer
    assert_off(talk, *reasons)


def test_req_51_a_phase_that_outlasts_its_ceiling_trips_the_sentinel(talk: ChipTalk) -> None:
    talk.running(steady()).pass_ms(50)
    talk.flip(0, 1 << 22)  # the first phase 8 ms longer
    talk.pass_ms(60)
    recharge = 100_000  # the longest active run of this program
    assert 0 < talk.falls("gate")[-1] - talk.rises("active")[-1] - recharge <= 2 * TICK_US
    assert_off(talk, "sentinel")


# --- the processor --------------------------------------------------------------------------------
def test_req_52_a_hung_processor_is_reset_and_the_reason_is_kept(talk: ChipTalk) -> None:
    talk.running(steady()).pass_ms(30)
    talk.chip.fault("stop_cpu")
    since = talk.cycle
    talk.pass_ms(WATCHDOG_US / 1000 + 1)
    assert 0 < talk.falls("gate")[-1] - since <= WATCHDOG_US * TICK_US
    assert_off_after_reset(talk)


def test_req_51_the_sentinel_needs_no_processor(talk: ChipTalk) -> None:
    talk.running(steady()).pass_ms(30)
    talk.chip.fault("stop_cpu")
    talk.flip(0, 1 << 22)
    talk.pass_ms(60)
    fell = talk.falls("gate")[-1]
    rose = max(rise for rise in talk.rises("active") if rise < fell)
    assert 0 < fell - rose - 100_000 <= 2 * TICK_US
    talk.pass_ms(200)
    assert_off_after_reset(talk)


def assert_off_after_reset(talk: ChipTalk) -> None:
    """Assert that the watchdog reset the device, that it says so, and that nothing moved."""
    raised = len(talk.rises("gate"))
    assert talk.hello()["reset_cause"] == 1
    assert len(talk.rises("gate")) == raised
    assert (talk.level("gate"), talk.level("active"), talk.level("run")) == (0, 0, 0)
    assert (talk.state(), talk.fault_name()) == ("FAULT", "watchdog")


@pytest.fixture(scope="module")
def hanging_chip(chip_files, chip_folder):
    main = firmware_files.board_files("pico/mcp4922-8/resistor-500")["main.py"]
    with ChipTalk(chip_files, chip_folder, extra=(("main.py", HANGS + main),)) as hanging:
        hanging.hello()
        hanging.remember()
        yield hanging


@pytest.mark.parametrize("word", [b"HANG!", b"DEAF!"], ids=["", "with its interrupts off"])
def test_req_52_an_interpreter_that_loops_is_reset_within_250_ms(
    hanging_chip: ChipTalk, word: bytes
) -> None:
    talk = hanging_chip
    talk.restore()
    talk.running(steady()).pass_ms(300)
    sent = talk.cycle
    talk.raw(word, 5_000)
    talk.pass_ms(200)
    assert talk.gate  # the pulses go on: PIO and DMA need no processor
    talk.pass_ms(60)
    assert 0 < talk.falls("gate")[-1] - sent <= (WATCHDOG_US + 5_000) * TICK_US
    assert_off_after_reset(talk)


def test_req_32_halt_is_obeyed_while_the_interpreter_loops(hanging_chip: ChipTalk) -> None:
    talk = hanging_chip
    talk.restore()
    talk.running(steady()).pass_ms(300)
    talk.raw(b"HANG!", 5_000)
    sent = talk.cycle
    talk.raw(frame.encode(9, commands.HALT, b""), 10_000)
    assert 0 < talk.falls("gate")[-1] - sent <= 10_000 * TICK_US
    assert (talk.level("gate"), talk.level("active")) == (0, 0)
    talk.pass_ms(260)
    assert_off_after_reset(talk)


# --- the load -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("condition", "reason"), [("open lead", "open_load"), ("short", "short_load")]
)
def test_req_55_a_lead_that_breaks_ends_the_output(
    talk: ChipTalk, condition: str, reason: str
) -> None:
    talk.running(steady(amplitude_ua=500)).pass_ms(150)
    assert talk.state() == "RUNNING"
    broken = talk.cycle
    talk.chip.lead(condition)
    talk.pass_ms(150)
    assert 0 < talk.falls("gate")[-1] - broken <= 5 * PERIOD
    assert_off(talk, reason)


def test_req_54_a_current_that_is_not_the_commanded_one_ends_the_output(talk: ChipTalk) -> None:
    talk.running(steady(amplitude_ua=500)).pass_ms(150)
    talk.show(0, 2048 - 29)  # -362.5 uA: 500 uA less 15 %, or 60 uA, would be 425
    talk.pass_ms(150)
    assert_off(talk, "sense", "residual")  # a current at rest is not the load's voltage either
    if talk.fault_name() == "sense":
        measured, commanded = talk.fault()[2:]
        assert measured == -362_500 and commanded in (-500_000, 125_000)


# --- at boot --------------------------------------------------------------------------------------
def test_a_failed_self_test_is_a_fault_with_its_reason_and_forbids_to_arm(
    talk: ChipTalk,
) -> None:
    talk.show(0, 100)
    talk.chip.reset("power")
    talk.hello()
    assert talk.state() == "FAULT"
    assert talk.fault()[:3] == (errors.FAULT_SELF_TEST, 3, 100)
    assert talk.send(commands.CLEAR_FAULT).status == 0
    digest = talk.stage(steady())["hash"]
    assert talk.send(commands.ARM, digest).rows[0][:2] == (errors.FAULT_SELF_TEST, 3)


def test_maintenance_leads_to_the_prompt_and_a_reset_comes_back(talk: ChipTalk) -> None:
    assert talk.send(commands.MAINTENANCE).status == 0
    talk.pass_ms(1_500)
    assert b"2\r\n>>> " in talk.chip.step(100_000_000, b"1+1\r").received
    talk.chip.step(1_000_000_000, b"import machine; machine.reset()\r")
    talk.hello()
    assert talk.status()["state"] == states.OFF
    assert talk.fault_name() == "ok"
