"""The validated profile as the integer group that the device runs, and what its fields forbid
one another.

Role: make() turns a ProfileModel and its lead into stimcore.program.Group; conflicts() names
what no single field can show (rates that differ, an amplitude above the profile's own limit).
Invariant: numbers pass through unchanged; the device's own validate() has the last word.
Requirements: REQ-22, REQ-60. Next: profile.py.
"""

from __future__ import annotations

from stimcore import program

from . import units
from .complaints import Complaint, Place, path_text
from .leads import Lead
from .schema import BurstBox, ProfileModel, ProgramModel, RechargeBox
from .yamltext import Document


def make(model: ProfileModel, lead: Lead) -> program.Group:
    """The group; contact i of the lead is bit i of the masks."""
    ceiling_ua = model.limits.amplitude if model.limits else 0
    programs = tuple(_program(one, lead, ceiling_ua) for one in model.programs)
    return program.Group(_header(model), lead.areas_of_eight(), programs)


def _header(model: ProfileModel) -> program.Header:
    cycle, session = model.cycle, model.session
    values = {
        "flags": program.FLAG_STAND_ALONE if model.stand_alone else 0,
        "lease_ms": model.lease,
        "ramp_up_ms": model.ramp.up,
        "ramp_down_ms": model.ramp.down,
        "cycle_on_ms": cycle.on if cycle else 0,
        "cycle_off_ms": cycle.off if cycle else 0,
        "session_ms": (session.duration or 0) if session else 0,
        "session_pulses": (session.pulses or 0) if session else 0,
    }
    return program.Header._make(values[row[0]] for row in program.HEADER)


def _program(one: ProgramModel, lead: Lead, ceiling_ua: int) -> program.Program:
    burst = one.waveform.burst if isinstance(one.waveform, BurstBox) else None
    recharge, ratio = _recharge(one)
    values = {
        "cathodes": lead.mask(one.cathodes),
        "anodes": lead.mask(one.anodes),
        "waveform": program.BURST if burst else program.TONIC,
        "recharge": recharge,
        "ratio": ratio,
        "pulses": burst.pulses if burst else 1,
        "rate_mhz": one.rate,
        "intra_rate_mhz": burst.intra_rate if burst else 0,
        "amplitude_ua": one.amplitude,
        "ceiling_ua": ceiling_ua or one.amplitude,
        "width_ns": one.pulse_width,
        "gap_ns": one.interphase_gap,
    }
    return program.Program._make(values[row[0]] for row in program.PROGRAM)


def _recharge(one: ProgramModel) -> tuple[int, int]:
    """(stimcore's RECHARGE_*, ratio). Passive recharge follows a burst as a whole by default."""
    box = one.recharge
    if isinstance(box, RechargeBox) and box.active:
        return program.RECHARGE_ACTIVE, box.active.ratio
    if box == "active":
        return program.RECHARGE_ACTIVE, 1
    after = box.passive.after if isinstance(box, RechargeBox) and box.passive else None
    bursts = isinstance(one.waveform, BurstBox)
    if (after or ("burst" if bursts else "pulse")) == "burst":
        return program.RECHARGE_PASSIVE_BURST, 1
    return program.RECHARGE_PASSIVE, 1


def conflicts(model: ProfileModel, document: Document) -> list[Complaint]:
    """All that two fields of a profile, each good by itself, forbid one another."""
    found: list[Complaint] = []

    def complain(kind: str, place: Place, message: str, *texts: str) -> None:
        line = document.line(place)
        found.append(Complaint(kind, path_text(place), line, message, *texts))

    for number, one in enumerate(model.programs):
        for kind, fields, message, *texts in _of_program(model, one):
            complain(kind, ("programs", number, *fields), message, *texts)
    for kind, fields, message, *texts in _of_session(model):
        complain(kind, fields, message, *texts)
    return found


Conflict = tuple[str, Place, str, str, str, str]  # id, place, message, value, limit, example


def _of_program(model: ProfileModel, one: ProgramModel) -> list[Conflict]:
    found: list[Conflict] = []
    rate, amplitude = units.text(one.rate, "mHz"), units.text(one.amplitude, "uA")
    first = units.text(model.programs[0].rate, "mHz")
    if rate != first:
        message = f"{rate} is not the rate of programs[0], {first}: programs share one rate"
        found.append(("conflict", ("rate",), message, rate, first, first))
    if model.limits and one.amplitude > model.limits.amplitude:
        most = units.text(model.limits.amplitude, "uA")
        message = f"{amplitude} is above this profile's own limits.amplitude, {most}"
        found.append(("range", ("amplitude",), message, amplitude, most, most))
    if isinstance(one.waveform, BurstBox):
        intra = units.text(one.waveform.burst.intra_rate, "mHz")
        if one.waveform.burst.intra_rate < one.rate:
            message = f"{intra} is below the rate of the bursts, {rate}; write for example 500 Hz"
            place = ("waveform", "burst", "intra_rate")
            found.append(("conflict", place, message, intra, rate, "500 Hz"))
    elif _recharge(one)[0] == program.RECHARGE_PASSIVE_BURST:
        message = "a tonic waveform has no bursts; write for example after: pulse"
        place = ("recharge", "passive", "after")
        found.append(("conflict", place, message, "burst", "pulse", "pulse"))
    return found


def _of_session(model: ProfileModel) -> list[Conflict]:
    found: list[Conflict] = []
    if model.stand_alone and "lease" in model.model_fields_set:
        message = "there is no lease where stand_alone is true; leave out one of the two"
        found.append(("conflict", ("lease",), message, units.text(model.lease, "ms"), "", ""))
    wanted = (model.session.pulses or 0) if model.session else 0
    one_period = sum(_pulses(one) for one in model.programs)
    if wanted % one_period:
        fewer, more = wanted - wanted % one_period, wanted - wanted % one_period + one_period
        near = str(fewer or more)
        message = f"{wanted} is no multiple of the {one_period} pulses of one period, and only"
        message += f" whole periods are delivered; write for example {near}"
        place = ("session", "pulses")
        found.append(("conflict", place, message, str(wanted), str(one_period), near))
    return found


def _pulses(one: ProgramModel) -> int:
    return one.waveform.burst.pulses if isinstance(one.waveform, BurstBox) else 1
