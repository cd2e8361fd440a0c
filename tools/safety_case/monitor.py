"""Bounds that no fault may break at the load, judged from the current there alone.

Role: takes rows of (seconds, amperes) of each contact, positive into the contact, and ceilings as
plain numbers; returns each stretch in which one was exceeded. A row holds up to the next by a
straight line; two rows at one instant are a step.
Invariant: no code and no table of the firmware's is imported here, nor of the simulator's; the
ceilings come from a profile's text by hand. So a mistake that the firmware and its kernel
share does not hide here.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rows = tuple[Floats, Floats]  # seconds, amperes

DC_A = 100e-9  # above it cochlear ganglion cells were lost (Shepherd 1999)
DC_S = 1.0
REST_A = 5e-6  # less than a code: nothing is driven
APART_S = 1e-3  # stretches closer together than that are one


class Ceilings(NamedTuple):
    """Most of one contact.

    amplitude_a: of the current at any instant; phase_c: charge that one stretch of current of one
    sign takes away from balance; held_c: charge not yet recovered, at any instant; settles_c: what
    comes to rest within a second of a start, a change or an end, and is no direct current.
    """

    amplitude_a: float
    phase_c: float
    held_c: float
    settles_c: float = 0.0


NONE = Ceilings(REST_A, 1e-9, 10e-9)  # of a contact that a profile does not use


class Excess(NamedTuple):
    """A ceiling that was exceeded: which, where, when, how far, in A or C."""

    bound: str
    contact: int
    since_s: float
    until_s: float
    value: float
    limit: float


class Worst(NamedTuple):
    """The largest values of a run, at any contact, in A and C."""

    amplitude_a: float
    phase_c: float
    held_c: float
    dc_a: float


class Course(NamedTuple):
    """Amounts at one contact by time, whatever their sign.

    since_s, until_s, phase_c: of each stretch of one sign; at_s, dc_a: net current of the time
    before.
    """

    time_s: Floats
    amplitude_a: Floats
    held_c: Floats
    since_s: Floats
    until_s: Floats
    phase_c: Floats
    at_s: Floats
    dc_a: Floats


def courses(rows: Mapping[int, Rows], period_s: float) -> dict[int, Course]:
    """Return the course of each contact; period_s: over which the net current is looked at.

    Where the same current flows into one contact as out of another, at every row, both have one.
    """
    out: dict[int, Course] = {}
    known: list[tuple[Rows, Course]] = []
    for contact, (time_s, current_a) in rows.items():
        for (other_s, other_a), course in known:
            if time_s is other_s and (
                current_a is other_a or np.array_equal(current_a, other_a * -1)
            ):
                out[contact] = course
                break
        else:
            held_c = charge_c(time_s, current_a)
            begin, end, charge = phases(time_s, current_a, held_c)
            course = Course(
                time_s,
                np.abs(current_a),
                np.abs(held_c),
                time_s[begin],
                time_s[end],
                charge,
                *net_current(time_s, held_c, period_s),
            )
            known.append(((time_s, current_a), course))
            out[contact] = course
    return out


def excesses(by_contact: Mapping[int, Course], ceilings: Mapping[int, Ceilings]) -> list[Excess]:
    """Return every excess, in order of time."""
    out: list[Excess] = []
    for contact, course in by_contact.items():
        of, time_s = ceilings.get(contact, NONE), course.time_s
        out += _above("amplitude", contact, time_s, course.amplitude_a, of.amplitude_a)
        most_c = of.held_c + of.settles_c
        out += _above("charge not recovered", contact, time_s, course.held_c, most_c)
        most_c = of.phase_c + of.settles_c
        out += [
            Excess(
                "charge of a phase", contact, float(since_s), float(until_s), float(value), most_c
            )
            for since_s, until_s, value in zip(*course[3:6], strict=True)
            if value > most_c
        ]
        most_a = DC_A + of.settles_c / DC_S
        out += _above("net current", contact, course.at_s, course.dc_a, most_a)
    return sorted(out, key=lambda excess: excess.since_s)


def beyond(rows: Mapping[int, Rows], amplitude_a: float) -> list[Excess]:
    """Return where the current of any contact is larger than one ceiling."""
    out: list[Excess] = []
    for contact, (time_s, current_a) in rows.items():
        out += _above("amplitude", contact, time_s, np.abs(current_a), amplitude_a)
    return sorted(out, key=lambda excess: excess.since_s)


def worst(by_contact: Mapping[int, Course]) -> Worst:
    """Return the largest values of any contact."""
    most = np.zeros(4)
    for course in {id(each): each for each in by_contact.values()}.values():
        values = (course.amplitude_a, course.phase_c, course.held_c, course.dc_a)
        most = np.maximum(most, [np.max(value, initial=0.0) for value in values])
    return Worst(*most.tolist())


def off_s(rows: Mapping[int, Rows]) -> float:
    """Return the instant from which on no contact has current; the last row's if it never ends."""
    last_s = 0.0
    for time_s, current_a in rows.values():
        flows = np.flatnonzero(np.abs(current_a) > REST_A)
        if len(flows):
            last_s = max(last_s, float(time_s[min(flows[-1] + 1, len(time_s) - 1)]))
    return last_s


