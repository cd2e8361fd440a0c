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


def is_soft(one: Phase, on: board.Board) -> bool:
    """Return True for a discharge of two sides through the resistor, if the stage has one."""
    return bool(on.soft_tau_us and one.source and one.back and not one.code and not one.flags)


def worlds(phases: list[Phase], on: board.Board, dice: Random) -> Iterator[World]:
    """Yield the corners first, then anything between."""
    for turn in range(8):
        pick = dice.choice if turn < 4 else (lambda ends: dice.uniform(*ends))
        gain = 1 + pick((-1.0, 1.0)) * on.gain_mismatch_ppm * 1e-6
        offset = pick((-1.0, 1.0)) * on.offset_na * 1e-9
        tau = pick((1e-3, 1.0)) * on.discharge_tau_us * 1e-6
        shares: dict[tuple[int, int, int], float] = {}
        for one in phases:
            for side in (one.source, one.back):
                contacts = [at for at in range(8) if side >> at & 1]
                weights = [pick((1e-12, 1.0)) for _ in contacts]
                for at, weight in zip(contacts, weights, strict=True):
                    shares.setdefault((one.source, one.back, at), weight / sum(weights))
        yield World(gain, offset, tau, shares)


def current_a(one: Phase, contact: int, on: board.Board, world: World) -> float:
    """Return the current out of a contact in a world."""
    sign = (one.source >> contact & 1) - (one.back >> contact & 1)
    if not one.code or not sign:
        return 0.0
    gain = world.gain if one.code > 0 else 1.0
    amps = one.code * on.na_per_code * 1e-9 * gain + world.offset_a
    return sign * amps * world.shares[one.source, one.back, contact]


def charges(
    phases: list[Phase], contact: int, on: board.Board, world: World, start: float
) -> list[float]:
    """Return the charge on a contact after each phase."""
    out = []
    charge = start
    for one in phases:
        charge += current_a(one, contact, on, world) * one.ticks * TICK_S
        if one.source == 0 and one.back >> contact & 1:
            charge *= math.exp(-one.ticks * TICK_S / world.tau_s)
        elif is_soft(one, on) and (one.source | one.back) >> contact & 1:
            slower = on.soft_tau_us / on.discharge_tau_us
            charge *= math.exp(-one.ticks * TICK_S / (world.tau_s * slower))
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
        for at, one in enumerate(phases):
            direct = one.source == 0 and one.back >> contact & 1
            soft = is_soft(one, on) and (one.source | one.back) >> contact & 1
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
        {at for one in phases for at in range(8) if one.code and (one.source | one.back) >> at & 1}
    )
    found = [*_records(phases, on), *_times(phases, on), *_balance(phases)]
    for contact in used:
        found += _phase_charge(phases, contact, on, terms)
    for world in worlds(phases, on, dice):
        for contact in used:
            found += _in_world(phases, contact, on, terms, world)
    return found


def _records(phases: list[Phase], on: board.Board) -> Iterator[str]:
    used = 0
    for one in phases:
        used |= (one.source | one.back) if one.code else 0
    marks = [one.flags for one in phases]
    if marks[0] != 2 or marks.count(2) != 1 or 3 in marks or marks[-1]:
        yield "marks"
    for one in phases:
        yield from _record(one, on, used)
    if len(phases) > 1024 or sum(one.ticks for one in phases) > 125_000_000:
        yield "table"
    if not any(one.back and not one.code and not one.source for one in phases):
        yield "never discharged"


def _record(one: Phase, on: board.Board, used: int) -> Iterator[str]:
    if (one.code != 0) != (one.flags != 0) or abs(one.code) > on.code_span:
        yield "flag or code"
    if one.source & one.back or (one.source != 0) != (one.code != 0 or is_soft(one, on)):
        yield "sides"
    if one.code and not one.back:
        yield "no way back"
    if not one.code and one.back not in (0, used) and not is_soft(one, on):
        yield "part of a discharge"
    if one.ticks < on.min_record_ticks:
        yield "too short to shift"


