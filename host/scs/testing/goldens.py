"""Goldens: the pulses of one period as text, against which later traces of a profile are held.

Role: assert_matches(), and the file's format. Invariant: a golden is small and whole: it names its
format, the hash of the profile and the board, and its last line counts its pulses, so that a file
that was cut, or is of something else, is refused; only `pytest --scs-update` writes one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from stimcore import program

from ..documents import atomic_write
from ..documents.problem import FileRefused
from ..documents.yaml_reader import parse, read_bytes
from ..errors import WrongUsage
from ..traces.figures import Floats, Phases, Pulses
from ..traces.schedule import Schedule
from ..traces.tolerance import Tolerance
from ..traces.trace import Trace
from ..traces.waveform_analysis import Measured
from . import state
from .pulses import OF_STAGE, WaveformMismatch, measured, mismatch, scheduled, tolerance
from .quantities import share, shown
from .waveforms import hold_against

__tracebackhide__ = True
FORMAT = 1
HEAD = "# The pulses of one period as last accepted; renewed by `pytest --scs-update`.\n"
RENEW = "renew it with `pytest --scs-update`"
COLUMNS = "program place start_us main " + " ".join(
    f"{polarity}_{column}" for polarity in ("cathodic", "anodic") for column in ("ma", "us", "nc")
)
SCALES = (1e3, 1e6, 1e9)  # mA, us, nC


@dataclass(frozen=True)
class Golden:
    """Golden: hash of the profile's program, board, charges of a period (C) and its pulses."""

    hash: str
    board: str
    period_s: float
    running_c: float
    residual_c: float
    pulses: Pulses


def assert_matches(trace: Trace, golden: str | Path, within: str = "") -> None:
    """Assert that every pulse of a trace is that of a golden, a small text file.

    golden: path, a relative one from pytest's rootdir. within: a share, such as "1 %", of current,
    width and charge; by default the stage's tolerance, of boards.yaml. With `pytest --scs-update`
    the golden is written instead. Raises WaveformMismatch, which names the pulse; WrongUsage, which
    tells how to renew it, for a golden that is missing, cut, of another format, profile or board.

    >>> from scs import Profile
    >>> trace = Profile.read("profiles/tonic_50hz.yaml").trace(0.1).trace
    >>> assert_matches(trace, "goldens/none.yaml")
    Traceback (most recent call last):
    ...
    scs.errors.WrongUsage: goldens/none.yaml: there is no such golden; write it with ...
    """
    path = state.path(golden)
    schedule, figures = scheduled(trace, "assert_matches"), measured(trace)
    seen = _of(schedule, figures)
    if state.stack[-1].update:
        _renew(path, seen)
        return
    wanted = _read(path)
    _same_subject(path, wanted, seen, len(schedule.names))
    try:
        hold_against(trace, figures, wanted.pulses, within)
        _hold_charges(trace, wanted, seen, tolerance(schedule), within)
    except WaveformMismatch as reason:
        raise WaveformMismatch(f"{state.shown(path)}: {reason}", reason.at_s) from None


def _of(schedule: Schedule, figures: Measured) -> Golden:
    """Return the golden of a trace: the pulses of its first whole period."""
    own = figures.pulses
    end_s = schedule.begin_s + schedule.period_s * (1 - 1e-9)
    first = own.of(own.start_s < end_s)
    pulses = Pulses(
        first.start_s - schedule.begin_s,
        first.main,
        first.cathodic,
        first.anodic,
        first.program,
        first.turn,
    )
    return Golden(
        hash=f"{program.digest(program.pack(schedule.group)):08x}",
        board=schedule.board.name,
        period_s=schedule.period_s,
        running_c=figures.running_c or 0.0,
        residual_c=figures.residual_c or 0.0,
        pulses=pulses,
    )


def _same_subject(path: Path, wanted: Golden, seen: Golden, programs: int) -> None:
    """Raise WrongUsage if a golden is of another profile or board than a trace."""
    name = state.shown(path)
    if wanted.hash != seen.hash:
        raise WrongUsage(
            f"{name}: the profile was changed: the golden is of hash {wanted.hash}, the trace of "
            f"{seen.hash}; if the change is meant, {RENEW}"
        )
    if np.max(wanted.pulses.program) >= programs:
        raise WrongUsage(f"{name}: the golden was cut or changed by hand; {RENEW}")
    if wanted.board != seen.board:
        raise WrongUsage(
            f"{name}: the golden is of board {wanted.board}, the trace of {seen.board}; keep one "
            "golden a board"
        )


