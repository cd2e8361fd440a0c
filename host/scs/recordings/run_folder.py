"""Store a run in a folder: profile, trace, polls and result.

Role: Recorder serves `scs run --record DIR`, read() opens DIR again. The folder holds
profile.yaml, samples.csv (a row per poll), trace.npz (from the simulated bench's oscilloscope,
else two periods from the device's ADC, if they could be captured), and run.json.
Invariant: run.json is written last, lists every other file with its size and SHA-256, and the
folder gets its name only then; so an incomplete one has no run.json or does not match it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from ..device import adc_scope
from ..device.adc_scope import Sensed
from ..device.replies import Ledger, Status
from ..device.stimulator import Stimulator
from ..documents.atomic_write import cannot_write
from ..documents.problem import printable
from ..errors import Failure, LinkLost, WrongUsage
from ..messages.safety_metrics import Metric
from ..profile.profile import Profile
from ..traces import npz
from ..traces.bench_recorder import Taker
from ..traces.trace_store import Rows, Store, ignore_progress
from . import poll_log, run_info
from .run_info import Account, Run

FORMAT = 1
LOOKS, LOOK_PERIODS = 3, 2  # tries at what the device's ADC sees, and of how many periods
INDEX, PROFILE, SAMPLES, TRACE = "run.json", "profile.yaml", "samples.csv", "trace.npz"


@dataclass(frozen=True)
class Mark:
    """Size and hash of a file of the folder."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class Index:
    """Content of run.json."""

    format: int
    account: Account
    files: dict[str, Mark]


class Recorder:
    """Recorder of one run into a folder. Raises WrongUsage if it cannot be created.

    A full disk does not stop a run: keep() then only remembers the error, and finish() raises it.
    """

    def __init__(self, folder: Path, *, injected: str = ""):
        self.folder = folder
        self._injected, self._begun = injected, run_info.utc_now()
        self._part = folder.with_name(f".{folder.name}.{os.getpid()}.part")
        self._problem: WrongUsage | None = None
        self._taker: Taker | None = None
        self._figures: tuple[Metric, ...] = ()
        self._last: tuple[Stimulator, Profile] | None = None
        self._sensed: Sensed | None = None
        self._looks = 0
        if folder.is_dir() and any(folder.iterdir()):
            raise WrongUsage(f"{folder} is there already and is not empty: name a new folder")
        if folder.exists() and not folder.is_dir():
            raise WrongUsage(f"{folder} is a file: name a folder that is not there yet")
        if not folder.parent.is_dir():
            raise WrongUsage(f"{folder}: there is no folder {folder.parent}")
        try:
            self._part.mkdir()
            self._samples = (self._part / SAMPLES).open("w", encoding="utf-8")
        except OSError as reason:
            raise cannot_write(folder, reason) from None

    def starting(self, stim: Stimulator, profile: Profile, figures: list[Metric]) -> None:
        """Begin the trace; call it just before START is sent."""
        self._last, self._figures = (stim, profile), tuple(figures)
        bench = stim.link.bench
        if bench is not None:
            self._taker = Taker(bench, bench.now_s(), folder=self._part)
        self._try(lambda: poll_log.begin(self._samples))

    def keep(self, status: Status, book: Ledger) -> None:
        """Record a poll, and the trace up to it."""
        self._try(lambda: poll_log.append(self._samples, poll_log.row(status, book)))
        if self._taker is not None:
            self._try(self._taker.take)

    def look(self, stim: Stimulator, cancelled: Callable[[], bool]) -> None:
        """Capture two periods with the device's own ADC, once, if the bench is not simulated.

        This takes several periods. If the device refuses or the capture is cancelled, the
        recording has no trace. Raises LinkLost.
        """
        if self._taker is not None or self._sensed is not None or self._looks >= LOOKS:
            return
        self._looks += 1
        try:
            self._sensed = adc_scope.look(stim.link, stim.board, LOOK_PERIODS, cancelled=cancelled)
        except LinkLost:
            raise
        except Failure:
            return

    def _try(self, what: Any) -> None:
        """Call `what` unless an earlier call failed; remember its error."""
        if self._problem is not None:
            return
        try:
            what()
        except WrongUsage as reason:
            self._problem = reason
        except OSError as reason:
            self._problem = cannot_write(self.folder, reason)

    def finish(self, status: Status, book: Ledger, stopped: str = "") -> None:
        """Write the result and rename the folder; raise WrongUsage if anything failed.

        Call drop() afterwards in any case.
        """
        self.keep(status, book)
        if self._taker is not None:
            self._try(partial(self._taker.take, last=True))
        self._try(lambda: self._write(status, book, stopped))
        if self._problem is not None:
            raise self._problem

    def _write(self, status: Status, book: Ledger, stopped: str) -> None:
        self._samples.close()
        if self._last is None:
            raise WrongUsage(f"{self.folder}: there was no run to record")
        stim, profile = self._last
        (self._part / PROFILE).write_text(profile.text, encoding="utf-8", newline="")
        rows: Rows | None = None
        command, source = None, run_info.NOTHING
        if self._taker is not None:
            rows, command, source = self._taker.rows, self._taker.command, run_info.BENCH
        elif self._sensed is not None:
            rows, command, source = self._sensed.trace, self._sensed.command, run_info.ADC
        if rows is not None:
            npz.write(self._part / TRACE, rows, ignore_progress)
        account = Account(
            subject=run_info.subject(profile),
            device=run_info.device(stim),
            begun=self._begun,
            injected=self._injected,
            rate_hz=None,
            from_start=True,
            figures=self._figures,
            ending=run_info.ending(stim, status, book, stopped),
            command=command,
            source=source,
        )
        files = {path.name: _mark(path) for path in sorted(self._part.iterdir())}
        index = TypeAdapter(Index).dump_python(Index(FORMAT, account, files))
        text = json.dumps(_plain(index), indent=1, ensure_ascii=False, allow_nan=False)
        (self._part / INDEX).write_text(text + "\n", encoding="utf-8")
        if self.folder.is_dir():
            self.folder.rmdir()  # an empty one, or this fails
        self._part.rename(self.folder)

    def drop(self) -> None:
        """Delete temporary files; after a successful finish() there are none."""
        self._taker = None
        with contextlib.suppress(OSError):  # a full disk, and this is being thrown away
            self._samples.close()
        shutil.rmtree(self._part, ignore_errors=True)


