"""Typed replies of the device: status, ledger, change of amplitude, stored programs.

Role: fields of a reply -> frozen dataclasses in human units (mA, s, nC).
Invariant: nothing is left out or added; times are the device's own clock; users count slots from
1, the protocol from 0. Requirements: REQ-45.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from stimcore import commands, errors, limits, states
from stimcore.program import Group

from ..errors import Row, WrongUsage
from ..messages import refusals
from ..messages.safety_metrics import Metric
from . import contact_charge
from .contact_charge import ContactCharge

_NO_LEASE = 65535
RUNNING = ("RUNNING", "STOPPING")


@dataclass(frozen=True)
class Level:
    """Amplitude of one program: present level and target."""

    level_ma: float
    target_ma: float


@dataclass(frozen=True)
class Status:
    """State of the device. `fault` is None or the latched row; lease_left_s None: no lease.

    hash: of the loaded program, eight hex digits, "" if none. currents and voltages: extremes of
    the last whole period that was monitored.
    """

    state: str
    fault: Row | None
    device_s: float
    lease_left_s: float | None
    stopped: str
    periods: int
    pulses: int
    link_errors: int
    current_min_ma: float
    current_max_ma: float
    voltage_min_v: float
    voltage_max_v: float
    hash: str
    levels: tuple[Level, ...]

    @property
    def running(self) -> bool:
        """True if current may flow: RUNNING or STOPPING."""
        return self.state in RUNNING

    @property
    def settled(self) -> bool:
        """True if every program has reached its target."""
        return bool(self.levels) and all(row.level_ma == row.target_ma for row in self.levels)


@dataclass(frozen=True)
class Ledger:
    """Delivery since the last START. A pulse cut short counts as truncated only."""

    pulses: int
    truncated: int
    periods: int
    start_s: float
    stop_s: float
    output_s: float
    stopped: str
    charge: tuple[ContactCharge, ...]

    def delivered(self) -> dict[str, Any]:
        """Return the ledger as `run --json` prints it. charge_nc: first phases, at the contact
        with the most; with one program, the total."""
        contacts = {row.contact: row.as_dict() for row in contact_charge.used(self.charge)}
        return {
            "pulses": self.pulses,
            "periods": self.periods,
            "seconds": self.output_s,
            "charge_nc": max((row.driven_nc for row in self.charge), default=0.0),
            "truncated": self.truncated,
            "contacts": contacts,
        }


@dataclass(frozen=True)
class Amplitude:
    """Accepted change of amplitude: requested, actual (whole DAC codes), and ramp time."""

    requested_ma: float
    actual_ma: float
    ramp_s: float


@dataclass(frozen=True)
class Stored:
    """Slot in use. hash: eight hex digits, "" if it is wholly damaged (length 0).

    damaged with a length: one of two copies is, as after a power cut during a save; the slot may
    then hold the program before the last one saved. loaded: the device has this program loaded.
    """

    slot: int
    hash: str
    length: int
    damaged: bool
    loaded: bool = False


@dataclass(frozen=True)
class Recalled:
    """Program loaded from a slot, with the device's own safety figures."""

    slot: int
    hash: str
    figures: list[Metric]


def status(fields: dict[str, Any]) -> Status:
    """Convert a STATUS reply."""
    lease_ms, code = fields["lease_left_ms"], fields["fault"]
    fault = (code, fields["fault_index"], fields["fault_value"], fields["fault_limit"])
    return Status(
        state=state_name(fields["state"]),
        fault=None if code == errors.OK else fault,
        device_s=fields["now_ms"] / 1000,
        lease_left_s=None if lease_ms == _NO_LEASE else lease_ms / 1000,
        stopped=refusals.stop_reason(fields["stopped"]),
        periods=fields["periods"],
        pulses=fields["pulses"],
        link_errors=fields["link_errors"],
        current_min_ma=fields["current_min_na"] / 1e6,
        current_max_ma=fields["current_max_na"] / 1e6,
        voltage_min_v=fields["voltage_min_mv"] / 1000,
        voltage_max_v=fields["voltage_max_mv"] / 1000,
        hash=hash_text(fields["hash"]) if fields["hash"] else "",
        levels=tuple(
            Level(level / 1000, target / 1000) for level, target in rows("<II", fields["levels"])
        ),
    )


def ledger(
    fields: dict[str, Any], contacts: Sequence[str] = (), group: Group | None = None
) -> Ledger:
    """Convert a LEDGER reply; `contacts`: names, `group`: the program it is of, if known."""
    return Ledger(
        pulses=fields["pulses"],
        truncated=fields["truncated"],
        periods=fields["periods"],
        start_s=fields["start_ms"] / 1000,
        stop_s=fields["stop_ms"] / 1000,
        output_s=fields["output_ms"] / 1000,
        stopped=refusals.stop_reason(fields["stopped"]),
        charge=contact_charge.charges(rows("<qq", fields["charge"]), contacts, group),
    )


def slots(packed: bytes, loaded: str) -> list[Stored]:
    """Convert the rows of a SLOTS reply; `loaded` is the hash of the loaded program."""
    stored = []
    for slot, damaged, length, digest in rows(commands.SLOT, packed):
        text = hash_text(digest) if length else ""
        stored.append(Stored(slot + 1, text, length, bool(damaged), text != "" and text == loaded))
    return stored


def rows(form: str, packed: bytes) -> Iterator[tuple[Any, ...]]:
    """Yield the whole rows of a form of struct in a reply's last field."""
    return struct.iter_unpack(form, packed[: len(packed) - len(packed) % struct.calcsize(form)])


def hash_text(digest: int) -> str:
    """Format a program's hash as eight hex digits."""
    return f"{digest:08x}"


def slot_number(slot: int) -> int:
    """Return a slot's protocol number (from 0); raise WrongUsage if out of range."""
    if not 1 <= slot <= limits.GROUP_SLOTS:
        raise WrongUsage(f"there is no slot {slot}; allowed are 1 to {limits.GROUP_SLOTS}")
    return slot - 1


def state_name(state: int) -> str:
    """Return the name of a state."""
    return states.NAMES[state] if state < len(states.NAMES) else f"state {state}"
