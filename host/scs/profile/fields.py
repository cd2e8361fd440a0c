"""The fields of a profile, one row each: place, field of the blob, unit, range, refusals.

Role: from these rows schema.py has the ranges, compilation.py the values that pass unchanged, and
error_locations.py the place that a refusal of the device names. Invariant: a range is the blob's
own, of stimcore.program, unless the row gives a tighter one. Requirements: REQ-21, REQ-60.
"""

from __future__ import annotations

from typing import NamedTuple

from stimcore import errors, limits, program

from ..documents.field_types import Quantity, Whole
from . import ratios

CONTACTS = "contacts"  # the grid of a mask
BLOB = {row[0]: row for row in (*program.HEADER, *program.PROGRAM)}


class Field(NamedTuple):
    """Row of a field.

    path: in the profile, or in its program. blob: field of stimcore.program. grid: of a quantity,
    as in units.WRITTEN; "" for a number or a word. least, most: None if the blob's. absent: what
    the blob gets without the field. causes: the refusals of compiler and kernel due to it.
    """

    path: str
    blob: str = ""
    grid: str = ""
    least: int | None = None
    most: int | None = None
    absent: int = 0
    causes: tuple[int, ...] = ()

    @property
    def place(self) -> tuple[str, ...]:
        """The place in the profile, or in its program."""
        return tuple(self.path.split("."))


_CURRENT = (errors.AMPLITUDE, errors.CEILING, errors.STEP_UP, errors.BELOW_CODE, errors.COMPLIANCE)
_STAGE = (errors.STAGE_SPAN, errors.SHAPE_PEAK)
_CHARGE = (errors.PHASE_CHARGE, errors.DENSITY, errors.SHANNON, errors.RUNNING_CHARGE)
_DISCHARGE = (errors.NO_DISCHARGE, errors.DISCHARGE_PEAK, errors.BLEED_PEAK)
_CATHODE = (errors.NO_CATHODE, errors.CONTACT_UNKNOWN, errors.STAGE_CONTACTS)
_WIDTH = (errors.WIDTH, errors.WIDTH_SHORT, errors.ACTIVE_RUN)

HEADER = (
    Field("lead", "areas_um2"),
    Field("stand_alone", "flags"),
    Field("lease", "lease_ms", "ms"),
    Field("ramp.up", "ramp_up_ms", "ms"),
    Field("ramp.down", "ramp_down_ms", "ms"),
    Field("cycle.on", "cycle_on_ms", "ms", limits.CYCLE_MIN_MS),
    Field("cycle.off", "cycle_off_ms", "ms", limits.CYCLE_MIN_MS),
    Field("session.duration", "session_ms", "ms", 1),
    Field("session.pulses", "session_pulses", "", 1),
    Field("limits.discharge", "discharge_permille", "permille", absent=1000),
    Field("limits.amplitude", "", "uA", 1, limits.AMPLITUDE_UA),
)
PROGRAM = (
    Field("cathodes", "cathodes", CONTACTS, causes=_CATHODE),
    Field("anodes", "anodes", CONTACTS, causes=(errors.NO_ANODE, errors.OVERLAP)),
    Field("waveform", "waveform"),
    Field("waveform.burst.pulses", "pulses", "", limits.BURST_PULSES_MIN, absent=1),
    Field("waveform.burst.intra_rate", "intra_rate_millihz", "mHz", limits.RATE_MIN_MILLIHZ),
    Field("rate", "rate_millihz", "mHz", causes=(errors.RATE, errors.PERIOD, errors.DOES_NOT_FIT)),
    Field("rate", "count"),
    Field("pulse_width", "width_ns", "ns", causes=_WIDTH),
    Field("amplitude", "amplitude_ua", "uA", causes=(*_CURRENT, *_STAGE, *_CHARGE)),
    Field("amplitude", "ceiling_ua", "uA"),  # by default; limits.amplitude is checked by itself
    Field("ceiling", "", "uA", 1, limits.AMPLITUDE_UA),
    Field("thresholds", "", "uA", 1, limits.AMPLITUDE_UA),
    Field("step", "", "uA", 1, 1_000),  # implants have 25 uA to 0.5 mA
    Field("interphase_gap", "gap_ns", "ns", causes=(errors.SHORT_GAP,)),
    Field("recharge", "recharge", causes=(*_DISCHARGE, errors.PERIOD_DC, errors.IMBALANCE)),
    Field("recharge.active.ratio", "ratio", absent=1),
    Field("shape", causes=(errors.SHORT_SEGMENT,)),
    Field("shape.segments", "segments"),
    Field("shape.segments.amplitude", "", "permille", -1000, 1000),
    Field("shape.segments.width", "", "ns", 1_000, limits.WIDTH_MAX_NS),
    Field("polarity", "alternating"),
    Field("interleave.cathodes", "other_cathodes", CONTACTS),
    Field("interleave.anodes", "other_anodes", CONTACTS),
    Field("interleave.split", "", "permille", ratios.LEAST, ratios.MOST),
    Field("interleave.split", "other_count"),
    Field("offset", "offset_ns", "ns"),
    Field("dither.rate", "rate_dither", "permille"),
    Field("dither.width", "width_dither", "permille"),
    Field("dither.pulses", "", "", 2, limits.PERIOD_TIMES),
    Field("dither.seed", "seed", absent=1),
)
_BY_PATH = {field.path: field for field in reversed((*HEADER, *PROGRAM))}  # of two, the first
BY_BLOB = {field.blob: field for field in (*HEADER, *PROGRAM) if field.blob}
BY_CAUSE = {code: field for field in PROGRAM for code in field.causes}


def span(path: str) -> tuple[int, int]:
    """Return the least and the most of a field, on its grid."""
    field = _BY_PATH[path]
    _name, _code, least, most = BLOB.get(field.blob, ("", "", 0, 0))
    return (
        least if field.least is None else field.least,
        most if field.most is None else field.most,
    )


def grid(path: str) -> str:
    """Return the grid of a field's quantity, as in units.WRITTEN; "" if it has none."""
    field = _BY_PATH.get(path) or _BY_PATH.get(path.rpartition(".")[0])  # of a threshold
    return field.grid if field and field.grid != CONTACTS else ""


def quantity(path: str, example: str, about: str, law: str = "", below: str = "") -> Quantity:
    """Return the schema's type of a field that has a unit."""
    return Quantity(_BY_PATH[path].grid, *span(path), example, about, law, below)


def whole(path: str, example: str, about: str) -> Whole:
    """Return the schema's type of a field that counts."""
    return Whole(*span(path), example, about)
