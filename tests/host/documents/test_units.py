"""Quantities are exact or refused; expected integers are written by hand."""

import contextlib
import subprocess
import sys
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scs.documents import units

EXACT = [
    ("2 mA", "uA", 2_000),
    ("25.5 mA", "uA", 25_500),
    ("0.35mA", "uA", 350),
    ("350 µA", "uA", 350),  # micro sign
    ("350 μA", "uA", 350),  # Greek mu
    ("0.3 ms", "ns", 300_000),  # 0.3e-3 as a float is 299999.99999999994 ns
    ("200 us", "ns", 200_000),
    ("1e-3 s", "ns", 1_000_000),
    ("0.1 us", "ns", 100),
    ("  50   Hz  ", "mHz", 50_000),
    ("33.333 Hz", "mHz", 33_333),
    ("10 kHz", "mHz", 10_000_000),
    ("10 min", "ms", 600_000),
    ("1.5 h", "ms", 5_400_000),
    ("1.5 kohm", "ohm", 1_500),
    ("1.5 kΩ", "ohm", 1_500),
    ("5 %", "permille", 50),
    ("0.5 %", "ppm", 5_000),
    ("5000 ppm", "ppm", 5_000),
    ("12890625 nV", "nV", 12_890_625),
    ("12.44 mm^2", "um^2", 12_440_000),
    ("12.44 mm²", "um^2", 12_440_000),
    ("0.1244 cm**2", "um^2", 12_440_000),
    ("2.5 uF", "nF", 2_500),
    ("+3 mm", "um", 3_000),
    ("-1 mA", "uA", -1_000),
    (".5 mA", "uA", 500),
    ("5. mA", "uA", 5_000),
]


@pytest.mark.parametrize(("text", "grid", "steps"), EXACT)
def test_a_quantity_becomes_exactly_this_integer(text, grid, steps):
    assert units.integer(text, grid) == steps


REFUSED = [
    # value, grid, kind, part of the message
    (50, "mHz", "unit-missing", "50 has no unit; e.g. 50 Hz"),
    ("50", "mHz", "unit-missing", "50 has no unit"),
    (0.5, "mHz", "unit-missing", "0.5 has no unit"),
    (10**30, "mHz", "unit-missing", "a huge number has no unit"),
    (True, "mHz", "quantity-type", "true is not a quantity"),
    (None, "mHz", "quantity-type", "nothing is not a quantity"),
    ([], "mHz", "quantity-type", "a list is not a quantity"),
    ({}, "mHz", "quantity-type", "a mapping is not a quantity"),
    ("nan Hz", "mHz", "number-not-finite", "nan Hz is not a finite number"),
    ("-inf Hz", "mHz", "number-not-finite", "not a finite number"),
    (".inf", "mHz", "number-not-finite", "not a finite number"),
    (float("nan"), "mHz", "number-not-finite", "nan is not a finite number"),
    (float("inf"), "mHz", "number-not-finite", "inf is not a finite number"),
    ("1e400 s", "ms", "number-too-large", "1e400 s is far too large"),
    ("1e999 h", "ms", "number-too-large", "far too large"),
    ("1e9999999 s", "ms", "quantity-form", "is not a number and a unit out of h, min, s, ms"),
    ("2 mV", "uA", "unit-wrong", "2 mV is a voltage; expected a current in A, mA or uA"),
    ("2 mA^2", "uA", "unit-wrong", "is another quantity; expected a current"),
    ("5 %", "ms", "unit-wrong", "5 % is a ratio; expected a time"),
    ("2 furlong", "um", "unit-wrong", "unknown unit"),
    ("2 ma", "uA", "unit-wrong", "unknown unit"),
    ("2 seconds", "ms", "unit-wrong", "this unit is not accepted here"),
    ("2 if", "ms", "unit-wrong", "unknown unit"),
    ("0.5 ns", "ns", "finer-than-grid", "0.5 ns is not a whole number of ns"),
    ("33.3333 Hz", "mHz", "finer-than-grid", "not a whole number of mHz"),
    ("1e-99 s", "ms", "finer-than-grid", "not a whole number of ms"),
    ("1,5 mA", "uA", "quantity-form", "is not a number and a unit"),
    ("1/3 Hz", "mHz", "quantity-form", "is not a number and a unit"),
    ("2 mA 3", "uA", "quantity-form", "is not a number and a unit"),
    ("two mA", "uA", "quantity-form", "is not a number and a unit"),
    ("٣ mA", "uA", "quantity-form", "is not a number and a unit"),  # an Arabic digit
    ("1_0 mA", "uA", "quantity-form", "is not a number and a unit"),
    ("0x10 mA", "uA", "quantity-form", "is not a number and a unit"),
    ("mA", "uA", "quantity-form", "is not a number and a unit"),
    ("", "uA", "quantity-form", "an empty text is not a number and a unit"),
    ("1" * 200 + " mA", "uA", "quantity-form", "1" * 40 + "… is not a number"),
    ("2 mA\x1b[31m", "uA", "quantity-form", "2 mA?[31m is not"),
]


