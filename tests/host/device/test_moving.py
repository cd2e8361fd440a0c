"""A program moved on a device while it runs: what flows, what is refused, what stands there."""

from collections.abc import Iterator

import pytest
from tests.support.moving import CYCLE, TEXT, moved, notes, profile, running, used
from tests.support.stimulators import started

from scs.device import relocate
from scs.device.stimulator import Stimulator
from scs.errors import DeviceFault, Failure
from scs.profile.profile import ProfileError
from scs.traces import trace


# --- a move ----------------------------------------------------------------------------------
def test_req_33_what_runs_ramps_down_and_goes_on_at_the_other_contacts() -> None:
    with Stimulator("sim") as stim:
        running(stim)
        stim.wait(1.0)
        assert used(stim) == {"E1", "E2", "E5", "E6"}
        asked_s = stim.status().device_s
        done = stim.steer(moved(2, None, 1))
        assert done.delivered.stopped == "stop"
        # half a second of ramp, a step of 20 ms, and the end of a period of 20 ms
        assert 0.46 <= done.delivered.stop_s - asked_s <= 0.56
        stim.wait(1.5)
        assert used(stim) == {"E1", "E2", "E7", "E8"}
        assert stim.status().levels[0].level_ma == 2.0
        assert stim.ledger().start_s - done.delivered.stop_s == pytest.approx(done.off_s)
        assert (
            [(contact.contact, contact.verdict) for contact in done.load.contacts]
            == [(name, "good") for name in ("E1", "E2", "E7", "E8")]
            if done.load
            else False
        )
        assert stim.profile is not None and stim.profile.text == moved(2, None, 1).text


def test_req_18_it_begins_at_zero_at_the_new_contacts() -> None:
    before = profile(TEXT.replace("up: 1 s", "up: 0 s"))
    with Stimulator("sim") as stim:
        running(stim, before)
        bench = stim.link.bench
        done = stim.steer(moved(1, before))
        began_s = done.delivered.stop_s + done.off_s
        stim.wait(0.3)
        rows = trace.span(bench, began_s - 0.001, began_s + 0.25)
        peaks = []  # of each 20 ms, mA: the first pulses are those of `low back`
        for number in range(12):
            piece = rows.window(0.02 * number, 0.02 * number + 0.02)
            peaks.append(float(max(abs(piece.current_a))) * 1e3)
        assert peaks[0] <= 0.51  # 0.5 mA a step, however short the ramp is
        assert max(b - a for a, b in zip(peaks, peaks[1:], strict=False)) <= 0.51
        assert peaks[-1] == pytest.approx(2.0, abs=0.02)


def test_an_amplitude_that_was_set_on_the_device_moves_along() -> None:
    with Stimulator("sim") as stim:
        running(stim)
        stim.amplitude("leg", "2.5 mA")
        stim.amplitude("low back", "500 uA")
        stim.settle()
        done = stim.steer(moved(1))
        assert done.amplitudes_ma == (0.5, 2.5)
        stim.settle()
        assert [level.level_ma for level in stim.status().levels] == [0.5, 2.5]


def test_a_program_that_another_connection_started_is_known_by_its_profile() -> None:
    with Stimulator("sim") as stim:
        running(stim)
        stim.profile = stim._hash = None
        with pytest.raises(Failure, match="the running profile is not known"):
            stim.steer(moved(1))
        stim.steer(moved(1), profile())
        assert stim.status().state == "RUNNING"


def test_contacts_that_take_turns_move_together() -> None:
    turns = (
        "recharge: active, interleave: {cathodes: [E3], anodes: [E4], split: 50 %}}\n  - {name: leg"
    )
    before = profile(TEXT.replace("recharge: active}\n  - {name: leg", turns))
    with Stimulator("sim") as stim:
        running(stim, before)
        stim.steer(moved(1, before, 0))
        stim.wait(1.5)
        assert used(stim) == {"E2", "E3", "E4", "E5", "E6"}


@pytest.mark.parametrize("after_s", [0.0, 0.5, 1.99, 2.6, 3.5, 5.1])
def test_within_ramps_and_pauses_it_is_known_too(after_s: float) -> None:
    before = profile(TEXT + CYCLE)
    with Stimulator("sim") as stim:
        started(stim, before)
        stim.wait(after_s)
        stim.steer(moved(1, before))
        stim.wait(1.0)
        assert used(stim) == {"E2", "E3", "E6", "E7"}


def test_within_a_long_ramp_and_before_a_new_amplitude_flows_it_is_known_too() -> None:
    slow = profile(TEXT.replace("up: 1 s", "up: 9 s"))
    with Stimulator("sim") as stim:
        started(stim, slow)
        stim.wait(1.0)
        assert not stim.status().settled
        stim.steer(moved(1, slow))
    rare = profile(TEXT.replace("50 Hz", "1 Hz").replace("up: 1 s", "up: 4 s"))
    with Stimulator("sim") as stim:
        running(stim, rare)
        stim.amplitude("low back", "2.2 mA")  # flows with the next period, a second later
        stim.wait(0.05)
        assert not stim.status().settled
        stim.steer(moved(1, rare))


