"""Sums of exponentials: growth, integral, and the exact instants of their extremes.

Role: a quantity of the load is q(t) = start + sum of slope_k growth(t, rate_k), in which growth
is (1 - exp(-rate t)) / rate: no step size, no rounding but floats'.
Invariant: roots are found by Rolle's theorem: a sum of n exponentials, divided by its slowest,
has a derivative of n - 1, whose roots part it into monotonic stretches with one root at most.
"""

import math
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Terms = list[tuple[float, float]]  # (rate, weight), the slowest first

STEPS = 200  # a bisection of a double's range takes fewer
FOREVER_S = 1e15
NOTHING = 1e-100  # per second: a share that never shows, and that products must not make 0


def growth(t_s: float, rate: float) -> float:
    """Return (1 - exp(-rate t)) / rate; t where the rate is 0. Monotonic in t."""
    return -math.expm1(-t_s * rate) / rate if rate else t_s


def growth_array(t_s: FloatArray, rates: FloatArray) -> FloatArray:
    """Evaluate growth() on arrays that broadcast against each other."""
    still = rates == 0.0
    grown: FloatArray = np.expm1(-t_s * rates) / -(rates + still)
    if still.any():
        grown += still * t_s
    return grown


def growth_integral(t_s: FloatArray, rates: FloatArray) -> FloatArray:
    """Integrate growth_array() from 0 to t, to turn a slope into charge."""
    still = rates == 0.0
    grown = growth_array(t_s, rates)
    integral: FloatArray = np.where(still, t_s * t_s / 2, (t_s - grown) / (rates + still))
    return integral


def turns(slopes: Iterable[float], rates: Iterable[float]) -> list[float]:
    """Return the instants t > 0 at which the sum of slope exp(-rate t) changes sign, in order."""
    merged: dict[float, float] = {}
    for rate, slope in zip(rates, slopes, strict=True):
        merged[rate] = merged.get(rate, 0.0) + slope
    return _roots([(rate, slope) for rate, slope in sorted(merged.items()) if abs(slope) > NOTHING])


def _roots(terms: Terms) -> list[float]:
    if all(weight > 0 for _, weight in terms) or all(weight < 0 for _, weight in terms):
        return []
    slowest, still = terms[0]
    faster = [(rate - slowest, weight) for rate, weight in terms[1:]]
    if len(faster) == 1:
        ((rate, weight),) = faster
        turn_s = math.log(-weight / still) / rate
        return [turn_s] if turn_s > 0 else []

    def value(t_s: float) -> float:
        return still + sum(weight * math.exp(-rate * t_s) for rate, weight in faster)

    inner = _roots([(rate, -weight * rate) for rate, weight in faster])
    return _crossings(value, [0.0, *inner], still, 1 / faster[0][0])


def _crossings(
    value: Callable[[float], float], edges: Sequence[float], finally_: float, step_s: float
) -> list[float]:
    """Return the roots of a function that is monotonic between `edges`, and goes to `finally_`."""
    roots: list[float] = []
    ends = [*edges[1:], math.inf]
    for low, high in zip(edges, ends, strict=True):
        begins = value(low)
        if begins * (finally_ if high == math.inf else value(high)) >= 0:
            continue
        while high == math.inf or value(high) * begins > 0:
            high, step_s = low + step_s, 2 * step_s
            if step_s > FOREVER_S:  # what is left is the rounding of floats
                return roots
        roots.append(_bisected(value, low, high))
    return roots


def _bisected(value: Callable[[float], float], low: float, high: float) -> float:
    """Return the root between two instants of unlike sign, to the last digit."""
    falling = value(low) > 0
    for _ in range(STEPS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if (value(middle) > 0) == falling:
            low = middle
        else:
            high = middle
    return high


def crossing_s(distance: float, slopes: Sequence[float], rates: Sequence[float]) -> float:
    """Return the first t > 0 of distance + sum of slope growth(t, rate) = 0; infinite if none.

    A distance of 0 is where the last change left it: the way back is looked for.
    """
    terms = [(rate, slope) for rate, slope in zip(rates, slopes, strict=True) if slope]
    if not terms:
        return math.inf

    def value(t_s: float) -> float:
        return distance + sum(slope * growth(t_s, rate) for rate, slope in terms)

    linear = sum(slope for rate, slope in terms if not rate)
    settled = distance + sum(slope / rate for rate, slope in terms if rate)
    finally_ = linear or settled
    step_s = min((1 / rate for rate, _ in terms if rate), default=1.0)
    roots = _crossings(value, [0.0, *turns(slopes, rates)], finally_, step_s)
    return roots[0] if roots else math.inf
