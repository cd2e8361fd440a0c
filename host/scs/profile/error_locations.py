"""Map the device's refusals to the profile's fields and lines.

Role: a row (code, index, value, limit) of stimcore, from checks.validate, the compiler or the
kernel, becomes a problem of the field that a person can change.
Invariant: every row gives a problem; a code not listed here points to `programs`.
Requirements: REQ-60.
"""

from __future__ import annotations

from collections.abc import Sequence

from stimcore import errors, program

from ..documents import units
from ..documents.problem import Place, Problem
from ..errors import Row
from ..messages import error_texts, refusals, safety_metrics
from . import fields, ratios

NEAREST = (errors.AMPLITUDE, errors.STAGE_SPAN)  # what they permit is what may be written instead
BY_PROGRAM = (
    errors.BELOW_CODE,
    errors.DOES_NOT_FIT,
    errors.SHORT_GAP,
    errors.SHORT_SEGMENT,
    errors.STAGE_SPAN,
    errors.SHAPE_PEAK,
)  # their index is a program's


def problem(row: Row, group: program.Group, contacts: Sequence[str]) -> Problem:
    """Return a refusal of the device as a problem of the profile."""
    code, index, value, limit = row
    if code == errors.BLOB_FIELD:
        return _of_field(index, value, limit)
    place = _place(code, index, group)
    message = refusals.sentence(row, contacts)
    if code == errors.TABLE_LENGTH:
        place, more = _crowded(row, place, group)
        message += more
    if code not in error_texts.ERRORS:
        return Problem(f"code-{code}", place, message)
    texts = safety_metrics.text(code, value), safety_metrics.text(code, limit)
    near = texts[1] if code in NEAREST else ""
    message += f"; write for example {near}" if near else ""
    return Problem(error_texts.ERRORS[code].name.replace("_", "-"), place, message, *texts, near)


def _place(code: int, index: int, group: program.Group) -> Place:
    """Return the field to change; for a contact, that of the first program that uses it."""
    number = 0
    if code in BY_PROGRAM:
        number = min(index, len(group.programs) - 1)
    elif code in safety_metrics.PER_CONTACT:
        uses = [program.used_by(one) >> index & 1 for one in group.programs]
        number = uses.index(1) if 1 in uses else 0
    field = fields.BY_CAUSE.get(code)
    return ("programs", number, *field.place) if field else ("programs",)


def _crowded(row: Row, place: Place, group: program.Group) -> tuple[Place, str]:
    """Return the field that makes the table too long, and a hint."""
    _code, index, words, most = row
    one = group.programs[min(index, len(group.programs) - 1)]
    if one.other_count:
        near, _example = ratios.hint(
            ratios.WHOLE * one.other_count // one.count, one.count * most // words
        )
        return ("programs", index, "interleave", "split"), near
    if one.rate_dither or one.width_dither:
        return ("programs", index, "dither", "pulses"), ""
    return place, ""


def _of_field(index: int, value: int, limit: int) -> Problem:
    number, name = error_texts.field_name(index)
    field = fields.BY_BLOB[name]
    place: Place = field.place if number < 0 else ("programs", number, *field.place)
    shown, most = (
        units.text(n, field.grid) if field.grid in units.WRITTEN else str(n) for n in (value, limit)
    )
    message = f"the device refuses {shown}; its limit is {most}"
    return Problem("field", place, message, shown, most)
