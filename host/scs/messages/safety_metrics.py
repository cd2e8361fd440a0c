"""Safety metrics: the kernel's integer rows converted to mA, us, Hz, uC and named.

Role: (code, index, value, limit) of the kernel -> Metric; used by check, run, demo and JSON.
Invariant: a metric is compared with its limit on integers, as in the kernel; floats are for
display only. Requirements: none of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from stimcore import errors, kernel, program

from ..errors import Row
from . import error_texts

# unit in error_texts.ERRORS: (unit shown, how many of the table's make one)
_SCALES = {
    "nA": ("mA", 1e6),
    "uA": ("mA", 1e3),
    "ns": ("us", 1e3),
    "pC": ("uC", 1e6),
    "nC/cm2": ("uC/cm2", 1e3),
    "pA": ("nA", 1e3),
    "mV": ("V", 1e3),
}
# code: (name, what people call it); the order in which they are shown
NAMES = {
    errors.AMPLITUDE: ("amplitude", "amplitude"),
    errors.CEILING: ("ceiling", "amplitude, profile's own limit"),
    errors.WIDTH_SHORT: ("width_short", "shortest first phase"),
    errors.WIDTH: ("width", "longest first phase"),
    errors.RATE: ("rate", "highest pulse rate"),
    errors.PERIOD: ("period", "period"),
    errors.PHASE_CHARGE: ("phase_charge", "charge per phase"),
    errors.DENSITY: ("density", "charge density"),
    errors.SHANNON: ("shannon", "Shannon k"),
    errors.RUNNING_CHARGE: ("running_charge", "charge not yet recovered"),
    errors.PERIOD_DC: ("dc", "net DC, worst case"),
    errors.NO_DISCHARGE: ("discharge", "passive discharge"),
    errors.DISCHARGE_PEAK: ("discharge_peak", "peak discharge current"),
    errors.BLEED_PEAK: ("bleed_peak", "peak current after a halt"),
    errors.COMPLIANCE: ("compliance", "voltage needed"),
    errors.ACTIVE_RUN: ("active_run", "longest current flow"),
    errors.TABLE_LENGTH: ("table_length", "table of words"),
    errors.STEP_UP: ("step_up", "rise of amplitude in one step"),
}
PER_CONTACT = (
    errors.AMPLITUDE,
    errors.CEILING,
    errors.PHASE_CHARGE,
    errors.DENSITY,
    errors.SHANNON,
    errors.RUNNING_CHARGE,
    errors.PERIOD_DC,
    errors.COMPLIANCE,
    errors.NO_DISCHARGE,
    errors.DISCHARGE_PEAK,
    errors.BLEED_PEAK,
    errors.STEP_UP,
    errors.CONTACT_UNKNOWN,
)


@dataclass(frozen=True)
class Metric:
    """One safety metric beside its limit; `bound` says whether the limit is a "most" or a "least".

    contact: the one nearest to the limit, None for a metric of the whole table.
    program: the only one that uses this contact, None if several do or for the whole table.
    """

    name: str
    program: str | None
    contact: str | None
    value: float
    unit: str
    limit: float
    ok: bool
    label: str
    bound: str

    def as_dict(self) -> dict[str, Any]:
        """Return the metric as a JSON-ready dict."""
        row = asdict(self)
        del row["label"]
        return row


# by code, where the unit alone does not say it: unit shown, and its conversion
_OWN: dict[int, tuple[str, Callable[[int], float]]] = {
    errors.RATE: ("Hz", lambda interval_ns: 1e9 / interval_ns if interval_ns else math.inf),
    # log10(D x Q) with D in uC/cm2 and Q in uC
    errors.SHANNON: ("", lambda value: math.log10(value / 1000) if value > 0 else -math.inf),
    errors.PERIOD: ("ms", lambda ns: ns / 1e6),
}


def quantity(code: int, value: int) -> tuple[float, str]:
    """Convert a row's value to (number, display unit)."""
    if code in _OWN:
        unit, convert = _OWN[code]
        return convert(value), unit
    unit = error_texts.ERRORS[code].unit if code in error_texts.ERRORS else ""
    shown, size = _SCALES.get(unit, (unit, 1))
    return value / size, shown


def pretty(unit: str) -> str:
    """Return a unit in typeset form: us -> µs, uC/cm2 -> µC/cm²."""
    signed = unit.replace("cm2", "cm²")
    return "µ" + signed[1:] if signed[:1] == "u" and len(signed) > 1 else signed


def number(value: float, unit: str) -> str:
    """Format a value with its unit, to four digits."""
    shown = f"{value:.4g}" if abs(value) < 1e4 else f"{value:.6g}"
    return f"{shown} {pretty(unit)}".strip()


def text(code: int, value: int) -> str:
    """Format a row's value with its unit."""
    figure, unit = quantity(code, value)
    shown = f"{figure:.0f}" if abs(figure) >= 10_000 else f"{figure:.4g}"  # never 2e+04
    return f"{shown} {pretty(unit)}".strip()


def contact_name(index: int, names: Sequence[str] = ()) -> str:
    """Return the name of a contact, or its number if no lead is known."""
    return names[index] if index < len(names) else f"contact {index + 1}"


SHARED_NOTE = "Each contact that shares a side is given its whole charge; the split is unknown."


def shared_with(group: program.Group, index: int, names: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the other contacts that a program uses on the same side as contact `index`."""
    sides = [side for masks in program.sets_of(group) for side in masks if side >> index & 1]
    shared = 0
    for side in sides:
        shared |= side
    others = (other for other in range(shared.bit_length()) if other != index)
    return tuple(contact_name(other, names) for other in others if shared >> other & 1)


def shared_name(contact: str, others: Sequence[str]) -> str:
    """Return a contact's name, and those with which it shares a side."""
    return f"{contact}, shared with {', '.join(others)}" if others else contact


def make(
    rows: Iterable[Row],
    group: program.Group | None,
    contacts: Sequence[str],
    programs: Sequence[str],
) -> list[Metric]:
    """Return the metrics of kernel rows in the order of NAMES; `contacts`, `programs`: names.

    group None: the program is known to the device only, so no metric names a program.
    """
    order = list(NAMES)
    known = sorted((row for row in rows if row[0] in NAMES), key=lambda row: order.index(row[0]))
    masks = [program.used_by(member) for member in group.programs] if group is not None else []
    users = list(zip(programs, masks, strict=False))  # two programs may have one name
    return [_metric(row, contacts, users) for row in known]


def _metric(row: Row, contacts: Sequence[str], programs: Iterable[tuple[str, int]]) -> Metric:
    """Return a row's metric; programs: the name of each, and the contacts that it uses."""
    code, index, value, limit = row
    users = [name for name, mask in programs if mask >> index & 1]
    local = code in PER_CONTACT
    least = code in kernel.AT_LEAST
    return Metric(
        name=NAMES[code][0],
        program=users[0] if local and len(users) == 1 else None,
        contact=contact_name(index, contacts) if local else None,
        value=quantity(code, value)[0],
        unit=quantity(code, value)[1],
        limit=quantity(code, limit)[0],
        ok=value >= limit if least else value <= limit,
        label=NAMES[code][1],
        bound="least" if least and code != errors.RATE else "most",  # an interval, as a rate
    )
