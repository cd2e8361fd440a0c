"""A second opinion on a table of words, in floats and fractions, written from the ceilings alone.

It decodes the words by itself, and instead of bounding what is not known it draws worlds: how
contacts in parallel share a current, how fast a discharge is, how far gains and offset are off. In
each world every ceiling must hold. It knows one stage, the switched one with a 125 MHz clock.
"""

import math
import struct
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from random import Random
from typing import NamedTuple

from stimcore import board, kernel

TICK_S = 8e-9
NEARLY = 1 + 1e-9  # what floats may be off by


class Phase(NamedTuple):
    ticks: int
    flags: int
    source: int
    back: int
    code: int


class World(NamedTuple):
    """Quantities that are unknown beforehand, within what the board promises."""

    gain: float  # of positive codes, against that of negative ones
    offset_a: float
    tau_s: float
    shares: dict[tuple[int, int, int], float]  # (source, return, contact): share of the current


def decoded(words: bytes, on: board.Board) -> list[Phase]:
    out = []
    for first, frame in struct.iter_unpack("<II", words):
        dac = sum((frame >> 2 * bit & 1) << bit for bit in range(16))
        switch = sum((frame >> 2 * bit + 1 & 1) << bit for bit in range(16))
        ticks = (first >> 2) + on.overhead_ticks
        assert dac >> 12 == 3, "not the DAC's channel A"
        out.append(Phase(ticks, first & 3, switch >> 8, switch & 255, (dac & 4095) - 2048))
    return out


def is_soft(phase: Phase, on: board.Board) -> bool:
    """Return True for a discharge of two sides through the resistor, if the stage has one."""
    return bool(
        on.soft_tau_us and phase.source and phase.back and not phase.code and not phase.flags
    )


def worlds(phases: list[Phase], on: board.Board, dice: Random) -> Iterator[World]:
    """Yield the corners first, then anything between."""
    for turn in range(8):
        pick = dice.choice if turn < 4 else (lambda ends: dice.uniform(*ends))
        gain = 1 + pick((-1.0, 1.0)) * on.gain_mismatch_ppm * 1e-6
        offset = pick((-1.0, 1.0)) * on.offset_na * 1e-9
        tau = pick((1e-3, 1.0)) * on.discharge_tau_us * 1e-6
        shares: dict[tuple[int, int, int], float] = {}
        for phase in phases:
            for side in (phase.source, phase.back):
                contacts = [at for at in range(8) if side >> at & 1]
                weights = [pick((1e-12, 1.0)) for _ in contacts]
                for at, weight in zip(contacts, weights, strict=True):
                    shares.setdefault((phase.source, phase.back, at), weight / sum(weights))
        yield World(gain, offset, tau, shares)


def current_a(phase: Phase, contact: int, on: board.Board, world: World) -> float:
    """Return the current out of a contact in a world."""
    sign = (phase.source >> contact & 1) - (phase.back >> contact & 1)
    if not phase.code or not sign:
        return 0.0
    gain = world.gain if phase.code > 0 else 1.0
    amps = phase.code * on.na_per_code * 1e-9 * gain + world.offset_a
    return sign * amps * world.shares[phase.source, phase.back, contact]


def charges(
    phases: list[Phase], contact: int, on: board.Board, world: World, start: float
) -> list[float]:
    """Return the charge on a contact after each phase."""
    out = []
    charge = start
    for phase in phases:
        charge += current_a(phase, contact, on, world) * phase.ticks * TICK_S
        if phase.source == 0 and phase.back >> contact & 1:
            charge *= math.exp(-phase.ticks * TICK_S / world.tau_s)
        elif is_soft(phase, on) and (phase.source | phase.back) >> contact & 1:
            slower = on.soft_tau_us / on.discharge_tau_us
            charge *= math.exp(-phase.ticks * TICK_S / (world.tau_s * slower))
        out.append(charge)
    return out


