"""Rows of a sweep: the verdict on each point, as a table of Arrow.

Role: chunk() is a pure function of the spec and the rows' numbers. Invariant: a row's verdict is
that of `scs check` on the profile with the row's values written in; its figures are the same.
Requirements: REQ-60.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

from stimcore import errors, period

from ..catalog import boards
from ..catalog.board_file import BoardError
from ..documents.problem import Problem
from ..documents.yaml_reader import Document
from ..messages import safety_metrics
from ..profile.profile import Profile, ProfileError
from ..safety import check
from . import sampling
from .axes import FIXTURE, changed
from .extras import required
from .spec import Spec

NOT_AT_REST = (errors.STEP_UP,)  # a metric of a change of amplitude
PERIODS = 3  # of a measured trace
OF_TRACE = ("running_c", "residual_c", "dc_a")
OF_PROGRAM = ("peak_a", "width_s", "charge_c")

Cells = dict[str, float | None]  # by column


@dataclass(frozen=True)
class Verdict:
    """Verdict on one row: problems, none if admitted; metrics and measured values by column."""

    problems: tuple[Problem, ...]
    values: Cells


def columns(spec: Spec) -> dict[str, str]:
    """Return the table's columns in order, each with its type in Arrow."""
    axes = {axis.column: "int64" if axis.grid else "string" for axis in spec.axes}
    reason = dict.fromkeys(("problem", "field", "message", "problems"), "string")
    figures = [
        _figure(name, safety_metrics.quantity(code, 0)[1]) + end
        for code, (name, _label) in safety_metrics.NAMES.items()
        if code not in NOT_AT_REST
        for end in ("", "_limit")
    ]
    if spec.model.trace:
        programs = range(len(spec.profile["programs"]))
        figures += [f"trace_{name}" for name in OF_TRACE]
        figures += [f"trace_programs[{at}]_{name}" for at in programs for name in OF_PROGRAM]
        figures += [f"trace_programs[{at}]_rate_hz" for at in programs]
    return {
        "row": "int64",
        **axes,
        "admitted": "bool",
        **reason,
        **dict.fromkeys(figures, "float64"),
    }


def _figure(name: str, unit: str) -> str:
    """Return the column of a metric: its name and unit."""
    return f"{name}_{unit.replace('/', '_per_')}" if unit else name


def chunk(spec: Spec, start: int, end: int) -> Any:
    """Return rows start to end, without end, as a pyarrow.Table."""
    pa = required("pyarrow")
    kinds = columns(spec)
    cells: dict[str, list[Any]] = {name: [] for name in kinds}
    for number, values in zip(range(start, end), _points(spec, start, end), strict=True):
        row = _judged(spec, values)
        first = row.problems[0] if row.problems else None
        shown = {
            "row": number,
            **{
                axis.column: axis.cell(value) for axis, value in zip(spec.axes, values, strict=True)
            },
            "admitted": first is None,
            "problem": first.id if first else None,
            "field": first.path if first else None,
            "message": first.message if first else None,
            "problems": " ".join(problem.id for problem in row.problems) or None,
            **row.values,
        }
        for name, column in cells.items():
            column.append(shown.get(name))
    types = [(name, pa.type_for_alias(kind)) for name, kind in kinds.items()]
    return pa.Table.from_pydict(cells, schema=pa.schema(types))


def _points(spec: Spec, start: int, end: int) -> list[list[Any]]:
    """Return the value of each axis, row by row."""
    axes, sample = spec.axes, spec.model.sample
    if sample.kind == "list":
        return [[axis.at(row) for axis in axes] for row in range(start, end)]
    if sample.kind == "grid":
        sizes = [axis.size for axis in axes]
        return [
            [axis.at(place) for axis, place in zip(axes, sampling.grid(row, sizes), strict=True)]
            for row in range(start, end)
        ]
    if sample.kind == "sobol":
        shares = sampling.sobol(start, end, len(axes), sample.seed)
    else:
        shares = sampling.latin_hypercube(start, end, len(axes), sample.seed, spec.rows)
    return [
        [axis.between(share) for axis, share in zip(axes, row, strict=True)]
        for row in shares.tolist()
    ]


def _judged(spec: Spec, values: list[Any]) -> Verdict:
    """Return the verdict on the profile with these values."""
    value = spec.profile
    fixture = {kind: getattr(spec.model, kind) for kind in FIXTURE}
    for axis, new in zip(spec.axes, values, strict=True):
        if axis.place[0] in FIXTURE:
            fixture[str(axis.place[0])] = new
        else:
            value = changed(value, axis.place, new)
    board = _board(**fixture)
    if isinstance(board, BoardError):
        return Verdict(board.rows, {})
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # told when the spec was read
            profile = Profile.from_document(Document("", value))
    except ProfileError as reason:
        return Verdict(reason.rows, {})
    metrics, problems = check.verdict(profile, board)
    cells: Cells = {}
    for metric in metrics:
        column = _figure(metric.name, metric.unit)
        cells |= {column: metric.value, f"{column}_limit": metric.limit}
    if spec.model.trace and not problems:
        cells |= _measured(profile, board)
    return Verdict(tuple(problems), cells)


@lru_cache(maxsize=256)
def _board(board: str, stage: str, load: str) -> Any:
    """Return the Board of a combination, or the BoardError that refuses it."""
    try:
        return boards.board(board=board, stage=stage, load=load)
    except BoardError as reason:
        return reason


def _measured(profile: Profile, board: Any) -> Cells:
    """Return what Trace.measure() gives on the circuit's model, from rest at full amplitude."""
    from .. import sim_bridge
    from ..traces import schedule, trace

    levels_ua = tuple(program.amplitude_ua for program in profile.group.programs)
    phases = period.compile_group(board, profile.group, levels_ua)
    record = sim_bridge.played(board, phases, PERIODS)
    if record is None or profile.sync_only:
        return {}
    rows = trace.from_bench(SimpleNamespace(scope=lambda: record), 0.0, record.end_s())
    timing = schedule.schedule(board, profile.group, profile.program_names)
    timing = timing.within(0.0, record.end_s())
    measured = trace.Trace(*rows.columns(), timing).measure()
    cells: Cells = {f"trace_{name}": getattr(measured, name) for name in OF_TRACE}
    for at, figures in enumerate(measured.programs):
        cells[f"trace_programs[{at}]_rate_hz"] = figures.rate_hz
        for name in OF_PROGRAM:
            cells[f"trace_programs[{at}]_{name}"] = getattr(figures.main, name, None)
    return cells
