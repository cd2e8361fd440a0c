"""Specification of a sweep: a profile, a sample of points, and the fields that are varied.

Role: a YAML file -> Spec, with every mistake told at once, each with its line. Invariant: a value
that no profile may have is a mistake of the spec; one that is out of range, or conflicts with
another field, is a refused row.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from ..catalog import boards
from ..catalog.board_file import BoardError
from ..documents import units
from ..documents.field_types import Flag, Strict, Text, Whole, Word, absent
from ..documents.model_validation import flow, validate
from ..documents.problem import FileRefused, Place, Problem, ProblemError
from ..documents.yaml_reader import Document, parse, read_bytes
from ..profile.profile import Profile
from ..profile.schema import ProfileModel
from .axes import FIXTURE, Axis, changed, grid_of, place_of

MOST_ROWS = 10**9
KINDS = ("grid", "list", "latin-hypercube", "sobol")
DRAWN = KINDS[2:]
RANGE = "{from: 0.1 mA, to: 8 mA}"
VARY_EXAMPLE: dict[str, Any] = {"programs[0].amplitude": {"from": "0.1 mA", "to": "8 mA"}}
OF_RANGES = ("out-of-range",)  # what a row may be refused for, and no mistake of the spec


class SpecError(FileRefused):
    """Error in a sweep's spec."""


class Sample(Strict):
    """Points of the sweep."""

    kind: Annotated[str, Word(KINDS, "sobol", "how points are chosen")]
    count: Annotated[int | None, Whole(1, MOST_ROWS, "4096", "number of points")] = Field(
        default_factory=absent
    )
    seed: Annotated[int, Whole(0, 2**32 - 1, "7", "seed of the points")] = 0


class Range(Strict):
    """Values of one field: a list, or a range."""

    low: Any = Field(default=None, alias="from", description="least value", examples=["0.1 mA"])
    high: Any = Field(default=None, alias="to", description="largest value", examples=["8 mA"])
    count: Annotated[int | None, Whole(1, MOST_ROWS, "50", "values of a range in a grid")] = Field(
        default_factory=absent
    )
    scale: Annotated[str, Word(("linear", "log"), "log", "spacing of a range")] = "linear"
    values: list[Any] | None = Field(default=None, alias="list", examples=[["60 us", "120 us"]])


Row = Annotated[str, Text(80, "randles-500", "a row of boards.yaml")]


class SpecModel(Strict):
    """Schema of a spec."""

    profile: Annotated[str, Text(1000, "../profiles/tonic_50hz.yaml", "a file, seen from here")]
    sample: Sample = Field(examples=[{"kind": "sobol", "count": 4096}])
    vary: dict[str, Range] = Field(examples=[VARY_EXAMPLE])
    board: Row = ""
    stage: Row = ""
    load: Row = ""
    trace: Annotated[bool, Flag("measure three periods of each admitted row")] = False
    rows_per_chunk: Annotated[int, Whole(1, 100_000, "500", "rows computed and kept at once")] = 500


@dataclass(frozen=True)
class Spec:
    """Checked spec: the model, the values of its YAML, the profile's, and its axes."""

    model: SpecModel
    value: dict[str, Any]
    profile: dict[str, Any]
    axes: tuple[Axis, ...]
    rows: int

    @classmethod
    def read(cls, path: str | Path) -> Spec:
        """Read a spec from a file; raise SpecError, or ProfileError for its profile."""
        document = parse(read_bytes(path, SpecError), str(path), SpecError)
        model, problems = validate(SpecModel, document)
        problems += document.problems
        if model is None or problems:
            raise SpecError(str(path), problems)
        file = Path(path).parent / model.profile
        if not file.exists():
            message = f"there is no such file: {file}; e.g. ../profiles/tonic_50hz.yaml"
            problem = Problem("sweep-profile", ("profile",), message, model.profile)
            raise SpecError(str(path), document.located([problem]))
        profile = Profile.read(file)
        axes, problems = _axes(model, profile)
        rows = 0
        if not problems:
            rows, problems = _rows(model, axes)
        if problems:
            raise SpecError(str(path), document.located(problems))
        return cls(model, document.value, profile.document.value, tuple(axes), rows)

    @classmethod
    def from_values(cls, value: dict[str, Any], profile: dict[str, Any]) -> Spec:
        """Return a spec that was read before, from the values of its YAML and its profile's."""
        model = SpecModel.model_validate(value)
        axes, _none = _axes(model, Profile.from_document(Document("profile", profile)))
        return cls(model, value, profile, tuple(axes), _rows(model, axes)[0])


def _axes(model: SpecModel, profile: Profile) -> tuple[list[Axis], list[Problem]]:
    """Return the axes, and the problems of those that cannot be."""
    axes, problems = [], [*_of_fixture(model)]
    for name, entry in model.vary.items():
        place: Place = ("vary", name)
        try:
            axis = Axis(name, place_of(name, profile.program_names), "")
            if axis.place[0] not in FIXTURE:
                axis = replace(axis, grid=grid_of(axis.place))
            own = [*_of_values(entry, axis, profile)]
            axes += [] if own else [_filled(entry, axis)]
        except ProblemError as reason:
            own = [reason.problem]
        problems += [problem.within(place) for problem in own]
    return axes, problems


def _of_fixture(model: SpecModel) -> Iterator[Problem]:
    for kind in FIXTURE:
        row = getattr(model, kind)
        yield from (problem.within((kind,)) for problem in _of_row(kind, row) if row)


def _of_row(kind: str, row: Any) -> Iterator[Problem]:
    """Yield the problem of a row that boards.yaml does not have."""
    try:
        boards.full_name("", source=None, **{kind: str(row)})
    except BoardError as reason:
        yield from (replace(problem, place=(), line=0) for problem in reason.rows)


