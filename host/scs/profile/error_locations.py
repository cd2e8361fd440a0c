"""Map the device's refusals to the profile's fields and lines.

Role: a row (code, index, value, limit) of stimcore, from checks.validate, the compiler or the
kernel, becomes a complaint about the field that a person can change.
Invariant: every row gives a complaint; a code not listed here points to `programs`.
Requirements: REQ-60.
"""

from __future__ import annotations

from stimcore import errors, program

from ..catalog.leads import Lead
from ..documents import units
from ..documents.problem import Place, Problem, path_text
from ..documents.yaml_reader import Document
from ..errors import Row
from ..messages import error_texts, refusals, safety_metrics
from . import ratios

# field of the blob: (place in the profile, grid of its value or "")
HEADER: dict[str, tuple[Place, str]] = {
    "flags": (("stand_alone",), ""),
    "lease_ms": (("lease",), "ms"),
    "ramp_up_ms": (("ramp", "up"), "ms"),
    "ramp_down_ms": (("ramp", "down"), "ms"),
    "cycle_on_ms": (("cycle", "on"), "ms"),
    "cycle_off_ms": (("cycle", "off"), "ms"),
    "session_ms": (("session", "duration"), "ms"),
    "session_pulses": (("session", "pulses"), ""),
    "discharge_permille": (("limits", "discharge"), "permille"),
}
PROGRAM: dict[str, tuple[Place, str]] = {
    "cathodes": (("cathodes",), ""),
    "anodes": (("anodes",), ""),
    "waveform": (("waveform",), ""),
    "recharge": (("recharge",), ""),
    "ratio": (("recharge", "active", "ratio"), ""),
    "pulses": (("waveform", "burst", "pulses"), ""),
    "rate_millihz": (("rate",), "mHz"),
    "intra_rate_millihz": (("waveform", "burst", "intra_rate"), "mHz"),
    "amplitude_ua": (("amplitude",), "uA"),
    "ceiling_ua": (("amplitude",), "uA"),  # by default; limits.amplitude is checked by itself
    "width_ns": (("pulse_width",), "ns"),
    "gap_ns": (("interphase_gap",), "ns"),
    "alternating": (("polarity",), ""),
    "count": (("rate",), ""),
    "phase_ns": (("phase",), "ns"),
    "rate_dither": (("dither", "rate"), "permille"),
    "width_dither": (("dither", "width"), "permille"),
    "seed": (("dither", "seed"), ""),
    "other_cathodes": (("interleave", "cathodes"), ""),
    "other_anodes": (("interleave", "anodes"), ""),
    "other_count": (("interleave", "split"), ""),
    "segments": (("shape", "segments"), ""),
}
# refusals of the compiler and the kernel: the field of a program that causes them
FIELD = {
    errors.AMPLITUDE: "amplitude",
    errors.CEILING: "amplitude",
    errors.STEP_UP: "amplitude",
    errors.BELOW_CODE: "amplitude",
    errors.PHASE_CHARGE: "amplitude",
    errors.DENSITY: "amplitude",
    errors.SHANNON: "amplitude",
    errors.RUNNING_CHARGE: "amplitude",
    errors.COMPLIANCE: "amplitude",
    errors.WIDTH: "pulse_width",
    errors.WIDTH_SHORT: "pulse_width",
    errors.ACTIVE_RUN: "pulse_width",
    errors.RATE: "rate",
    errors.PERIOD: "rate",
    errors.DOES_NOT_FIT: "rate",
    errors.PERIOD_DC: "recharge",
    errors.DISCHARGE_PEAK: "recharge",
    errors.BLEED_PEAK: "recharge",
    errors.NO_DISCHARGE: "recharge",
    errors.IMBALANCE: "recharge",
    errors.NO_ANODE: "anodes",
    errors.NO_CATHODE: "cathodes",
    errors.OVERLAP: "anodes",
    errors.CONTACT_UNKNOWN: "cathodes",
    errors.STAGE_CONTACTS: "cathodes",
    errors.SHORT_GAP: "interphase_gap",
    errors.SHORT_SEGMENT: "shape",
    errors.STAGE_SPAN: "amplitude",
    errors.SHAPE_PEAK: "amplitude",
}
NEAREST = (errors.AMPLITUDE, errors.STAGE_SPAN)  # what they permit is what may be written instead
BY_PROGRAM = (
    errors.BELOW_CODE,
    errors.DOES_NOT_FIT,
    errors.SHORT_GAP,
    errors.SHORT_SEGMENT,
    errors.STAGE_SPAN,
    errors.SHAPE_PEAK,
)  # their index is a program's


def complaint(row: Row, group: program.Group, lead: Lead, document: Document) -> Problem:
    """Return a refusal of the device as a complaint about the profile."""
    code, index, value, limit = row
    if code == errors.BLOB_FIELD:
        return _of_field(index, value, limit, document)
    place = _place(code, index, group)
    message = refusals.sentence(row, lead.contact_names)
    if code == errors.TABLE_LENGTH:
        place, more = _crowded(row, place, group)
        message += more
    line, shown = document.line(place), ("", "")
    name = f"code_{code}"
    if code in error_texts.ERRORS:
        name, shown = (
            error_texts.ERRORS[code].name,
            (safety_metrics.text(code, value), safety_metrics.text(code, limit)),
        )
    near = shown[1] if code in NEAREST else ""
    message += f"; write for example {near}" if near else ""
    return Problem(name, path_text(place), line, message, *shown, near)


def _place(code: int, index: int, group: program.Group) -> Place:
    """Return the field to change; for a contact, that of the first program that uses it."""
    number = 0
    if code in BY_PROGRAM:
        number = min(index, len(group.programs) - 1)
    elif code in safety_metrics.PER_CONTACT:
        uses = [program.used_by(one) >> index & 1 for one in group.programs]
        number = uses.index(1) if 1 in uses else 0
    return ("programs", number, FIELD[code]) if code in FIELD else ("programs",)


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


def _of_field(index: int, value: int, limit: int, document: Document) -> Problem:
    number, field = error_texts.field_name(index)
    place, grid = HEADER[field] if number < 0 else PROGRAM[field]
    if number >= 0:
        place = ("programs", number, *place)
    shown = units.text(value, grid) if grid else str(value)
    most = units.text(limit, grid) if grid else str(limit)
    message = f"the device refuses {shown}; its limit is {most}"
    return Problem("field", path_text(place), document.line(place), message, shown, most)
