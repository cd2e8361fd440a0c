"""Schedule the pulses of several programs so that no two of them collide.

Role: rates -> the shortest common period of all programs, and each program's pulse count and
offset in it. Invariant: two programs with pulse intervals P and Q can be kept apart if and only
if both pulses fit, one after the other, into the greatest common divisor of P and Q: that is
checked first. Of all offsets, those with the longest rests are taken.
Requirements: REQ-03, REQ-21, REQ-23.
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
KINDS = ("period", "count", "fit", "offset")  # of a Clash


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

    kind: "period" (too long), "count" (too many pulses), "fit" (pulses collide), "offset" (pulses
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
    schedule = _plan(trains)
    if isinstance(schedule, Clash) and schedule.kind != "offset":
        return replace(schedule, rates_millihz=_nearby(trains, schedule.second))
    return schedule


def _plan(trains: Sequence[Train]) -> list[Slot] | Clash:
    common = _common_millihz(trains)
    counts = [int(train.rate_millihz / common) for train in trains]
    period_ns = 1000 * SECOND_NS / common
    most = counts.index(max(counts))
    if period_ns > limits.PERIOD_MAX_NS:
        worst = min(range(len(trains)), key=lambda at: _common_millihz([trains[0], trains[at]]))
        return Clash("period", 0, worst, int(period_ns), limits.PERIOD_MAX_NS)
    if counts[most] > limits.PERIOD_TIMES:
        return Clash("count", 0, most or len(trains) - 1, counts[most], limits.PERIOD_TIMES)
    offsets = _roomiest(trains)
    if offsets is None:
        return _collision(trains)
    return [Slot(count, offset) for count, offset in zip(counts, offsets, strict=True)]


def _common_millihz(trains: Sequence[Train]) -> Fraction:
    """Return the rate of the common period."""
    rates = [Fraction(train.rate_millihz, train.block) for train in trains]
    below = lcm(*(rate.denominator for rate in rates))
    return Fraction(gcd(*(int(rate * below) for rate in rates)), below)


def _part_ns(first: Train, second: Train) -> Fraction:
    """Return the greatest common divisor of two programs' pulse intervals."""
    return Fraction(1000 * SECOND_NS, lcm(first.rate_millihz, second.rate_millihz))


def _collision(trains: Sequence[Train]) -> Clash:
    """Return the clash of the two programs that have the least room for what they need."""
    pairs = []
    for second in range(len(trains)):
        for first in range(second):
            need = trains[first].extent_ns + trains[second].extent_ns + 2 * REST_NS
            pairs.append((int(_part_ns(trains[first], trains[second])), need, first, second))
    room, need, first, second = min(pairs, key=lambda pair: pair[0] - pair[1])
    kept = need <= room and trains[second].offset_ns is not None
    return Clash("offset" if kept else "fit", first, second, need, room)


# --- offsets ---------------------------------------------------------------------------------
def _roomiest(trains: Sequence[Train]) -> list[int] | None:
    """Return the offsets (ns) that maximize the shortest rest; None if there are none."""
    if len(trains) == 1:
        return [trains[0].offset_ns or 0]
    low, high = REST_NS, int(min(train.every_ns for train in trains))
    best = _placed(trains, low)
    while best is not None and high - low > STEP_NS:
        middle = (low + high) // 2
        offsets = _placed(trains, middle)
        if offsets is None:
            high = middle
        else:
            low, best = middle, offsets
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
    placed = [(trains[other], offset) for other, offset in known.items()]
    for offset in _candidates(trains[at], rest_ns, placed):
        if all(_apart(trains[at], offset, *other, rest_ns) for other in placed):
            offsets = _next(trains, rest_ns, order, {**known, at: offset})
            if offsets is not None:
                return offsets
    return None


def _candidates(train: Train, rest_ns: int, placed: Sequence[tuple[Train, int]]) -> Sequence[int]:
    if train.offset_ns is not None:
        return [train.offset_ns]
    if not placed:
        return [0]
    offsets = set()
    for other, offset in placed:
        part = _part_ns(train, other)
        behind = offset + other.extent_ns + rest_ns
        for turn in range(int(train.every_ns / part)):
            offsets.add(ceil((behind + turn * part) % train.every_ns))
    return sorted(offsets)


def _apart(train: Train, offset: int, other: Train, before: int, rest_ns: int) -> bool:
    """Return True if two programs' pulses keep at least `rest_ns` apart."""
    part = _part_ns(train, other)
    behind = (offset - before) % part
    return other.extent_ns + rest_ns <= behind <= part - train.extent_ns - rest_ns


# --- alternative rates -----------------------------------------------------------------------
def _nearby(trains: Sequence[Train], at: int) -> tuple[int, ...]:
    """Return the nearest rates below and above a program's own that allow a schedule."""
    base = trains[0 if at else len(trains) - 1].rate_millihz
    asked = trains[at].rate_millihz
    terms = range(1, TERMS)
    rates = {base * up // down for up in terms for down in terms if base * up % down == 0}
    near = sorted(rates - {asked}, key=lambda rate: abs(rate - asked))
    fitting: list[int] = []
    for rate in near:
        permitted = limits.RATE_MIN_MILLIHZ <= rate <= limits.RATE_MAX_MILLIHZ
        same_side = any((rate < asked) == (other < asked) for other in fitting)
        if permitted and not same_side and _fits(trains, at, rate):
            fitting.append(rate)
        if len(fitting) == 2:
            break
    return tuple(sorted(fitting))


def _fits(trains: Sequence[Train], at: int, rate_millihz: int) -> bool:
    others = [*trains[:at], replace(trains[at], rate_millihz=rate_millihz), *trains[at + 1 :]]
    return not isinstance(_plan(others), Clash)