def _of_values(entry: Range, axis: Axis, profile: Profile) -> Iterator[Problem]:
    """Yield the problems of the values that the spec writes out, each within the axis."""
    if entry.values is not None:
        written: list[tuple[Place, Any]] = [
            (("list", at), value) for at, value in enumerate(entry.values)
        ]
    else:
        ends = (("from", entry.low), ("to", entry.high))
        written = [((key,), value) for key, value in ends if value is not None]
    for place, value in written:
        if axis.place[0] in FIXTURE:
            problems = list(_of_row(str(axis.place[0]), value))
        else:
            document = Document("", changed(profile.document.value, axis.place, value))
            problems = [
                replace(problem, place=())
                for problem in validate(ProfileModel, document)[1]
                if problem.id not in OF_RANGES
            ]
        if any(problem.id in ("field-unknown", "field-unsupported") for problem in problems):
            yield replace(problems[0], line=0)  # of the axis itself, once
            return
        yield from (problem.within(place) for problem in problems)


def _filled(entry: Range, axis: Axis) -> Axis:
    """Return the axis with its values; raise ProblemError if they are no list and no range."""
    example = "list: [FIRST, SECOND]"
    if axis.grid:
        usual = units.EXAMPLES[axis.grid]
        most = units.text(2 * units.integer(usual, axis.grid), axis.grid)
        example = f"{{from: {usual}, to: {most}}}"
    if entry.values is not None:
        if entry.low is not None or entry.high is not None or entry.count is not None:
            message = f"takes a list or a range, not both; e.g. {example}"
            raise ProblemError("sweep-either", message, "", example)
        if not entry.values:
            raise ProblemError("sweep-empty", f"the list is empty; e.g. {example}", "", example)
        return replace(axis, grid=_common(axis.grid, entry.values), values=tuple(entry.values))
    if entry.low is None or entry.high is None:
        message = f"takes a list, or a range with from and to; e.g. {example}"
        raise ProblemError("sweep-ends", message, "", example)
    if not axis.grid:
        example = f"list: [{flow(entry.low)}, {flow(entry.high)}]"
        message = f"is no quantity and has no range; write its values out; e.g. {example}"
        raise ProblemError("sweep-no-range", message, "", example)
    low, high = units.integer(entry.low, axis.grid), units.integer(entry.high, axis.grid)
    if low >= high:
        swapped = f"{{from: {entry.high}, to: {entry.low}}}"
        example = swapped if low > high else f"list: [{entry.low}]"
        message = f"from, {entry.low}, is not below to, {entry.high}; e.g. {example}"
        raise ProblemError("sweep-order", message, str(entry.high), example)
    if entry.scale == "log" and low <= 0:
        least = units.text(1, axis.grid)
        message = f"a log scale begins above 0, and from is {entry.low}; e.g. from: {least}"
        raise ProblemError("sweep-log", message, least, f"from: {least}")
    return replace(axis, low=low, high=high, log=entry.scale == "log", count=entry.count or 0)


def _common(grid: str, values: list[Any]) -> str:
    """Return the grid if every value is a quantity on it, else none: the table shows texts."""
    try:
        for value in values:
            units.integer(value, grid)
    except (units.UnitError, KeyError):
        return ""
    return grid


def _rows(model: SpecModel, axes: list[Axis]) -> tuple[int, list[Problem]]:
    """Return the number of rows, and the problems of the sample."""
    kind, count = model.sample.kind, model.sample.count
    if not axes:
        message = f"nothing is varied; e.g. vary: {{programs[0].amplitude: {RANGE}}}"
        return 0, [Problem("sweep-nothing", ("vary",), message, "", "", RANGE)]
    if kind in DRAWN:
        if count is None:
            message = f"is required for {kind}; e.g. count: 4096"
            return 0, [Problem("sweep-count", ("sample", "count"), message, "", "", "4096")]
        needless = [axis for axis in axes if axis.count]
        message = f"belongs to a grid, and the sample is {kind}; leave it out"
        places: list[Place] = [("vary", axis.name, "count") for axis in needless]
        return count, [Problem("sweep-axis-count", place, message) for place in places]
    if count is not None:
        message = f"a {kind} has as many points as its axes give; leave out count"
        return 0, [Problem("sweep-own-count", ("sample", "count"), message, str(count))]
    endless = [axis for axis in axes if not axis.size or (kind == "list" and not axis.values)]
    if endless:
        example = "count: 50" if kind == "grid" else "list: [1 mA, 2 mA]"
        message = f"has no end in a {kind}: give it a {example.partition(':')[0]}; e.g. {example}"
        places = [("vary", axis.name) for axis in endless]
        return 0, [Problem("sweep-endless", place, message, "", "", example) for place in places]
    sizes = [axis.size for axis in axes]
    if kind == "list" and len(set(sizes)) > 1:
        message = f"the lists have {', '.join(map(str, sizes))} values, and row i takes value i of"
        message += " each; give them one length, or e.g. kind: grid"
        return 0, [Problem("sweep-lengths", ("vary",), message, "", "", "kind: grid")]
    rows = math.prod(sizes) if kind == "grid" else sizes[0]
    if rows > MOST_ROWS:
        message = f"the grid has {rows} rows; the limit is {MOST_ROWS}; e.g. kind: sobol with a"
        message += " count of 4096"
        texts = (str(rows), str(MOST_ROWS), "kind: sobol")
        return rows, [Problem("sweep-rows", ("vary",), message, *texts)]
    return rows, []