@pytest.mark.parametrize(("value", "grid", "kind", "part"), REFUSED)
def test_req_60_anything_else_is_one_clear_error_with_an_example(value, grid, kind, part):
    with pytest.raises(units.UnitError) as caught:
        units.integer(value, grid)
    assert caught.value.problem.id == kind
    assert part in str(caught.value)
    assert str(caught.value).endswith(f"e.g. {units.EXAMPLES[grid]}")


@pytest.mark.parametrize(
    ("steps", "grid", "text"),
    [
        (25_500, "uA", "25.5 mA"),
        (1_000_000, "ns", "1 ms"),
        (10_000, "ns", "10 us"),
        (10_000_000, "mHz", "10 kHz"),
        (5_400_000, "ms", "1.5 h"),
        (100_000, "ms", "100 s"),  # not 1.6666 min
        (12_345_678, "ns", "12345.678 us"),
        (0, "ms", "0 ms"),
        (-1_500, "uA", "-1.5 mA"),
        (50, "permille", "5 %"),
    ],
)
def test_a_number_is_shown_in_the_largest_unit_that_shows_it_exactly(steps, grid, text):
    assert units.text(steps, grid) == text


@given(st.sampled_from(sorted(units.WRITTEN)), st.integers(-(10**12), 10**12))
def test_what_is_shown_reads_back_as_the_same_number(grid, steps):
    assert units.integer(units.text(steps, grid), grid) == steps


@given(st.decimals(-1000, 1000, places=3, allow_nan=False))
def test_a_decimal_never_passes_through_a_float(number):
    assert units.exact(f"{number:f} ms", "ns") == Fraction(number) * 1_000_000


@given(st.text(max_size=80) | st.floats() | st.integers() | st.booleans() | st.none())
def test_req_60_no_value_raises_anything_but_a_unit_error(value):
    with contextlib.suppress(units.UnitError):
        assert isinstance(units.integer(value, "uA"), int)


def test_every_grid_has_an_example_that_it_reads():
    assert sorted(units.EXAMPLES) == sorted(units.WRITTEN)
    assert all(units.integer(units.EXAMPLES[grid], grid) > 0 for grid in units.WRITTEN)


def test_pint_is_not_imported_before_the_first_quantity():
    code = "import sys, scs.profile.profile, scs.catalog.boards; sys.exit('pint' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_right_quantity_does_without_pint() -> None:
    """Pint takes half a second to import: a profile or a board's row that is right needs none."""
    code = (
        "import sys\nfrom scs.documents import units\n"
        "assert units.integer('12.44 mm^2', 'um^2') == 12_440_000\n"
        "assert units.integer('1.5 h', 'ms') == 5_400_000\n"
        "assert 'pint' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("grid", sorted(units.WRITTEN))
def test_every_unit_is_what_pint_says_it_is(grid: str) -> None:
    known = units.registry()
    for unit in units.WRITTEN[grid]:
        steps = known.Quantity(Fraction(1), known.parse_units(unit)).to(known.parse_units(grid))
        assert units.exact(f"1 {unit}", grid) == steps.magnitude
