"""Compile a validated profile into the integer group that the device runs.

Role: make() converts a ProfileModel and its lead to stimcore.program.Group.
Invariant: numbers pass through unchanged; the model has passed cross_checks.py; the result is
checked by the device's own validate(). Requirements: REQ-22, REQ-60.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import lcm

from stimcore import program, ramp

from ..catalog.leads import Lead
from . import ratios, thresholds, waveforms
from .scheduling import Slot, Train
from .schema import BurstBox, ProfileModel, ProgramModel, RechargeBox


def make(model: ProfileModel, lead: Lead, slots: Sequence[Slot]) -> program.Group:
    """Return the group. Contact i of the lead is bit i of the masks; one slot per program."""
    programs = tuple(
        _program(spec, lead, thresholds.ceiling_ua(model, spec), slot)
        for spec, slot in zip(model.programs, slots, strict=True)
    )
    return program.Group(_header(model, slots), lead.areas_of_eight(), programs)


def ramp_up_ms(model: ProfileModel, slots: Sequence[Slot]) -> int:
    """Return the given ramp up; by default 1 s, or longer if the largest step requires it."""
    if "up" in model.ramp.model_fields_set or model.output == "sync":
        return model.ramp.up
    return max(model.ramp.up, least_ramp_up_ms(model, slots))


def least_ramp_up_ms(model: ProfileModel, slots: Sequence[Slot]) -> int:
    """Return the shortest ramp up that the device accepts."""
    highest_ua = max(thresholds.amplitude_ua(spec) for spec in model.programs)
    return ramp.least_ramp_up_ms(highest_ua, model.programs[0].rate, slots[0].count)


def pulse_train(spec: ProgramModel) -> Train:
    """Return a program's input to the schedule; dither extends the time a pulse takes."""
    dither, extent_ns = spec.dither, waveforms.extent_ns(spec)
    if dither:
        extent_ns += 10**12 // spec.rate * dither.rate // 1000
    return Train(spec.rate, extent_ns, block(spec), spec.phase)


def block(spec: ProgramModel) -> int:
    """Return the number of pulses (or bursts) after which the pattern repeats."""
    return lcm(
        2 if spec.polarity == "alternating" else 1,
        spec.dither.pulses if spec.dither else 1,
        ratios.turns(spec.interleave.split) if spec.interleave else 1,
    )


def pulses(spec: ProgramModel) -> int:
    """Return the pulses per burst, or 1."""
    return spec.waveform.burst.pulses if isinstance(spec.waveform, BurstBox) else 1


def _header(model: ProfileModel, slots: Sequence[Slot]) -> program.Header:
    cycle, session = model.cycle, model.session
    alone = program.FLAG_STAND_ALONE if model.stand_alone else 0
    silent = program.FLAG_SYNC_ONLY if model.output == "sync" else 0
    values = {
        "flags": alone | silent,
        "lease_ms": model.lease,
        "ramp_up_ms": ramp_up_ms(model, slots),
        "ramp_down_ms": model.ramp.down,
        "cycle_on_ms": cycle.on if cycle else 0,
        "cycle_off_ms": cycle.off if cycle else 0,
        "session_ms": (session.duration or 0) if session else 0,
        "session_pulses": (session.pulses or 0) if session else 0,
        "discharge_permille": model.limits.discharge if model.limits else 1000,
    }
    return program.Header._make(values[row[0]] for row in program.HEADER)


def _program(spec: ProgramModel, lead: Lead, ceiling_ua: int, slot: Slot) -> program.Program:
    burst = spec.waveform.burst if isinstance(spec.waveform, BurstBox) else None
    kind, ratio = recharge(spec)
    values = {
        "cathodes": lead.mask(spec.cathodes),
        "anodes": lead.mask(spec.anodes),
        "waveform": program.BURST if burst else program.TONIC,
        "recharge": kind,
        "ratio": ratio,
        "pulses": burst.pulses if burst else 1,
        "rate_millihz": spec.rate,
        "intra_rate_millihz": burst.intra_rate if burst else 0,
        "amplitude_ua": thresholds.amplitude_ua(spec),
        "ceiling_ua": ceiling_ua,
        "width_ns": waveforms.width_ns(spec),
        "gap_ns": spec.interphase_gap,
        "alternating": int(spec.polarity == "alternating"),
        "count": slot.count,
        "offset_ns": slot.offset_ns,
        "rate_dither": spec.dither.rate if spec.dither else 0,
        "width_dither": spec.dither.width if spec.dither else 0,
        "seed": spec.dither.seed if spec.dither else 1,
        **_others(spec, lead, slot.count),
        "segments": waveforms.segments(spec),
    }
    return program.Program._make(values[row[0]] for row in program.PROGRAM)


def _others(spec: ProgramModel, lead: Lead, count: int) -> dict[str, int]:
    there = spec.interleave
    return {
        "other_cathodes": lead.mask(there.cathodes) if there else 0,
        "other_anodes": lead.mask(there.anodes) if there else 0,
        "other_count": count * there.split // ratios.WHOLE if there else 0,
    }


def recharge(spec: ProgramModel) -> tuple[int, int]:
    """Return (RECHARGE_*, ratio). By default, passive recharge follows the whole burst."""
    box = spec.recharge
    if isinstance(box, RechargeBox) and box.active:
        return program.RECHARGE_ACTIVE, box.active.ratio
    if box == "active":
        return program.RECHARGE_ACTIVE, 1
    after = box.passive.after if isinstance(box, RechargeBox) and box.passive else None
    bursts = isinstance(spec.waveform, BurstBox)
    if (after or ("burst" if bursts else "pulse")) == "burst":
        return program.RECHARGE_PASSIVE_BURST, 1
    return program.RECHARGE_PASSIVE, 1
