"""Interlocks stay active, and a healthy load causes no fault, after every restart in a session:
pauses of a cycle, another amplitude, other contacts, a session of one period, the clock.

Every fault of the simulator's table, by name, after every such event. Each fault meets the forms of
pulses in which it shows, by turns; what is asked is the same after the first START and later.
"""

import copy
import functools
from collections.abc import Callable

import pytest
from tests.system.cycles import next_on_time, until_gate
from tests.system.groups import BURST, STAND_ALONE, group
from tests.system.support import Talk

from scs.messages import error_texts
from scs_sim.bench.board import WRAP_US, SimBoard
from scs_sim.bench.faults import TABLE
from stimcore import commands, limits, program, states

TURN_US = 5_000  # as long as on the chip, roughly; a simulated second then costs little
BY_HAND = pytest.mark.board_only("faults and a clock that only the simulated board has")

FORMS: dict[str, dict[str, int]] = {
    "tonic": dict(amplitude_ua=500),
    "narrow": dict(width_ns=12_000, ratio=1, amplitude_ua=4_000),
    "passive": dict(
        recharge=program.RECHARGE_PASSIVE, ratio=1, gap_ns=0, rate_millihz=130_000, amplitude_ua=500
    ),
    "burst": BURST,
    "quick": dict(
        rate_millihz=333_000, width_ns=60_000, ratio=1, gap_ns=10_000, amplitude_ua=1_000
    ),
    "slow": dict(rate_millihz=7_000, amplitude_ua=1_500),
}
# the reasons a fault may have, and the forms that show it
SENSED = ("tonic", "narrow", "passive", "burst", "quick", "slow")
VOLTS = ("tonic", "passive", "burst", "quick", "slow")  # phases of 40 us and more
STREAM = {"stream", "sentinel", "sense", "open_load", "short_load", "load", "starved"}
SHOWN: dict[str, tuple[set[str], tuple[str, ...]]] = {
    "open_lead": ({"open_load"}, SENSED),
    "short": ({"short_load", "discharge_current"}, SENSED),  # what stands flows through the short
    "stuck_dac": ({"sense", "open_load"}, ("tonic", "narrow", "quick", "slow")),  # two codes
    "drifted_load": ({"load"}, VOLTS),
    "high_load": ({"load", "residual", "out_of_compliance"}, SENSED),
    "shorted_discharge_resistor": ({"discharge_current"}, ("burst",)),  # the one with a soft one
    "no_discharge": ({"residual"}, ("passive", "burst")),  # nothing else recharges
    "loose_lead": ({"open_load", "sense"}, ("tonic", "narrow", "passive", "burst", "quick")),
    "starved_fifo": ({"starved"}, SENSED),
    "corrupt_word": (STREAM, SENSED),
    "hung_loop": ({"watchdog"}, SENSED),
    "sense_error": ({"sense", "residual"}, ("tonic", "narrow", "quick", "slow")),  # 63 uA of zero
}

# what these lead to is shown in tests/sim/test_faults.py and by the campaign over all faults
ELSEWHERE = {
    *("dac_gain", "dac_offset", "stuck_discharge", "late_turn", "slow_loop", "fast_clock"),
    *("clock_wrap", "brown_out", "stuck_adc", "noisy_adc"),
}
HARMLESS = ("healed", "wrong_load", "torn_write", "link_noise", "link_cut")  # the output goes on


def what(form: str, **header: int) -> program.Group:
    return group({**STAND_ALONE, **header}, **FORMS[form])


def period_ms(form: str) -> int:
    return 1_000_000 // FORMS[form].get("rate_millihz", 50_000)


def settle(talk: Talk, form: str) -> None:
    """Wait until it is at its amplitude, and until its phases are compared."""
    talk.pass_us(300_000 + 4_000 * period_ms(form))


# --- what begins anew ------------------------------------------------------------------------
def first_start(talk: Talk, form: str) -> None:
    talk.running(what(form))
    settle(talk, form)


def second_on_time(talk: Talk, form: str) -> None:
    on_ms = limits.CYCLE_MIN_MS if period_ms(form) < 100 else 3_000
    talk.running(what(form, cycle_on_ms=on_ms, cycle_off_ms=1_000))
    next_on_time(talk)
    settle(talk, form)


def third_on_time(talk: Talk, form: str) -> None:
    """Wait for the third on time, longer than any before: a period number occurs first there."""
    talk.running(what(form, cycle_on_ms=1_300, cycle_off_ms=1_000))
    for _ in range(2):
        next_on_time(talk)
    settle(talk, form)


def new_amplitude(talk: Talk, form: str) -> None:
    first_start(talk, form)
    asked = FORMS[form]["amplitude_ua"] * 3 // 4
    assert talk.send(commands.AMPLITUDE, 0, asked).status == 0
    settle(talk, form)


