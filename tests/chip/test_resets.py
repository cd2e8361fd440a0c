"""Resets of the chip in every state: the gate stays low, and what happened can be read.

Role: power, the RUN pin and the watchdog's own, each in each state; and in mid-pulse.
Invariant: after any reset the device is OFF or in FAULT, and nothing is loaded.
"""

import pytest
from tests.chip.support import MS, ChipTalk
from tests.system.groups import STAND_ALONE, group, steady
from tests.system.states import STATE_NAMES, bring_to

from stimcore import commands

WATCHDOG_MS = 250


def reset(talk: ChipTalk, kind: str) -> None:
    """Reset the chip; the watchdog does it by itself once the processor stands still."""
    if kind == "watchdog":
        talk.chip.fault("stop_cpu")
        talk.pass_ms(WATCHDOG_MS + 1)
    else:
        talk.chip.reset(kind)


def assert_quiet_since(talk: ChipTalk) -> None:
    """Assert that no line of the output has risen since the mark, and all are low."""
    for name in ("gate", "run", "active", "sync"):
        assert talk.rises(name) == []
        assert talk.level(name) == 0
    assert not talk.gate


def outcome(talk: ChipTalk) -> tuple[str, str, int]:
    """Return (state, fault, reset cause) as a host that comes back reads them."""
    cause = talk.hello()["reset_cause"]
    return (talk.state(), talk.fault_name(), cause)


AFTER = {
    "power": ("OFF", "ok", 0),
    "run": ("OFF", "ok", 0),
    "watchdog": ("FAULT", "watchdog", 1),
}


@pytest.mark.parametrize("kind", AFTER)
@pytest.mark.parametrize("state", STATE_NAMES)
def test_req_31_a_reset_in_any_state_leaves_the_output_off(
    talk: ChipTalk, state: str, kind: str
) -> None:
    if state == "OFF":  # a shared chip may still have a program loaded
        talk.chip.reset("run")
        talk.hello()
    bring_to(talk, state)
    if kind == "watchdog":  # what is streaming goes on for the 250 ms; nothing new begins
        reset(talk, kind)
        talk.mark()
    else:
        talk.mark()
        reset(talk, kind)
    assert outcome(talk) == AFTER[kind]
    assert_quiet_since(talk)
    talk.pass_ms(300)
    assert_quiet_since(talk)
    if talk.state() == "FAULT":
        assert talk.send(commands.CLEAR_FAULT).status == 0
    assert talk.send(commands.START).status != 0  # nothing of before can be started
    assert_quiet_since(talk)


@pytest.mark.parametrize("kind", ["power", "run"])
def test_req_32_a_reset_in_mid_pulse_ends_it_at_once(talk: ChipTalk, kind: str) -> None:
    talk.running(steady()).pass_ms(45)
    assert talk.chip.step(60 * MS, until=(talk.pins["active"], 1)).met
    talk.chip.step(100_000)
    at = talk.cycle
    talk.chip.reset(kind)
    assert talk.falls("gate")[-1] - at <= 1
    assert (talk.level("gate"), talk.level("active"), talk.level("run")) == (0, 0, 0)
    talk.mark()
    assert outcome(talk) == ("OFF", "ok", 0)
    assert_quiet_since(talk)


def test_req_31_the_supply_that_fails_for_a_while_leaves_the_output_off(talk: ChipTalk) -> None:
    talk.running(group(STAND_ALONE)).pass_ms(150)
    talk.mark()
    talk.chip.fault("power", off_ns=30 * MS)
    assert not talk.gate
    assert outcome(talk) == ("OFF", "ok", 0)
    assert_quiet_since(talk)


def test_req_52_the_watchdogs_reason_outlives_a_second_reset_by_it(talk: ChipTalk) -> None:
    for _ in range(2):
        reset(talk, "watchdog")
        assert outcome(talk) == ("FAULT", "watchdog", 1)
    assert talk.send(commands.CLEAR_FAULT).status == 0
    assert outcome(talk) == ("OFF", "ok", 1)  # cleared, and what it was can still be read


def test_a_program_runs_after_each_kind_of_reset(talk: ChipTalk) -> None:
    for kind in AFTER:
        reset(talk, kind)
        talk.hello()
        talk.send(commands.CLEAR_FAULT)
        talk.running(steady({"session_pulses": 3})).pass_ms(100)
        assert (len(talk.pulses()), talk.why_it_stopped()) == (3, "pulses")
