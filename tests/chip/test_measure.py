"""MEASURE with the real firmware: its pulses at the pins, its samples from the emulated ADC.

Role: what is shown here alone, and the tests of tests/system that look at the load before ARM, at
what flows, and at the calibration; as test_system.py does for the others.
"""

import pytest
from tests.chip.support import ChipTalk, take
from tests.system import test_calibration, test_interlock
from tests.system.groups import group

from stimcore import commands

LADDER = "pico/r2r-1/resistor-500"
RANDLES = "pico/mcp4922-8/randles-500"
BOARD = RANDLES

take(globals(), test_calibration, test_interlock)


def is_declared(talk: ChipTalk, contact: tuple[int, int, int]) -> None:
    verdict, ohm, nanofarad = contact
    assert verdict == 0
    assert ohm == pytest.approx(500, rel=0.02)
    assert nanofarad == pytest.approx(talk.row.seen_nf, rel=0.02)


@pytest.mark.board(RANDLES)
def test_req_56_the_declared_load_is_found_at_the_contacts_of_the_program(talk: ChipTalk) -> None:
    talk.stage(group())
    since_us = talk.now_us()
    contacts = talk.measured()
    took_ms = (talk.now_us() - since_us) / 1_000
    assert list(contacts) == [1, 2, 3]
    for contact in contacts.values():
        is_declared(talk, contact)
    assert took_ms < 2_500
    assert talk.state() == "LOADED"


@pytest.mark.board(LADDER)
def test_req_56_so_it_is_with_the_ladder(talk: ChipTalk) -> None:
    for contact in talk.measured().values():
        is_declared(talk, contact)


def test_req_56_a_broken_lead_is_open_and_a_bridged_one_short(talk: ChipTalk) -> None:
    for lead, verdict in (("open_lead", 1), ("short", 2), ("healed", 0)):
        talk.inject(lead)
        assert {row[0] for row in talk.measured(0b01, 0b10).values()} == {verdict}


def test_req_32_halt_in_mid_measurement(talk: ChipTalk) -> None:
    talk.send(commands.MEASURE, 0, 0)
    talk.chip.step(100_000_000, until=(talk.pins["run"], 1))
    assert talk.gate
    talk.raw(talk.framed(commands.HALT), 10_000)
    assert not talk.gate
    assert talk.state() == "OFF"