def _stretches(phases: list[Phase]) -> list[tuple[int, int, tuple[int, int], int]]:
    """Return (start, end, masks, sign) of each stretch of one sign at the same contacts."""
    out: list[tuple[int, int, tuple[int, int], int]] = []
    at = 0
    for one in phases:
        sign = (one.code > 0) - (one.code < 0)
        if sign and out and out[-1][1:] == (at, (one.source, one.back), sign):
            out[-1] = (out[-1][0], at + one.ticks, *out[-1][2:])
        elif sign:
            out.append((at, at + one.ticks, (one.source, one.back), sign))
        at += one.ticks
    return out


def _times(phases: list[Phase], on: board.Board) -> Iterator[str]:
    """Check the rate: a pulse has at most two phases, so of four onsets two begin pulses."""
    stretches = _stretches(phases)
    period = sum(one.ticks for one in phases)
    onsets = [turn * period + one[0] for turn in range(5) for one in stretches]
    if any(onsets[at + 3] - onsets[at] < 12_500 for at in range(len(onsets) - 3)):
        yield "rate"
    if any(one[1] == two[0] and one[2] != two[2] for one, two in pairwise(stretches)):
        yield "switched under current"
    run = 0
    for one in phases:
        run = run + one.ticks if one.code else 0
        if run > 1_500_000:
            yield "12 ms"
    if any(ticks > 125_000 for ticks in _away_from_zero(phases)):
        yield "width"


def _away_from_zero(phases: list[Phase]) -> Iterator[Fraction]:
    """Return how long at a stretch the charge between two sides moves away from zero."""
    moved: dict[frozenset[int], int] = {}
    going, masks = Fraction(0), (0, 0)
    for one in phases:
        if not one.code:
            moved = {} if one.back else moved  # a soft discharge ends a running charge too
            going, masks = Fraction(0), (0, 0)
            continue
        sides = frozenset((one.source, one.back))
        code = one.code if one.source < one.back else -one.code
        before = moved.get(sides, 0)
        moved[sides] = before + code * one.ticks
        if before * code < 0:  # towards zero, and perhaps past it
            going = max(Fraction(0), one.ticks - Fraction(-before, code))
        else:
            same = masks == (one.source, one.back)
            going = (going if same else Fraction(0)) + one.ticks
        masks = (one.source, one.back)
        yield going


def _balance(phases: list[Phase]) -> Iterator[str]:
    sums: dict[tuple[int, int], list[int]] = {}
    for one in phases:
        if one.code:
            sums.setdefault((one.source, one.back), []).append(one.code * one.ticks)
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
    for one in phases:
        code = one.code * ((one.source >> contact & 1) - (one.back >> contact & 1))
        amps = code * on.na_per_code * 1e-9
        charge_c = (charge_c if last * code > 0 else 0.0) + amps * one.ticks * TICK_S
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
    one = 1e-9  # a probe's charge: what is left of it is the decay of a period
    decay = (charges(phases, contact, on, world, one)[-1] - first[-1]) / one
    # with no decay to speak of, 1000 periods' worth
    steady = first[-1] / max(1 - decay, 1e-3)
    later = charges(phases, contact, on, world, steady)
    peak = max(abs(charge) for charge in [*first, *later, steady])
    if peak > most_c * NEARLY:
        yield "running charge"
    yield from _undriven(phases, contact, on, terms, (first, later))
    period_s = sum(one.ticks for one in phases) * TICK_S
    periods = math.ceil(1 / period_s)  # the mean over the first second
    moved = first[-1] * sum(decay**turn for turn in range(periods))
    if abs(moved) / (periods * period_s) > 100e-9 * NEARLY:
        yield "direct current"
    amps = max(abs(one.code) for one in phases) * on.na_per_code * 1e-9
    volts = amps * on.load_ohm * 1.05
    if on.load_nf:
        volts += peak / (on.load_nf * 1e-9 * 0.95)
    if volts > 0.9 * on.compliance_mv * 1e-3 + 2e-3:  # whole mV on either side
        yield "compliance"
