"""Commands of one open device: load, arm, start, watch, stop; leaving the context halts it.

Role: every method is one or a few commands of stimcore.commands.
Invariant: commands are sent only by the caller's calls: if the caller hangs, the lease expires and
the device stops.
Requirements: REQ-43, REQ-61.
"""

from __future__ import annotations

import binascii
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from stimcore import commands, limits, program

from ..documents import units
from ..errors import DeviceFault, DeviceRefused, Failure, Row, WrongUsage
from ..messages import refusals, safety_metrics
from ..messages.safety_metrics import Figure
from ..profile import program_names
from . import program_slots, replies
from .connection import Opened
from .program_slots import Recalled, Stored
from .replies import Amplitude, Ledger, Status

if TYPE_CHECKING:
    from ..profile.profile import Profile
    from .impedance import LoadFound

POLL_S = 0.25  # how often poll() asks; at most a quarter of the lease
SETTLE_PERIODS = 3
SETTLE_MOST_S = 120.0  # the longest ramp is 60 s


class Session(Opened):
    """Device on one port, open within its context; arguments as for Stimulator."""

    # --- program ---------------------------------------------------------------------------
    def load(self, profile: Profile) -> list[Figure]:
        """Stage, validate and commit a profile; return the device's safety figures.

        Raises ProfileError with file and line if the device refuses the profile, or would fault
        during its ramp.
        """
        from ..profile.profile import ProfileError
        from ..safety import ramp_check

        told = ramp_check.problems(profile, self.board)
        if told:
            raise ProfileError(profile.file, told)
        blob = profile.to_blob()
        digest = program.digest(blob)
        try:
            reply = self._staged(blob)
        except DeviceRefused as refusal:
            raise self._explained(refusal, profile) from None
        if reply["hash"] != digest:
            raise Failure("the device committed another program than was sent; load it again")
        self.profile, self._hash = profile, digest
        return self._figures(reply["figures"])

    def _staged(self, blob: bytes) -> dict[str, Any]:
        self._hash = None
        self.link.request(commands.STAGE_BEGIN, len(blob), binascii.crc32(blob))
        for at in range(0, len(blob), commands.PIECE_BYTES):
            piece = blob[at : at + commands.PIECE_BYTES]
            self.link.request(commands.STAGE_DATA, at, piece)
        return self.link.request(commands.COMMIT)

    def _explained(self, refusal: DeviceRefused, profile: Profile) -> Exception:
        if refusal.command != "commit" or not refusal.of_program:
            return refusal
        from ..profile.profile import ProfileError
        from ..safety.check import explained

        return ProfileError(profile.file, explained(refusal.rows, profile))

    def unload(self) -> None:
        """Unload the program: the device is OFF again; its store and ledger stay."""
        self.link.request(commands.UNLOAD)
        self.profile = self._hash = None

    def figures(self) -> list[Figure]:
        """Return the device's safety figures at the present targets."""
        return self._figures(self.link.request(commands.FIGURES)["figures"])

    def _figures(self, packed: bytes) -> list[Figure]:
        group = self.profile.group if self.profile else None
        names = (self.contact_names, self.program_names)
        return safety_metrics.make(safety_metrics.unpack(packed), group, *names)

    # --- the store -------------------------------------------------------------------------
    def slots(self) -> list[Stored]:
        """Return the slots in use, of 1 to 8, each with whether its program is loaded."""
        packed = self.link.request(commands.SLOTS)["slots"]
        return program_slots.unpack(packed, self.status().hash)

    def save(self, slot: int) -> str:
        """Store the loaded program in a slot; return its hash."""
        return program_slots.text(
            self.link.request(commands.SAVE, program_slots.wire(slot))["hash"]
        )

    def recall(self, slot: int) -> Recalled:
        """Load the program of a slot, fully validated again; then it can be armed.

        Names are known only if it is the program last loaded through this object.
        """
        try:
            reply = self.link.request(commands.RECALL, program_slots.wire(slot))
        except DeviceRefused as refusal:
            raise program_slots.explained(refusal, slot) from None
        if self.profile and program.digest(self.profile.to_blob()) != reply["hash"]:
            self.profile = None
        self._hash = reply["hash"]
        return Recalled(slot, program_slots.text(reply["hash"]), self._figures(reply["figures"]))

    def erase(self, slot: int) -> None:
        """Empty a slot."""
        self.link.request(commands.ERASE, program_slots.wire(slot))

    def measure(
        self, sources: Iterable[str | int] = (), returns: Iterable[str | int] = ()
    ) -> LoadFound:
        """Measure the load with test pulses between contacts (names, or numbers from 1).

        By default as the loaded profile uses them; without a profile E1, E3, … to E2, E4, ….
        The device must be OFF or LOADED.
        """
        from . import impedance

        names = self.contact_names
        masks = (impedance.mask(sources, names), impedance.mask(returns, names))
        return impedance.measure(self.link, self.board, masks, names)

    # --- running ---------------------------------------------------------------------------
    def arm(self, *, measure: bool = True) -> LoadFound | None:
        """Measure the load and arm the loaded program; return the measurement.

        The device refuses (DeviceRefused) unless it is the declared dummy load. With `measure`
        False, or if already armed, a measurement of the last minute must exist.
        """
        if self._hash is None:
            raise Failure("nothing was loaded through this connection: load a profile first")
        found = self.measure() if measure and self.status().state == "LOADED" else None
        try:
            self.link.request(commands.ARM, self._hash)
        except DeviceRefused as refusal:
            raise self._named(refusal) from None
        return found

    def start(self) -> None:
        """Close the gate and start with a soft start."""
        self.link.request(commands.START)

    def stop(self, *, wait: bool = True) -> None:
        """Ramp down and end on a whole period; `wait` returns when it has ended."""
        self.link.request(commands.STOP)
        if wait:
            self.wait()

    def halt(self) -> None:
        """Drop the gate at once."""
        self.link.request(commands.HALT)

    def clear_fault(self) -> None:
        """Clear a latched fault; the profile must be loaded again."""
        self.link.request(commands.CLEAR_FAULT)
        self._hash = None

    def amplitude(self, program: str | int, quantity: str) -> Amplitude:
        """Set an amplitude, such as "2.5 mA", of a program by its name or number (from 1).

        While running, the device ramps there in permitted steps. Raises DeviceRefused above the
        profile's own limit.
        """
        number = program_names.program_number(program, self.program_names)
        try:
            amplitude_ua = units.integer(quantity, "uA", "2 mA")
        except units.UnitError as reason:
            raise WrongUsage(str(reason)) from None
        if not 0 <= amplitude_ua < 1 << 32:
            raise WrongUsage(f"{quantity} is not an amplitude; write for example 2 mA")
        try:
            reply = self.link.request(commands.AMPLITUDE, number, amplitude_ua)
        except DeviceRefused as refusal:
            raise self._named(refusal) from None
        return Amplitude(amplitude_ua / 1000, reply["actual_na"] / 1e6, reply["ramp_ms"] / 1000)

    def _named(self, refusal: DeviceRefused) -> DeviceRefused:
        if not refusal.of_program:
            return refusal
        names = (self.contact_names, self.program_names)
        texts = [refusals.amplitude(row, *names) for row in refusal.rows]
        return DeviceRefused(refusal.command, refusal.rows, "; ".join(texts))

    # --- watching --------------------------------------------------------------------------
    def status(self) -> Status:
        """Return the device's status."""
        return replies.status(self.link.request(commands.STATUS))

    def ledger(self) -> Ledger:
        """Return the ledger since the last START."""
        return replies.ledger(self.link.request(commands.LEDGER), self.contact_names)

    def poll(self, for_s: float | None = None, every_s: float | None = None) -> Iterator[Status]:
        """Yield the status every `every_s` of the port's time, which renews the lease, for `for_s`
        or until nothing runs; the final status is always yielded."""
        link = self.link
        pause_s = every_s if every_s is not None else self._poll_s()
        until_s = None if for_s is None else link.now() + for_s
        while True:
            status = self.status()
            yield status
            left_s = pause_s if until_s is None else until_s - link.now()
            if not status.running or left_s <= 0:
                return
            link.sleep(min(pause_s, left_s))

    def _poll_s(self) -> float:
        lease_ms = self.profile.group.header.lease_ms if self.profile else limits.LEASE_MIN_MS
        return float(min(POLL_S, lease_ms / 4000))

    def wait(self, for_s: float | None = None) -> Status:
        """Poll to the end and return the last status; raise DeviceFault on a latched fault."""
        *_, last = self.poll(for_s)
        if last.fault is not None:
            raise DeviceFault(last.fault, self.told(last.fault))
        return last

    def settle(self) -> None:
        """Poll until every program has reached its amplitude, or nothing runs.

        A new amplitude takes effect between periods, so a few more periods are awaited.
        """
        reached: int | None = None
        for status in self.poll(SETTLE_MOST_S):
            if not status.settled:
                reached = None
            elif reached is None:
                reached = status.periods
            elif status.periods >= reached + SETTLE_PERIODS:
                return

    def told(self, fault: Row) -> str:
        """Return a latched fault as a sentence."""
        return refusals.fault(fault, self.contact_names)