def _mark(path: Path) -> Mark:
    with path.open("rb") as stream:
        return Mark(path.stat().st_size, hashlib.file_digest(stream, "sha256").hexdigest())


def _plain(value: Any) -> Any:
    """Replace infinite numbers, which JSON lacks, by text that is read back as a number."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def read(folder: Path) -> Run:
    """Read a run; raise WrongUsage if the folder is no recording, incomplete or changed."""
    index = _index(folder)
    for name, mark in index.files.items():
        path = folder / name
        size = path.stat().st_size if path.is_file() else None
        if size != mark.bytes:
            state = "is missing" if size is None else f"has {size} bytes"
            raise WrongUsage(f"{folder}: incomplete recording: {name} {state}, not {mark.bytes}")
        if _mark(path) != mark:
            raise WrongUsage(f"{folder}: changed recording: the hash of {name} differs")
    rows: Store | None = npz.read(folder / TRACE) if TRACE in index.files else None
    with (folder / SAMPLES).open(encoding="utf-8") as stream:
        polls = poll_log.read(stream, str(folder / SAMPLES))
    return Run(index.account, rows, polls)


def _index(folder: Path) -> Index:
    path = folder / INDEX
    if not folder.is_dir():
        raise WrongUsage(
            f"{folder}: there is no such recording; `scs run … --record DIR` makes one"
        )
    if not path.is_file():
        held = ", ".join(sorted(file.name for file in folder.iterdir())) or "nothing"
        if SAMPLES not in held:
            raise WrongUsage(f"{folder} is not a recording: it has no {INDEX}; it holds {held}")
        raise WrongUsage(
            f"{folder}: incomplete recording: {INDEX}, which is written last, is missing; "
            f"it holds {held}"
        )
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError, RecursionError) as reason:
        raise WrongUsage(f"{path}: incomplete, or not a recording: {reason}") from None
    version = content.get("format") if isinstance(content, dict) else None
    if version != FORMAT:
        raise WrongUsage(f"{path}: unknown format {version}; this scs reads format {FORMAT}")
    try:
        index = TypeAdapter(Index).validate_python(content)
    except ValidationError as reason:
        first = reason.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise WrongUsage(f"{path}: {place}: {first['msg']}") from None
    names = set(index.files) - {TRACE}
    if names != {PROFILE, SAMPLES}:
        listed = printable(", ".join(sorted(index.files)) or "nothing", 100)
        needed = f"{PROFILE}, {SAMPLES} and, if there is a trace, {TRACE}"
        raise WrongUsage(f"{path}: it lists {listed}; needed are {needed}")
    return index
