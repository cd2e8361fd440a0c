"""The amplitude over time: each pulse is as high as its ramp says then, and as `scs check` said.

For every fidelity, as test_delivery.py. Expected numbers are worked out by hand.
"""

import pytest
from tests.system.conversation import Conversation, Pulse
from tests.system.groups import STAND_ALONE, group, steady
from tests.system.support import Talk

from scs.catalog import boards
from scs.safety import delivery
from stimcore import commands

SLOW = pytest.mark.board_only("on the chip a level may be held for 2 or 3 periods, to judge one")
TWENTY_HZ = pytest.param(20, marks=SLOW)


def milliamps(pulses: list[Pulse]) -> list[float]:
    return [round(-1e3 * pulse.current_a, 2) for pulse in pulses]


@pytest.mark.parametrize("rate_hz", [1, 2, 4, 10, TWENTY_HZ])
def test_req_33_a_ramp_up_lasts_as_long_as_it_is_asked_to(talk: Conversation, rate_hz: int) -> None:
    """2 mA in 5 s: 0.4 mA more after each second, whatever the rate."""
    header = {**STAND_ALONE, "ramp_up_ms": 5_000}
    talk.running(group(header, rate_millihz=1_000 * rate_hz))
    talk.keep(6.5)
    pulses = talk.pulses(below_a=-3e-6)
    first_s = pulses[0].start_s
    for pulse in pulses[:-1]:
        ends_s = pulse.start_s - first_s + 1 / rate_hz  # of its period
        wanted_a = min(2e-3, 0.4e-3 * ends_s)
        assert -pulse.current_a == pytest.approx(wanted_a, rel=0.01, abs=12e-6)


@SLOW
@pytest.mark.parametrize("rate_hz", [50, 200, 1_000])
def test_req_33_a_ramp_up_of_a_fast_train_steps_every_20_ms(talk: Talk, rate_hz: int) -> None:
    """2 mA in 1 s: 40 uA every 20 ms."""
    talk.running(group({**STAND_ALONE, "ramp_up_ms": 1_000}, rate_millihz=1_000 * rate_hz, ratio=1))
    talk.keep(1.2)
    pulses = talk.pulses(below_a=-3e-6)
    for pulse in pulses:
        steps = int((pulse.start_s - pulses[0].start_s + 1e-6) / 0.02) + 1
        wanted_a = min(2e-3, 40e-6 * steps)
        assert -pulse.current_a == pytest.approx(wanted_a, rel=0.01, abs=10e-6)


@pytest.mark.parametrize("rate_hz", [1, TWENTY_HZ])
def test_req_33_a_ramp_down_lasts_as_long_as_it_is_asked_to(
    talk: Conversation, rate_hz: int
) -> None:
    talk.running(steady({"ramp_down_ms": 4_000}, rate_millihz=1_000 * rate_hz))
    talk.keep(2.5)
    talk.mark()
    talk.send(commands.STOP)
    asked_s = talk.now_us() / 1e6
    talk.keep(6.0)
    pulses = talk.pulses(below_a=-3e-6)
    assert talk.why_it_stopped() == "stop"
    assert 4 - 2 / rate_hz <= len(pulses) / rate_hz <= 4 + 1 / rate_hz
    heights = [-pulse_seen.current_a for pulse_seen in pulses]
    assert heights == sorted(heights, reverse=True)
    for at, pulse in enumerate(pulses):
        wanted_a = 500e-6 * (1 - (at + 1) / (4 * rate_hz))
        assert -pulse.current_a == pytest.approx(wanted_a, rel=0.01, abs=140e-6 / rate_hz + 7e-6)
    assert pulses[-1].start_s > asked_s


