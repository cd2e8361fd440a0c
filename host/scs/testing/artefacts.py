"""Keep the traces of a failed test as files that CI can upload.

Role: keep() writes each recording as CSV and as an HTML report below one folder a test.
Invariant: nothing is written before a test has failed; a file that cannot be written is told in a
line and does not hide the failure.
"""

from __future__ import annotations

import re
import shutil
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..documents.problem import FileRefused
from ..errors import Failure
from ..recordings import run_info, writers
from ..recordings.poll_log import NONE
from ..recordings.profile import Profile
from ..recordings.record import BOARD, Recording
from ..recordings.run_info import Account
from ..traces.trace import Trace
from .bench import Bench

MOST_ROWS = 200_000  # of a CSV: about 8 MB
LONGEST = 100  # characters of a folder's name
REPORT_S = 1.0  # of a report where the model gave the trace: a report is of a run of the board
AROUND_S = 1.0  # before a failure, of a trace with more rows


@dataclass(frozen=True)
class Taken:
    """Trace that a test has taken with scs_trace: of which profile, and how."""

    profile: Profile
    recording: Recording
    trace: Trace
    seconds: float
    board: str


def keep(
    folder: Path, test: str, taken: list[Taken], bench: Bench | None, at_s: float | None
) -> list[str]:
    """Write the traces of a test below `folder`; return a line for each file, or why not.

    test: its node id, which names the folder; at_s: where the failure is (s), for long traces.
    """
    place = folder / _name(test)
    lines: list[str] = []
    try:
        shutil.rmtree(place, ignore_errors=True)  # of an earlier run
        place.mkdir(parents=True)
    except OSError as reason:
        return [f"the trace could not be kept in {place}: {reason.strerror}"]
    for number, recorded in enumerate(taken, start=1):
        lines += _kept(place / f"trace-{number}", recorded, at_s)
    if bench is not None:
        lines += _of_bench(place / "bench", bench)
    return lines


def _name(test: str) -> str:
    """Return a node id as the name of a folder; a long one ends with a hash."""
    name = re.sub(r"[^\w.=-]+", "-", test).strip("-")
    return name if len(name) <= LONGEST else f"{name[:LONGEST]}-{zlib.crc32(test.encode()):08x}"


def _kept(stem: Path, taken: Taken, at_s: float | None) -> Iterator[str]:
    recording, trace, note = taken.recording, taken.trace, ""
    if len(trace) > MOST_ROWS:
        trace, note = _part(trace, at_s or 0.0)
    yield _written(stem.with_suffix(".csv"), trace, note)
    if recording.fidelity != BOARD:
        seconds = min(taken.seconds, REPORT_S)
        try:
            recording = taken.profile.trace(seconds, fidelity=BOARD, board=taken.board)
        except (Failure, FileRefused) as reason:
            yield f"no report: {reason}"
            return
    yield _saved(stem.with_suffix(".html"), recording)


def _part(trace: Trace, at_s: float) -> tuple[Trace, str]:
    """Return so many rows of a trace around a time, and a note which."""
    begin_s = max(at_s - AROUND_S, 0.0)
    first = int(trace.time_s.searchsorted(begin_s))
    last = min(first + MOST_ROWS, len(trace)) - 1
    begin_s, end_s = float(trace.time_s[first]), float(trace.time_s[last])
    return trace.window(begin_s, end_s), f" ({begin_s:.6f} s to {end_s:.6f} s of it)"


def _written(path: Path, trace: Trace, note: str = "") -> str:
    try:
        writers.write(path, trace)
    except Failure as reason:
        return str(reason)
    return f"{path}{note}"


def _saved(path: Path, recording: Recording) -> str:
    try:
        recording.save(path)
    except Failure as reason:
        return str(reason)
    return str(path)


def _of_bench(stem: Path, bench: Bench) -> Iterator[str]:
    """Write what the bench's oscilloscope still holds, and the report of its last run."""
    try:
        trace = bench.recent()
    except Failure as reason:
        yield f"no trace of the board: {reason}"
        return
    if trace is None or len(trace) < 2:
        return
    profile = bench.profile
    note = ""
    if len(trace) > MOST_ROWS:
        trace, note = _part(trace, trace.end_s)
    yield _written(stem.with_suffix(".csv"), trace, note)
    if profile is None:
        return
    try:
        status, book = bench.status(), bench.ledger()
    except Failure as reason:  # such as a link that was cut
        yield f"no report: {reason}"
        return
    account = Account(
        subject=run_info.subject(profile),
        device=run_info.device(bench),
        begun=run_info.utc_now(),
        injected=",".join(bench.injected),
        rate_hz=None,
        from_start=True,
        figures=(),
        ending=run_info.ending(bench, status, book),
        command=None,
    )
    yield _saved(stem.with_suffix(".html"), Recording(trace, None, account, NONE))
