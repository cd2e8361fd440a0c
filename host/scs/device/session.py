"""One open device: load, arm, start, watch, stop; leaving halts what this session started.

Role: opens a port, identifies the board with HELLO, and sends the commands of stimcore.commands;
every method is one or a few of them.
Invariant: a device built from other tables is refused, never guessed at. Commands are sent only by
the caller's calls: if the caller hangs, the lease expires and the device stops; whatever ends the
block first halts an output that this session armed, started or began to stop, and no other's.
Requirements: REQ-43, REQ-61, REQ-65, REQ-70.
"""

from __future__ import annotations

import binascii
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from stimcore import commands, errors, limits, program
from stimcore.board import Board

from ..catalog import boards
from ..documents import units
from ..documents.problem import FileRefused
from ..errors import DeviceFault, DeviceRefused, Failure, LinkLost, Mismatch, Row, WrongUsage
from ..messages import refusals, safety_metrics
from ..messages.safety_metrics import Metric
from ..profile import program_names
from . import impedance, journal, replies, signing
from .impedance import LoadFound
from .journal import Journal
from .link import PATIENCE_S, SIM, Link, is_sim, shown, url_of
from .replies import Amplitude, Ledger, Recalled, Status, Stored

if TYPE_CHECKING:
    from ..profile.profile import Profile

POLL_S = 0.25  # how often poll() asks; at most a quarter of the lease
LEAST_POLL_S = 0.001  # the grain of the device's clock …
CLOCK_S = 2**32 / 1000  # … which goes round after 49 days
SETTLE_PERIODS = 3
SETTLE_MOST_S = 120.0  # the longest ramp is 60 s
_BLOB_ERRORS = (errors.BLOB_FORMAT, errors.STAGE_CRC)  # of a stored program


def hello(link: Link, wanted: str | None = None) -> tuple[Board, str, str]:
    """Return (board from boards.yaml, firmware version, unique id in hex).

    Raises Mismatch if it was built from other tables, WrongUsage if it is not the board `wanted`.
    """
    fields = link.request(commands.HELLO, commands.PROTOCOL)
    version, _, name = fields["names"].decode("utf-8", "replace").partition(" ")
    if fields["protocol"] != commands.PROTOCOL:
        raise Mismatch(f"the device speaks protocol {fields['protocol']}")
    if fields["tables_digest"] != commands.tables_digest():
        raise Mismatch(f"the firmware {version} has other commands or limits than this host")
    if wanted and name != boards.full_name(wanted):
        raise WrongUsage(f"the device is {name}, not {wanted}")
    try:
        board = boards.board(name)
    except FileRefused:
        raise Mismatch(f"the device is {name!r}, which boards.yaml does not have") from None
    if fields["board_digest"] != commands.board_digest(board):
        raise Mismatch(f"the device's figures of {name} differ from those in boards.yaml")
    return board, version, f"{fields['unique_id']:016x}"


