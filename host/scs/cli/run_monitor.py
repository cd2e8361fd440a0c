"""Monitor of a run: progress line, last known status, report, exit code.

Role: take() while it runs, report() at its end. Invariant: however a run ends, the delivered output
is reported; after a lost link, the last known values are. Requirements: REQ-61.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import asdict
from types import TracebackType
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
    from ..documents.complaint import FileRefused
    from ..messages.safety_metrics import Figure
    from ..profile.profile import Profile
    from ..recordings.run_folder import Recorder

LINK_LOST = "link lost"
REFUSED_WORD = "refused"
NO_DEVICE_WORD = "no device"
NOTHING: dict[str, Any] = {"pulses": 0, "periods": 0, "seconds": 0.0, "charge_nc": 0.0}


class Watch:
    """State of one run."""

    def __init__(self, *, json: bool, for_s: float | None, recorder: Recorder | None = None):
        self.for_s = for_s
        self._recorder = recorder
        self._json = json
        self._status: Status | None = None
        self._book: Ledger | None = None
        self._stopped = ""
        self._code = GOOD
        self._about: dict[str, Any] = {}
        self._stim: Stimulator | None = None
        self._bar: Progress | None = None
        self._message = ""
        self._load: LoadFound | None = None
        self._title = ""

    # --- while it runs ---------------------------------------------------------------------
    def opened(self, stim: Stimulator, source: Profile | int) -> None:
        """Note the connected device and the profile or slot to run."""
        self._stim = stim
        if isinstance(source, int):
            self._title, self._about = f"slot {source}", {"slot": source}
        else:
            self._title, self._about = source.name, {"profile": source.name}
        self._about |= {"port": stim.port, "board": stim.board.name}

    def recalled(self, found: Recalled) -> None:
        """Note the program recalled from the slot."""
        self._title += f", hash {found.hash}"
        self._about["hash"] = found.hash

    def starting(self, figures: list[Figure]) -> None:
        """Begin the recording, just before START."""
        if self._recorder is not None and self._stim is not None and self._stim.profile:
            self._recorder.starting(self._stim, self._stim.profile, figures)

    def armed(self, load: LoadFound | None) -> None:
        """Note the measured load, accepted by the device."""
        self._load = load
        if load is not None:
            self._about["load"] = [asdict(one) for one in load.contacts]

    def moved(self, told: dict[str, Any], lines: list[str]) -> None:
        """Note and print a shift to other contacts."""
        self._about.setdefault("moves", []).append(told)
        if not self._json:
            typer.echo("\n".join(lines))

    @property
    def begun(self) -> bool:
        """True once a ledger was read."""
        return self._book is not None

    def __enter__(self) -> Watch:
        if not self._json and sys.stdout.isatty():
            self._bar = _bar(self.for_s)
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        reason: BaseException | None,
        frames: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def take(self, status: Status, book: Ledger) -> None:
        """Note the device's status and ledger."""
        self._status, self._book = status, book
        if self._recorder is not None:
            self._recorder.keep(status, book)
        if self._bar is not None:
            from . import console

            elapsed_s = status.device_s - book.start_s
            self._bar.update(self._bar.task_ids[0], completed=elapsed_s, live=console.live(status))

    def look(self, status: Status, cancelled: Callable[[], bool]) -> None:
        """Let the recorder capture the output once it has settled."""
        if self._recorder is not None and self._stim is not None and status.settled:
            self._recorder.look(self._stim, cancelled)

    # --- how it ended ----------------------------------------------------------------------
    def interrupted(self, code: int) -> None:
        """Note that a signal came and the output was halted."""
        self._code = code

    def detached(self) -> None:
        """Note that the device keeps running on its own."""
        self._stopped = "running"

    def lost(self, reason: LinkLost) -> None:
        """Note that the link was lost during the run."""
        self._stopped = LINK_LOST
        self._code = NO_DEVICE
        alone = self._status is not None and self._status.lease_left_s is None
        way_out = "keeps running: use `scs halt`" if alone else "stops when its lease expires"
        self._message = f"{said(reason)}\nIf the output is on, the device {way_out}. The last"
        self._message += " known values follow."

    def never_began(self, reason: FileRefused | Failure) -> None:
        """Print a refusal or a missing device in the JSON form of a report, with --json."""
        if not self._json:
            return
        word = NO_DEVICE_WORD if isinstance(reason, LinkLost) else REFUSED_WORD
        _json({"delivered": NOTHING, "stopped": word, "errors": _rows(reason, word)})

    def unmoved(self, reason: FileRefused | Failure) -> None:
        """Note, after close(), that a shift failed."""
        self._about["errors"] = _rows(reason, REFUSED_WORD)
        self._message = f"{self._message}\n{said(reason)}".lstrip()
        self._code = self._code or REFUSED

    def close(self, status: Status, book: Ledger) -> None:
        """Note the device's final status and ledger."""
        self._status, self._book = status, book
        self._stopped = book.stopped
        if status.fault is not None:
            self._code = REFUSED
            told = self._stim.told(status.fault) if self._stim else ""
            self._message = f"the device latched a fault: {told}"
        elif book.stopped == "lease":
            self._code = NO_DEVICE
            self._message = "the lease expired without a request from the host; the device stopped"

    # --- the report ------------------------------------------------------------------------
    def report(self) -> int:
        """Print the report and return the exit code."""
        self._keep()
        if self._message:
            from .console import complain

            complain(self._message)
        if self._json:
            _json(self._as_dict())
        elif self._book is not None:
            from rich.markup import escape

            from . import console

            screen = console.console()
            screen.print(f"[bold]{escape(self._title)}[/bold] on {self._about['board']}")
            if self._load is not None:
                screen.print(f"load measured before arming: {console.load(self._load)}")
            screen.print(console.ledger(self._book, self._stopped))
            if "recording" in self._about:
                screen.print(f"recording  {self._about['recording']}")
        else:
            typer.echo("started; it runs until its session ends, `scs stop` or `scs halt`")
        return self._code

    def _keep(self) -> None:
        """Close the recording; add a failure to write it to the message."""
        if self._recorder is None or self._status is None or self._book is None:
            return
        try:
            self._recorder.finish(self._status, self._book, self._stopped)
            self._about["recording"] = str(self._recorder.folder)
        except WrongUsage as reason:
            self._message = f"{self._message}\n{reason}; the run was not recorded".lstrip()
            self._code = self._code or USAGE

    def _as_dict(self) -> dict[str, Any]:
        delivered = self._book.delivered() if self._book else NOTHING
        fault = self._status.fault if self._status else None
        return {
            **self._about,
            "fault": _fault(fault),
            "delivered": delivered,
            "stopped": self._stopped,
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
    made = Progress(
        TextColumn("{task.completed:.1f} s", table_column=clock),
        *([BarColumn(bar_width=8)] if for_s is not None else []),
        TextColumn("{task.fields[live]}", markup=False, table_column=Column(no_wrap=True)),
        transient=True,
    )
    made.add_task("run", total=for_s, live="")
    return made
