"""Match the edges of two traces.

Role: matched() for compare.py. Invariant: every edge within the span is in exactly one pair or
alone; partners have the same direction. If a sampled trace shows two edges where the other shows
one (a reversal, a gap of about one sample), they count as one, at their middle.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .waveform_analysis import Floats

SPREAD = 3.0  # times what is unsure: the longest stretch that may count as one edge
Sorted = tuple[list[tuple[float, float]], list[float], list[float]]


def matched(
    of_a: Floats, of_b: Floats, unsure_s: float, span: tuple[float, float]
) -> tuple[Floats, Floats, Floats]:
    """Return (pairs of shape (pairs, 2), times only in A, times only in B) within the span.

    of_a, of_b: shape (edges, 2), time and sign. unsure_s: closer than this is the same instant;
    beyond it, partners are each other's nearest, within half of what lies between two edges.
    """
    pairs: list[tuple[float, float]] = []
    alone: tuple[list[float], list[float]] = ([], [])
    for sign in (-1.0, 1.0):
        one, other = (side[side[:, 1] == sign, 0] for side in (of_a, of_b))
        close, left_a, left_b = _together(one, other, unsure_s)
        far, only_a, only_b = _apart(left_a, left_b, min(_reach(one), _reach(other)))
        pairs += close + far
        alone[0].extend(only_a)
        alone[1].extend(only_b)
    found = np.array(pairs).reshape(-1, 2)
    only = [_within(np.sort(np.array(times)), span) for times in alone]
    inside = (found[:, 0] >= span[0]) & (found[:, 0] <= span[1])
    return found[inside], only[0], only[1]


def _together(one: Floats, other: Floats, unsure_s: float) -> Sorted:
    """Pair edges within unsure_s of each other; return (pairs, rest of one, rest of other)."""
    times = np.concatenate((one, other))
    of_one = np.concatenate((np.ones(len(one), bool), np.zeros(len(other), bool)))
    order = np.argsort(times, kind="stable")
    times, of_one = times[order], of_one[order]
    cuts = np.flatnonzero(np.diff(times) > unsure_s) + 1
    pairs: list[tuple[float, float]] = []
    left: tuple[list[float], list[float]] = ([], [])
    for group, mine in zip(np.split(times, cuts), np.split(of_one, cuts), strict=True):
        here, there = group[mine], group[~mine]
        if len(here) == len(there):
            pairs += list(zip(here.tolist(), there.tolist(), strict=True))
        elif len(here) and len(there) and group[-1] - group[0] <= SPREAD * unsure_s:
            pairs.append((float(np.mean(here)), float(np.mean(there))))
        else:
            left[0].extend(here.tolist())
            left[1].extend(there.tolist())
    return pairs, *left


def _apart(one: list[float], other: list[float], reach_s: float) -> Sorted:
    """Pair mutually nearest edges within reach_s; return (pairs, only in one, only in other)."""
    mine, theirs = np.array(one), np.array(other)
    to_other, to_mine = nearest(mine, theirs), nearest(theirs, mine)
    pairs: list[tuple[float, float]] = []
    for at, partner in enumerate(to_other.tolist()):
        near = partner >= 0 and to_mine[partner] == at
        if near and abs(theirs[partner] - mine[at]) <= reach_s:
            pairs.append((one[at], other[partner]))
    with_a, with_b = {pair[0] for pair in pairs}, {pair[1] for pair in pairs}
    only = ([time for time in one if time not in with_a], [t for t in other if t not in with_b])
    return pairs, *only


def nearest(of: Floats, among: Floats) -> NDArray[np.int64]:
    """Return for each time the index of the nearest in sorted `among`; -1 if that is empty."""
    if not len(among):
        return np.full(len(of), -1, dtype=np.int64)
    after = np.clip(np.searchsorted(among, of), 0, len(among) - 1)
    before = np.maximum(after - 1, 0)
    nearer = np.abs(among[before] - of) < np.abs(among[after] - of)
    return np.where(nearer, before, after).astype(np.int64)


def _reach(times: Floats) -> float:
    """Return half of the shortest time between two edges of one direction (s)."""
    apart = np.diff(times)
    apart = apart[apart > 0]
    return float(np.min(apart)) / 2 if len(apart) else np.inf


def _within(times: Floats, span: tuple[float, float]) -> Floats:
    inside: Floats = times[(times >= span[0]) & (times <= span[1])]
    return inside
