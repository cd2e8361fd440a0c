"""The verdict on one run of the fault campaign.

Role: holds what the load saw, what the device latched and what is stored against the bound of the
kind of fault. Invariant: the load's current is judged by monitor.py alone.
"""

import math
from typing import NamedTuple

import numpy as np

from . import monitor
from .fault_kinds import BLEED_S, KINDS, Drawn
from .fault_session import CALIBRATED, CALIBRATION_SLOT, KEPT, SAVED, Played, stored
from .monitor import Ceilings, Excess, Rows
from .therapies import DOWN_S, LEASE_S, MEASURE_A, MEASURE_C, STAGE_A, Therapy

FAULT = 5  # the state of a latched fault
TURN_S = 0.03
PROGRAM_S = 1.1  # within which a program that has changed in memory is found
HEALS_S = 2.1  # the last time that a loose lead does
SETTLES_C = 0.03e-6  # of a measurement


class Verdict(NamedTuple):
    """Outcome of a run: how it ended, its worst figures, and a sentence for each violation."""

    outcome: str  # harmless, caught, refused, lost or reset
    worst: monitor.Worst
    reaction_s: float  # from the first excess, or from a fault that must be caught, to the end
    violations: list[str]


class Allowed(NamedTuple):
    """Bounds that the faults of one run allow together."""

    always: bool  # no ceiling may be exceeded at all
    within: bool  # the stage's own errors may go on
    reaction_s: float
    must_s: float | None
    must_from_s: float
    unbounded: bool  # what is measured is wrong as well: the stage alone bounds the current
    slower: float  # how much longer the processor's clock, or a turn, makes a lease
    heals: bool  # the lead may heal when all is over
    stands: bool  # what charge there was stays on a load that is open, or leaves it slowly


def allowed(drawn: list[Drawn]) -> Allowed:
    """Return what the faults of a run allow: of two, either's reaction may come after the other."""
    kinds = [KINDS[fault.kind] for fault in drawn]
    open_ended = [kind for kind in kinds if kind.bound != "held"]
    musts = [
        (kind.must_s, fault.at_us / 1e6)
        for kind, fault in zip(kinds, drawn, strict=True)
        if kind.must_s is not None and len(drawn) == 1
    ]
    slow_s = (
        0.3 if {"late_turn", "slow_loop", "hung_loop"} & {fault.kind for fault in drawn} else 0.0
    )
    # a lease that has changed in memory is found so much later
    damaged_s = PROGRAM_S if any(fault.kind == "program_bit" for fault in drawn) else 0.0
    heals = any(fault.kind == "loose" for fault in drawn)
    return Allowed(
        not open_ended,
        any(kind.bound == "within" for kind in kinds),
        sum(kind.reaction_s for kind in open_ended) + (slow_s if open_ended else 0.0),
        musts[0][0] if musts else None,
        musts[0][1] if musts else math.inf,
        len(kinds) > 1 and bool(open_ended) and any(kind.blinds for kind in kinds),
        slow_s + 0.1 * LEASE_S + (HEALS_S if heals else 0.0) + damaged_s,
        heals,
        bool({"open", "loose", "wrong_load"} & {fault.kind for fault in drawn}),
    )


def judge(therapy: Therapy, drawn: list[Drawn], played: Played) -> Verdict:
    """Return the verdict on a run."""
    verdict = at_load(therapy, drawn, played)
    return verdict._replace(violations=verdict.violations + _kept(played, drawn))


def at_load(therapy: Therapy, drawn: list[Drawn], played: Played) -> Verdict:
    """Return the verdict on a run but for what is stored."""
    may, rows = allowed(drawn), played.rows
    after = _from(rows, played.start_s)
    off_s = monitor.off_s(rows)
    found = _before_start(rows, played.start_s) if may.always else []
    courses = monitor.courses(after, therapy.period_s)
    excesses = monitor.excesses(courses, _ceilings(therapy, may))
    violations = [f"before START: {_told(excess)}" for excess in found[:1]]
    beyond = monitor.beyond(rows, 3 * STAGE_A)
    violations += [f"beyond the stage: {_told(excess)}" for excess in beyond[:1]]
    reaction_s = 0.0
    if excesses:
        # a lead that heals when the output is off lets the bleed have what stood on the load
        end_s = max(each.until_s for each in excesses) if may.heals else off_s
        reaction_s = max(0.0, end_s - excesses[0].since_s)
        if may.always:
            violations += [_told(excess) for excess in excesses[:1]]
        elif not may.unbounded and reaction_s > may.reaction_s:
            violations.append(f"{_told(excesses[0])}, off {reaction_s:.3f} s later")
        if (
            not may.unbounded
            and not _has_ended_for_a_reason(therapy, played, off_s)
            and not may.within
        ):
            violations.append(f"{_told(excesses[0])}, and no reason is latched")
    if _was_on(may, rows):
        reaction_s = max(reaction_s, off_s - may.must_from_s)
        violations += _must(may, off_s)
    violations += _ends(therapy, may, played, off_s)
    outcome = _outcome(played, excesses)
    return Verdict(outcome, monitor.worst(courses), reaction_s, violations)


def _from(rows: dict[int, Rows], since_s: float) -> dict[int, Rows]:
    return _between(rows, since_s, math.inf)


