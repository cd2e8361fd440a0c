"""A move on a device that ends half-way: by a refusal, a fault, a lost link, a wish."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.support.moving import TEXT, moved, notes, profile, running

from scs.device import relocate
from scs.device.stimulator import Stimulator
from scs.errors import DeviceFault, DeviceRefused, Failure, LinkLost
from stimcore import commands


def test_req_37_a_file_whose_ramp_alone_is_another_is_known_while_it_runs() -> None:
    other = profile(TEXT.replace("up: 1 s", "up: 2 s"))
    with Stimulator("sim") as stim:
        running(stim)
        with pytest.raises(Failure, match="its program has the hash") as caught:
            stim.steer(moved(1, other), other)
        assert notes(caught) == [relocate.AS_IT_WAS]
        assert stim.status().state == "RUNNING"


@pytest.mark.parametrize("fault", ["wrong_load", "open_lead", "high_load", "short"])
def test_req_57_a_load_that_is_not_the_declared_one_at_the_new_contacts_leaves_it_off(
    fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Stimulator("sim") as stim:
        running(stim)
        arm = stim.arm
        monkeypatch.setattr(stim, "arm", lambda: (stim.link.bench.inject(fault), arm())[1])
        with pytest.raises(DeviceRefused) as caught:
            stim.steer(moved(1))
        assert notes(caught) == [relocate.OFF]
        assert stim.status().state == "LOADED"


def test_a_fault_while_it_ramps_down_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    with Stimulator("sim") as stim:
        running(stim)
        stop = stim.stop

        def broken(*, wait: bool) -> None:
            stop(wait=wait)
            stim.link.bench.inject("open_lead")

        monkeypatch.setattr(stim, "stop", broken)
        with pytest.raises(DeviceFault, match="open_load") as caught:
            stim.steer(moved(1))
        assert notes(caught) == [relocate.STOPPING]


@pytest.mark.parametrize(
    ("step", "note"),
    [
        ("status", relocate.AS_IT_WAS),
        ("stop", relocate.STOPPING),
        ("load", relocate.OFF),
        ("arm", relocate.OFF),
        ("start", relocate.STARTING),
        ("ledger", relocate.STARTING),
    ],
)
def test_req_61_a_link_that_is_lost_on_the_way_says_what_stands_on_the_device(
    step: str, note: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stim = Stimulator("sim")
    stim.open()
    running(stim)
    does: Callable[..., Any] = getattr(stim, step)
    left = [2 if step == "ledger" else 1]  # the second ledger is the one after START

    def cut(*arguments: Any, **named: Any) -> Any:
        left[0] -= 1
        if not left[0]:
            stim.link.bench.inject("link_cut")
            stim.link.request(commands.STATUS)
        return does(*arguments, **named)

    monkeypatch.setattr(stim, step, cut)
    with pytest.raises(LinkLost) as caught:
        stim.steer(moved(1))
    assert notes(caught) == [note]
    stim.close()


@pytest.mark.parametrize("asked", [1, 2, 4, 60])
def test_req_32_a_move_that_is_cancelled_is_halted_or_never_begun(asked: int) -> None:
    left = [asked]

    def cancelled() -> bool:
        left[0] -= 1
        return left[0] <= 0 or (asked == 60 and stim.status().state == "LOADED")

    with Stimulator("sim") as stim:
        running(stim)
        targets_ua = relocate.ready(stim, profile(), moved(1))
        with pytest.raises(Failure, match="the move was cancelled"):
            relocate.make(stim, moved(1), targets_ua, cancelled)
        expected = {1: ("RUNNING", "running"), 60: ("LOADED", "stop")}
        ending = (stim.status().state, stim.ledger().stopped)
        assert ending == expected.get(asked, ("LOADED", "halt"))


def test_a_cancelled_start_never_flows() -> None:
    with Stimulator("sim") as stim:
        with pytest.raises(Failure, match="cancelled"):
            relocate.begin(stim, profile(), lambda: True)
        assert (stim.status().state, stim.ledger().pulses) == ("LOADED", 0)
