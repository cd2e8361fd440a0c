"""Schedule the pulses of several programs so that no two of them collide.

Role: rates -> the shortest common period of all programs, and each program's pulse count and
offset in it. Invariant: two programs with pulse intervals P and Q can be kept apart if and only
if both pulses fit, one after the other, into the greatest common divisor of P and Q: that is
checked first. Of all offsets, those with the longest rests are taken.
Requirements: REQ-03, REQ-21.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, gcd, lcm

from stimcore import limits

REST_NS = 14_000  # after each pulse at least: two of the shortest records, one for a trim
STEP_NS = 1_000  # to which rests are made as long as they can be
TERMS = 25  # of the small ratios that are offered as other rates
SECOND_NS = 1_000_000_000


@dataclass(frozen=True)
class Train:
    """Input of the schedule for one program, in mHz and ns; `block`: pulses until it repeats."""

    rate_millihz: int
    extent_ns: int
    block: int = 1
    offset_ns: int | None = None

    @property
    def every_ns(self) -> Fraction:
        """Interval from one pulse (or burst) to the next."""
        return Fraction(1000 * SECOND_NS, self.rate_millihz)


@dataclass(frozen=True)
class Slot:
    """A program's pulses (or bursts) in the period: count, and offset of the first."""

    count: int
    offset_ns: int


@dataclass(frozen=True)
class Clash:
    """Reason why there is no schedule: two programs, and working rates for the second.

    kind: "period" (too long), "count" (too many pulses), "fit" (pulses collide), "phase" (pulses
    collide at the requested offsets). need and room: ns.
    """

    kind: str
    first: int
    second: int
    need_ns: int
    room_ns: int
    rates_millihz: tuple[int, ...] = ()


def plan(trains: Sequence[Train]) -> list[Slot] | Clash:
    """Return a slot for each program, or the reason why there is no schedule."""
    found = _plan(trains)
    if isinstance(found, Clash) and found.kind != "phase":
        return replace(found, rates_millihz=_nearby(trains, found.second))
    return found


def _plan(trains: Sequence[Train]) -> list[Slot] | Clash:
    common = _common_millihz(trains)
    counts = [int(one.rate_millihz / common) for one in trains]
    period_ns = 1000 * SECOND_NS / common
    most = max(range(len(trains)), key=lambda at: counts[at])
    if period_ns > limits.PERIOD_MAX_NS:
        worst = max(range(len(trains)), key=lambda at: _common_with_first_ns(trains, at))
        return Clash("period", 0, worst, int(period_ns), limits.PERIOD_MAX_NS)
    if counts[most] > limits.PERIOD_TIMES:
        return Clash("count", 0, most or len(trains) - 1, counts[most], limits.PERIOD_TIMES)
    phases = _roomiest(trains)
    if phases is None:
        first, second = _tightest(trains)
        need, room = _need_ns(trains, first, second), _room_ns(trains, first, second)
        kept = need <= room and trains[second].offset_ns is not None
        return Clash("phase" if kept else "fit", first, second, need, room)
    return [Slot(count, phase) for count, phase in zip(counts, phases, strict=True)]


def _common_millihz(trains: Sequence[Train]) -> Fraction:
    """Return the rate of the common period."""
    rates = [Fraction(one.rate_millihz, one.block) for one in trains]
    below = lcm(*(rate.denominator for rate in rates))
    return Fraction(gcd(*(int(rate * below) for rate in rates)), below)


def _common_with_first_ns(trains: Sequence[Train], at: int) -> Fraction:
    return 1 / _common_millihz([trains[0], trains[at]])


def _room_ns(trains: Sequence[Train], one: int, other: int) -> int:
    """Return the greatest common divisor of two programs' pulse intervals."""
    return int(_part(trains[one], trains[other]))


def _part(one: Train, other: Train) -> Fraction:
    return Fraction(1000 * SECOND_NS, lcm(one.rate_millihz, other.rate_millihz))


def _need_ns(trains: Sequence[Train], one: int, other: int) -> int:
    return trains[one].extent_ns + trains[other].extent_ns + 2 * REST_NS


