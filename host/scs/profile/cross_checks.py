"""Check the fields of a profile against one another.

Role: find() yields the problems of valid fields together: an amplitude above the profile's own
limit, segments that do not sum to zero, colliding pulses of two programs. Invariant: every problem
names the field to change and a value that works. Requirements: REQ-22, REQ-60.
"""

from __future__ import annotations

from collections.abc import Iterator

from stimcore import limits
from stimcore.program import RECHARGE_ACTIVE, RECHARGE_PASSIVE_BURST

from ..documents import units
from ..documents.problem import Place, Problem
from . import ratios, waveforms
from .resolved import Resolved, ResolvedProgram
from .scheduling import Clash
from .schema import Interleave, ProfileModel, ProgramModel, SegmentsBox
from .thresholds import ORDER

Problems = Iterator[Problem]


def find(resolved: Resolved) -> list[Problem]:
    """Return all problems between the fields of a profile."""
    model, problems = resolved.model, []
    for number, program in enumerate(resolved.programs):
        problems += [
            problem.within(("programs", number)) for problem in _of_program(model, program)
        ]
    if resolved.clash is None:
        problems += [*_of_session(resolved), *_of_ramps(resolved)]
    elif not problems:
        problems.append(_clash(model, resolved.clash))
    return [*problems, *_of_time(model)]


def _of_program(model: ProfileModel, program: ResolvedProgram) -> Problems:
    yield from _of_width(program)
    if program.spec.shape != "square":
        yield from _of_shape(program)
    if isinstance(program.spec.shape, SegmentsBox):
        yield from _of_segments(program.segments)
    if program.spec.dither and program.spec.dither.width:
        yield from _of_dithered_width(program, program.spec.dither.width)
    if program.spec.interleave:
        yield from _of_interleave(program.spec, program.spec.interleave)
    yield from _of_thresholds(program)
    yield from _of_amplitude(model, program)
    yield from _of_rates(program)


def _of_width(program: ResolvedProgram) -> Problems:
    """Check that the width is given once: for the pulse, or for each segment."""
    width, place = program.spec.pulse_width, ("pulse_width",)
    if isinstance(program.spec.shape, SegmentsBox):
        if width is not None:
            message = "conflicts with the widths of the segments; leave out pulse_width"
            yield Problem("width-beside-segments", place, message, units.text(width, "ns"))
        return
    if width is None:
        message = "is required; e.g. pulse_width: 200 us"
        yield Problem("width-missing", place, message, "", "", "200 us")
        return
    step = waveforms.STEPS * waveforms.STEP_NS
    if program.spec.shape in ("sine", "gaussian") and width % step:
        near = units.text(max(width - width % step, step), "ns")
        message = f"a {program.spec.shape} has {waveforms.STEPS} steps of whole microseconds"
        message += f"; e.g. {near}"
        yield Problem("width-uneven", place, message, units.text(width, "ns"), near, near)


def _of_shape(program: ResolvedProgram) -> Problems:
    if program.recharge == RECHARGE_ACTIVE:
        message = "a shape balances its own charge; e.g. passive"
        yield Problem("shape-recharge", ("recharge",), message, "active", "passive", "passive")
    if program.spec.interphase_gap:
        message = "a shape has no interphase gap; write 0 us, or add a segment of 0 %"
        gap = units.text(program.spec.interphase_gap, "ns")
        yield Problem("shape-gap", ("interphase_gap",), message, gap, "0 us", "0 us")


