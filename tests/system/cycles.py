"""Pauses and on times of a cycle, as a test waits for them at any device.

Role: CYCLING for a header, and until when time is let pass.
"""

from tests.system.conversation import Conversation

CYCLING = {"cycle_on_ms": 1_000, "cycle_off_ms": 1_000}


def until_gate(talk: Conversation, closed: bool) -> None:
    """Let time pass until the load is connected or no longer is: four seconds at most."""
    for _ in range(400):
        if talk.gate == closed:
            return
        talk.pass_us(10_000)
    raise AssertionError(f"the gate is not {'closed' if closed else 'open'} within four seconds")


def pause(talk: Conversation) -> None:
    """Go on to the off time of a cycle that begins or goes on."""
    until_gate(talk, True)  # right after START it may not be yet
    until_gate(talk, False)


def next_on_time(talk: Conversation) -> None:
    pause(talk)
    until_gate(talk, True)
