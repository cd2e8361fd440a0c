"""A validated profile with its alternatives resolved, each of them once, and its schedule.

Role: what amplitude, ceiling, recharge and shape come to, and where the pulses stand in the period;
cross_checks.py judges this, compilation.py packs it. Invariant: no ceiling is above
limits.amplitude, the program's own or its threshold of discomfort; a share of perception is never
rounded up. Requirements: REQ-03, REQ-22, REQ-60.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import lcm

from stimcore import program as blob
from stimcore import ramp

from . import ratios, scheduling, waveforms
from .scheduling import Clash, Slot
from .schema import Burst, BurstBox, ProfileModel, ProgramModel, RechargeBox, SegmentsBox
from .thresholds import Settings
from .waveforms import Segments


@dataclass(frozen=True)
class ResolvedProgram:
    """Program of a profile; amplitude_ua is 0 if it is a share of a perception not measured.

    segments: () for a square pulse. recharge: RECHARGE_* of stimcore.program. block: pulses (or
    bursts) after which the pattern repeats.
    """

    spec: ProgramModel
    settings: Settings
    amplitude_ua: int
    ceiling_ua: int
    burst: Burst | None
    recharge: int
    segments: Segments
    width_ns: int
    block: int

    @property
    def extent_ns(self) -> int:
        """Longest time from the start of a pulse or burst to the end of its recharge."""
        pulse_ns = sum(ns for _, ns in self.segments)
        dither = self.spec.dither
        if not self.segments:
            widest_ns = self.width_ns * (1000 + (dither.width if dither else 0)) // 1000
            phases = 1 + (self.ratio if self.recharge == blob.RECHARGE_ACTIVE else 0)
            pulse_ns = widest_ns * phases + self.spec.interphase_gap
        if self.burst:
            pulse_ns += (self.burst.pulses - 1) * 10**12 // self.burst.intra_rate
        return pulse_ns + (10**12 // self.spec.rate * dither.rate // 1000 if dither else 0)

    @property
    def ratio(self) -> int:
        """Length of an active recharge in first-phase widths."""
        box = self.spec.recharge
        return box.active.ratio if isinstance(box, RechargeBox) and box.active else 1


@dataclass(frozen=True)
class Resolved:
    """Profile with its schedule: a slot for each program, or the reason why there is none.

    ramp_up_ms, least_ramp_up_ms: as asked for or by default, and the shortest that the device
    accepts; 0 without a schedule.
    """

    model: ProfileModel
    programs: tuple[ResolvedProgram, ...]
    slots: tuple[Slot, ...]
    clash: Clash | None
    ramp_up_ms: int = 0
    least_ramp_up_ms: int = 0

    @property
    def pulses(self) -> int:
        """Pulses in one period, of all programs."""
        return sum(
            slot.count
            * (program.burst.pulses if program.burst else 1)
            * blob.first_phases(program.segments)
            for program, slot in zip(self.programs, self.slots, strict=True)
        )


def resolve(model: ProfileModel) -> Resolved:
    """Return a profile with its alternatives resolved and its pulses scheduled."""
    programs = tuple(_program(model, spec) for spec in model.programs)
    trains = [
        scheduling.Train(program.spec.rate, program.extent_ns, program.block, program.spec.offset)
        for program in programs
    ]
    schedule = scheduling.plan(trains)
    if isinstance(schedule, Clash):
        return Resolved(model, programs, (), schedule)
    highest_ua = max(program.amplitude_ua for program in programs)
    least_ms = ramp.least_ramp_up_ms(highest_ua, model.programs[0].rate, schedule[0].count)
    own = "up" in model.ramp.model_fields_set or model.output == "sync"
    up_ms = model.ramp.up if own else max(model.ramp.up, least_ms)
    return Resolved(model, programs, tuple(schedule), None, up_ms, least_ms)


def _program(model: ProfileModel, spec: ProgramModel) -> ResolvedProgram:
    measured = spec.thresholds
    settings = Settings(
        measured.perception if measured else None,
        measured.comfort if measured else None,
        measured.discomfort if measured else None,
        spec.step,
        spec.amplitude.permille or None,
    )
    of_perception_ua = (settings.perception_ua or 0) * spec.amplitude.permille // 1000
    amplitude_ua = spec.amplitude.ua or of_perception_ua
    ceiling_ua = spec.ceiling or (model.limits and model.limits.amplitude) or amplitude_ua
    segments = _segments(spec)
    return ResolvedProgram(
        spec,
        settings,
        amplitude_ua,
        min(ceiling_ua, settings.discomfort_ua or ceiling_ua),
        spec.waveform.burst if isinstance(spec.waveform, BurstBox) else None,
        _recharge(spec),
        segments,
        spec.pulse_width or waveforms.longest_run(segments),
        lcm(
            2 if spec.polarity == "alternating" else 1,
            spec.dither.pulses if spec.dither else 1,
            ratios.turns(spec.interleave.split) if spec.interleave else 1,
        ),
    )


def _segments(spec: ProgramModel) -> Segments:
    if isinstance(spec.shape, SegmentsBox):
        return tuple((segment.amplitude, segment.width) for segment in spec.shape.segments)
    return waveforms.named(spec.shape, spec.pulse_width or 0)


def _recharge(spec: ProgramModel) -> int:
    """Return RECHARGE_*; by default, passive recharge follows the whole burst."""
    box = spec.recharge
    if box == "active" or (isinstance(box, RechargeBox) and box.active):
        return blob.RECHARGE_ACTIVE
    after = box.passive.after if isinstance(box, RechargeBox) and box.passive else None
    usual = "burst" if isinstance(spec.waveform, BurstBox) else "pulse"
    if (after or usual) == "burst":
        return blob.RECHARGE_PASSIVE_BURST
    return blob.RECHARGE_PASSIVE
