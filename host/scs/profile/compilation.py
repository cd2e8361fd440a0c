"""Compile a resolved profile into the integer group that the device runs.

Role: make() converts a Resolved to stimcore.program.Group. Invariant: numbers pass through
unchanged; the profile has passed cross_checks.py; the result is checked by the device's own
validate(). Requirements: REQ-22, REQ-60.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from stimcore import program as blob

from . import fields, ratios
from .fields import Field
from .resolved import Resolved, ResolvedProgram
from .scheduling import Slot


def make(resolved: Resolved) -> blob.Group:
    """Return the group. Contact i of the lead is bit i of the masks; one slot per program."""
    model = resolved.model
    masks = {name: 1 << at for at, name in enumerate(model.lead.contact_names)}
    alone = blob.FLAG_STAND_ALONE if model.stand_alone else 0
    silent = blob.FLAG_SYNC_ONLY if model.output == "sync" else 0
    values = {
        **_unchanged(fields.HEADER, model, masks),
        "flags": alone | silent,
        "ramp_up_ms": resolved.ramp_up_ms,
    }
    header = blob.Header._make(values[row[0]] for row in blob.HEADER)
    slots = zip(resolved.programs, resolved.slots, strict=True)
    programs = tuple(_program(program, slot, masks) for program, slot in slots)
    return blob.Group(header, model.lead.areas_of_eight(), programs)


def _program(program: ResolvedProgram, slot: Slot, masks: dict[str, int]) -> blob.Program:
    there = program.spec.interleave
    values = {
        **_unchanged(fields.PROGRAM, program.spec, masks),
        "waveform": blob.BURST if program.burst else blob.TONIC,
        "recharge": program.recharge,
        "amplitude_ua": program.amplitude_ua,
        "ceiling_ua": program.ceiling_ua,
        "width_ns": program.width_ns,
        "alternating": int(program.spec.polarity == "alternating"),
        "count": slot.count,
        "offset_ns": slot.offset_ns,
        "other_count": slot.count * there.split // ratios.WHOLE if there else 0,
        "segments": program.segments,
    }
    return blob.Program._make(values[row[0]] for row in blob.PROGRAM)


def _unchanged(rows: Iterable[Field], model: Any, masks: dict[str, int]) -> dict[str, Any]:
    """Return the fields of the blob as the model has them; contacts as one mask."""
    values = {}
    for row in rows:
        value = model
        for name in row.path.split("."):
            value = getattr(value, name, None)
        if value is None:
            value = row.absent
        elif row.grid == fields.CONTACTS:
            value = sum({masks[name] for name in value})
        values[row.blob] = value
    return values