def _undriven(
    phases: list[Phase],
    contact: int,
    on: board.Board,
    terms: kernel.Terms,
    trains: tuple[list[float], ...],
) -> Iterator[str]:
    """Yield the currents of a contact's own charge: at each discharge, and when the gate opens."""
    most_a = (terms.ceilings_ua[contact] + on.na_per_code / 2000) * 1e-9 * terms.discharge_permille
    most_a = min(most_a, on.max_amplitude_ua * 1e-6, 25.5e-3) * NEARLY
    for train in trains:
        for at, phase in enumerate(phases):
            direct = phase.source == 0 and phase.back >> contact & 1
            soft = is_soft(phase, on) and (phase.source | phase.back) >> contact & 1
            least_us = on.discharge_least_us if direct else on.soft_least_us if soft else 0
            before = abs(train[at - 1]) if at else 0.0
            if least_us and before / (least_us * 1e-6) > most_a:
                yield "discharge"
            if on.bleed_least_us and abs(train[at]) / (on.bleed_least_us * 1e-6) > most_a:
                yield "bleed"


def violations(words: bytes, on: board.Board, terms: kernel.Terms, dice: Random) -> list[str]:
    """Return every ceiling that this table breaks; none if it is safe."""
    phases = decoded(words, on)
    used = sorted(
        {
            at
            for phase in phases
            for at in range(8)
            if phase.code and (phase.source | phase.back) >> at & 1
        }
    )
    reasons = [*_records(phases, on), *_times(phases, on), *_balance(phases)]
    for contact in used:
        reasons += _phase_charge(phases, contact, on, terms)
    for world in worlds(phases, on, dice):
        for contact in used:
            reasons += _in_world(phases, contact, on, terms, world)
    return reasons


def _records(phases: list[Phase], on: board.Board) -> Iterator[str]:
    used = 0
    for phase in phases:
        used |= (phase.source | phase.back) if phase.code else 0
    marks = [phase.flags for phase in phases]
    if marks[0] != 2 or marks.count(2) != 1 or 3 in marks or marks[-1]:
        yield "marks"
    for phase in phases:
        yield from _record(phase, on, used)
    if len(phases) > 1024 or sum(phase.ticks for phase in phases) > 125_000_000:
        yield "table"
    if not any(phase.back and not phase.code and not phase.source for phase in phases):
        yield "never discharged"


def _record(phase: Phase, on: board.Board, used: int) -> Iterator[str]:
    if (phase.code != 0) != (phase.flags != 0) or abs(phase.code) > on.code_span:
        yield "flag or code"
    if phase.source & phase.back or (phase.source != 0) != (phase.code != 0 or is_soft(phase, on)):
        yield "sides"
    if phase.code and not phase.back:
        yield "no way back"
    if not phase.code and phase.back not in (0, used) and not is_soft(phase, on):
        yield "part of a discharge"
    if phase.ticks < on.min_record_ticks:
        yield "too short to shift"


def _stretches(phases: list[Phase]) -> list[tuple[int, int, tuple[int, int], int]]:
    """Return (start, end, masks, sign) of each stretch of one sign at the same contacts."""
    out: list[tuple[int, int, tuple[int, int], int]] = []
    at = 0
    for phase in phases:
        sign = (phase.code > 0) - (phase.code < 0)
        if sign and out and out[-1][1:] == (at, (phase.source, phase.back), sign):
            out[-1] = (out[-1][0], at + phase.ticks, *out[-1][2:])
        elif sign:
            out.append((at, at + phase.ticks, (phase.source, phase.back), sign))
        at += phase.ticks
    return out


def _times(phases: list[Phase], on: board.Board) -> Iterator[str]:
    """Check the rate: a pulse has at most two phases, so of four onsets two begin pulses."""
    stretches = _stretches(phases)
    period = sum(phase.ticks for phase in phases)
    onsets = [turn * period + phase[0] for turn in range(5) for phase in stretches]
    if any(onsets[at + 3] - onsets[at] < 12_500 for at in range(len(onsets) - 3)):
        yield "rate"
    if any(phase[1] == two[0] and phase[2] != two[2] for phase, two in pairwise(stretches)):
        yield "switched under current"
    run = 0
    for phase in phases:
        run = run + phase.ticks if phase.code else 0
        if run > 1_500_000:
            yield "12 ms"
    if any(ticks > 125_000 for ticks in _away_from_zero(phases)):
        yield "width"