def test_req_34_a_short_lease_does_not_run_out_while_it_is_looked_at() -> None:
    other = profile(TEXT.replace("[E2]", "[E3]") + "lease: 200 ms\n")
    with Stimulator("sim") as stim:
        running(stim, profile(TEXT + "lease: 200 ms\n"))
        with pytest.raises(Failure, match="does not run"):
            stim.steer(moved(1, other), other)
        assert stim.status().state == "RUNNING"


# --- refused, and not touched ------------------------------------------------------------------
OTHERS = {
    "another contact": ("[E2]", "[E3]"),
    "the other polarity": ("cathodes: [E2], anodes: [E1]", "cathodes: [E1], anodes: [E2]"),
    "another width": ("100 us", "150 us"),
    "another rate": ("rate: 50 Hz", "rate: 25 Hz"),
    "another lease": ("limits:", "stand_alone: true\nlimits:"),
    "another recharge": ("2 mA, recharge: active", "2 mA, recharge: passive"),
    "another ceiling": ("amplitude: 3 mA", "amplitude: 4 mA"),
    "another ramp": ("up: 1 s", "up: 2 s"),
    "another place in the period": ("amplitude: 1 mA,", "amplitude: 1 mA, offset: 3 ms,"),
}


@pytest.fixture(scope="module")
def left_running() -> Iterator[Stimulator]:
    """Yield one device that runs, for all that is refused leaves it as it was."""
    with Stimulator("sim") as stim:
        running(stim)
        yield stim


@pytest.mark.parametrize("what", OTHERS)
def test_req_37_what_is_not_the_profile_is_not_touched(left_running: Stimulator, what: str) -> None:
    other, stim = profile(TEXT.replace(*OTHERS[what])), left_running
    with pytest.raises(Failure, match=r"the device does not run two\.yaml: ") as caught:
        stim.steer(moved(1, other), other)
    assert notes(caught) == [relocate.AS_IT_WAS]
    status = stim.status()
    assert (status.state, status.levels[0].level_ma) == ("RUNNING", 2.0)


def test_another_number_of_programs_is_another_profile() -> None:
    first = "\n".join(line for line in TEXT.splitlines() if "leg" not in line)
    shorter = profile(first.replace("     recharge: active}\nlimits", "limits"))
    with Stimulator("sim") as stim:
        running(stim)
        with pytest.raises(Failure, match="its program has the hash"):
            stim.steer(moved(1, shorter, 0), shorter)
        assert stim.status().state == "RUNNING"


def test_an_unsafe_place_leaves_it_running() -> None:
    unsafe = profile(TEXT.replace("amplitude: 2 mA", "amplitude: 3 mA"))
    unsafe = profile(unsafe.text.replace("200 us", "950 us"))  # 2.85 uC, and k = 1.5 is at 1.98
    with Stimulator("sim") as stim:
        running(stim)
        with pytest.raises(ProfileError, match="Shannon k") as caught:
            stim.steer(moved(1, unsafe), profile())
        assert notes(caught) == [relocate.AS_IT_WAS]
        assert stim.status().levels[0].level_ma == 2.0


def test_a_place_that_is_unsafe_at_the_amplitude_that_was_set_leaves_it_running() -> None:
    wider = profile(TEXT.replace("200 us", "900 us"))  # 2 mA: 1.8 uC; 2.5 mA: 2.25 uC
    with Stimulator("sim") as stim:
        running(stim)
        stim.amplitude("low back", "2.5 mA")
        with pytest.raises(ProfileError, match="Shannon k"):
            stim.steer(moved(1, wider), profile())
        assert stim.status().state == "RUNNING"


@pytest.mark.parametrize(
    ("state", "way_out"),
    [
        ("OFF", "load a profile first"),
        ("LOADED", "arm it first"),
        ("ARMED", "stop or halt it first"),
        ("STOPPING", "it is ramping down"),
        ("FAULT", "a fault is latched"),
    ],
)
def test_req_41_where_nothing_runs_there_is_nothing_to_steer(state: str, way_out: str) -> None:
    with Stimulator("sim") as stim:
        if state != "OFF":
            stim.load(profile())
        if state not in ("OFF", "LOADED"):
            stim.arm()
        if state in ("STOPPING", "FAULT"):
            stim.start()
            stim.settle()
        if state == "STOPPING":
            stim.stop(wait=False)
        if state == "FAULT":
            stim.link.bench.inject("open_lead")
            with pytest.raises(DeviceFault):
                stim.wait(1.0)
        with pytest.raises(Failure, match=f"while the device is {state}: {way_out}") as caught:
            stim.steer(moved(1), profile())
        assert notes(caught) == [relocate.AS_IT_WAS]
        assert stim.status().state == state
