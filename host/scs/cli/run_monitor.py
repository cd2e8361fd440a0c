"""Monitor of a run: progress line, last known status, report, exit code.

Role: take() while it runs, report() at its end. Invariant: however a run ends, the delivered output
is reported; after a lost link, the last known values are. Requirements: REQ-61.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import typer

from ..errors import GOOD, NO_DEVICE, REFUSED, USAGE, Failure, LinkLost, WrongUsage, said
from ..messages import error_texts, safety_metrics

if TYPE_CHECKING:
    from rich.progress import Progress

    from ..device.impedance import LoadFound
    from ..device.program_slots import Recalled
    from ..device.replies import Ledger, Status
    from ..device.stimulator import Stimulator
    from ..documents.problem import FileRefused
    from ..messages.safety_metrics import Figure
    from ..profile.profile import Profile
    from ..recordings.run_folder import Recorder

LINK_LOST = "link lost"
REFUSED_WORD = "refused"
NO_DEVICE_WORD = "no device"
NOTHING: dict[str, Any] = {"pulses": 0, "periods": 0, "seconds": 0.0, "charge_nc": 0.0}


@dataclass(kw_only=True)
class Watch:
    """Known state of one run, and the report at its end."""

    json: bool
    for_s: float | None
    recorder: Recorder | None = None
    stim: Stimulator | None = None
    title: str = ""
    about: dict[str, Any] = field(default_factory=dict)  # what the report with --json begins with
    load: LoadFound | None = None  # measured before arming
    status: Status | None = None  # the last known
    book: Ledger | None = None
    stopped: str = ""
    code: int = GOOD
    message: str = ""
    bar: Progress | None = None

    # --- while it runs ---------------------------------------------------------------------
    def opened(self, stim: Stimulator, source: Profile | int) -> None:
        """Note the connected device and the profile or slot to run."""
        self.stim = stim
        if isinstance(source, int):
            self.title, self.about = f"slot {source}", {"slot": source}
        else:
            self.title, self.about = source.name, {"profile": source.name}
        self.about |= {"port": stim.port, "board": stim.board.name}

    def recalled(self, found: Recalled) -> None:
        """Note the program recalled from the slot."""
        self.title += f", hash {found.hash}"
        self.about["hash"] = found.hash

    def starting(self, figures: list[Figure]) -> None:
        """Begin the recording, just before START."""
        if self.recorder is not None and self.stim is not None and self.stim.profile:
            self.recorder.starting(self.stim, self.stim.profile, figures)

    def armed(self, load: LoadFound | None) -> None:
        """Note the measured load, accepted by the device."""
        self.load = load
        if load is not None:
            self.about["load"] = [asdict(one) for one in load.contacts]

    def moved(self, told: dict[str, Any], lines: list[str]) -> None:
        """Note and print a shift to other contacts."""
        self.about.setdefault("moves", []).append(told)
        if not self.json:
            typer.echo("\n".join(lines))

    @property
    def begun(self) -> bool:
        """True once a ledger was read."""
        return self.book is not None

    def __enter__(self) -> Watch:
        if not self.json and sys.stdout.isatty():
            self.bar = _bar(self.for_s)
            self.bar.start()
        return self

    def __exit__(self, *_reason: object) -> None:
        if self.bar is not None:
            self.bar.stop()

    def take(self, status: Status, book: Ledger) -> None:
        """Note the device's status and ledger."""
        self.status, self.book = status, book
        if self.recorder is not None:
            self.recorder.keep(status, book)
        if self.bar is not None:
            from . import console

            elapsed_s = status.device_s - book.start_s
            self.bar.update(self.bar.task_ids[0], completed=elapsed_s, live=console.live(status))

    def look(self, status: Status, cancelled: Callable[[], bool]) -> None:
        """Let the recorder capture the output once it has settled."""
        if self.recorder is not None and self.stim is not None and status.settled:
            self.recorder.look(self.stim, cancelled)

    # --- how it ended ----------------------------------------------------------------------
    def detached(self) -> None:
        """Note that the device keeps running on its own."""
        self.stopped = "running"

    def lost(self, reason: LinkLost) -> None:
        """Note that the link was lost during the run."""
        self.stopped = LINK_LOST
        self.code = NO_DEVICE
        alone = self.status is not None and self.status.lease_left_s is None
        way_out = "keeps running: use `scs halt`" if alone else "stops when its lease expires"
        self.message = f"{said(reason)}\nIf the output is on, the device {way_out}. The last"
        self.message += " known values follow."

    def never_began(self, reason: FileRefused | Failure) -> None:
        """Print a refusal or a missing device in the JSON form of a report, with --json."""
        if not self.json:
            return
        word = NO_DEVICE_WORD if isinstance(reason, LinkLost) else REFUSED_WORD
        _json({"delivered": NOTHING, "stopped": word, "errors": _rows(reason, word)})

    def unmoved(self, reason: FileRefused | Failure) -> None:
        """Note, after close(), that a shift failed."""
        self.about["errors"] = _rows(reason, REFUSED_WORD)
        self.message = f"{self.message}\n{said(reason)}".lstrip()
        self.code = self.code or REFUSED

    def close(self, status: Status, book: Ledger) -> None:
        """Note the device's final status and ledger."""
        self.status, self.book = status, book
        self.stopped = book.stopped
        if status.fault is not None:
            self.code = REFUSED
            told = self.stim.told(status.fault) if self.stim else ""
            self.message = f"the device latched a fault: {told}"
        elif book.stopped == "lease":
            self.code = NO_DEVICE
            self.message = "the lease expired without a request from the host; the device stopped"

    # --- the report ------------------------------------------------------------------------
    def report(self) -> int:
        """Print the report and return the exit code."""
        self._keep()
        if self.message:
            from .console import complain

            complain(self.message)
        if self.json:
            _json(self._as_dict())
        elif self.book is not None:
            from rich.markup import escape

            from . import console

            screen = console.console()
            screen.print(f"[bold]{escape(self.title)}[/bold] on {self.about['board']}")
            if self.load is not None:
                screen.print(f"load measured before arming: {console.load(self.load)}")
            screen.print(console.ledger(self.book, self.stopped))
            if "recording" in self.about:
                screen.print(f"recording  {self.about['recording']}")
        else:
            typer.echo("started; it runs until its session ends, `scs stop` or `scs halt`")
        return self.code

    def _keep(self) -> None:
        """Close the recording; add a failure to write it to the message."""
        if self.recorder is None or self.status is None or self.book is None:
            return
        try:
            self.recorder.finish(self.status, self.book, self.stopped)
            self.about["recording"] = str(self.recorder.folder)
        except WrongUsage as reason:
            self.message = f"{self.message}\n{reason}; the run was not recorded".lstrip()
            self.code = self.code or USAGE

    def _as_dict(self) -> dict[str, Any]:
        delivered = self.book.delivered() if self.book else NOTHING
        fault = self.status.fault if self.status else None
        return {
            **self.about,
            "fault": _fault(fault),
            "delivered": delivered,
            "stopped": self.stopped,
        }


