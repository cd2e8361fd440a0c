"""Description of a run: profile, device, versions and result.

Role: an Account is the main part of a recording (run.json) and of a report. It is copied from
profile, device and ledger; nothing is computed here.
Invariant: an account and its profile's text suffice to repeat the run and compare.
"""

from __future__ import annotations

import binascii
import hashlib
import platform
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from importlib import metadata
from typing import TYPE_CHECKING

from stimcore import VERSION, commands
from stimcore.errors import Refused

from ..catalog import boards
from ..device.replies import Ledger, Status
from ..documents.problem import FileRefused
from ..messages.safety_metrics import Metric
from ..profile.profile import Profile
from ..traces.commanded import Command
from ..traces.schedule import Schedule, schedule
from ..traces.trace_store import Rows
from .poll_log import NONE, Samples

if TYPE_CHECKING:
    from ..device.stimulator import Stimulator

BENCH, ADC, NOTHING = "the simulated bench's oscilloscope", "the device's own ADC", ""
TRACED = "the end of the trace"  # of a run that was made for a trace: what ended it
LIBRARIES = ("numpy", "pyserial", "pydantic")


@dataclass(frozen=True)
class Subject:
    """Profile of a run."""

    name: str
    file: str
    lead: str
    text: str
    sha256: str  # of the text
    program_crc32: str  # of the program that the device committed: the name ARM was given


@dataclass(frozen=True)
class Device:
    """Device of a run, and the versions of firmware and host."""

    port: str
    board: str
    firmware: str
    tables: str  # digest of commands, errors and limits, the same at both ends
    host: dict[str, str]


@dataclass(frozen=True)
class Ending:
    """End of a run. fault: the sentence of a latched fault, else empty."""

    stopped: str
    fault: str
    ledger: Ledger


@dataclass(frozen=True)
class Account:
    """Account of one run. begun: UTC, ISO 8601; injected: simulated faults; rate_hz: None for a
    row at each change; source of the trace: BENCH, ADC or NOTHING."""

    subject: Subject
    device: Device
    begun: str
    injected: str
    rate_hz: float | None
    from_start: bool
    figures: tuple[Metric, ...]
    ending: Ending
    command: Command | None
    source: str = BENCH


@dataclass(frozen=True)
class Run:
    """Run: account, trace (None if not recorded) and polls."""

    account: Account
    rows: Rows | None
    samples: Samples = field(default_factory=lambda: NONE)

    @cached_property
    def schedule(self) -> Schedule | None:
        """Schedule of the periods at the highest amplitude in the trace.

        None without a whole period, or if this scs refuses the profile or the board.
        """
        command, subject = self.account.command, self.account.subject
        if command is None:
            return None
        try:
            profile = Profile.from_text(subject.text, subject.file)
            board = boards.board(self.account.device.board)
            return schedule(board, profile.group, profile.program_names, command)
        except (FileRefused, Refused):
            return None


def subject(profile: Profile) -> Subject:
    """Return the Subject of a profile."""
    text = profile.text.encode()
    return Subject(
        name=profile.name,
        file=profile.file,
        lead=profile.lead.name,
        text=profile.text,
        sha256=hashlib.sha256(text).hexdigest(),
        program_crc32=f"{binascii.crc32(profile.to_blob()) & 0xFFFFFFFF:08x}",
    )


def device(stim: Stimulator) -> Device:
    """Return the Device of an open device, with the versions of this host."""
    host = {"scs": VERSION, "python": platform.python_version(), "system": platform.platform()}
    return Device(
        port=stim.port,
        board=stim.board.name,
        firmware=stim.version,
        tables=f"{commands.tables_digest():08x}",
        host=host | {name: metadata.version(name) for name in LIBRARIES},
    )


def ending(stim: Stimulator, status: Status, book: Ledger, stopped: str = "") -> Ending:
    """Return the Ending; `stopped` overrides the device's stop reason."""
    fault = stim.told(status.fault) if status.fault is not None else ""
    return Ending(stopped or book.stopped, fault, book)


def utc_now() -> str:
    """Return the current UTC time in ISO 8601, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")
