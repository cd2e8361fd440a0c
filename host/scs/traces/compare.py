"""Compare two traces, such as model and board.

Role: compare() finds the largest differences in time (edges of the current), current and voltage.
Invariant: a difference in time is not counted again as one of current: values closer to an edge
than the time tolerance, or the resolution of a sampled trace, are excluded from the comparison,
and the compared share is reported.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import WrongUsage
from . import edge_matching
from .trace import SAME_S, Trace
from .waveform_analysis import QUIET, Floats, edges

EVEN = 0.01  # of the step: a trace whose steps differ by less is evenly sampled
SMEAR = 2  # steps of a sampled trace in which an edge shows: between two samples, half a step more
# for a voltage that was sampled between two currents, and what is not known of a period's start
SIDE_S = 2e-10  # how far from a row its two sides are looked at


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
    a: Trace, b: Trace, *, share: float = 0.01, time_s: float = 1e-6, align: bool = False
) -> Compared:
    """Compare B with A. share: tolerance of current and voltage, of the largest value; time_s:
    tolerance of edges; align: shift B so that the first edges coincide.

    Raises WrongUsage if they do not overlap in time, or are sampled too coarsely.
    """
    quiet_a = QUIET * max(_largest(a.current_a), _largest(b.current_a))
    unsure_s = time_s + _step(a) + _step(b)
    of_a, of_b = _edges(a, quiet_a), _edges(b, quiet_a)
    shift_s = 0.0
    if align and len(of_a) and len(of_b):
        shift_s = float(of_a[0, 0] - of_b[0, 0])
    b = Trace(b.time_s + shift_s, b.current_a, b.voltage_v)
    of_b = of_b + np.array((shift_s, 0.0))
    begin_s, end_s = max(a.time_s[0], b.time_s[0]), min(a.end_s, b.end_s)
    if not end_s > begin_s:
        raise WrongUsage("the two traces have no time in common")
    span = (begin_s + unsure_s, end_s - unsure_s)
    pairs, only_a, only_b = edge_matching.matched(of_a, of_b, unsure_s, span)
    smear_s = time_s + SMEAR * (_step(a) + _step(b))
    at_s, used = _places(a, b, np.concatenate((of_a[:, 0], of_b[:, 0])), begin_s, end_s, smear_s)
    current, voltage = _values(a, b, at_s, share)
    return Compared(
        span_s=float(end_s - begin_s),
        shift_s=shift_s,
        share=used,
        edges=len(pairs),
        only_a=only_a,
        only_b=only_b,
        time=_time(pairs, unsure_s),
        current=current,
        voltage=voltage,
    )


def _largest(values: Floats) -> float:
    return float(np.max(np.abs(values), initial=0.0))


def _edges(trace: Trace, quiet_a: float) -> Floats:
    """Return an array of shape (edges, 2): time, sign; a reversal is one edge."""
    if quiet_a == 0:
        return np.empty((0, 2))
    times, signs = edges(trace.time_s, trace.current_a, quiet_a)
    new = np.ones(len(times), dtype=bool)
    new[1:] = (np.diff(signs) != 0) | (np.diff(times) > SAME_S)
    return np.column_stack((times[new], signs[new]))


def _step(trace: Trace) -> float:
    """Return the step of an evenly sampled trace (s), else 0."""
    steps = np.diff(trace.time_s)
    even = len(steps) > 1 and float(np.ptp(steps)) <= EVEN * float(np.mean(steps))
    return float(np.mean(steps)) if even else 0.0


def _time(pairs: Floats, limit_s: float) -> Worst:
    if not len(pairs):
        return Worst(0.0, 0.0, 0.0, limit_s)
    off = pairs[:, 1] - pairs[:, 0]
    at = int(np.argmax(np.abs(off)))
    return Worst(float(off[at]), float(pairs[at, 0]), 0.0, limit_s)


# --- values ----------------------------------------------------------------------------------
def _places(
    a: Trace, b: Trace, of_edges: Floats, begin_s: float, end_s: float, unsure_s: float
) -> tuple[Floats, float]:
    """Return (times to compare, share of the span): both sides of every row away from an edge, and
    the bounds of each edge's surroundings. In between, both traces are straight lines.
    """
    known = np.sort(of_edges)
    rows = np.unique(np.concatenate((a.time_s, b.time_s)))
    around_s = unsure_s + SIDE_S
    at = np.concatenate((rows - SIDE_S, rows + SIDE_S, known - around_s, known + around_s))
    both = np.sort(at[(at > begin_s) & (at < end_s)])
    near = edge_matching.nearest(both, known)
    clear = np.abs(both - known[near]) > unsure_s if len(known) else np.ones(len(both), bool)
    if not np.any(clear):
        raise WrongUsage(
            "the traces are sampled too coarsely to compare: every sample lies at an edge; "
            "take them with a row at each change, or with a higher --rate"
        )
    hidden = _covered(known, unsure_s, begin_s, end_s)
    return both[clear], float(1 - hidden / (end_s - begin_s))


def _covered(known: Floats, each_s: float, begin_s: float, end_s: float) -> float:
    """Return the time (s) of a span that lies within each_s of an edge."""
    if not len(known):
        return 0.0
    low = np.clip(known - each_s, begin_s, end_s)
    high = np.clip(known + each_s, begin_s, end_s)
    low = np.maximum(low, np.concatenate(([begin_s], np.maximum.accumulate(high)[:-1])))
    return float(np.sum(np.maximum(high - low, 0.0)))


def _values(a: Trace, b: Trace, at_s: Floats, share: float) -> tuple[Worst, Worst]:
    found = []
    for name in ("current_a", "voltage_v"):
        one = np.interp(at_s, a.time_s, getattr(a, name))
        other = np.interp(at_s, b.time_s, getattr(b, name))
        off = other - one
        at = int(np.argmax(np.abs(off)))
        scale = max(_largest(getattr(a, name)), _largest(getattr(b, name)))
        found.append(Worst(float(off[at]), float(at_s[at]), scale, share * scale))
    return found[0], found[1]
