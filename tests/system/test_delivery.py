"""Delivery: exact counts, the ledger against the load, live amplitudes, cycles, time.

For every fidelity, as test_device.py. Expected numbers are worked out by hand from 50 Hz,
200 us, 2 mA: 400 nC a pulse.
"""

from itertools import pairwise

import pytest
from tests.system.conversation import Conversation
from tests.system.groups import group, steady
from tests.system.support import Talk

from stimcore import commands


@pytest.mark.parametrize("wanted", [1, 48, 333])
def test_req_35_exactly_so_many_pulses(talk: Conversation, wanted: int) -> None:
    header = {"session_pulses": wanted, "lease_ms": 10_000}
    talk.running(group(header, rate_millihz=200_000, width_ns=100_000, amplitude_ua=1_000))
    talk.keep(wanted / 200 + 0.2)
    book = talk.ledger()
    assert (book["pulses"], book["periods"], book["truncated"]) == (wanted, wanted, 0)
    assert talk.why_it_stopped() == "pulses"
    assert len(talk.pulses()) == wanted  # counted at the load, not in the books


def test_req_36_the_ledger_tells_the_charge_of_each_contact(talk: Conversation) -> None:
    talk.running(steady({"session_pulses": 50}))
    talk.keep(1.3)
    driven = talk.charges_pc()
    assert driven[2] == (5_000_000, 0)  # 50 x 500 uA x 200 us, and all of it comes back
    assert driven[1] == driven[3] == (5_000_000, 0)
    assert driven[0] == driven[4] == (0, 0)
    assert talk.ledger()["output_ms"] == 1_000


@pytest.mark.board_only("how many periods a step of 20 ms lasts is the chip's own speed")
def test_req_36_the_ledger_tells_the_charge_of_a_soft_start(talk: Talk) -> None:
    talk.running(group({"session_pulses": 50}))
    talk.keep(1.3)
    # 0.5, 1, 1.5 mA, a period of 20 ms each, then 47 at 2 mA. 200 us each: 47 x 400 nC + 600 nC
    assert talk.charges_pc()[2] == (19_400_000, 0)


def test_req_36_the_charge_of_a_soft_start_is_what_the_load_saw(talk: Conversation) -> None:
    talk.running(group({"session_pulses": 30}))
    talk.keep(0.9)
    pulses = talk.pulses()
    assert len(pulses) == 30
    assert {round(-pulse.current_a * 1e4) for pulse in pulses} >= {5, 10, 15, 20}  # 0.1 mA
    seen_pc = -1e12 * sum(pulse.charge_c for pulse in pulses)
    driven_pc, net_pc = talk.charges_pc()[2]
    assert net_pc == 0
    assert driven_pc == pytest.approx(seen_pc, rel=3e-3)  # the stage's own error of gain


def test_req_36_a_pulse_cut_by_halt_is_counted_as_what_it_was(talk: Conversation) -> None:
    """1 ms of 0.4 mA: the HALT falls into it, or into the 4 ms of its recharge."""
    talk.running(steady(amplitude_ua=400, width_ns=1_000_000))
    talk.keep(0.5)
    talk.until_current(-0.3e-3)
    talk.send(commands.HALT)
    book = talk.ledger()
    assert book["truncated"] == 1
    assert book["pulses"] == book["periods"]
    assert -400_000 < talk.charges_pc()[2][1] < 0
    assert talk.why_it_stopped() == "halt"


def test_req_18_a_live_change_is_approached_in_steps_without_losing_a_pulse(
    talk: Conversation,
) -> None:
    talk.running()
    talk.keep(0.5)
    assert talk.send(commands.AMPLITUDE, 0, 4_000)["actual_na"] == 4_000_000
    talk.keep(0.7)
    talk.send(commands.HALT)
    pulses = talk.pulses()
    steps = [round((b.start_s - a.start_s) * 1e6) for a, b in pairwise(pulses)]
    assert set(steps) == {20_000}  # no pulse lost, doubled or shifted by a swap
    peaks_a = [-pulse.current_a for pulse in pulses]
    assert max(b - a for a, b in pairwise(peaks_a)) < 0.51e-3
    assert 3.9e-3 < peaks_a[-1] < 4.1e-3


def test_req_18_an_amplitude_lowered_after_arm_holds_from_the_first_pulse(
    talk: Conversation,
) -> None:
    talk.armed()
    talk.send(commands.AMPLITUDE, 0, 100)
    talk.mark()
    talk.send(commands.START)
    talk.keep(0.2)
    assert len(talk.pulses()) >= 9
    assert min(amps for _at, amps in talk.steps()) > -0.12e-3


def test_cycling_rests_and_comes_back_softly(talk: Conversation) -> None:
    talk.running(group({"cycle_on_ms": 1_000, "cycle_off_ms": 1_000}))
    gates = []
    for _ in range(28):
        talk.keep(0.1)
        gates.append(talk.gate)
    assert gates[:9] == [True] * 9 and gates[11:18] == [False] * 7
    assert gates[22:28] == [True] * 6
    assert talk.state() == "RUNNING"
    first = next(b for a, b in pairwise(talk.pulses()) if b.start_s - a.end_s > 0.5)
    assert first.current_a > -0.51e-3


def test_a_session_ends_after_its_time(talk: Conversation) -> None:
    talk.running(group({"session_ms": 1_000}))
    talk.keep(1.2)
    assert talk.why_it_stopped() == "session"
    assert 50 <= talk.ledger()["pulses"] <= 53