def started_again(talk: Talk, form: str) -> None:
    first_start(talk, form)
    talk.send(commands.STOP)
    until_gate(talk, False)
    first_start(talk, form)


def other_contacts(talk: Talk, form: str) -> None:
    first_start(talk, form)
    talk.send(commands.STOP)
    until_gate(talk, False)
    talk.running(group(STAND_ALONE, **{**FORMS[form], "cathodes": 0b10, "anodes": 0b100}))
    settle(talk, form)


def halted_before(talk: Talk, form: str) -> None:
    first_start(talk, form)
    talk.send(commands.HALT)
    first_start(talk, form)


def wrapped_us(bench: SimBoard, wraps_us: int) -> int:
    return (bench.now_us() - wraps_us) % WRAP_US


def clock_from_0(talk: Talk, form: str) -> None:
    """Wrap the device's microseconds to 0, 17.9 min after power-on."""
    talk.armed(what(form))
    bench = talk.board
    wraps_us = bench.now_us() + 150_000
    bench.hal.now_us = functools.partial(wrapped_us, bench, wraps_us)
    talk.device._us = bench.hal.now_us()  # and not as if 17 minutes had passed in one turn
    assert talk.send(commands.START).status == 0
    settle(talk, form)
    assert bench.hal.now_us() < WRAP_US // 2


EVENTS: list[Callable[[Talk, str], None]] = [
    first_start,
    second_on_time,
    third_on_time,
    new_amplitude,
    started_again,
    other_contacts,
    halted_before,
    clock_from_0,
]


def allowed_ms(name: str, form: str) -> int:
    """Return the time allowed, ms: three periods, or a capture of each phase; and the loop's."""
    if name == "hung_loop":
        return limits.WATCHDOG_MS + 2 * TURN_US // 1_000
    return 200 + 4 * period_ms(form)


@functools.cache
def played(event: Callable[[Talk, str], None], form: str) -> Talk:
    """Return a board after the event, to be copied: simulating it takes ten times as long."""
    talk = Talk(turn_us=TURN_US)
    talk.hello()
    event(talk, form)
    return talk


def reason(talk: Talk) -> str:
    return str(error_texts.ERRORS[talk.device.fault[0]].name)


def walked() -> list[tuple[Callable[[Talk, str], None], str, str]]:
    """Return every fault after every event: after a pause in each form, else in one of them."""
    cases = []
    for turn, event in enumerate(EVENTS):
        for place, (name, (_reasons, forms)) in enumerate(SHOWN.items()):
            every = event is second_on_time
            chosen = forms if every else (forms[(turn + place) % len(forms)],)
            cases += [(event, name, form) for form in chosen]
    return cases


@BY_HAND
@pytest.mark.parametrize(
    ("event", "name", "form"), walked(), ids=lambda value: getattr(value, "__name__", value)
)
def test_req_54_req_55_req_58_req_59_every_fault_is_found_after_every_event(
    event: Callable[[Talk, str], None], name: str, form: str
) -> None:
    talk = copy.deepcopy(played(event, form))
    assert (talk.state(), talk.gate) == ("RUNNING", True), talk.fault_name()
    talk.inject(name)
    for _ in range(allowed_ms(name, form) // 10):
        if not talk.gate and talk.device.state == states.FAULT:
            break
        talk.pass_us(10_000)
    assert not talk.gate
    assert reason(talk) in SHOWN[name][0]


@BY_HAND
@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
def test_req_54_what_leaves_the_output_alone_latches_nothing_after_any_event(
    event: Callable[[Talk, str], None],
) -> None:
    form = list(FORMS)[EVENTS.index(event) % len(FORMS)]
    talk = copy.deepcopy(played(event, form))
    for name in HARMLESS:
        talk.inject(name)
        talk.pass_us(150_000)
    assert (talk.device.state, reason(talk)) == (states.RUNNING, "ok")


def test_req_54_no_fault_of_the_simulator_is_left_out() -> None:
    assert {*SHOWN, *HARMLESS, *ELSEWHERE} == TABLE.keys()
    assert {form for _, forms in SHOWN.values() for form in forms} == FORMS.keys()


@BY_HAND
@pytest.mark.parametrize("form", FORMS)
def test_req_54_req_58_noise_over_pauses_latches_nothing(form: str) -> None:
    talk = Talk(turn_us=TURN_US, noise=True, seed=5)
    talk.hello()
    talk.running(what(form, cycle_on_ms=1_200, cycle_off_ms=1_000, ramp_up_ms=430))
    talk.pass_us(3_600_000)
    assert (talk.state(), talk.fault_name()) == ("RUNNING", "ok")