class Session:
    """Device on one port, open within its context; arguments as for Stimulator."""

    def __init__(
        self,
        port: str = SIM,
        board: str | None = None,
        *,
        faults: str = "",
        patience_s: float = PATIENCE_S,
        halt_on_exit: bool = True,
        role: str = "",
    ):
        self.port = port
        self.role = role
        self.profile: Profile | None = None
        self.version = self.unique_id = ""
        self._wanted = board
        self._faults = faults
        self._patience_s = patience_s
        self.halt_on_exit = halt_on_exit
        self._owns_output = False  # this session armed, started, stops or measures
        self._seen: tuple[Status, int] | None = None  # and how many requests there had been
        self._hash: int | None = None
        self._board: Board | None = None
        self._link: Link | None = None

    # --- opening and leaving ---------------------------------------------------------------
    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, _kind: object, reason: object, _frames: object) -> None:
        halts = self.halt_on_exit and self._owns_output and self._link is not None
        try:
            if halts and isinstance(reason, LinkLost):
                self.link.tell(commands.HALT)
            elif halts:
                self.link.request(commands.HALT)
            if self._link is not None and not isinstance(reason, LinkLost):
                self._link.give_up()
        except Failure:
            if reason is None:  # else the first reason is the one to tell
                raise
        finally:
            self.close()

    def open(self) -> None:
        """Open the port and check that host and device use the same tables."""
        url = url_of(self.port, self._wanted or "", self._faults)
        if self._faults and not is_sim(url):
            raise WrongUsage(
                f"faults can be injected into the simulated board, not at {shown(self.port)}"
            )
        self._link = Link(url, patience_s=self._patience_s)
        try:
            self._board, self.version, self.unique_id = hello(self._link, self._wanted)
            self._link.signer = signing.signer_of(self.unique_id, self._link.paired, self.role)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the port; the device goes on until its lease ends."""
        if self._link is not None:
            self._link.close()
        self._link = self._seen = None

    # --- state -----------------------------------------------------------------------------
    @property
    def link(self) -> Link:
        """Open link; raises Failure if the device is not open."""
        if self._link is None:
            raise Failure("the device is not open: use `with Stimulator(…) as stim:`")
        return self._link

    @property
    def board(self) -> Board:
        """Board, stage and load reported by the device."""
        if self._board is None:
            raise Failure("the device is not open: use `with Stimulator(…) as stim:`")
        return self._board

    @property
    def contact_names(self) -> tuple[str, ...]:
        """Names of the contacts of the loaded profile."""
        return self.profile.contact_names if self.profile else ()

    @property
    def program_names(self) -> tuple[str, ...]:
        """Names of the programs of the loaded profile."""
        return self.profile.program_names if self.profile else ()

    # --- program ---------------------------------------------------------------------------
    def load(self, profile: Profile) -> list[Metric]:
        """Stage, validate and commit a profile; return the device's safety figures.

        A Metric has `name`, `value`, `limit` and `unit`.

        Raises ProfileError with file and line if the device refuses the profile, or would fault
        during its ramp.
        """
        from ..profile.profile import ProfileError
        from ..safety import ramp_check

        complaints = ramp_check.problems(profile, self.board)
        if complaints:
            raise ProfileError(profile.file, complaints)
        link, blob = self.link, profile.to_blob()
        digest = program.digest(blob)
        self._hash = None
        link.request(commands.STAGE_BEGIN, len(blob), binascii.crc32(blob))
        for at in range(0, len(blob), commands.PIECE_BYTES):
            link.request(commands.STAGE_DATA, at, blob[at : at + commands.PIECE_BYTES])
        try:
            reply = link.request(commands.COMMIT)
        except DeviceRefused as refusal:
            if not refusal.of_program:
                raise
            rows = [profile.explain(row) for row in refusal.rows]
            raise ProfileError(profile.file, rows) from None
        if reply["hash"] != digest:
            raise Failure("the device committed another program than was sent; load it again")
        self.profile, self._hash = profile, digest
        return self._figures(reply["figures"])

    def unload(self) -> None:
        """Unload the program: the device is OFF again; its store and ledger stay.

        Raises DeviceRefused while it is armed or its output is on.
        """
        self.link.request(commands.UNLOAD)
        self.profile = self._hash = None

    def figures(self) -> list[Metric]:
        """Return the device's safety figures at the present targets."""
        return self._figures(self.link.request(commands.FIGURES)["figures"])

    def _figures(self, packed: bytes) -> list[Metric]:
        group = self.profile.group if self.profile else None
        rows = replies.rows(commands.FIGURE, packed)
        return safety_metrics.make(rows, group, self.contact_names, self.program_names)

    def log(self) -> Journal:
        """Return the device's journal, verified; raise DeviceRefused while output flows."""
        return journal.read(self.link, self.unique_id)

    # --- the store -------------------------------------------------------------------------
    def slots(self) -> list[Stored]:
        """Return the slots in use, of 1 to 8, each with whether its program is loaded."""
        packed = self.link.request(commands.SLOTS)["slots"]
        return replies.slots(packed, self.status().hash)

    def save(self, slot: int) -> str:
        """Store the loaded program in a slot; return its hash."""
        reply = self.link.request(commands.SAVE, replies.slot_number(slot))
        return replies.hash_text(reply["hash"])

    def recall(self, slot: int) -> Recalled:
        """Load the program of a slot, fully validated again; then it can be armed.

        Names are known only if it is the program last loaded through this object.
        """
        try:
            reply = self.link.request(commands.RECALL, replies.slot_number(slot))
        except DeviceRefused as refusal:
            if not refusal.of_program and refusal.rows[0][0] not in _BLOB_ERRORS:
                raise
            message = f"this device refuses the program in slot {slot}: {refusal}; save it again"
            raise DeviceRefused(refusal.command, refusal.rows, message) from None
        if self.profile and program.digest(self.profile.to_blob()) != reply["hash"]:
            self.profile = None
        self._hash = reply["hash"]
        figures = self._figures(reply["figures"])
        return Recalled(slot, replies.hash_text(reply["hash"]), figures)

    def erase(self, slot: int) -> None:
        """Empty a slot."""
        self.link.request(commands.ERASE, replies.slot_number(slot))

    def measure(
        self, sources: Iterable[str | int] = (), returns: Iterable[str | int] = ()
    ) -> LoadFound:
        """Measure the load with test pulses between contacts (names, or numbers from 1).

        By default as the loaded profile uses them; without a profile E1, E3, … to E2, E4, ….
        In ohm and farad. The device must be OFF or LOADED, else DeviceRefused.
        """
        names = self.contact_names
        masks = (impedance.mask(sources, names), impedance.mask(returns, names))
        before = self._owns_output
        with self._owning():
            load = impedance.measure(self.link, self.board, masks, names)
        self._owns_output = before  # a measurement that is over has left the output off
        return load

    # --- running ---------------------------------------------------------------------------
    def arm(self, *, measure: bool = True) -> LoadFound | None:
        """Measure the load and arm the loaded program; return the measurement.

        The device refuses (DeviceRefused) unless it is the declared dummy load. With `measure`
        False, or if already armed, a measurement of the last minute must exist.
        """
        if self._hash is None:
            raise Failure("nothing was loaded through this connection: load a profile first")
        load = self.measure() if measure and self.status().state == "LOADED" else None
        try:
            with self._owning():
                self.link.request(commands.ARM, self._hash)
        except DeviceRefused as refusal:
            raise self._named(refusal) from None
        return load

    def start(self) -> None:
        """Close the gate and start with a soft start; raise DeviceRefused unless it is armed."""
        with self._owning():
            self.link.request(commands.START)

    @contextmanager
    def _owning(self) -> Iterator[None]:
        """Make the output this session's own, to be halted on leaving, unless it is refused."""
        before, self._owns_output = self._owns_output, True
        try:
            yield
        except DeviceRefused:
            self._owns_output = before
            raise

    def stop(self, *, wait: bool = True) -> None:
        """Ramp down and end on a whole period; `wait` returns when it has ended.

        Raises DeviceRefused if nothing runs, with `wait` DeviceFault for a fault on the way.
        """
        with self._owning():
            self.link.request(commands.STOP)
        if wait:
            self.wait()

    def halt(self) -> None:
        """Drop the gate at once, in any state, and from any thread."""
        self.link.request(commands.HALT)

    def clear_fault(self) -> None:
        """Clear a latched fault; the profile must be loaded again."""
        self.link.request(commands.CLEAR_FAULT)
        self._hash = None

    def amplitude(self, program: str | int, quantity: str) -> Amplitude:
        """Set an amplitude, such as "2.5 mA", of a program by its name or number (from 1).

        Returns what the device makes of it, mA and s. WrongUsage is raised for the text.

        While running, the device ramps there in permitted steps. Raises DeviceRefused above the
        profile's own limit.
        """
        number = program_names.program_number(program, self.program_names)
        try:
            amplitude_ua = units.integer(quantity, "uA", "2 mA")
        except units.UnitError as reason:
            raise WrongUsage(str(reason)) from None
        if not 0 <= amplitude_ua < 1 << 32:
            raise WrongUsage(f"{quantity} is not an amplitude; for example 2 mA")
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
        """Return the device's status; like every request it renews the lease."""
        status = replies.status(self.link.request(commands.STATUS))
        self._seen = (status, self.link.requests)
        return status

    def ledger(self) -> Ledger:
        """Return the ledger since the last START: pulses, s, and nC at each contact."""
        group = self.profile.group if self.profile else None
        return replies.ledger(self.link.request(commands.LEDGER), self.contact_names, group)

    def poll(self, for_s: float | None = None, every_s: float | None = None) -> Iterator[Status]:
        """Yield the status, which renews the lease, for `for_s` of the device's time or until
        nothing runs; the final status is always yielded. every_s: a pause, of the port's time."""
        link = self.link
        lease_ms = self.profile.group.header.lease_ms if self.profile else limits.LEASE_MIN_MS
        pause_s = min(POLL_S, lease_ms / 4000) if every_s is None else every_s
        begun_s, status = link.now(), self.status()
        begun_device_s = status.device_s
        while True:
            yield status
            passed_s = (status.device_s - begun_device_s) % CLOCK_S
            if not status.running or (for_s is not None and passed_s >= for_s):
                return
            wait_s = pause_s
            if for_s is not None:  # a served simulator may be quicker than the port's clock
                speed = max(1.0, passed_s / max(link.now() - begun_s, pause_s))
                wait_s = min(pause_s, (for_s - passed_s) / speed)
            link.sleep(max(wait_s, LEAST_POLL_S))
            status = self.status()

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
