"""Random walks through what tools/safety_case/states.py explores whole, and its checks tripped."""

import pickle

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule
from tests.support.exploring import examples
from tests.system.support import Talk

from safety_case import states as explorer
from scs_sim.bench import faults
from stimcore import commands, errors, handlers, states
from stimcore.device import Device

QUICK = sorted({*explorer.actions(("healthy",), conditions=True)} - {"maintenance", "much later"})


def walked(*way: str) -> list[str]:
    """Return what is wrong after each action of a way from power-on."""
    talk = Talk()
    talk.hello()
    situation = explorer.situation_of(talk, "healthy")
    bench = pickle.dumps(talk, 5)
    wrong = []
    for action in way:
        step = explorer.step(bench, situation, action)
        situation, bench = step.situation, step.bench
        wrong += step.wrong
    return wrong


@pytest.fixture(autouse=True)
def watched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Device, "move", explorer.watched)


class Sessions(RuleBasedStateMachine):
    """A host, time and faults in any order."""

    def __init__(self) -> None:
        super().__init__()
        talk = Talk()
        talk.hello()
        self.situation = explorer.situation_of(talk, "healthy")
        self.bench = pickle.dumps(talk, 5)

    @rule(action=st.sampled_from([*QUICK, *["load", "measure", "later", "arm", "start"] * 8]))
    def act(self, action: str) -> None:
        if action in explorer.LASTING and self.situation[-1] != "healthy":
            return
        step = explorer.step(self.bench, self.situation, action)
        self.situation, self.bench = step.situation, step.bench
        assert step.wrong == []


def test_req_30_any_session_keeps_to_the_states() -> None:
    Sessions.TestCase.settings = settings(examples(12), stateful_step_count=25)
    Sessions.TestCase("runTest").runTest()


RUN = ("load", "measure", "later", "arm", "start")


def test_req_30_the_way_to_running_is_walked_without_complaint() -> None:
    assert walked(*RUN, "soon", "stop", "later", "halt", "starved_fifo", "clear_fault") == []


def test_req_57_an_arm_that_does_not_look_at_the_load_is_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(handlers, "_load_id", lambda _device: 0)
    assert walked("load", "arm") == ["ARMED from LOADED, load known: False"]


def test_req_57_a_start_long_after_arming_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(handlers.TABLE, commands.START, lambda device: device.start() or ())
    assert walked(*RUN[:-1], "much later", "start")[0] == "RUNNING from ARMED, load known: False"


def test_req_31_a_fault_that_halt_leaves_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    moves = (*states.MOVES, (states.FAULT, "halt", states.LOADED))
    monkeypatch.setattr(states, "MOVES", moves)
    assert walked(*RUN, "starved_fifo", "halt") == ["FAULT was left by halt for LOADED"]


def test_req_31_a_reason_that_a_later_one_replaces_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def replace(device: Device) -> tuple:
        device._latch((errors.FAULT_OPEN, 0, 0, 0))
        device.fault = (errors.FAULT_OPEN, 0, 0, 0)
        return ()

    monkeypatch.setitem(handlers.TABLE, commands.STOP, replace)
    (line,) = walked(*RUN, "starved_fifo", "stop")
    assert line.startswith("the first reason of a fault was replaced by ")


def test_what_the_exploration_does_has_every_command_and_every_fault() -> None:
    done = {*explorer.actions(("healthy",), conditions=True)}
    assert {row[1] for row in commands.TABLE} <= done
    assert {*explorer.TORN_WRITES, *explorer.OTHERS} <= done
    assert faults.TABLE.keys() - done == explorer.UNEXPLORED | {explorer.TORN}


def test_req_32_a_halt_that_leaves_the_gate_closed_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    from scs_sim.bench.board import SimHal

    monkeypatch.setattr(SimHal, "halt", lambda _hal: None)
    # LOADED lets nothing flow: the next turn sees that it does, and cannot end it either
    assert "the gate is closed in FAULT" in walked(*RUN, "soon", "halt")


def test_req_34_a_lease_that_is_ignored_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Device, "_run_lease", lambda _device: None)
    assert walked(*RUN, "later") == ["RUNNING without a host for 5000000 us"]


def test_what_is_never_reached_is_told() -> None:
    lines = explorer.unreached(explorer.explore(1))
    assert "RUNNING was never reached" in lines
    assert "FAULT was never reached from ARMED" in lines
