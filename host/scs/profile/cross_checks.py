"""Check the fields of a profile against one another.

Role: find() reports conflicts between valid fields (an amplitude above the profile's own limit,
segments that do not sum to zero, colliding pulses of two programs) and assigns each program its
slot in the period. Invariant: every complaint names the field to change and a value that works.
Requirements: REQ-22, REQ-60.
"""

from __future__ import annotations

from stimcore import limits, program

from ..documents import units
from ..documents.problem import Conflict, Place, Problem, path_text
from ..documents.yaml_reader import Document
from . import compilation, ratios, scheduling, thresholds, waveforms
from .scheduling import Clash, Slot
from .schema import BurstBox, ProfileModel, ProgramModel, SegmentsBox


def find(model: ProfileModel, document: Document) -> tuple[list[Slot], list[Problem]]:
    """Return a slot for each program (none if the schedule fails), and all complaints."""
    found: list[Conflict] = []
    for number, one in enumerate(model.programs):
        for kind, place, message, value, limit, example in _of_program(model, one):
            within: Place = ("programs", number, *place)
            found.append((kind, within, message, value, limit, example))
    slots: list[Slot] = []
    planned = scheduling.plan([compilation.pulse_train(one) for one in model.programs])
    if isinstance(planned, Clash):
        found += [] if found else [_clash(model, planned)]
    else:
        slots = planned
        found += _of_session(model, slots)
        found += _of_ramps(model, slots)
    found += _of_time(model)
    return slots, [
        Problem(kind, path_text(place), document.line(place), *texts)
        for kind, place, *texts in found
    ]


def _of_program(model: ProfileModel, one: ProgramModel) -> list[Conflict]:
    shape = [*_of_pulse(one), *_of_shape(one), *_of_dither(one)]
    return [*shape, *_of_interleave(one), *_of_others(model, one)]