@pytest.mark.parametrize("after_s", [2.5, 3.5, 3.9])
def test_req_33_after_a_lower_amplitude_no_pulse_is_higher(
    talk: Conversation, after_s: float
) -> None:
    """1 Hz, 4 mA in 8 s: 0.5 mA more in each period; the next one is already staged."""
    talk.running(
        group({**STAND_ALONE, "ramp_up_ms": 8_000}, rate_millihz=1_000, amplitude_ua=4_000)
    )
    talk.keep(after_s)
    before = milliamps(talk.pulses())
    reply = talk.send(commands.AMPLITUDE, 0, 500)
    assert reply["ramp_ms"] == 1_000
    talk.keep(2.5)
    pulses = milliamps(talk.pulses())
    assert before == [0.5, 1.0, 1.5, 2.0][: int(after_s) + 1]
    assert pulses[len(before) :] in ([0.5] * 2, [0.5] * 3)


def test_req_33_after_a_stop_no_pulse_is_higher(talk: Conversation) -> None:
    """20 Hz, 2 mA in steps of 0.5 mA; STOP in the third period."""
    talk.running(group({**STAND_ALONE, "ramp_down_ms": 200}, rate_millihz=20_000))
    talk.keep(0.11)
    before = len(talk.pulses())
    talk.send(commands.STOP)
    talk.keep(0.5)
    pulses = milliamps(talk.pulses())
    assert max(pulses[before:], default=0) <= pulses[before - 1]
    assert pulses[-1] < pulses[before - 1]
    assert talk.why_it_stopped() == "stop"


def test_the_level_in_status_is_the_one_that_flows(talk: Conversation) -> None:
    """1 Hz, 2 mA in 10 s: 0.2 mA in the first period, while that of the second is staged."""
    talk.running(group({**STAND_ALONE, "ramp_up_ms": 10_000}, rate_millihz=1_000))
    for wanted_ua in (200, 400, 600):
        talk.keep(0.5)
        assert talk.levels() == [(wanted_ua, 2_000)]
        talk.keep(0.5)


# --- cycles -----------------------------------------------------------------------------------
@pytest.mark.parametrize("rate_hz", [1, 3, 20])
def test_req_33_on_and_off_times_are_as_asked_without_drift(
    talk: Conversation, rate_hz: int
) -> None:
    cycle = {"cycle_on_ms": 2_000, "cycle_off_ms": 1_000, "ramp_up_ms": 1_000, "ramp_down_ms": 500}
    talk.running(steady(cycle, rate_millihz=1_000 * rate_hz))
    talk.keep(14.9)
    pulses = talk.pulses(below_a=-3e-6)
    begins = [pulses[0]] + [
        after
        for before, after in zip(pulses, pulses[1:], strict=False)
        if after.start_s - before.start_s > 0.9 + 0.5 / rate_hz + (rate_hz == 1) * 0.5
    ]
    assert len(begins) == 5
    assert len(pulses) == 5 * 2 * rate_hz
    for at, begin in enumerate(begins):
        assert begin.start_s - begins[0].start_s == pytest.approx(3.0 * at, abs=0.03)


def test_req_33_a_pulse_every_five_seconds_is_a_cycle_at_1_hz(talk: Conversation) -> None:
    """Each on time of 1 s has one pulse, of 0.5 mA, which the soft start may begin with."""
    cycle = {"cycle_on_ms": 1_000, "cycle_off_ms": 4_000}
    talk.running(steady(cycle, rate_millihz=1_000))
    talk.keep(10.5)
    pulses = talk.pulses(below_a=-3e-6)
    assert [round(pulse.start_s - pulses[0].start_s, 1) for pulse in pulses] == [0, 5, 10]


def test_req_33_a_cycle_that_its_ramps_do_not_fit_into_is_refused(talk: Conversation) -> None:
    cycle = {"cycle_on_ms": 2_000, "cycle_off_ms": 1_000, "ramp_down_ms": 10_000}
    assert talk.stage(steady(cycle)).rows[0][2:] == (2_000, 10_000)
    slow = {"cycle_on_ms": 1_000, "cycle_off_ms": 1_000, "ramp_up_ms": 1_000, "ramp_down_ms": 500}
    assert talk.stage(steady(slow, rate_millihz=1_000)).rows[0][2:] == (1_000, 1_500)