def _couples(trains: Sequence[Train]) -> list[tuple[int, int]]:
    return [(one, other) for other in range(len(trains)) for one in range(other)]


def _tightest(trains: Sequence[Train]) -> tuple[int, int]:
    def slack(pair: tuple[int, int]) -> int:
        return _room_ns(trains, *pair) - _need_ns(trains, *pair)

    return min(_couples(trains), key=slack)


# --- phases ----------------------------------------------------------------------------------
def _roomiest(trains: Sequence[Train]) -> list[int] | None:
    """Return the offsets (ns) that maximize the shortest rest; None if there are none."""
    if len(trains) == 1:
        return [trains[0].offset_ns or 0]
    low, high = REST_NS, int(min(one.every_ns for one in trains))
    best = _placed(trains, low)
    while best is not None and high - low > STEP_NS:
        middle = (low + high) // 2
        found = _placed(trains, middle)
        if found is None:
            high = middle
        else:
            low, best = middle, found
    return best


def _placed(trains: Sequence[Train], rest_ns: int) -> list[int] | None:
    """Return offsets that leave at least `rest_ns` after every pulse, or None."""
    order = sorted(range(len(trains)), key=lambda at: (trains[at].offset_ns is None, at))
    return _next(trains, rest_ns, order, {})


def _next(
    trains: Sequence[Train], rest_ns: int, order: Sequence[int], known: dict[int, int]
) -> list[int] | None:
    """Place the next program right behind a placed pulse and recurse; None if impossible."""
    if len(known) == len(trains):
        return [known[at] for at in range(len(trains))]
    at = order[len(known)]
    for phase in _candidates(trains, rest_ns, at, known):
        if all(_apart(trains, rest_ns, at, phase, other, known[other]) for other in known):
            found = _next(trains, rest_ns, order, {**known, at: phase})
            if found is not None:
                return found
    return None


def _candidates(
    trains: Sequence[Train], rest_ns: int, at: int, known: dict[int, int]
) -> Sequence[int]:
    one = trains[at]
    if one.offset_ns is not None:
        return [one.offset_ns]
    if not known:
        return [0]
    found = set()
    for other, phase in known.items():
        part = _part(one, trains[other])
        behind = phase + trains[other].extent_ns + rest_ns
        for turn in range(int(one.every_ns / part)):
            found.add(ceil((behind + turn * part) % one.every_ns))
    return sorted(found)


def _apart(
    trains: Sequence[Train], rest_ns: int, at: int, phase: int, other: int, before: int
) -> bool:
    """Return True if two programs' pulses keep at least `rest_ns` apart."""
    part = _part(trains[at], trains[other])
    behind = (phase - before) % part
    return (
        trains[other].extent_ns + rest_ns <= behind
        and behind <= part - trains[at].extent_ns - rest_ns
    )


# --- alternative rates -----------------------------------------------------------------------
def _nearby(trains: Sequence[Train], at: int) -> tuple[int, ...]:
    """Return the nearest rates below and above a program's own that allow a schedule."""
    base = trains[0 if at else len(trains) - 1].rate_millihz
    asked = trains[at].rate_millihz
    terms = range(1, TERMS)
    rates = {base * up // down for up in terms for down in terms if base * up % down == 0}
    near = sorted(rates - {asked}, key=lambda rate: abs(rate - asked))
    found: list[int] = []
    for rate in near:
        permitted = limits.RATE_MIN_MILLIHZ <= rate <= limits.RATE_MAX_MILLIHZ
        same_side = any((rate < asked) == (one < asked) for one in found)
        if permitted and not same_side and _fits(trains, at, rate):
            found.append(rate)
        if len(found) == 2:
            break
    return tuple(sorted(found))


def _fits(trains: Sequence[Train], at: int, rate_millihz: int) -> bool:
    others = [*trains[:at], replace(trains[at], rate_millihz=rate_millihz), *trains[at + 1 :]]
    return not isinstance(_plan(others), Clash)