def _hold_charges(trace: Trace, wanted: Golden, seen: Golden, stage: Tolerance, given: str) -> None:
    """Hold the unrecovered charge and the net charge of a period against the golden's."""
    driven_s = float(np.sum(wanted.pulses.cathodic.width_s + wanted.pulses.anodic.width_s))
    peak_a = float(np.max(np.abs(wanted.pulses.amplitude_a), initial=0.0))
    limit = stage.current_a(peak_a) * driven_s
    source = f" ({OF_STAGE})"
    if given:
        limit, source = share(given, "within") * wanted.running_c, ""
    for name, value, target in (
        ("unrecovered charge", seen.running_c, wanted.running_c),
        ("net charge of a period", seen.residual_c, wanted.residual_c),
    ):
        if not abs(value - target) <= limit:
            start_s = float(seen.pulses.start_s[0])
            line = (
                f"{name}, from pulse 1 at {start_s:.6f} s on: {shown(value, 'C')}, limit "
                f"{shown(target, 'C')} ± {shown(limit, 'C')}{source}"
            )
            raise mismatch(trace, [line], start_s, float(seen.pulses.width_s[0]))


# --- the file --------------------------------------------------------------------------------
def _renew(path: Path, golden: Golden) -> None:
    """Write a golden, unless the file is the same already."""
    text = _text(golden)
    if path.is_file() and path.read_bytes() == text.encode():
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as reason:
        raise atomic_write.cannot_write(path, reason) from None
    atomic_write.aside(path, partial(_fill, text))
    state.stack[-1].renewed.append(path)


def _fill(text: str, part: Path) -> None:
    part.write_text(text, encoding="utf-8", newline="")


def _text(golden: Golden) -> str:
    rows = golden.pulses
    sides = [
        values * scale
        for phases in (rows.cathodic, rows.anodic)
        for values, scale in zip(
            (phases.peak_a, phases.width_s, phases.charge_c), SCALES, strict=True
        )
    ]
    lines = [
        f"  {int(number)} {int(place)} {start:.3f} {int(main)} "
        + " ".join(f"{value:.6g}" for value in values)
        for number, place, start, main, *values in zip(
            rows.program, rows.turn, rows.start_s * 1e6, rows.main, *sides, strict=True
        )
    ]
    return (
        f"{HEAD}format: {FORMAT}\nhash: '{golden.hash}'\nboard: {golden.board}\n"
        f"period_us: {golden.period_s * 1e6:.6f}\nrunning_nc: {golden.running_c * 1e9:.6g}\n"
        f"residual_nc: {golden.residual_c * 1e9:.6g}\ncolumns: {COLUMNS}\npulses: |\n"
        + "\n".join(lines)
        + f"\nend: {len(lines)}\n"
    )


def _read(path: Path) -> Golden:
    """Read a golden; raise WrongUsage in one line for any other file."""
    name = state.shown(path)
    if not path.exists():
        raise WrongUsage(f"{name}: there is no such golden; write it with `pytest --scs-update`")
    try:
        value = parse(read_bytes(path, FileRefused), name, FileRefused).value
    except FileRefused as reason:
        raise WrongUsage(f"{reason.lines()[0]}; {RENEW}") from None
    if not isinstance(value, dict) or "format" not in value:
        raise WrongUsage(f"{name}: this is not a golden; {RENEW}")
    if value["format"] != FORMAT:
        raise WrongUsage(
            f"{name}: the golden has format {value['format']}, this scs reads {FORMAT}; {RENEW}"
        )
    try:
        return _golden(value)
    except (ValueError, TypeError, KeyError):
        raise WrongUsage(f"{name}: the golden was cut or changed by hand; {RENEW}") from None


def _golden(value: dict[str, Any]) -> Golden:
    """Return the golden of a document; raise ValueError, TypeError or KeyError if not whole."""
    rows = [line.split() for line in value["pulses"].splitlines()]
    if len(rows) != value["end"] or value["columns"] != COLUMNS or not rows:
        raise ValueError("not whole")
    table: Floats = np.array(rows, dtype=np.float64)
    if table.shape[1] != len(COLUMNS.split()) or not np.all(np.isfinite(table)):
        raise ValueError("not a table")
    cathodic, anodic = (
        Phases(*(table[:, at + n] / scale for n, scale in enumerate(SCALES))) for at in (4, 7)
    )
    number, place = table[:, 0].astype(np.int64), table[:, 1].astype(np.int64)
    return Golden(
        hash=str(value["hash"]),
        board=str(value["board"]),
        period_s=float(value["period_us"]) / 1e6,
        running_c=float(value["running_nc"]) / 1e9,
        residual_c=float(value["residual_nc"]) / 1e9,
        pulses=Pulses(table[:, 2] / 1e6, table[:, 3], cathodic, anodic, number, place),
    )