def _of_segments(rows: waveforms.Segments) -> Problems:
    place: Place = ("shape", "segments")
    if rows[0][0] == 0:
        message = "the first segment must carry current; e.g. amplitude: -100 %"
        yield Problem("segment-first", (*place, 0, "amplitude"), message, "0 %", "", "-100 %")
        return
    left = waveforms.net(rows)
    if left:
        charge = f"{left / 10**4:+.6g} % x us"
        message = f"the segments sum to {charge} and must sum to zero; {_balanced(rows)}"
        yield Problem("segments-unbalanced", (*place, len(rows) - 1), message, charge, "0")
        return
    run, least, most = waveforms.longest_run(rows), limits.WIDTH_MIN_NS, limits.WIDTH_MAX_NS
    if not least <= run <= most:
        value, span = (
            units.text(run, "ns"),
            f"{units.text(least, 'ns')} to {units.text(most, 'ns')}",
        )
        message = f"the longest phase lasts {value}; allowed range {span}"
        yield Problem("segments-length", place, message, value, span, "200 us")


def _balanced(rows: waveforms.Segments) -> str:
    """Return a hint that balances the charge, by the last segment if possible."""
    before = waveforms.net(rows[:-1])
    permille, ns = rows[-1]
    if permille and before % permille == 0 and 0 < -before // permille <= limits.WIDTH_MAX_NS:
        return f"write for the last one width: {units.text(-before // permille, 'ns')}"
    if before % ns == 0 and 0 < abs(before // ns) <= 1000:
        return f"write for the last one amplitude: {units.text(-before // ns, 'permille')}"
    return "e.g. -100 % for 200 us and 50 % for 400 us"


def _of_dithered_width(program: ResolvedProgram, dither: int) -> Problems:
    place, value = ("dither", "width"), units.text(dither, "permille")
    if program.spec.shape != "square" or program.spec.polarity == "alternating":
        why = "polarity: alternating" if program.spec.shape == "square" else "a shape"
        message = f"cannot be combined with {why}; e.g. 0 %"
        yield Problem("dither-combined", place, message, value, "0 %", "0 %")
    elif program.width_ns:
        most = min(
            limits.WIDTH_MAX_NS * 1000 // program.width_ns - 1000,
            1000 - limits.WIDTH_MIN_NS * 1000 // program.width_ns,
        )
        if dither > most:
            near = units.text(max(most, 0), "permille")
            message = (
                f"{value} of {units.text(program.width_ns, 'ns')} exceeds the allowed width range"
            )
            message += f" 10 us to 1 ms; e.g. {near}"
            yield Problem("dither-width", place, message, value, near, near)


def _of_interleave(spec: ProgramModel, there: Interleave) -> Problems:
    if (set(there.cathodes), set(there.anodes)) == (set(spec.cathodes), set(spec.anodes)):
        message = "has the same contacts as the program; use others, or leave it out"
        yield Problem("interleave-same", ("interleave",), message)
    if spec.polarity == "alternating":
        message = "cannot be combined with interleave: contacts would get one polarity more often"
        message += "; e.g. cathodic"
        value, example = spec.polarity, "cathodic"
        yield Problem("interleave-polarity", ("polarity",), message, value, example, example)
    most = min(limits.PERIOD_TIMES, limits.PERIOD_MAX_NS * spec.rate // 10**12)
    needed = ratios.turns(there.split)
    if needed > most:
        split, (near, example) = units.text(there.split, "permille"), ratios.hint(there.split, most)
        message = f"{split} needs a period of {needed} pulses; the maximum is {most}"
        message += f" (1 s, {limits.PERIOD_TIMES} pulses){near}"
        place = ("interleave", "split")
        yield Problem("interleave-split", place, message, split, str(most), example)


def _of_thresholds(program: ResolvedProgram) -> Problems:
    """Check that each threshold is at least as high as the one before it."""
    least_ua, before = 0, ""
    settings = program.settings
    measured_ua = settings.perception_ua, settings.comfort_ua, settings.discomfort_ua
    for name, ua in zip(ORDER, measured_ua, strict=True):
        if ua is None:
            continue
        if ua < least_ua:
            value, least = units.text(ua, "uA"), units.text(least_ua, "uA")
            message = f"{value} is below {before}, {least}; required order: {' <= '.join(ORDER)}"
            message += f"; e.g. {name}: {least}"
            yield Problem("threshold-order", ("thresholds", name), message, value, least, least)
        else:
            least_ua, before = ua, name


def _of_amplitude(model: ProfileModel, program: ResolvedProgram) -> Problems:
    """Check that there is an amplitude, and that it and the ceiling are below all bounds."""
    spec, most_ua = program.spec, model.limits.amplitude if model.limits else None
    bounds = [(most_ua, "this profile's own limits.amplitude")] if most_ua else []
    if most_ua and spec.ceiling and spec.ceiling > most_ua:
        value = units.text(spec.ceiling, "uA")
        yield Problem("ceiling-range", ("ceiling",), *_above(value, bounds[0]))
    if program.amplitude_ua:
        if spec.ceiling:
            bounds.append((spec.ceiling, "this program's ceiling"))
        if program.settings.discomfort_ua:
            bounds.append((program.settings.discomfort_ua, "the discomfort threshold"))
        lowest = min([*bounds, (limits.AMPLITUDE_UA, "the maximum")], key=lambda bound: bound[0])
        if program.amplitude_ua > lowest[0]:
            written = spec.amplitude.text()
            if spec.amplitude.permille:
                written += f", {units.text(program.amplitude_ua, 'uA')},"
            yield Problem("amplitude-range", ("amplitude",), *_above(written, lowest))
    elif program.settings.perception_ua:
        written = spec.amplitude.text()
        message = f"{written} is less than 1 uA"
        yield Problem("amplitude-zero", ("amplitude",), message, written, "1 uA", "60 %")
    else:
        message = f"{spec.amplitude.text()} requires the measured perception threshold"
        message += "; e.g. thresholds: {perception: 1.2 mA}"
        place = ("thresholds", "perception")
        yield Problem("perception-missing", place, message, "", "", "1.2 mA")


def _above(written: str, bound: tuple[int, str]) -> tuple[str, str, str, str]:
    """Return message, value, limit and example."""
    most = units.text(bound[0], "uA")
    return f"{written} is above {bound[1]}, {most}", written.rstrip(","), most, most


def _of_rates(program: ResolvedProgram) -> Problems:
    """Check the rate within a burst, and the offset, against the rate."""
    spec = program.spec
    if program.burst and program.burst.intra_rate < spec.rate:
        value, rate = units.text(program.burst.intra_rate, "mHz"), units.text(spec.rate, "mHz")
        message = f"{value} is below the rate of the bursts, {rate}; e.g. 500 Hz"
        place = ("waveform", "burst", "intra_rate")
        yield Problem("intra-rate", place, message, value, rate, "500 Hz")
    if not program.burst and program.recharge == RECHARGE_PASSIVE_BURST:
        message = "a tonic waveform has no bursts; e.g. after: pulse"
        place = ("recharge", "passive", "after")
        yield Problem("recharge-tonic", place, message, "burst", "pulse", "pulse")
    if spec.offset is not None and spec.offset * spec.rate >= 10**12:
        rate, most = units.text(spec.rate, "mHz"), _us((10**12 - 1) // spec.rate)
        message = f"is longer than one interval at {rate}; allowed range 0 to {most}"
        message += "; e.g. 0 ms"
        value = units.text(spec.offset, "ns")
        yield Problem("offset-range", ("offset",), message, value, most, "0 ms")


# --- the whole profile -----------------------------------------------------------------------
def _clash(model: ProfileModel, why: Clash) -> Problem:
    """Return the problem of a failed schedule, with rates that would work."""
    spec, number = model.programs[why.second], why.second
    rate = units.text(spec.rate, "mHz")
    rates = [units.text(millihz, "mHz") for millihz in why.rates_millihz]
    near = f"; rates nearby that fit: {' and '.join(rates)}" if rates else ""
    if why.kind in ("period", "count") and spec.dither and number == why.first:
        most = str(limits.PERIOD_MAX_NS * spec.rate // 10**12)
        message = f"{spec.dither.pulses} pulses at {rate} exceed the maximum period of 1 s"
        message += f"; e.g. {most}"
        place: Place = ("programs", number, "dither", "pulses")
        value = str(spec.dither.pulses)
        return Problem("dither-period", place, message, value, most, most)
    first = units.text(model.programs[why.first].rate, "mHz")
    pair = f"{rate} and programs[{why.first}] at {first}"
    if why.kind == "period":
        message = f"the common period of {pair} is {why.need_ns / 1e9:g} s; the limit is 1 s"
    elif why.kind == "count":
        message = f"the common period of {pair} has {why.need_ns} pulses of one of them;"
        message += f" the limit is {why.room_ns}"
    elif why.kind == "offset":
        message = (
            f"pulses collide with programs[{why.first}]; leave out the offsets, or change them"
        )
    else:
        message = f"{pair} collide: their pulses, with 14 us after each, need"
        message += f" {_us(why.need_ns + 999)}; these rates leave {_us(why.room_ns)}"
    place = ("programs", number, "offset" if why.kind == "offset" else "rate")
    example = rates[0] if rates else first
    return Problem(f"schedule-{why.kind}", place, message + near, rate, first, example)


def _us(ns: int) -> str:
    return units.text(ns // 1000 * 1000, "ns")


def _of_session(resolved: Resolved) -> Problems:
    session = resolved.model.session
    if session is None or not session.pulses or session.pulses % resolved.pulses == 0:
        return
    wanted, of_period = session.pulses, resolved.pulses
    fewer = wanted - wanted % of_period
    near = str(fewer or of_period)
    message = f"{wanted} is not a multiple of the {of_period} pulses per period, and only"
    message += f" whole periods are delivered; e.g. {near}"
    place = ("session", "pulses")
    yield Problem("session-pulses", place, message, str(wanted), str(of_period), near)


def _of_ramps(resolved: Resolved) -> Problems:
    """Check that the ramp's steps are small enough, and that the ramps fit into the on time."""
    model, up_ms, least_ms = resolved.model, resolved.ramp_up_ms, resolved.least_ramp_up_ms
    if 0 < up_ms < least_ms and model.output != "sync":
        up, near = units.text(up_ms, "ms"), units.text(-(-least_ms // 100) * 100, "ms")
        most, step = units.text(limits.STEP_UP_UA, "uA"), f"a period, {limits.STEP_MS} ms at least"
        message = f"in {up} the amplitude would rise by more than {most} in a step ({step})"
        message += f"; e.g. {near}"
        least = units.text(least_ms, "ms")
        yield Problem("ramp-steep", ("ramp", "up"), message, up, least, near)
    ramps_ms = up_ms + model.ramp.down
    if model.cycle and model.cycle.on < ramps_ms:
        on, near = units.text(model.cycle.on, "ms"), units.text(ramps_ms, "ms")
        up, down = units.text(up_ms, "ms"), units.text(model.ramp.down, "ms")
        message = f"{on} is shorter than the ramps within it, {up} up and {down} down"
        message += f"; e.g. {near}"
        yield Problem("cycle-short", ("cycle", "on"), message, on, near, near)


def _of_time(model: ProfileModel) -> Problems:
    if model.stand_alone and "lease" in model.model_fields_set:
        message = "has no effect if stand_alone is true; leave out one of the two"
        yield Problem("lease-unused", ("lease",), message, units.text(model.lease, "ms"))
    lasts_ms = (model.session.duration or 0) if model.session else 0
    if lasts_ms and model.ramp.up > lasts_ms and "up" in model.ramp.model_fields_set:
        up, most = units.text(model.ramp.up, "ms"), units.text(lasts_ms, "ms")
        message = f"{up} is longer than session.duration, {most}: the amplitude would never be"
        message += f" reached; e.g. {most}"
        yield Problem("ramp-long", ("ramp", "up"), message, up, most, most)
