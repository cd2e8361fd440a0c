"""The states of a device, and the way a host brings it to each."""

from tests.system.conversation import Conversation
from tests.system.groups import group

from stimcore import commands

STATE_NAMES = ("OFF", "LOADED", "ARMED", "RUNNING", "STOPPING", "FAULT", "MEASURING")


def bring_to(talk: Conversation, name: str) -> None:
    """Bring the device from OFF to a state, as a host would."""
    if name == "LOADED":
        talk.stage(group())
    elif name == "MEASURING":
        talk.stage(group())
        assert talk.send(commands.MEASURE, 0, 0).status == 0
    elif name == "ARMED":
        talk.armed()
    elif name == "RUNNING":
        talk.running()
    elif name == "STOPPING":
        talk.running(group({"ramp_down_ms": 5_000}))
        talk.keep(0.5)
        talk.send(commands.STOP)
    elif name == "FAULT":
        talk.running()
        talk.keep(0.5)
        talk.inject("starved_fifo")
        talk.keep(0.2)
    assert talk.state() == name
