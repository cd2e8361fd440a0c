"""Every event in every state, restated as a picture one can read."""

import pytest

from stimcore import states

NAMES = ("OFF", "LOADED", "ARMED", "RUNNING", "STOPPING", "FAULT", "MEASURING")
#           OFF       LOADED    ARMED      RUNNING     STOPPING   FAULT    MEASURING
AFTER = {
    "commit": ("LOADED", "LOADED", "ARMED", "RUNNING", "STOPPING", "FAULT", "MEASURING"),
    "unload": ("OFF", "OFF", "ARMED", "RUNNING", "STOPPING", "FAULT", "MEASURING"),
    "arm": ("OFF", "ARMED", "ARMED", "RUNNING", "STOPPING", "FAULT", "MEASURING"),
    "start": ("OFF", "LOADED", "RUNNING", "RUNNING", "STOPPING", "FAULT", "MEASURING"),
    "stop": ("OFF", "LOADED", "LOADED", "STOPPING", "STOPPING", "FAULT", "MEASURING"),
    "ended": ("OFF", "LOADED", "ARMED", "LOADED", "LOADED", "FAULT", "MEASURING"),
    "halt": ("OFF", "LOADED", "LOADED", "LOADED", "LOADED", "FAULT", "LOADED"),
    "fault": ("FAULT", "FAULT", "FAULT", "FAULT", "FAULT", "FAULT", "FAULT"),
    "clear": ("OFF", "LOADED", "ARMED", "RUNNING", "STOPPING", "OFF", "MEASURING"),
    "measure": ("MEASURING", "MEASURING", "ARMED", "RUNNING", "STOPPING", "FAULT", "MEASURING"),
    "measured": ("OFF", "LOADED", "ARMED", "RUNNING", "STOPPING", "FAULT", "LOADED"),
    "measured_empty": ("OFF", "LOADED", "ARMED", "RUNNING", "STOPPING", "FAULT", "OFF"),
    "halt_empty": ("OFF", "LOADED", "ARMED", "RUNNING", "STOPPING", "FAULT", "OFF"),
    "no such event": NAMES,
}


@pytest.mark.parametrize("event", AFTER)
@pytest.mark.parametrize("state", range(7), ids=NAMES)
def test_req_30_every_event_in_every_state(state: int, event: str) -> None:
    assert states.NAMES[states.after(state, event)] == AFTER[event][state]


def test_req_30_no_move_is_missing_from_the_picture() -> None:
    assert {event for _from, event, _to in states.MOVES} <= set(AFTER)
    assert states.NAMES == NAMES
    pairs = [(state, event) for state, event, _to in states.MOVES]
    assert len(pairs) == len(set(pairs))


def test_req_31_a_fault_is_left_by_nothing_but_clear() -> None:
    leaving = [event for event, after in AFTER.items() if after[5] != "FAULT"]
    assert leaving == ["clear"]
    assert [row for row in states.MOVES if row[0] == 5] == [(5, "clear", 0)]


def test_req_37_output_is_reached_through_arming_alone() -> None:
    assert [row[0] for row in states.MOVES if row[2] == 3] == [2]
    assert {row[0] for row in states.MOVES if row[2] == 2} == {1, 2}