def _rows(reason: FileRefused | Failure, word: str) -> list[dict[str, Any]]:
    """Return the errors for --json."""
    if isinstance(reason, Failure):
        return [{"id": word, "path": "", "line": 0, "message": said(reason)}]
    return [one.as_dict() for one in reason.rows]


def _fault(row: tuple[int, int, int, int] | None) -> dict[str, Any] | None:
    if row is None:
        return None

    code, index, value, limit = row
    name = error_texts.ERRORS[code].name if code in error_texts.ERRORS else f"code {code}"
    shown, unit = safety_metrics.quantity(code, value)
    most = safety_metrics.quantity(code, limit)[0]
    return {"name": name, "index": index, "value": shown, "limit": most, "unit": unit}


def _json(value: dict[str, Any]) -> None:
    from . import console

    console.as_json(value)


def _bar(for_s: float | None) -> Progress:
    from rich.progress import BarColumn, Progress, TextColumn
    from rich.table import Column

    clock = Column(no_wrap=True, min_width=8, justify="right")
    bar = Progress(
        TextColumn("{task.completed:.1f} s", table_column=clock),
        *([BarColumn(bar_width=8)] if for_s is not None else []),
        TextColumn("{task.fields[live]}", markup=False, table_column=Column(no_wrap=True)),
        transient=True,
    )
    bar.add_task("run", total=for_s, live="")
    return bar
