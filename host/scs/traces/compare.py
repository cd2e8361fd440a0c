"""Compare two traces, such as model and board.

Role: compare() finds the largest differences in time (edges of the current), current and voltage.
Invariant: a difference in time is not counted again as one of current: values closer to an edge
than the time tolerance, or the resolution of a sampled trace, are excluded from the comparison,
and the compared share is reported. Every edge within the span is in exactly one pair or alone, and
partners have the same direction. If a sampled trace shows two edges where the other shows one (a
reversal, a gap of about one sample), they count as one, at their middle.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import WrongUsage
from .commanded import SAME_S
from .figures import Floats
from .waveform import Waveform
from .waveform_analysis import QUIET, edges, sampling_s

SMEAR = 2  # steps of a sampled trace in which an edge shows: between two samples, half a step more
# for a voltage that was sampled between two currents, and what is not known of a period's start
SIDE_S = 2e-10  # how far from a row its two sides are looked at
SPREAD = 3.0  # times what is unsure: the longest stretch that may count as one edge
Sorted = tuple[list[tuple[float, float]], list[float], list[float]]  # pairs, only in A, only in B


@dataclass(frozen=True)
class Worst:
    """Largest difference of one quantity, B minus A, and when (in A's time).

    `scale` is the largest value of both traces, `limit` the tolerance.
    """

    difference: float
    at_s: float
    scale: float
    limit: float

    @property
    def ok(self) -> bool:
        """True if the difference is within the limit."""
        return abs(self.difference) <= self.limit


@dataclass(frozen=True)
class Compared:
    """Result of a comparison. shift_s: applied to B before; share: of the span in which values
    were compared; only_a and only_b: edges without a partner, in A's time."""

    span_s: float
    shift_s: float
    share: float
    edges: int
    only_a: Floats
    only_b: Floats
    time: Worst
    current: Worst
    voltage: Worst

    @property
    def ok(self) -> bool:
        """True if the traces agree."""
        missing = len(self.only_a) + len(self.only_b)
        return not missing and self.time.ok and self.current.ok and self.voltage.ok


def compare(
    a: Waveform, b: Waveform, *, share: float = 0.01, time_s: float = 1e-6, align: bool = False
) -> Compared:
    """Compare B with A. share: tolerance of current and voltage, of the largest value; time_s:
    tolerance of edges; align: shift B so that the first edges coincide.

    Raises WrongUsage if they do not overlap in time, or are sampled too coarsely.
    """
    pairs_of_columns = ((a.current_a, b.current_a), (a.voltage_v, b.voltage_v))
    scales = [
        max(float(np.max(np.abs(values), initial=0.0)) for values in pair)
        for pair in pairs_of_columns
    ]
    steps_s = sampling_s(a.time_s) + sampling_s(b.time_s)
    unsure_s = time_s + steps_s
    of_a, of_b = _edges(a, QUIET * scales[0]), _edges(b, QUIET * scales[0])
    shift_s = 0.0
    if align and len(of_a) and len(of_b):
        shift_s = float(of_a[0, 0] - of_b[0, 0])
    b_time_s = b.time_s + shift_s
    of_b = of_b + np.array((shift_s, 0.0))
    begin_s, end_s = max(a.time_s[0], b_time_s[0]), min(a.time_s[-1], b_time_s[-1])
    if not end_s > begin_s:
        raise WrongUsage("the two traces have no time in common")
    pairs, only_a, only_b = _matched(of_a, of_b, unsure_s, (begin_s + unsure_s, end_s - unsure_s))
    at_s, used = _places(
        np.unique(np.concatenate((a.time_s, b_time_s))),
        np.sort(np.concatenate((of_a[:, 0], of_b[:, 0]))),
        (begin_s, end_s),
        time_s + SMEAR * steps_s,
    )
    current, voltage = (
        _worst(
            np.interp(at_s, b_time_s, of_second) - np.interp(at_s, a.time_s, of_first),
            at_s,
            scale,
            share * scale,
        )
        for scale, (of_first, of_second) in zip(scales, pairs_of_columns, strict=True)
    )
    return Compared(
        span_s=float(end_s - begin_s),
        shift_s=shift_s,
        share=used,
        edges=len(pairs),
        only_a=only_a,
        only_b=only_b,
        time=_worst(pairs[:, 1] - pairs[:, 0], pairs[:, 0], 0.0, unsure_s),
        current=current,
        voltage=voltage,
    )


def _worst(differences: Floats, at_s: Floats, scale: float, limit: float) -> Worst:
    if not len(differences):
        return Worst(0.0, 0.0, scale, limit)
    at = int(np.argmax(np.abs(differences)))
    return Worst(float(differences[at]), float(at_s[at]), scale, limit)


def _places(
    rows: Floats, known: Floats, span: tuple[float, float], unsure_s: float
) -> tuple[Floats, float]:
    """Return (times to compare, share of the span): both sides of every row away from an edge, and
    the bounds of each edge's surroundings. In between, both traces are straight lines.

    rows, known: times of all rows and of all edges, sorted.
    """
    begin_s, end_s = span
    around_s = unsure_s + SIDE_S
    at = np.concatenate((rows - SIDE_S, rows + SIDE_S, known - around_s, known + around_s))
    both = np.sort(at[(at > begin_s) & (at < end_s)])
    near = _nearest(both, known)
    clear = np.abs(both - known[near]) > unsure_s if len(known) else np.ones(len(both), bool)
    if not np.any(clear):
        raise WrongUsage(
            "the traces are sampled too coarsely to compare: every sample lies at an edge; "
            "take them with a row at each change, or with a higher --rate"
        )
    low = np.clip(known - unsure_s, begin_s, end_s)
    high = np.clip(known + unsure_s, begin_s, end_s)
    low = np.maximum(low, np.concatenate(([begin_s], np.maximum.accumulate(high)))[: len(low)])
    hidden = np.sum(np.maximum(high - low, 0.0))
    return both[clear], float(1 - hidden / (end_s - begin_s))


# --- edges -----------------------------------------------------------------------------------
def _edges(trace: Waveform, quiet_a: float) -> Floats:
    """Return an array of shape (edges, 2): time, sign; a reversal is one edge."""
    if quiet_a == 0:
        return np.empty((0, 2))
    times, signs = edges(trace.time_s, trace.current_a, quiet_a)
    new = np.ones(len(times), dtype=bool)
    new[1:] = (np.diff(signs) != 0) | (np.diff(times) > SAME_S)
    return np.column_stack((times[new], signs[new]))


def _matched(
    of_a: Floats, of_b: Floats, unsure_s: float, span: tuple[float, float]
) -> tuple[Floats, Floats, Floats]:
    """Return (pairs of shape (pairs, 2), times only in A, times only in B) within the span.

    of_a, of_b: shape (edges, 2), time and sign. unsure_s: closer than this is the same instant;
    beyond it, partners are each other's nearest, within half of what lies between two edges.
    """
    pairs: list[tuple[float, float]] = []
    alone: tuple[list[float], list[float]] = ([], [])
    for sign in (-1.0, 1.0):
        in_a, in_b = (side[side[:, 1] == sign, 0] for side in (of_a, of_b))
        close, left_a, left_b = _together(in_a, in_b, unsure_s)
        gaps = np.concatenate((np.diff(in_a), np.diff(in_b)))
        reach_s = float(np.min(gaps[gaps > 0], initial=np.inf)) / 2
        far, only_a, only_b = _apart(left_a, left_b, reach_s)
        pairs += close + far
        alone[0].extend(only_a)
        alone[1].extend(only_b)
    times = np.array(pairs).reshape(-1, 2)
    only_in_a, only_in_b = (np.sort(np.array(side)) for side in alone)
    return (
        times[(times[:, 0] >= span[0]) & (times[:, 0] <= span[1])],
        only_in_a[(only_in_a >= span[0]) & (only_in_a <= span[1])],
        only_in_b[(only_in_b >= span[0]) & (only_in_b <= span[1])],
    )


def _together(in_a: Floats, in_b: Floats, unsure_s: float) -> Sorted:
    """Pair edges within unsure_s of each other."""
    times = np.concatenate((in_a, in_b))
    of_a = np.concatenate((np.ones(len(in_a), bool), np.zeros(len(in_b), bool)))
    order = np.argsort(times, kind="stable")
    times, of_a = times[order], of_a[order]
    cuts = np.flatnonzero(np.diff(times) > unsure_s) + 1
    pairs: list[tuple[float, float]] = []
    left: tuple[list[float], list[float]] = ([], [])
    for group, mine in zip(np.split(times, cuts), np.split(of_a, cuts), strict=True):
        here, there = group[mine], group[~mine]
        if len(here) == len(there):
            pairs += list(zip(here.tolist(), there.tolist(), strict=True))
        elif len(here) and len(there) and group[-1] - group[0] <= SPREAD * unsure_s:
            pairs.append((float(np.mean(here)), float(np.mean(there))))
        else:
            left[0].extend(here.tolist())
            left[1].extend(there.tolist())
    return pairs, *left


def _apart(in_a: list[float], in_b: list[float], reach_s: float) -> Sorted:
    """Pair mutually nearest edges within reach_s."""
    of_a, of_b = np.array(in_a), np.array(in_b)
    to_b, to_a = _nearest(of_a, of_b), _nearest(of_b, of_a)
    pairs: list[tuple[float, float]] = []
    for at, partner in enumerate(to_b.tolist()):
        near = partner >= 0 and to_a[partner] == at
        if near and abs(of_b[partner] - of_a[at]) <= reach_s:
            pairs.append((in_a[at], in_b[partner]))
    with_a, with_b = {pair[0] for pair in pairs}, {pair[1] for pair in pairs}
    only_a = [time_s for time_s in in_a if time_s not in with_a]
    return pairs, only_a, [time_s for time_s in in_b if time_s not in with_b]


def _nearest(of: Floats, among: Floats) -> NDArray[np.int64]:
    """Return for each time the index of the nearest in sorted `among`; -1 if that is empty."""
    if not len(among):
        return np.full(len(of), -1, dtype=np.int64)
    after = np.clip(np.searchsorted(among, of), 0, len(among) - 1)
    before = np.maximum(after - 1, 0)
    nearer = np.abs(among[before] - of) < np.abs(among[after] - of)
    return np.where(nearer, before, after).astype(np.int64)
