"""The states and the transitions between them: one table.

Role: OFF -> LOADED -> ARMED -> RUNNING -> STOPPING; MEASURING from OFF or LOADED and back there
(the events that end in _empty are those without a program); FAULT latched from anywhere.
Invariant: a move that is not a row does not happen. states.md is generated from here.
Requirements: REQ-30, REQ-31.
"""

OFF = 0
LOADED = 1
ARMED = 2
RUNNING = 3
STOPPING = 4
FAULT = 5
MEASURING = 6

NAMES = ("OFF", "LOADED", "ARMED", "RUNNING", "STOPPING", "FAULT", "MEASURING")
ANY = (OFF, LOADED, ARMED, RUNNING, STOPPING, FAULT, MEASURING)
CALM = (OFF, LOADED, FAULT)  # a write of the store keeps nobody waiting
OUTPUT = (RUNNING, STOPPING, MEASURING)  # current may flow

# (from, event, to)
MOVES = (
    (OFF, "commit", LOADED),
    (LOADED, "commit", LOADED),
    (LOADED, "unload", OFF),
    (LOADED, "arm", ARMED),
    (ARMED, "arm", ARMED),
    (ARMED, "start", RUNNING),
    (ARMED, "stop", LOADED),
    (RUNNING, "stop", STOPPING),
    (STOPPING, "ended", LOADED),
    (RUNNING, "ended", LOADED),
    (ARMED, "halt", LOADED),
    (RUNNING, "halt", LOADED),
    (STOPPING, "halt", LOADED),
    (OFF, "measure", MEASURING),
    (LOADED, "measure", MEASURING),
    (MEASURING, "measured", LOADED),
    (MEASURING, "measured_empty", OFF),
    (MEASURING, "halt", LOADED),
    (MEASURING, "halt_empty", OFF),
    (OFF, "fault", FAULT),
    (LOADED, "fault", FAULT),
    (ARMED, "fault", FAULT),
    (RUNNING, "fault", FAULT),
    (STOPPING, "fault", FAULT),
    (MEASURING, "fault", FAULT),
    (FAULT, "clear", OFF),
)


def after(state: int, event: str) -> int:
    """Return the state that `event` leads to; the same state if the table has no such row."""
    for row in MOVES:
        if row[0] == state and row[1] == event:
            return row[2]
    return state
