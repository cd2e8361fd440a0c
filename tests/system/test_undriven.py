"""Undriven currents on the whole simulated board, each against its bound.

The bounds are those of safety.md; `burst_dr` has the most charge of the shipped therapies,
1.75 uC. A soft discharge that has lost its resistor is a fault while it runs.
"""

from collections.abc import Iterator

import numpy as np
import pytest
from tests.system.groups import BURST, STAND_ALONE, group, steady
from tests.system.support import NAME, Talk

from scs import Profile, presets, resources
from stimcore import commands, errors, limits, program

CEILING_A = 0.35e-3
BURSTS = {**BURST, "ceiling_ua": 350, "recharge": 2}


def ready(name: str = NAME, **options: object) -> Talk:
    talk = Talk(name, **options)
    talk.hello()
    return talk


def running(talk: Talk, header: dict[str, int] | None = None, **changes: int) -> None:
    talk.running(group({**STAND_ALONE, **(header or {})}, **{**BURSTS, **changes}))


def largest_a(talk: Talk, since_s: float, sign: int = 0) -> float:
    """Return the largest current of either sign, or of one, from an instant on."""
    _time, current, _volts = talk.board.scope().rows(since_s)
    values = np.abs(current) if sign == 0 else sign * current
    return float(np.max(values))


def test_req_62_the_burst_s_discharge_stays_within_its_ceiling() -> None:
    talk = ready()
    running(talk)
    begun = talk.now_us() / 1e6
    talk.pass_us(400_000)
    assert talk.state() == "RUNNING"
    # what is driven is negative: what is positive, a discharge made
    assert 0.28e-3 < largest_a(talk, begun, 1) <= CEILING_A


@pytest.mark.parametrize("at_us", [1_000, 3_300, 8_990, 9_100, 12_000, 24_300, 24_900])
def test_req_64_a_halt_bleeds_within_the_ceiling(at_us: int) -> None:
    """1.76 uC / 0.9375 uF over 10.5 kohm: 0.179 mA, in the middle of whatever it comes."""
    talk = ready()
    running(talk)
    talk.pass_us(100_000 + at_us)
    talk.send(commands.HALT)
    halted = talk.now_us() / 1e6
    talk.pass_us(50_000)
    assert not talk.gate
    assert largest_a(talk, halted) <= 0.202e-3  # the figure of `scs check`


def test_req_64_a_measurement_makes_no_more_than_its_test_pulses() -> None:
    talk = ready()
    talk.stage(steady())
    begun = talk.now_us() / 1e6
    talk.measured()
    # 0.5 mA and the stage's errors: offset, gain, two codes of INL, each by half
    assert largest_a(talk, begun) <= 0.5e-3 + 1e-6 + 6.25e-6 + 1e-6


def test_req_64_the_gate_opens_and_closes_without_a_current_of_its_own() -> None:
    """A load charged before START: what stands on it flows through the switches at the first
    discharge, and after a rest of a second nothing stands on it."""
    talk = ready()
    running(talk)
    talk.pass_us(200_000)
    talk.send(commands.HALT)
    talk.pass_us(1_000_000)
    began = talk.now_us() / 1e6
    running(talk)
    talk.pass_us(2_000)  # before any discharge
    assert largest_a(talk, began, 1) <= 1e-6


def test_req_62_a_train_that_turns_its_polarity_discharges_either_way() -> None:
    """Alternating pulses, recharged passively: 2 mA x 200 us / 0.9375 uF over 600 ohm: 0.71 mA."""
    talk = ready()
    flags = {"alternating": 1, "count": 2, "recharge": 1, "gap_ns": 0, "amplitude_ua": 500}
    talk.running(steady(**flags, ratio=1))
    begun = talk.now_us() / 1e6
    talk.pass_us(300_000)
    assert talk.state() == "RUNNING"
    time, current, _volts = talk.board.scope().rows(begun)
    assert float(np.max(np.abs(current))) <= 0.5e-3 + 10e-6
    assert len(time) > 10


# --- REQ-08: what goes on flowing ----------------------------------------------------------------
@pytest.mark.parametrize("load", ["resistor-500", "resistor-1k", "randles-500"])
def test_req_08_a_ladder_s_offset_does_not_flow_on_through_its_load(load: str) -> None:
    """Of the second that follows the first. Without its blocking capacitor the 4 mV that the stage
    is off by make 2.7 uA in 1.5 kohm and 2 uA in 2 kohm."""
    talk = ready(f"pico/r2r-1/{load}")
    talk.running(Profile.read(resources.path("profiles/r2r_tonic.yaml")).group)
    talk.keep(1.0)
    begun = talk.now_us() / 1e6
    talk.keep(1.0)
    assert talk.state() == "RUNNING"
    assert abs(talk.board.scope().charge_c(begun, begun + 1.0)) < limits.DC_PA * 1e-12


# --- REQ-63: seen while it runs ----------------------------------------------------------------
def test_req_63_a_discharge_without_its_resistor_is_a_fault() -> None:
    """3.1 mA where 0.34 mA may flow: the next window of whole periods has it."""
    talk = ready()
    running(talk)
    talk.pass_us(300_000)
    assert talk.state() == "RUNNING"
    talk.inject("shorted_discharge_resistor")
    talk.pass_us(300_000)
    assert talk.state() == "FAULT"
    code, _index, value, limit = talk.device.fault
    assert code == errors.FAULT_DISCHARGE
    assert value > 2_000_000
    assert 300_000 < limit <= 350_000
    assert not talk.gate


def healthy() -> Iterator[object]:
    """Yield the shipped groups at their amplitude from the start, each once: some therapies differ
    in their pauses or their end alone."""
    seen = set()
    for name in presets.names():
        profile = Profile.read(resources.path(f"profiles/{name}.yaml"))
        where = "pico/r2r-1/resistor-500" if profile.lead.name == "dummy-2" else NAME
        header = profile.group.header._replace(
            flags=1, ramp_up_ms=0, cycle_on_ms=0, cycle_off_ms=0, session_ms=0, session_pulses=0
        )
        group = profile.group._replace(header=header)
        if not profile.sync_only and group not in seen:
            seen.add(group)
            yield pytest.param(where, group, id=name)


@pytest.mark.parametrize(("where", "group"), list(healthy()))
def test_req_63_no_healthy_therapy_trips(where: str, group: program.Group) -> None:
    talk = ready(where)
    talk.running(group)
    talk.pass_us(600_000)
    assert (talk.state(), talk.device.fault[0]) == ("RUNNING", 0)