def on_s(rows: Mapping[int, Rows]) -> float:
    """Return the first instant with current at any contact; infinite if there is none."""
    first_s = np.inf
    for time_s, current_a in rows.values():
        flows = np.flatnonzero(np.abs(current_a) > REST_A)
        if len(flows):
            first_s = min(first_s, float(time_s[flows[0]]))
    return first_s


def charge_c(time_s: Floats, current_a: Floats) -> Floats:
    """Return the net charge up to each row."""
    steps = np.diff(time_s) * (current_a[1:] + current_a[:-1]) / 2
    return np.concatenate(([0.0], np.cumsum(steps)))


def phases(
    time_s: Floats, current_a: Floats, held_c: Floats
) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    """Return (first row, last row, charge taken away from balance) of stretches of one sign."""
    mean_a = (current_a[1:] + current_a[:-1]) / 2
    sign = np.where(
        np.diff(time_s) > 0, np.sign(np.where(np.abs(mean_a) > REST_A, mean_a, 0)), np.nan
    )
    there = np.flatnonzero(~np.isnan(sign))  # a step has no length and ends nothing by itself
    if not len(there):
        none = np.zeros(0, dtype=np.int64)
        return none, none, np.zeros(0)
    changes = np.flatnonzero(np.diff(sign[there])) + 1
    begin = there[np.concatenate(([0], changes))]
    end = there[np.concatenate((changes - 1, [len(there) - 1]))] + 1
    drives = sign[begin] != 0
    begin, end = begin[drives], end[drives]
    before, after = held_c[begin], held_c[end]
    away = np.where(before * after > 0, np.abs(after) - np.abs(before), np.abs(after))
    return begin, end, np.maximum(away, 0.0)


def net_current(time_s: Floats, held_c: Floats, period_s: float) -> tuple[Floats, Floats]:
    """Return (seconds, amperes): the mean net current over the second before, at the least.

    A charge that is still to be recovered is no direct current, nor is a change of amplitude. So
    the range of what stands in one period is compared with that a second later: a net current
    moves both of its ends the same way.
    """
    step_s = period_s * 1.05
    count = int((time_s[-1] - time_s[0]) / step_s)
    later = round(DC_S / step_s)
    if count <= later:
        return np.zeros(0), np.zeros(0)
    edges = time_s[0] + step_s * np.arange(count + 1)
    at_edges = np.interp(edges, time_s, held_c)
    firsts = np.searchsorted(time_s, edges[:-1])
    # an empty stretch of reduceat gives its first row, which its edges enclose or come near to
    firsts = np.minimum(firsts, len(held_c) - 1)
    low = np.minimum(np.minimum.reduceat(held_c, firsts), np.minimum(at_edges[:-1], at_edges[1:]))
    high = np.maximum(np.maximum.reduceat(held_c, firsts), np.maximum(at_edges[:-1], at_edges[1:]))
    of_low, of_high = (ends[later:] - ends[:-later] for ends in (low, high))
    moved = np.where(of_low * of_high > 0, np.minimum(np.abs(of_low), np.abs(of_high)), 0.0)
    return edges[later + 1 :], moved / (later * step_s)


def _above(bound: str, contact: int, time_s: Floats, value: Floats, limit: float) -> list[Excess]:
    """Return the stretches in which a value is above its limit."""
    over = np.flatnonzero(value > limit)
    if not len(over):
        return []
    breaks = np.flatnonzero(np.diff(time_s[over]) > APART_S)
    begins = over[np.concatenate(([0], breaks + 1))]
    ends = over[np.concatenate((breaks, [len(over) - 1]))]
    return [
        Excess(
            bound, contact, float(time_s[a]), float(time_s[b]), float(value[a : b + 1].max()), limit
        )
        for a, b in zip(begins, ends, strict=True)
    ]