def _between(rows: dict[int, Rows], since_s: float, until_s: float) -> dict[int, Rows]:
    """Return the rows from an instant on and before another; none of a contact that has no two."""
    parts = {}
    for contact, (time_s, current_a) in rows.items():
        first, end = np.searchsorted(time_s, (since_s, until_s))
        if end - first > 1:
            parts[contact] = (time_s[first:end], current_a[first:end])
    return parts


def _before_start(rows: dict[int, Rows], start_s: float) -> list[Excess]:
    """Return what exceeds a measurement's test pulses before START was sent."""
    test = dict.fromkeys(range(1, 9), Ceilings(MEASURE_A, MEASURE_C, MEASURE_C + SETTLES_C, 1.0))
    return monitor.excesses(monitor.courses(_between(rows, 0.0, start_s), 0.02), test)


def _ceilings(therapy: Therapy, may: Allowed) -> dict[int, Ceilings]:
    ceilings = dict(therapy.ceilings)
    if may.within:  # 15 % and 60 uA of current, and the charge of it
        for contact, of in ceilings.items():
            more = 1.15 + 60e-6 / of.amplitude_a
            ceilings[contact] = Ceilings(
                of.amplitude_a * more,
                of.phase_c * more,
                of.held_c * more,
                of.settles_c * more + 1e-6,
            )
    if may.stands:
        for contact, of in ceilings.items():
            ceilings[contact] = of._replace(settles_c=of.settles_c + of.held_c)
    return ceilings


def _was_on(may: Allowed, rows: dict[int, Rows]) -> bool:
    """Return whether there was output at a fault that must end it."""
    return may.must_s is not None and any(
        np.any(
            np.abs(current_a[(time_s > may.must_from_s) & (time_s < may.must_from_s + 0.1)]) > 5e-5
        )
        for time_s, current_a in rows.values()
    )


def _must(may: Allowed, off_s: float) -> list[str]:
    """Return a violation where the output that a fault must end stayed on for too long."""
    late_s = off_s - may.must_from_s
    if may.must_s is not None and late_s > may.must_s:
        return [f"off {late_s:.3f} s after the fault, not within {may.must_s:.3f} s"]
    return []


def _has_ended_for_a_reason(therapy: Therapy, played: Played, off_s: float) -> bool:
    if off_s > played.stop_s or therapy.most_s is not None:
        return True  # the host stopped it in time, or its own session was over
    return bool(played.latched or played.resets or played.reason or played.halted)


def _ends(therapy: Therapy, may: Allowed, played: Played, off_s: float) -> list[str]:
    """Return violations of an output that goes on: without a host, or beyond its own session."""
    out = []
    lease_s = LEASE_S + may.slower + DOWN_S + 2 * therapy.period_s + TURN_S + BLEED_S
    if played.gate:
        out.append("the gate is still closed when all is over")
    if off_s > played.silent_s + lease_s:
        out.append(f"off {off_s - played.silent_s:.3f} s after the host fell silent")
    if therapy.most_s is not None and math.isfinite(played.start_s):
        most_s = therapy.most_s + TURN_S + BLEED_S
        lasted_s = off_s - monitor.on_s(_from(played.rows, played.start_s))
        if lasted_s > most_s:
            out.append(f"{lasted_s:.3f} s of output where {most_s:.3f} s are asked for")
    if (played.state == FAULT) != bool(played.latched):
        out.append(f"state {played.state} with the fault {played.latched}")
    return out


def _kept(played: Played, drawn: list[Drawn]) -> list[str]:
    """Return violations of the store: what no command touched, and what one has replaced."""
    if any(fault.kind == "store_bit" for fault in drawn):
        return []  # a half that has lost a bit has lost it
    out = []
    before = played.before
    if stored(played.cells, KEPT - 1) != stored(before, KEPT - 1):
        out.append("a program that nobody touched is lost from the store")
    if stored(played.cells, SAVED - 1) not in (stored(before, SAVED - 1), played.blob):
        out.append("a slot holds neither the old program nor the new one")
    values = stored(played.cells, CALIBRATION_SLOT)[4:]
    if values not in [_packed(numbers) for numbers in CALIBRATED]:
        out.append("the calibration is neither the old one nor the new one")
    return out


def _packed(numbers: tuple[int, int, int, int]) -> bytes:
    return b"".join(
        number.to_bytes(size, "little", signed=True)
        for number, size in zip(numbers, (2, 4, 2, 4), strict=True)
    )


def _outcome(played: Played, excesses: list[Excess]) -> str:
    if played.latched:
        return "caught"
    if played.resets:
        return "reset"
    if played.halted:
        return "halted"
    if played.reason.startswith("LinkLost"):
        return "lost"
    if played.reason:
        return "refused"
    return "tolerated" if excesses else "harmless"


def _told(excess: Excess) -> str:
    """Return an excess as a sentence."""
    unit = "uC" if "charge" in excess.bound else "mA"
    scale = 1e6 if unit == "uC" else 1e3
    return (
        f"{excess.bound} {scale * excess.value:.4g} {unit} against {scale * excess.limit:.4g} at "
        f"E{excess.contact}, from {excess.since_s:.4f} to {excess.until_s:.4f} s"
    )
