"""The cable: pulled while the output runs, put in again, and filled with noise."""

import random
from itertools import pairwise

from tests.chip.support import ChipTalk
from tests.system.groups import group, steady

from stimcore import commands, frame

PERIOD = 2_500_000  # ticks of 50 Hz
NOISE_BYTES = 100  # in each 10 ms


def assert_whole(talk: ChipTalk) -> None:
    """Assert that every period was begun on its tick."""
    assert {b - a for a, b in pairwise(talk.rises("sync"))} == {PERIOD}


def test_req_34_a_pulled_cable_ends_the_output_with_the_lease(talk: ChipTalk) -> None:
    talk.running(group(amplitude_ua=500)).pass_ms(100)
    talk.status()
    pulled = talk.cycle
    talk.chip.fault("pull_usb")
    talk.pass_ms(1_980)
    assert talk.gate
    talk.pass_ms(85)
    assert not talk.gate
    assert 0 < talk.falls("gate")[-1] - pulled < 2_065 * 125_000
    assert_whole(talk)
    talk.chip.fault("plug_usb")
    talk.hello()
    assert (talk.state(), talk.why_it_stopped()) == ("LOADED", "lease")
    book = talk.ledger()
    assert (book["pulses"], book["truncated"]) == (len(talk.rises("sync")), 0)


def test_req_34_a_stand_alone_program_outlives_its_cable_and_can_be_halted_after_it(
    talk: ChipTalk,
) -> None:
    talk.running(steady()).pass_ms(100)
    talk.chip.fault("pull_usb")
    talk.pass_ms(2_500)
    assert talk.gate
    talk.chip.fault("plug_usb")
    talk.hello()
    assert (talk.state(), talk.fault_name()) == ("RUNNING", "ok")
    assert talk.status()["pulses"] >= 125
    assert talk.send(commands.HALT).status == 0
    assert (talk.level("gate"), talk.level("active")) == (0, 0)
    assert_whole(talk)
    assert talk.why_it_stopped() == "halt"


def test_req_52_a_host_that_closes_the_port_or_reads_nothing_hangs_nobody(talk: ChipTalk) -> None:
    """Replies that nobody fetches must not hold the loop up for as long as the watchdog waits."""
    talk.running(steady()).pass_ms(100)
    resets = talk.chip.time()["stats"]["resets"]
    for number in range(40):
        talk.chip.step(1_000_000, frame.encode(number, commands.FIGURES, b""))
        talk.chip.fault("usb_open", open=number % 2 == 1)
    talk.pass_ms(500)
    talk.chip.fault("usb_open", open=True)
    talk.hello()
    assert talk.chip.time()["stats"]["resets"] == resets
    assert (talk.state(), talk.fault_name()) == ("RUNNING", "ok")
    assert_whole(talk)


def test_req_40_a_link_full_of_noise_leaves_the_output_as_it_is(talk: ChipTalk) -> None:
    talk.running(steady()).pass_ms(100)
    before = talk.status()["link_errors"]
    noise = random.Random(7)
    for _ in range(50):
        talk.raw(noise.randbytes(NOISE_BYTES), 10_000)
    assert talk.gate
    assert_whole(talk)
    talk.raw(b"\0")
    status = talk.insist(commands.STATUS)
    assert status["link_errors"] > before
    assert (talk.state(), talk.fault_name()) == ("RUNNING", "ok")


def test_req_32_halt_is_found_in_a_link_full_of_noise(talk: ChipTalk) -> None:
    talk.running(steady()).pass_ms(100)
    noise = random.Random(8)
    for _ in range(10):
        talk.raw(noise.randbytes(NOISE_BYTES), 10_000)
    sent = talk.cycle
    halt = b"\0" + frame.encode(5, commands.HALT, b"")
    talk.raw(noise.randbytes(64) + halt + noise.randbytes(64), 20_000)
    assert 0 < talk.falls("gate")[-1] - sent < 20_000 * 125
    assert (talk.level("gate"), talk.level("active")) == (0, 0)
    talk.raw(b"\0")
    talk.insist(commands.STATUS)
    assert (talk.state(), talk.why_it_stopped()) == ("LOADED", "halt")
