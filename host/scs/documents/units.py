"""Quantities: convert "2 mA" to 2000 (uA) exactly, without floats.

Role: text with a unit -> an integer on the grid of the field, and back to text.
Invariant: a quantity is converted exactly or refused; nothing is rounded and nothing is guessed
(a number without a unit is refused). Requirements: REQ-60.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from .problem import ProblemError, printable

if TYPE_CHECKING:
    import pint

# By integer grid: an example, and the units a person may write, largest first. Editors are told the
# same list (field_types.py), so what an editor underlines is what is refused here.
_GRIDS = {
    "uA": ("2 mA", "A", "mA", "uA"),
    "nA": ("2 uA", "A", "mA", "uA", "nA"),
    "nV": ("12.5 mV", "V", "mV", "uV", "nV"),
    "uV": ("8 mV", "V", "mV", "uV"),
    "mV": ("15 V", "V", "mV"),
    "ns": ("200 us", "s", "ms", "us", "ns"),
    "us": ("2 ms", "s", "ms", "us"),
    "ms": ("2 s", "h", "min", "s", "ms"),
    "mHz": ("50 Hz", "MHz", "kHz", "Hz", "mHz"),
    "MHz": ("125 MHz", "MHz"),
    "ohm": ("1.5 kohm", "Mohm", "kohm", "ohm"),
    "nF": ("2.5 uF", "uF", "nF"),
    "pC": ("1 nC", "mC", "uC", "nC", "pC"),
    "um^2": ("12.44 mm^2", "cm^2", "mm^2", "um^2"),
    "um": ("7 mm", "mm", "um"),
    "ppm": ("5000 ppm", "%", "ppm"),
    "permille": ("5 %", "%", "permille"),
}
WRITTEN = {grid: units for grid, (_example, *units) in _GRIDS.items()}
EXAMPLES = {grid: example for grid, (example, *_units) in _GRIDS.items()}
# a unit of each kind of quantity, for messages
KINDS = {
    "A": "a current",
    "V": "a voltage",
    "s": "a time",
    "Hz": "a frequency",
    "ohm": "a resistance",
    "F": "a capacitance",
    "C": "a charge",
    "m": "a length",
    "m^2": "an area",
    "%": "a ratio",
}
# A registry of our own loads in 7 ms; pint's whole one takes 180 ms and knows furlongs.
DEFINITIONS = (
    "pico- = 1e-12 = p-",
    "nano- = 1e-9 = n-",
    "micro- = 1e-6 = µ- = μ- = u-",
    "milli- = 1e-3 = m-",
    "centi- = 1e-2 = c-",
    "kilo- = 1e3 = k-",
    "mega- = 1e6 = M-",
    "second = [time] = s = sec",
    "meter = [length] = m",
    "ampere = [current] = A = amp",
    "volt = [voltage] = V",
    "minute = 60 * second = min",
    "hour = 60 * minute = h",
    "hertz = 1 / second = Hz",
    "ohm = volt / ampere = Ω",
    "farad = ampere * second / volt = F",
    "coulomb = ampere * second = C",
    "percent = 1e-2 = %",
    "permille = 1e-3 = ‰",
    "ppm = 1e-6",
)
# Each unit above as a decimal of its SI unit, so that pint is imported only to explain a wrong one.
_PREFIXES = {
    "p": "1e-12",
    "n": "1e-9",
    "u": "1e-6",
    "m": "1e-3",
    "c": "1e-2",
    "k": "1e3",
    "M": "1e6",
}
_SIZES = {"h": "3600", "min": "60", "m": "1", "%": "1e-2", "permille": "1e-3", "ppm": "1e-6"}
LONGEST = 64  # characters of a quantity
LARGEST = 10**18  # on any grid; far past every limit, and still an integer of 64 bits
NUMBER = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?"
SPELLINGS = (("µ", "u"), ("μ", "u"), ("Ω", "ohm"), ("\u2126", "ohm"), ("²", "^2"), ("**2", "^2"))
UNIT = r"[A-Za-zµμΩ\u2126]+(?:\^2|²|\*\*2)?|%|‰"
QUANTITY = re.compile(rf"\s*(?P<number>{NUMBER})\s*(?P<unit>{UNIT})\s*", re.ASCII)
BARE = re.compile(rf"\s*{NUMBER}\s*", re.ASCII)
NOT_FINITE = re.compile(r"\s*[+-]?\.?(nan|inf|infinity)\b", re.IGNORECASE)


class UnitError(ProblemError):
    """Error for a text that is not a valid quantity."""


@lru_cache(maxsize=1)
def registry() -> pint.UnitRegistry[Any]:
    """Return the pint registry, created on first use: pint takes 0.2 s to import."""
    import pint

    units: pint.UnitRegistry[Any] = pint.UnitRegistry(None, non_int_type=Fraction)
    for line in DEFINITIONS:
        units.define(line)
    return units


def shown(value: object) -> str:
    """Format a value for an error message: short, and as YAML would write it."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    if isinstance(value, int) and abs(value) > LARGEST:
        return "a huge number"
    text = value if isinstance(value, str) else repr(value)
    return printable(text) or "an empty text"