def _away_from_zero(phases: list[Phase]) -> Iterator[Fraction]:
    """Return how long at a stretch the charge between two sides moves away from zero."""
    moved: dict[frozenset[int], int] = {}
    going, masks = Fraction(0), (0, 0)
    for phase in phases:
        if not phase.code:
            moved = {} if phase.back else moved  # a soft discharge ends a running charge too
            going, masks = Fraction(0), (0, 0)
            continue
        sides = frozenset((phase.source, phase.back))
        code = phase.code if phase.source < phase.back else -phase.code
        before = moved.get(sides, 0)
        moved[sides] = before + code * phase.ticks
        if before * code < 0:  # towards zero, and perhaps past it
            going = max(Fraction(0), phase.ticks - Fraction(-before, code))
        else:
            same = masks == (phase.source, phase.back)
            going = (going if same else Fraction(0)) + phase.ticks
        masks = (phase.source, phase.back)
        yield going


def _balance(phases: list[Phase]) -> Iterator[str]:
    sums: dict[tuple[int, int], list[int]] = {}
    for phase in phases:
        if phase.code:
            sums.setdefault((phase.source, phase.back), []).append(phase.code * phase.ticks)
    for parts in sums.values():
        if min(parts) < 0 < max(parts) and sum(parts):
            yield "balance"


def _phase_charge(
    phases: list[Phase], contact: int, on: board.Board, terms: kernel.Terms
) -> Iterator[str]:
    area_cm2 = terms.areas_um2[contact] * 1e-8
    if not 1e-4 <= area_cm2 <= 10:
        yield "area"
        return
    charge_c, last = 0.0, 0
    for phase in phases:
        code = phase.code * ((phase.source >> contact & 1) - (phase.back >> contact & 1))
        amps = code * on.na_per_code * 1e-9
        charge_c = (charge_c if last * code > 0 else 0.0) + amps * phase.ticks * TICK_S
        last = code
        peak_a = abs(amps)
        ceiling_a = (terms.ceilings_ua[contact] + on.na_per_code / 2000) * 1e-6
        if peak_a > min(25.5e-3, on.max_amplitude_ua * 1e-6, ceiling_a) * NEARLY:
            yield "amplitude"
        charge_uc = abs(charge_c) * 1e6
        if charge_uc > 10 * NEARLY or charge_uc / area_cm2 > 30 * NEARLY:
            yield "phase charge"
        if charge_uc * charge_uc / area_cm2 > 10**1.5:
            yield "Shannon"


def _in_world(
    phases: list[Phase], contact: int, on: board.Board, terms: kernel.Terms, world: World
) -> Iterator[str]:
    area_cm2 = terms.areas_um2[contact] * 1e-8
    most_c = min(30 * area_cm2, math.sqrt(10**1.5 * area_cm2)) * 1e-6
    first = charges(phases, contact, on, world, 0.0)
    phase = 1e-9  # a probe's charge: what is left of it is the decay of a period
    decay = (charges(phases, contact, on, world, phase)[-1] - first[-1]) / phase
    # with no decay to speak of, 1000 periods' worth
    steady = first[-1] / max(1 - decay, 1e-3)
    later = charges(phases, contact, on, world, steady)
    peak = max(abs(charge) for charge in [*first, *later, steady])
    if peak > most_c * NEARLY:
        yield "running charge"
    yield from _undriven(phases, contact, on, terms, (first, later))
    period_s = sum(phase.ticks for phase in phases) * TICK_S
    periods = math.ceil(1 / period_s)  # the mean over the first second
    moved = first[-1] * sum(decay**turn for turn in range(periods))
    if abs(moved) / (periods * period_s) > 100e-9 * NEARLY:
        yield "direct current"
    amps = max(abs(phase.code) for phase in phases) * on.na_per_code * 1e-9
    volts = amps * on.load_ohm * 1.05
    if on.load_nf:
        volts += peak / (on.load_nf * 1e-9 * 0.95)
    if volts > 0.9 * on.compliance_mv * 1e-3 + 2e-3:  # whole mV on either side
        yield "compliance"