def test_req_18_a_ramp_whose_steps_are_too_high_is_refused(talk: Conversation) -> None:
    # 2 mA at 1 Hz take four periods
    reply = talk.stage(group({"ramp_up_ms": 3_999}, rate_millihz=1_000))
    assert reply.rows[0][2:] == (3_999, 4_000)
    assert talk.stage(group({"ramp_up_ms": 4_000}, rate_millihz=1_000)).rows == []


# --- what was said beforehand -----------------------------------------------------------------
SESSIONS = [
    ({"session_pulses": 5, "ramp_up_ms": 3_000}, {"rate_millihz": 1_000, "amplitude_ua": 1_000}),
    ({"session_pulses": 1}, {"amplitude_ua": 2_000}),
    ({"session_ms": 2_500, "ramp_down_ms": 700}, {"rate_millihz": 7_000}),
    ({"session_ms": 700}, {"rate_millihz": 20_000, "amplitude_ua": 900}),
    pytest.param(
        {"session_pulses": 60, "cycle_on_ms": 1_000, "cycle_off_ms": 1_000, "ramp_up_ms": 400}
        | {"ramp_down_ms": 400},
        {"rate_millihz": 20_000, "amplitude_ua": 1_500},
        marks=SLOW,
    ),
    (
        {"session_ms": 4_500, "cycle_on_ms": 1_000, "cycle_off_ms": 1_000, "ramp_up_ms": 250},
        {"rate_millihz": 11_000, "amplitude_ua": 700},
    ),
]
FAST = [
    ({"session_pulses": 20, "ramp_up_ms": 1_000}, {"amplitude_ua": 2_000}),
    ({"session_ms": 1_010, "ramp_up_ms": 500, "ramp_down_ms": 300}, {"amplitude_ua": 3_333}),
    ({"session_pulses": 300, "ramp_up_ms": 500}, {"rate_millihz": 500_000, "ratio": 1}),
]


def as_planned(talk: Conversation, header: dict[str, int], changes: dict[str, int]) -> None:
    what = group({**STAND_ALONE, **header}, **changes)
    names = tuple(f"E{number}" for number in range(1, 9))
    planned = delivery.plan(what, boards.board(talk.row.name), names)
    assert planned is not None
    talk.running(what)
    talk.keep(planned.seconds + header.get("session_ms", 8_000) / 1e3 + 0.5)
    assert talk.state() == "LOADED"
    assert talk.why_it_stopped() == ("session" if "session_ms" in header else "pulses")
    assert talk.ledger()["pulses"] == planned.pulses
    driven = {name: pair[0] / 1000 for name, pair in zip(names, talk.charges_pc(), strict=True)}
    assert {name: nc for name, nc in driven.items() if nc} == planned.charge_nc


@pytest.mark.parametrize(("header", "changes"), SESSIONS)
def test_req_36_a_session_delivers_what_was_said_to_the_code(
    talk: Conversation, header: dict[str, int], changes: dict[str, int]
) -> None:
    as_planned(talk, header, changes)


@SLOW
@pytest.mark.parametrize(("header", "changes"), FAST)
def test_req_36_a_fast_session_delivers_what_was_said_to_the_code(
    talk: Talk, header: dict[str, int], changes: dict[str, int]
) -> None:
    as_planned(talk, header, changes)


@pytest.mark.parametrize(
    ("header", "changes", "charge_nc"),
    [
        # 1 mA in 3 s at 1 Hz: a third more in each of three periods. 0.333 and 0.666 mA are 53 and
        # 107 codes of 6.25 uA; 200 us: (53 + 107 + 3 x 160) x 1.25 nC
        (*SESSIONS[0], 800.0),
        (*SESSIONS[1], 100.0),  # 0.5 mA
    ],
)
def test_req_60_what_a_session_will_deliver_by_hand(
    header: dict[str, int], changes: dict[str, int], charge_nc: float
) -> None:
    what = group({**STAND_ALONE, **header}, **changes)
    planned = delivery.plan(what, boards.board("pico/mcp4922-8/randles-500"), ("E1", "E2", "E3"))
    assert planned is not None
    assert planned.charge_nc["E3"] == charge_nc