def _split(value: object, grid: str, hint: str) -> tuple[Fraction, str]:
    """Split into number and unit text; raise UnitError if either is missing."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise UnitError("quantity-type", f"{shown(value)} is not a quantity; {hint}")
    numeric = math.nan if isinstance(value, str) and NOT_FINITE.match(value) else value
    if isinstance(numeric, float) and not math.isfinite(numeric):
        raise UnitError("number-not-finite", f"{shown(value)} is not a finite number; {hint}")
    if not isinstance(value, str) or BARE.fullmatch(value):
        raise UnitError("unit-missing", f"{shown(value)} has no unit; {hint}")
    match = QUANTITY.fullmatch(value) if len(value) <= LONGEST else None
    if match is None:
        form = "a number and a unit out of " + ", ".join(WRITTEN[grid])
        raise UnitError("quantity-form", f"{shown(value)} is not {form}; {hint}")
    unit = match["unit"]
    for spelling, plain in SPELLINGS:
        unit = unit.replace(spelling, plain)
    return Fraction(Decimal(match["number"])), unit


def _kind(unit: str) -> str:
    """Name the quantity that a unit measures, such as "a current"."""
    known = registry()
    of = known.parse_units(unit).dimensionality
    kinds = (kind for base, kind in KINDS.items() if known.parse_units(base).dimensionality == of)
    return next(kinds, "another quantity")


def _size(unit: str) -> Fraction:
    """Return a written unit in its SI unit."""
    plain, _, power = unit.partition("^")
    prefix = plain[:1] if plain[1:] in ("A", "V", "s", "Hz", "ohm", "F", "C", "m") else ""
    size = Fraction(_SIZES.get(plain) or _PREFIXES.get(prefix, "1"))
    return size ** int(power or 1)


@lru_cache(maxsize=256)
def _factor(unit: str, grid: str) -> Fraction | str:
    """Return the grid steps in one `unit`, or the error as a text."""
    if unit in WRITTEN[grid]:
        return _size(unit) / _size(grid)
    import pint

    known = registry()
    try:
        known.Quantity(1, known.parse_units(unit)).to(known.parse_units(grid))
    except pint.DimensionalityError:
        return f" is {_kind(unit)}"
    except (pint.PintError, AttributeError, ValueError, TypeError):
        return ": unknown unit"
    return ": this unit is not accepted here"


def exact(value: object, grid: str, example: str = "") -> Fraction:
    """Convert a quantity to units of `grid` exactly; raise UnitError if it is of another kind."""
    return (
        _of_text(value, grid, example) if isinstance(value, str) else _exact(value, grid, example)
    )


def _exact(value: object, grid: str, example: str) -> Fraction:
    hint = f"e.g. {example or EXAMPLES[grid]}"
    number, unit = _split(value, grid, hint)
    factor = _factor(unit, grid)
    if isinstance(factor, str):
        units = " or ".join(", ".join(WRITTEN[grid]).rsplit(", ", 1))
        message = f"{shown(value)}{factor}; expected {_kind(grid)} in {units}; {hint}"
        raise UnitError("unit-wrong", message)
    steps = number * factor
    if abs(steps) > LARGEST:
        raise UnitError("number-too-large", f"{shown(value)} is far too large; {hint}")
    return steps


_of_text = lru_cache(maxsize=1024)(_exact)  # of a thousand profiles, most texts are the same


def integer(value: object, grid: str, example: str = "") -> int:
    """Convert to a whole number of `grid`; raise UnitError if it is finer."""
    steps = exact(value, grid, example)
    if steps.denominator != 1:
        hint = f"e.g. {example or EXAMPLES[grid]}"
        message = f"{shown(value)} is not a whole number of {grid}; {hint}"
        raise UnitError("finer-than-grid", message)
    return steps.numerator


@lru_cache(maxsize=256)
def _steps_of(grid: str) -> tuple[tuple[str, Fraction], ...]:
    return tuple((unit, exact(f"1 {unit}", grid)) for unit in WRITTEN[grid])


def text(steps: int, grid: str) -> str:
    """Format a whole number of `grid` exactly: text(25500, "uA") returns "25.5 mA"."""
    for unit, size in _steps_of(grid):
        thousandths = Fraction(steps * 1000) / size
        if thousandths.denominator == 1 and (abs(thousandths) >= 1000 or size == 1):
            number = Decimal(thousandths.numerator).scaleb(-3).normalize()
            return f"{number:f} {unit}"
    return f"{steps} {grid}"
