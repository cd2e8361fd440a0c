"""Reach MicroPython's prompt from any state of a board.

Role: what_is_at() distinguishes a prompt from our firmware; ask_to_leave() makes the firmware
exit, prompt_at() waits for the prompt. Invariant: a board whose output may be on is never asked to
leave; the error says how to stop it first. Requirements: REQ-46.
"""

from __future__ import annotations

import contextlib
import time
from typing import Any

from stimcore import commands, errors, states

from ..device import signing
from ..device.link import Link
from ..errors import DeviceRefused, Failure, LinkLost, Mismatch, WrongUsage
from ..messages import refusals
from . import ports
from .prompt import Prompt

PROMPT, FIRMWARE = "prompt", "firmware"
REACH_S = 8.0
PATIENCE_S = 1.0

BOOTSEL = "unplug the board, hold its BOOTSEL button, plug it in, and run scs flash again"
EMPTY = "https://datasheets.raspberrypi.com/soft/flash_nuke.uf2"
SIMULATED_ID = int.from_bytes(b"SIM\0\0\0\0\1", "big")  # scs_sim.bench.board.UNIQUE_ID
FREE = (states.OFF, states.LOADED, states.FAULT)  # whence the firmware can leave: output off
FAULT_FIELDS = ("fault", "fault_index", "fault_value", "fault_limit")
WAY_OUT = {
    states.LOADED: "a program is loaded, and this version unloads it by a restart alone: "
    "unplug it, plug it in, then flash",
}
STOP_FIRST = "stop it first (scs stop), then flash"


def what_is_at(port: str) -> str:
    """Return PROMPT or FIRMWARE; raise LinkLost if it is neither."""
    until = time.monotonic() + REACH_S
    while True:
        with Prompt(port) as prompt, contextlib.suppress(LinkLost):
            if prompt.is_there():
                return PROMPT
        time.sleep(ports.LOOK_S)
        try:
            with Link(port, patience_s=PATIENCE_S) as link:
                _hello(link)
        except LinkLost:
            if time.monotonic() > until:
                raise LinkLost(
                    f"{port} answers neither as an scs device nor with MicroPython's prompt: if it "
                    f"is a Pico, {BOOTSEL}; should it still not answer, empty it first with {EMPTY}"
                ) from None
            time.sleep(ports.LOOK_S)
        else:
            time.sleep(ports.LOOK_S)  # a socket takes a while to be free for the next
            return FIRMWARE


def _hello(link: Link) -> dict[str, Any]:
    """Return HELLO's reply; {} if another firmware version replies in another format.

    Raises WrongUsage for a simulated board, which cannot be flashed.
    """
    try:
        reply = link.request(commands.HELLO, commands.PROTOCOL)
    except Mismatch:
        return {}
    if reply["unique_id"] == SIMULATED_ID:
        raise WrongUsage(f"{link.port_name}: {ports.SIMULATED}")
    link.signer = signing.signer_of(f"{reply['unique_id']:016x}", reply["paired"], "")
    return reply


def would_clear(port: str) -> str:
    """Return the latched fault that would be cleared, or ""; raise Failure, with a remedy, if the
    firmware would not leave in its present state."""
    with Link(port, patience_s=PATIENCE_S) as link:
        state = _hello(link).get("state", states.OFF)
        if state not in FREE:
            raise _stays(port, state)
        return _fault(link) if state == states.FAULT else ""


def ask_to_leave(port: str) -> str:
    """Send MAINTENANCE, after UNLOAD or CLEAR_FAULT if needed; return the cleared fault or "".
    Raises Failure if the device refuses."""
    fault = ""
    with Link(port, patience_s=PATIENCE_S) as link:
        _hello(link)
        state = _refuses(link)
        if state == states.FAULT:
            fault = _fault(link)
            link.request(commands.CLEAR_FAULT)
            state = _refuses(link)
        elif state == states.LOADED:
            with contextlib.suppress(DeviceRefused):  # a version that has no such command
                link.request(commands.UNLOAD)
            state = _refuses(link)
        if state is not None:
            raise _stays(port, state)
    return fault


def _fault(link: Link) -> str:
    """Return the latched fault as a sentence; unknown if the firmware's version differs."""
    try:
        status = link.request(commands.STATUS)
    except Mismatch:
        return "unknown, of another version of the firmware"
    return refusals.fault(tuple(status[name] for name in FAULT_FIELDS))


def _refuses(link: Link) -> int | None:
    """Send MAINTENANCE; return the state in which it is refused, None if accepted."""
    try:
        link.request(commands.MAINTENANCE)
    except DeviceRefused as refusal:
        row = refusal.rows[0] if refusal.rows else (0, 0, 0, 0)
        if row[0] != errors.BAD_STATE:
            raise
        return row[2]
    return None


def _stays(port: str, state: int) -> Failure:
    name = states.NAMES[state] if state < len(states.NAMES) else "in an unknown state"
    return Failure(f"{port}: the device is {name}: {WAY_OUT.get(state, STOP_FIRST)}")


def prompt_at(port: str, number: str) -> str:
    """Wait for the prompt after the firmware was asked to leave; return its port."""
    until = time.monotonic() + REACH_S
    while time.monotonic() < until:
        time.sleep(ports.LOOK_S)
        port = ports.now(port, number)
        with contextlib.suppress(LinkLost), Prompt(port) as prompt:
            if prompt.is_there():
                return port
    raise LinkLost(f"{port}: the firmware left, but no prompt appeared: {BOOTSEL}")
