"""Map of a sweep: where on two fields the profile is admitted, and which rule refuses it elsewhere.

Role: drawn() makes a picture of a merged table. Invariant: a point that stands for several rows
looks admitted only if all of them are: a refused row is drawn over an admitted one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..documents import units
from ..documents.problem import nearest
from ..errors import WrongUsage
from . import folder as folders
from .axes import Axis
from .extras import required

ADMITTED, OTHER = "#cfe8cf", "#777777"
RULES = 9  # with a colour of their own; the rest are drawn as one
SHOWN = {"uA": ("mA", 1e3), "ns": ("us", 1e3), "mHz": ("Hz", 1e3), "permille": ("%", 10.0)}
AREA = 300 * 220  # of the axes in square points; the points of a map share it
LEAST, MOST, LEGEND = 1.5, 400, 40  # area of a point


def drawn(folder: Path, x: str, y: str, only: Mapping[str, str]) -> Figure:
    """Return the map; x, y: names of axes, "" for the first that vary; only: value by axis.

    Raises WrongUsage for a name that the sweep does not vary, a value that no row has, or a table
    that is not merged.
    """
    spec = folders.spec_of(folders.read(folder))
    table = folder / f"{folders.TABLE}.parquet"
    if not table.exists():
        raise WrongUsage(f"{folder} has no table yet; make it with: scs sweep merge {folder}")
    free = [axis for axis in spec.axes if axis.size != 1 and axis.name not in {x, y, *only}]
    across, up = (_axis(spec.axes, name, free) for name in (x, y))
    chosen = [(_axis(spec.axes, name, []), value) for name, value in only.items()]
    columns = {axis.column for axis in (across, up, *(axis for axis, _value in chosen))}
    read = required("pyarrow.parquet").read_table
    rows = read(table, columns=[*sorted(columns), "admitted", "problem"])
    for axis, text in chosen:
        try:
            value = units.integer(text, axis.grid) if axis.grid else text
        except units.UnitError as reason:
            raise WrongUsage(f"{axis.name}: {reason}") from None
        rows = rows.filter(required("pyarrow.compute").equal(rows[axis.column], value))
    if not len(rows):
        raise WrongUsage(f"no row has {', '.join(f'{k}={v}' for k, v in only.items())}")
    figure = Figure(figsize=(8.5, 5.2), layout="constrained")
    plane = figure.subplots()
    places = [_places(axis, rows[axis.column]) for axis in (across, up)]
    _scatter(plane, places, rows)
    for of, axis, labels in ((plane.xaxis, across, places[0][1]), (plane.yaxis, up, places[1][1])):
        unit = SHOWN.get(axis.grid, (axis.grid, 1))[0]
        of.set_label_text(f"{axis.name} ({unit})" if axis.grid else axis.name)
        if labels:
            of.set_ticks(range(len(labels)), labels)
    if across.log:
        plane.set_xscale("log")
    if up.log:
        plane.set_yscale("log")
    where = ", ".join(f"{name} {value}" for name, value in only.items())
    title = f"{spec.profile['name']}: {len(rows)} profiles{', ' + where if where else ''}"
    plane.set_title(title, loc="left", fontsize=10)
    plane.spines[["top", "right"]].set_visible(False)
    return figure


def _axis(axes: Sequence[Axis], name: str, free: list[Axis]) -> Axis:
    """Return the axis of a name, or the next of those that are free."""
    if not name and free:
        return free.pop(0)
    names = [axis.name for axis in axes]
    if name not in names:
        close = nearest(name, names) if name else "; a map takes two"
        raise WrongUsage(f"{name or 'no second field'} is not varied{close}: {', '.join(names)}")
    return axes[names.index(name)]


def _places(axis: Axis, column: Any) -> tuple[Any, list[str]]:
    """Return where the values of a column stand, and the names of the places of texts."""
    if axis.grid:
        return column.to_numpy() / SHOWN.get(axis.grid, ("", 1))[1], []
    labels, places = np.unique(
        column.to_numpy(zero_copy_only=False).astype(str), return_inverse=True
    )
    return places.astype(float), [str(label) for label in labels]


def _scatter(plane: Axes, places: Sequence[tuple[Any, list[str]]], rows: Any) -> None:
    """Draw the admitted rows, and over them the refused ones, a colour for each rule."""
    across, up = (values for values, _labels in places)
    area = min(max(AREA / len(rows), LEAST), MOST)
    style: dict[str, Any] = {"s": area, "marker": "s", "linewidths": 0, "rasterized": True}
    admitted = rows["admitted"].to_numpy()
    plane.scatter(
        across[admitted],
        up[admitted],
        color=ADMITTED,
        label=f"admitted: {np.count_nonzero(admitted)}",
        **style,
    )
    problems = rows["problem"].to_numpy(zero_copy_only=False)[~admitted].astype(str)
    ids, counts = np.unique(problems, return_counts=True)
    ranked = [str(ids[at]) for at in np.argsort(-counts, kind="stable")]
    across, up = across[~admitted], up[~admitted]
    colours = matplotlib.color_sequences["tab10"]
    for rank, rule in enumerate(ranked[:RULES]):
        own = problems == rule
        label = f"{rule}: {np.count_nonzero(own)}"
        plane.scatter(across[own], up[own], color=colours[rank], label=label, **style)
    if len(ranked) > RULES:
        rest = np.isin(problems, ranked[RULES:])
        label = f"{len(ranked) - RULES} other rules: {np.count_nonzero(rest)}"
        plane.scatter(across[rest], up[rest], color=OTHER, label=label, **style)
    scale = (LEGEND / area) ** 0.5
    plane.legend(loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False, markerscale=scale)
