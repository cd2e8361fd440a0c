"""State of a run as the host knows it, and the report at its end.

Role: RunState is filled while a run is made and followed; report() prints it. Invariant: however a
run ends, the delivered output is reported; after a lost link, the last known values are.
Requirements: REQ-61.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import typer

from ..errors import GOOD, NO_DEVICE, REFUSED, USAGE, Failure, LinkLost, WrongUsage, full_message
from ..messages import error_texts, safety_metrics
from . import console

if TYPE_CHECKING:
    from ..device.impedance import LoadFound
    from ..device.replies import Ledger, Status
    from ..device.stimulator import Stimulator
    from ..documents.problem import FileRefused
    from ..recordings.run_folder import Recorder

REFUSED_WORD = "refused"
OWN_ENDS = ("session", "pulses")  # a profile's own
NOTHING: dict[str, Any] = {"pulses": 0, "periods": 0, "seconds": 0.0, "charge_nc": 0.0}


@dataclass(kw_only=True)
class RunState:
    """State and figures of one run, as far as known."""

    json: bool
    for_s: float | None
    recorder: Recorder | None = None
    title: str = ""
    about: dict[str, Any] = field(default_factory=dict)  # what the report with --json begins with
    status: Status | None = None  # the last known
    book: Ledger | None = None  # the last known; None before the run began
    stopped: str = ""
    code: int = GOOD
    message: str = ""

    def armed(self, load: LoadFound | None) -> None:
        """Note the measured load, accepted by the device, and show it with what will run."""
        if load is not None:
            self.about["load"] = [asdict(contact) for contact in load.contacts]
        if not self.json:
            console.show(f"[bold]{console.escape(self.title)}[/bold] on {self.about['board']}")
            if load is not None:
                console.show(f"load measured before arming: {console.load(load)}")

    def close(self, stim: Stimulator) -> None:
        """Note the device's final status and ledger."""
        self.status, self.book = status, book = stim.status(), stim.ledger()
        self.stopped = book.stopped
        if status.fault is not None:
            self.code = REFUSED
            self.message = f"the device latched a fault: {stim.told(status.fault)}"
        elif book.stopped == "lease":
            self.code = NO_DEVICE
            self.message = "the lease expired without a request from the host; the device stopped"

    def ended_early(self, for_s: float) -> None:
        """Note that the output ended by itself, or by another host, before the requested time."""
        if self.book is None or self.message:
            return
        ran_s = self.book.stop_s - self.book.start_s
        text = f"stopped by {self.stopped} after {ran_s:.3f} s, before --for {for_s:g} s"
        if self.stopped in OWN_ENDS:
            self.about["note"] = text
        else:
            self.message, self.code = text, REFUSED

    def lost(self, reason: LinkLost) -> None:
        """Note that the link was lost during the run."""
        self.stopped, self.code = "link lost", NO_DEVICE
        alone = self.status is not None and self.status.lease_left_s is None
        way_out = "keeps running: use `scs halt`" if alone else "stops when its lease expires"
        self.message = (
            f"{full_message(reason)}\nIf the output is on, the device {way_out}. The last"
        )
        self.message += " known values follow."


def report(run: RunState) -> int:
    """Print the report and return the exit code."""
    if run.recorder is not None and run.status is not None and run.book is not None:
        try:
            run.recorder.finish(run.status, run.book, run.stopped)
            run.about["recording"] = str(run.recorder.folder)
        except WrongUsage as reason:
            run.message = f"{run.message}\n{reason}; the run was not recorded".lstrip()
            run.code = run.code or USAGE
    if run.message:
        console.complain(run.message)
    if run.json:
        fault = run.status.fault if run.status else None
        delivered = run.book.delivered() if run.book else NOTHING
        ending = {"fault": _fault(fault), "delivered": delivered, "stopped": run.stopped}
        console.as_json({**run.about, **ending})
    elif run.book is None:
        typer.echo("started; it runs until its session ends, `scs stop` or `scs halt`")
    else:
        console.show(*console.ledger(run.book, run.stopped))
        if run.about.get("ramp_down_s"):
            console.show(f"of it the ramp down after --for: {run.about['ramp_down_s']:g} s")
        if "note" in run.about:
            console.show(run.about["note"])
        if "recording" in run.about:
            console.show(f"recording  {run.about['recording']}")
    return run.code


def report_refusal(reason: FileRefused | Failure) -> None:
    """Print in the JSON form of a report that a run did not begin."""
    word = "no device" if isinstance(reason, LinkLost) else REFUSED_WORD
    console.as_json({"delivered": NOTHING, "stopped": word, "errors": error_rows(reason, word)})


def error_rows(reason: FileRefused | Failure, word: str = REFUSED_WORD) -> list[dict[str, Any]]:
    """Return the errors for --json."""
    if isinstance(reason, Failure):
        return [{"id": word, "path": "", "line": 0, "message": full_message(reason)}]
    return [row.as_dict() for row in reason.rows]


def _fault(row: tuple[int, int, int, int] | None) -> dict[str, Any] | None:
    if row is None:
        return None
    code, index, value, limit = row
    name = error_texts.ERRORS[code].name if code in error_texts.ERRORS else f"code {code}"
    shown, unit = safety_metrics.quantity(code, value)
    most = safety_metrics.quantity(code, limit)[0]
    return {"name": name, "index": index, "value": shown, "limit": most, "unit": unit}
