"""Quantities of assertions: text with a unit, or a pint quantity, to SI and back to text.

Role: si(), within() and shown(). Invariant: a number without a unit is refused in one line that
names the argument, as in a profile.
"""

from __future__ import annotations

from typing import Any

from ..documents import units
from ..errors import WrongUsage
from ..messages import safety_metrics

__tracebackhide__ = True
# SI unit: the grid of scs.documents.units that holds it, what a step of it is, what is shown
_GRIDS = {
    "A": ("nA", 1e-9, "2 mA"),
    "s": ("ns", 1e-9, "200 us"),
    "Hz": ("mHz", 1e-3, "50 Hz"),
    "C": ("pC", 1e-12, "1 nC"),
}
_SHOWN = {"A": ("mA", 1e3), "s": ("us", 1e6), "Hz": ("Hz", 1.0), "C": ("nC", 1e9)}


def si(value: Any, unit: str, argument: str) -> float:
    """Return a quantity, such as "2 mA", in its SI unit: A, s, Hz or C.

    A pint quantity is taken as it prints. Raises WrongUsage, which names the argument.
    """
    grid, step, example = _GRIDS[unit]
    try:
        return float(units.exact(_text(value), grid, example)) * step
    except units.UnitError as reason:
        raise WrongUsage(f"{argument}: {reason}") from None


def share(value: Any, argument: str) -> float:
    """Return a share between 0 and 100 %, such as "1 %", as a number; raise WrongUsage."""
    try:
        part = float(units.exact(_text(value), "ppm", "1 %")) * 1e-6
    except units.UnitError as reason:
        raise WrongUsage(f"{argument}: {reason}") from None
    if part >= 1:
        raise WrongUsage(f"{argument}: {units.shown(value)} is not below 100 %; e.g. 1 %")
    return _above_zero(part, value, argument, "1 %")


def positive(value: Any, unit: str, argument: str, example: str = "") -> float:
    """Return a quantity above 0 in its SI unit, as si(); raise WrongUsage."""
    return _above_zero(si(value, unit, argument), value, argument, example or _GRIDS[unit][2])


def within(value: Any, unit: str, of: float, argument: str) -> float:
    """Return a tolerance in the SI unit: absolute, such as "5 us", or a share of a value.

    Raises WrongUsage, also for one that is not above 0, and for a share of 100 % or more, which
    would let a value of zero pass.
    """
    if isinstance(value, str) and value.strip().endswith(("%", "ppm")):
        return share(value, argument) * abs(of)
    return positive(value, unit, argument, "1 %")


def duration_s(value: Any, argument: str) -> float:
    """Return a time above 0 in s, from a text such as "1 s"; raise WrongUsage."""
    return positive(value, "s", argument, "1 s")


def _above_zero(number: float, value: Any, argument: str, example: str) -> float:
    if not number > 0:
        raise WrongUsage(f"{argument}: {units.shown(value)} is not above 0; e.g. {example}")
    return number


def shown(value: float, unit: str) -> str:
    """Format an SI value for a message: 0.002 A is 2 mA; another unit is shown as it is."""
    name, factor = _SHOWN.get(unit, (unit, 1.0))
    if unit == "C" and abs(value) >= 1e-6:
        name, factor = "uC", 1e6
    return safety_metrics.number(value * factor, name)


def _text(value: Any) -> Any:
    """Return a pint quantity as a text; anything else as it is."""
    return f"{value:~C}" if hasattr(value, "magnitude") and hasattr(value, "units") else value
