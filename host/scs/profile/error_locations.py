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


def problem(row: Row, group: program.Group, contacts: Sequence[str]) -> Problem:
    """Return a refusal of the device as a problem of the profile."""
    code, index, value, limit = row
    if code == errors.BLOB_FIELD:
        return _of_field(index, value, limit)
    place = _place(code, index, group.programs)
    message = refusals.sentence(row, contacts)
    if code == errors.TABLE_LENGTH:
        place, more = _crowded(row, place, group.programs)
        message += more
    if code not in error_texts.ERRORS:
        return Problem(f"code-{code}", place, message)
    texts = safety_metrics.text(code, value), safety_metrics.text(code, limit)
    near = texts[1] if code in NEAREST else ""
    message += f"; e.g. {near}" if near else ""
    return Problem(error_texts.ERRORS[code].name.replace("_", "-"), place, message, *texts, near)


def _place(code: int, index: int, programs: Sequence[program.Program]) -> Place:
    """Return the field to change; for a contact, that of the first program that uses it."""
    number = 0
    if code in refusals.OF_A_PROGRAM:
        number = min(index, len(programs) - 1)
    elif code in safety_metrics.PER_CONTACT:
        users = [at for at, used in enumerate(map(program.used_by, programs)) if used >> index & 1]
        number = users[0] if users else 0
    field = fields.BY_CAUSE.get(code)
    return ("programs", number, *field.place) if field else ("programs",)


def _crowded(row: Row, place: Place, programs: Sequence[program.Program]) -> tuple[Place, str]:
    """Return the field that makes the table too long, and a hint."""
    _code, index, words, most = row
    crowded = programs[min(index, len(programs) - 1)]
    if crowded.other_count:
        share = ratios.WHOLE * crowded.other_count // crowded.count
        near, _example = ratios.hint(share, crowded.count * most // words)
        return ("programs", index, "interleave", "split"), near
    if crowded.rate_dither or crowded.width_dither:
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