def _of_others(model: ProfileModel, one: ProgramModel) -> list[Conflict]:
    found = thresholds.conflicts(model, one)
    rate = units.text(one.rate, "mHz")
    if isinstance(one.waveform, BurstBox):
        intra = units.text(one.waveform.burst.intra_rate, "mHz")
        if one.waveform.burst.intra_rate < one.rate:
            message = f"{intra} is below the rate of the bursts, {rate}; write for example 500 Hz"
            place = ("waveform", "burst", "intra_rate")
            found.append(("conflict", place, message, intra, rate, "500 Hz"))
    elif compilation.recharge(one)[0] == program.RECHARGE_PASSIVE_BURST:
        message = "a tonic waveform has no bursts; write for example after: pulse"
        place = ("recharge", "passive", "after")
        found.append(("conflict", place, message, "burst", "pulse", "pulse"))
    if one.phase is not None and one.phase * one.rate >= 10**12:
        most = _us((10**12 - 1) // one.rate)
        message = f"is longer than one interval at {rate}; allowed range 0 to {most}"
        message += "; write for example 0 ms"
        found.append(("range", ("phase",), message, units.text(one.phase, "ns"), most, "0 ms"))
    return found


def _of_pulse(one: ProgramModel) -> list[Conflict]:
    """Check that the width is given once: for the pulse, or for each segment."""
    if isinstance(one.shape, SegmentsBox):
        if one.pulse_width is None:
            return []
        message = "conflicts with the widths of the segments; leave out pulse_width"
        return [("conflict", ("pulse_width",), message, units.text(one.pulse_width, "ns"), "", "")]
    if one.pulse_width is None:
        message = "is required; write for example pulse_width: 200 us"
        return [("missing", ("pulse_width",), message, "", "", "200 us")]
    step = waveforms.STEPS * waveforms.STEP_NS
    rest = one.pulse_width % step
    if one.shape not in ("sine", "gaussian") or not rest:
        return []
    near = units.text(max(one.pulse_width - rest, step), "ns")
    message = f"a {one.shape} has {waveforms.STEPS} steps of whole microseconds; write for example"
    width = units.text(one.pulse_width, "ns")
    return [("conflict", ("pulse_width",), f"{message} {near}", width, near, near)]


def _of_shape(one: ProgramModel) -> list[Conflict]:
    if one.shape == "square":
        return []
    found: list[Conflict] = []
    if compilation.recharge(one)[0] == program.RECHARGE_ACTIVE:
        message = "a shape balances its own charge; write for example passive"
        found.append(("conflict", ("recharge",), message, "active", "passive", "passive"))
    if one.interphase_gap:
        message = "a shape has no interphase gap; write 0 us, or add a segment of 0 %"
        gap = units.text(one.interphase_gap, "ns")
        found.append(("conflict", ("interphase_gap",), message, gap, "0 us", "0 us"))
    return found + (_of_segments(one) if isinstance(one.shape, SegmentsBox) else [])


def _of_segments(one: ProgramModel) -> list[Conflict]:
    rows = waveforms.segments(one)
    last = ("shape", "segments", len(rows) - 1)
    if rows[0][0] == 0:
        message = "the first segment must carry current; write for example amplitude: -100 %"
        return [("range", ("shape", "segments", 0, "amplitude"), message, "0 %", "", "-100 %")]
    left = waveforms.net(rows)
    if left:
        of = f"{left / 10**4:+.6g} % x us"
        message = f"the segments sum to {of} and must sum to zero; {_balanced(rows)}"
        return [("conflict", last, message, of, "0", "")]
    run, (least, most) = waveforms.longest_run_ns(rows), (limits.WIDTH_MIN_NS, limits.WIDTH_MAX_NS)
    if least <= run <= most:
        return []
    texts = units.text(run, "ns"), f"{units.text(least, 'ns')} to {units.text(most, 'ns')}"
    message = f"the longest phase lasts {texts[0]}; allowed range {texts[1]}"
    return [("range", ("shape", "segments"), message, *texts, "200 us")]


def _balanced(rows: waveforms.Segments) -> str:
    """Return a hint that balances the charge, by the last segment if possible."""
    before = waveforms.net(rows[:-1])
    permille, ns = rows[-1]
    if permille and before % permille == 0 and 0 < -before // permille <= limits.WIDTH_MAX_NS:
        return f"write for the last one width: {units.text(-before // permille, 'ns')}"
    if before % ns == 0 and 0 < abs(before // ns) <= 1000:
        return f"write for the last one amplitude: {units.text(-before // ns, 'permille')}"
    return "write for example -100 % for 200 us and 50 % for 400 us"


def _of_dither(one: ProgramModel) -> list[Conflict]:
    if one.dither is None or not one.dither.width:
        return []
    place, value = ("dither", "width"), units.text(one.dither.width, "permille")
    if one.shape != "square" or one.polarity == "alternating":
        why = "polarity: alternating" if one.shape == "square" else "a shape"
        message = f"cannot be combined with {why}"
        return [("conflict", place, f"{message}; write for example 0 %", value, "0 %", "0 %")]
    width = one.pulse_width or 0
    most = min(
        limits.WIDTH_MAX_NS * 1000 // width - 1000, 1000 - limits.WIDTH_MIN_NS * 1000 // width
    )
    if one.dither.width <= most:
        return []
    near = units.text(max(most, 0), "permille")
    message = f"{value} of {units.text(width, 'ns')} exceeds the allowed width range 10 us to 1 ms"
    return [("range", place, f"{message}; write for example {near}", value, near, near)]


def _of_interleave(one: ProgramModel) -> list[Conflict]:
    there = one.interleave
    if there is None:
        return []
    found: list[Conflict] = []
    if (set(there.cathodes), set(there.anodes)) == (set(one.cathodes), set(one.anodes)):
        message = "has the same contacts as the program; use others, or leave it out"
        found.append(("conflict", ("interleave",), message, "", "", ""))
    if one.polarity == "alternating":
        message = "cannot be combined with interleave: contacts would get one polarity more often"
        message += "; write for example cathodic"
        found.append(("conflict", ("polarity",), message, one.polarity, "cathodic", "cathodic"))
    most = min(limits.PERIOD_TIMES, limits.PERIOD_MAX_NS * one.rate // 10**12)
    needed = ratios.turns(there.split)
    if needed > most:
        split, (near, example) = units.text(there.split, "permille"), ratios.hint(there.split, most)
        message = f"{split} needs a period of {needed} pulses; the maximum is {most}"
        message += f" (1 s, {limits.PERIOD_TIMES} pulses){near}"
        place = ("interleave", "split")
        found.append(("conflict", place, message, split, str(most), example))
    return found


# --- the whole profile -----------------------------------------------------------------------
def _clash(model: ProfileModel, why: Clash) -> Conflict:
    """Return the conflict for a failed schedule, with rates that would work."""
    one, number = model.programs[why.second], why.second
    rate = units.text(one.rate, "mHz")
    rates = [units.text(each, "mHz") for each in why.rates_millihz]
    near = f"; rates nearby that fit: {' and '.join(rates)}" if rates else ""
    if why.kind in ("period", "count") and one.dither and number == why.first:
        most = str(limits.PERIOD_MAX_NS * one.rate // 10**12)
        message = f"{one.dither.pulses} pulses at {rate} exceed the maximum period of 1 s"
        message += f"; write for example {most}"
        place: Place = ("programs", number, "dither", "pulses")
        return ("conflict", place, message, str(one.dither.pulses), most, most)
    first = units.text(model.programs[why.first].rate, "mHz")
    pair = f"{rate} and programs[{why.first}] at {first}"
    if why.kind == "period":
        message = f"the common period of {pair} is {why.need_ns / 1e9:g} s; the limit is 1 s"
    elif why.kind == "count":
        message = f"the common period of {pair} has {why.need_ns} pulses of one of them;"
        message += f" the limit is {why.room_ns}"
    else:
        message = f"{pair} collide: their pulses, with 14 us after each, need"
        message += f" {_us(why.need_ns + 999)}; these rates leave {_us(why.room_ns)}"
    field = "phase" if why.kind == "phase" else "rate"
    if field == "phase":
        message = f"pulses collide with programs[{why.first}]; leave out the phases, or change them"
    example = rates[0] if rates else first
    place = ("programs", number, field)
    return ("conflict", place, message + near, rate, first, example)


def _us(ns: int) -> str:
    return units.text(ns // 1000 * 1000, "ns")


def _of_session(model: ProfileModel, slots: list[Slot]) -> list[Conflict]:
    wanted = (model.session.pulses or 0) if model.session else 0
    one_period = sum(
        slot.count * compilation.pulses(one) * program.first_phases(waveforms.segments(one))
        for one, slot in zip(model.programs, slots, strict=True)
    )
    if wanted % one_period == 0:
        return []
    fewer, more = wanted - wanted % one_period, wanted - wanted % one_period + one_period
    near = str(fewer or more)
    message = f"{wanted} is not a multiple of the {one_period} pulses per period, and only"
    message += f" whole periods are delivered; write for example {near}"
    return [("conflict", ("session", "pulses"), message, str(wanted), str(one_period), near)]


def _of_ramps(model: ProfileModel, slots: list[Slot]) -> list[Conflict]:
    """Check that the ramp's steps are small enough, and that the ramps fit into the on time."""
    found: list[Conflict] = []
    up_ms = compilation.ramp_up_ms(model, slots)
    up, down = units.text(up_ms, "ms"), units.text(model.ramp.down, "ms")
    least = compilation.least_ramp_up_ms(model, slots)
    if 0 < up_ms < least and model.output != "sync":
        near = units.text(-(-least // 100) * 100, "ms")
        most, step = units.text(limits.STEP_UP_UA, "uA"), f"a period, {limits.STEP_MS} ms at least"
        message = f"in {up} the amplitude would rise by more than {most} in a step ({step})"
        message += f"; write for example {near}"
        found.append(("conflict", ("ramp", "up"), message, up, units.text(least, "ms"), near))
    if model.cycle:
        on, ramps_ms = units.text(model.cycle.on, "ms"), up_ms + model.ramp.down
        if model.cycle.on < ramps_ms:
            near = units.text(ramps_ms, "ms")
            message = f"{on} is shorter than the ramps within it, {up} up and {down} down"
            message += f"; write for example {near}"
            found.append(("conflict", ("cycle", "on"), message, on, near, near))
    return found


def _of_time(model: ProfileModel) -> list[Conflict]:
    found: list[Conflict] = []
    if model.stand_alone and "lease" in model.model_fields_set:
        message = "has no effect if stand_alone is true; leave out one of the two"
        found.append(("conflict", ("lease",), message, units.text(model.lease, "ms"), "", ""))
    lasts = (model.session.duration or 0) if model.session else 0
    if lasts and model.ramp.up > lasts and "up" in model.ramp.model_fields_set:
        up, most = units.text(model.ramp.up, "ms"), units.text(lasts, "ms")
        message = f"{up} is longer than session.duration, {most}: the amplitude would never be"
        message += f" reached; write for example {most}"
        found.append(("conflict", ("ramp", "up"), message, up, most, most))
    return found
