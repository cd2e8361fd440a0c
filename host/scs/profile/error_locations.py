"""Map the device's refusals to the profile's fields and lines.

Role: a row (code, index, value, limit) of stimcore, from checks.validate, the compiler or the
kernel, becomes a problem of the field that a person can change.
Invariant: every row gives a problem; a code not listed here points to `programs`.
Requirements: REQ-60.
"""

from __future__ import annotations

from collections.abc import Sequence

from stimcore import errors, limits, program

from ..documents import units
from ..documents.problem import Place, Problem
from ..errors import Row
from ..messages import error_texts, refusals, safety_metrics
from ..messages.remedies import REMEDIES
from . import fields, ratios

# what they permit is what may be written instead
NEAREST = (
    *(errors.AMPLITUDE, errors.STAGE_SPAN, errors.CEILING, errors.WIDTH, errors.WIDTH_SHORT),
    errors.SHORT_GAP,
)
# figures that grow with the amplitude alone, each by this power of it
GROWTH = {
    errors.PHASE_CHARGE: 1,
    errors.DENSITY: 1,
    errors.SHANNON: 2,
    errors.RUNNING_CHARGE: 1,
    errors.COMPLIANCE: 1,
}
UNDRIVEN = (errors.DISCHARGE_PEAK, errors.BLEED_PEAK)
MARGIN_UA = 10  # a stage rounds up by half a code, 4.3 uA at most


def problem(row: Row, group: program.Group, contacts: Sequence[str]) -> Problem:
    """Return a refusal of the device as a problem of the profile."""
    code, index, value, limit = row
    if code == errors.BLOB_FIELD:
        return _of_field(index, value, limit)
    place = _place(code, index, group.programs)
    message = refusals.sentence(row, contacts)
    if code not in error_texts.ERRORS:
        return Problem(f"code-{code}", place, message, example=REMEDIES[errors.BAD_VERSION])
    texts = safety_metrics.text(code, value), safety_metrics.text(code, limit)
    near = _example(row, group.programs, contacts)
    if code == errors.TABLE_LENGTH and value > limit:
        place, near = _crowded(row, place, group.programs)
    if code in UNDRIVEN:
        message += _looser(value, limit, group.header.discharge_permille)
    if near and code != errors.STAGE_CONTACTS:  # whose message has it
        message += f"; e.g. {near}"
    near = near or REMEDIES.get(code, "")
    return Problem(error_texts.ERRORS[code].id, place, message, *texts, near)


def _example(row: Row, programs: Sequence[program.Program], contacts: Sequence[str]) -> str:
    """Return what may be written in the refused field, "" where that takes more than one value."""
    code, index, value, limit = row
    number = _number(code, index, programs)
    user = programs[number]
    if code in NEAREST:
        return safety_metrics.text(code, limit)
    if code == errors.STAGE_CONTACTS:
        return f"[{contacts[0] if contacts else 'E1'}]"
    if code == errors.BELOW_CODE:
        return units.text(-(-limit // 1000), "uA")
    if code == errors.RATE and not user.segments:
        return safety_metrics.text(code, limit)
    if code == errors.DOES_NOT_FIT and len(programs) == 1 and user.pulses == 1:
        rest_too_ns = 2 * value  # as long a rest as the pulse, in which it is discharged
        return units.text(max(10**9 // rest_too_ns, 1) * 1000, "mHz")  # whole hertz
    if code in (errors.PERIOD_DC, errors.DISCHARGE_PEAK) and _passive(user):
        return "active"
    if code in GROWTH and len(_users(index, programs)) == 1:
        share = (limit / value) ** (1 / GROWTH[code])
        return _below(int(user.amplitude_ua * share) - MARGIN_UA)
    return ""


def _passive(user: program.Program) -> bool:
    return user.recharge != program.RECHARGE_ACTIVE and not user.segments


def _looser(value_na: int, limit_na: int, permille: int) -> str:
    """Return how the limit of undriven current is raised; "" where no profile may."""
    percent = -(-value_na * permille // (limit_na * 10))
    if percent * 10 > limits.DISCHARGE_PERMILLE or value_na > limits.AMPLITUDE_UA * 1000:
        return ""
    return f"; or raise its limit with limits: {{discharge: {percent} %}}"


def _below(amplitude_ua: int) -> str:
    """Return an amplitude, cut to two digits, as text; "" if nothing is left."""
    digit = 10 ** max(len(str(amplitude_ua)) - 2, 0)
    return units.text(amplitude_ua // digit * digit, "uA") if amplitude_ua > 0 else ""


def _users(index: int, programs: Sequence[program.Program]) -> list[int]:
    """Return the numbers of the programs that use a contact."""
    return [at for at, used in enumerate(map(program.used_by, programs)) if used >> index & 1]


def _number(code: int, index: int, programs: Sequence[program.Program]) -> int:
    """Return the program to change; for a contact, the first that uses it.

    What flows undriven flows through all contacts: its cause is a program that recovers passively.
    """
    if code in refusals.OF_A_PROGRAM:
        return min(index, len(programs) - 1)
    users = _users(index, programs) if code in safety_metrics.PER_CONTACT else []
    if code in UNDRIVEN:
        everyone = [*users, *range(len(programs))]
        users = [at for at in everyone if _passive(programs[at])] or users
    return users[0] if users else 0


def _place(code: int, index: int, programs: Sequence[program.Program]) -> Place:
    """Return the field to change."""
    number = _number(code, index, programs)
    field = fields.BY_CAUSE.get(code)
    if field is None:
        return ("programs",)
    path = _repeats_within(programs[number]) if code == errors.RATE else field.path
    return ("programs", number, *path.split("."))


def _repeats_within(user: program.Program) -> str:
    """Return the field that brings a program's pulses closest together."""
    if user.segments:
        return "shape"
    return "waveform.burst.intra_rate" if user.pulses > 1 else "rate"


def _crowded(row: Row, place: Place, programs: Sequence[program.Program]) -> tuple[Place, str]:
    """Return the field that makes the table too long, and a hint."""
    _code, index, words, most = row
    index = min(index, len(programs) - 1)
    if not programs[index].rate_dither and not programs[index].width_dither:
        # what a split needs to come out even, it needs of every other program too
        index = next((at for at, user in enumerate(programs) if user.other_count), index)
    crowded = programs[index]
    if crowded.other_count:
        share = ratios.WHOLE * crowded.other_count // crowded.count
        _near, example = ratios.hint(share, crowded.count * most // words)
        return ("programs", index, "interleave", "split"), example
    if crowded.rate_dither or crowded.width_dither:
        fewer = crowded.count * most // words if len(programs) == 1 else 0
        return ("programs", index, "dither", "pulses"), str(fewer) if fewer > 1 else ""
    return place, ""


def _of_field(index: int, value: int, limit: int) -> Problem:
    number, name = error_texts.field_name(index)
    field = fields.BY_BLOB[name]
    place: Place = field.place if number < 0 else ("programs", number, *field.place)
    shown, most = (
        units.text(n, field.grid) if field.grid in units.WRITTEN else str(n) for n in (value, limit)
    )
    message = f"the device refuses {shown}; its limit is {most}"
    return Problem("field", place, message, shown, most, most)
