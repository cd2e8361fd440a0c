"""Each run of the output is judged for itself: after a pause, and however short it is.

Role: what holds for every fidelity, and what host and status see of a pause.
"""

import pytest
from tests.system.conversation import Conversation
from tests.system.cycles import CYCLING, next_on_time, pause, until_gate
from tests.system.groups import STAND_ALONE, group, steady
from tests.system.support import Talk

from stimcore import commands

TURN_US = 5_000  # as long as on the chip, roughly; a simulated second then costs little
BY_HAND = pytest.mark.board_only("a loop that turns as seldom as the chip's, or long on times")


@BY_HAND
@pytest.mark.parametrize(
    ("rate_hz", "on_ms"),
    [(2, 1_000), (3, 2_500), (10, 1_500), (50, 2_000), (90, 1_000), (333, 1_000)],
)
def test_req_58_a_capture_never_reaches_over_a_pause(rate_hz: int, on_ms: int) -> None:
    """500 uA at once, so that the same stream begins each on time."""
    talk = Talk(turn_us=TURN_US)
    talk.hello()
    cycling = {"cycle_on_ms": on_ms, "cycle_off_ms": 1_000}
    talk.running(steady(cycling, rate_millihz=1_000 * rate_hz))
    talk.pass_us(1_000 * (2 * on_ms + 2_600))
    assert (talk.state(), talk.fault_name()) == ("RUNNING", "ok")


@pytest.mark.parametrize("name", ["open_lead", "short"])
def test_req_55_a_load_that_breaks_after_a_pause_is_found(talk: Conversation, name: str) -> None:
    talk.running(steady(CYCLING))
    next_on_time(talk)
    talk.pass_us(200_000)
    assert talk.state() == "RUNNING"
    talk.inject(name)
    talk.pass_us(150_000)
    assert not talk.gate
    assert talk.fault_name() == {"open_lead": "open_load", "short": "short_load"}[name]


def test_req_55_a_lead_that_breaks_within_a_pause_is_found_by_its_first_pulses(
    talk: Conversation,
) -> None:
    talk.running(steady(CYCLING))
    pause(talk)
    talk.inject("open_lead")
    until_gate(talk, True)
    talk.pass_us(80_000)
    assert not talk.gate
    assert talk.fault_name() == "open_load"


def test_req_36_what_status_shows_is_of_the_present_on_time(talk: Conversation) -> None:
    talk.running(steady(CYCLING, amplitude_ua=500))
    pause(talk)
    talk.pass_us(50_000)
    resting = talk.status()
    assert (resting["current_min_na"], resting["voltage_min_mv"]) == (0, 0)
    until_gate(talk, True)
    talk.pass_us(200_000)
    assert talk.status()["current_min_na"] == pytest.approx(-500_000, abs=25_000)
    assert talk.send(commands.AMPLITUDE, 0, 300).status == 0
    talk.pass_us(200_000)
    assert talk.status()["current_min_na"] == pytest.approx(-300_000, abs=25_000)
    assert talk.state() == "RUNNING"


@pytest.mark.parametrize(("name", "code"), [("open_lead", "open_load"), ("short", "short_load")])
def test_req_55_the_pulse_of_a_session_of_one_is_judged(
    talk: Conversation, name: str, code: str
) -> None:
    talk.armed(steady({"session_pulses": 1}))
    talk.inject(name)
    assert talk.send(commands.START).status == 0
    talk.pass_us(100_000)
    assert (talk.fault_name(), talk.why_it_stopped()) == (code, "fault")
    assert talk.ledger()["pulses"] == 1


@pytest.mark.parametrize("pulses", [1, 2, 3])
def test_req_35_a_short_session_into_a_healthy_load_ends_as_asked(
    talk: Conversation, pulses: int
) -> None:
    talk.running(steady({"session_pulses": pulses}))
    talk.pass_us(150_000)
    assert (talk.fault_name(), talk.why_it_stopped()) == ("ok", "pulses")
    assert talk.ledger()["pulses"] == pulses


@BY_HAND
def test_req_55_an_on_time_of_one_period_is_judged() -> None:
    """1 Hz for a second: no boundary between two periods is ever seen."""
    talk = Talk(turn_us=TURN_US)
    talk.hello()
    talk.running(steady(CYCLING, rate_millihz=1_000))
    for _ in range(2):
        next_on_time(talk)
        assert talk.state() == "RUNNING"
    pause(talk)
    talk.inject("open_lead")
    until_gate(talk, True)
    talk.pass_us(1_100_000)
    assert (talk.state(), talk.fault_name()) == ("FAULT", "open_load")


@BY_HAND
def test_req_55_the_tenth_on_time_is_as_awake_as_the_first() -> None:
    took = []
    for pauses in (0, 9):
        talk = Talk(turn_us=TURN_US)
        talk.hello()
        talk.running(
            group({**STAND_ALONE, **CYCLING}, width_ns=12_000, ratio=1, amplitude_ua=4_000)
        )
        for _ in range(pauses):
            next_on_time(talk)
        talk.pass_us(500_000)
        talk.inject("open_lead")
        since_us = talk.now_us()
        until_gate(talk, False)
        assert talk.fault_name() == "open_load"
        took.append(talk.now_us() - since_us)
    assert max(took) - min(took) <= 40_000  # two periods of 50 Hz


@BY_HAND
def test_req_58_a_capture_that_the_host_wants_is_of_one_on_time() -> None:
    """Asked for so late that its time is the pause: it comes in the next on time, whole."""
    talk = Talk(turn_us=TURN_US)
    talk.hello()
    talk.running(steady(CYCLING))
    next_on_time(talk)
    talk.pass_us(300_000)
    assert talk.send(commands.SCOPE_ARM, 800_000).status == 0
    until_gate(talk, False)
    assert talk.send(commands.SCOPE_READ, 0)["ready"] == 0
    until_gate(talk, True)
    assert talk.send(commands.SCOPE_READ, 0)["ready"] == 0
    talk.pass_us(900_000)
    reply = talk.send(commands.SCOPE_READ, 0)
    assert reply["ready"] == 1
    assert 800_000 <= reply["begins_us"] <= 800_016  # 40 periods: a pulse, 40 codes of 12.5 uA
    assert 2048 - 41 <= int.from_bytes(reply["piece"][80:82], "little") <= 2048 - 39
