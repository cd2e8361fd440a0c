"""Pulse shapes as tables of segments: (permille of the amplitude, ns), negative is cathodic.

Role: the named shapes, and the duration of a pulse. Invariant: a shape sums to exactly
zero charge, on the integers that the device gets. Requirements: REQ-17.

Neither a sine nor a Gaussian is published with figures for spinal cord stimulation; both are
drawn in eight steps, each as high as the curve is in its middle, the highest at the amplitude.
"""

from __future__ import annotations

from collections.abc import Sequence

from .schema import BurstBox, ProgramModel, RechargeBox, SegmentsBox

Segments = tuple[tuple[int, int], ...]

STEPS = 8
SINE = (199, 567, 847, 1000, 1000, 847, 567, 199)  # sin(π (n + 1/2) / 8)
GAUSSIAN = (96, 310, 677, 1000, 1000, 677, 310, 96)  # exp(-x²/2), from -2.5 to 2.5
STEP_NS = 1_000  # whole ticks of every board: eight steps of a width are alike


def segments(one: ProgramModel) -> Segments:
    """Return the segments of a program's pulse; () for a square one."""
    if isinstance(one.shape, SegmentsBox):
        return tuple((each.amplitude, each.width) for each in one.shape.segments)
    width = one.pulse_width or 0
    if one.shape == "triphasic":
        return ((500, width), (-1000, width), (500, width))
    if one.shape == "square":
        return ()
    curve = SINE if one.shape == "sine" else GAUSSIAN
    return tuple((sign * size, width // STEPS) for sign in (-1, 1) for size in curve)


def net(rows: Sequence[tuple[int, int]]) -> int:
    """Return the net charge of a table, in permille x ns."""
    return sum(permille * ns for permille, ns in rows)


def longest_run_ns(rows: Segments) -> int:
    """Return the longest time for which the current keeps its direction (ns)."""
    longest = run = sign = 0
    for permille, ns in rows:
        now = (permille > 0) - (permille < 0)
        run = run + ns if now == sign else ns
        sign = now
        longest = max(longest, run if sign else 0)
    return longest


def width_ns(one: ProgramModel) -> int:
    """Return the width of the first phase (ns); for segments, that of the longest phase."""
    return one.pulse_width or longest_run_ns(segments(one))


def ratio(one: ProgramModel) -> int:
    """Return the length of an active recharge in first-phase widths; 0: no active recharge."""
    if one.recharge == "active":
        return 1
    box = one.recharge
    return box.active.ratio if isinstance(box, RechargeBox) and box.active else 0


def extent_ns(one: ProgramModel) -> int:
    """Return the longest time from the start of a pulse or burst to the end of recharge (ns)."""
    rows = segments(one)
    pulse = sum(ns for _, ns in rows)
    if not rows:
        widest = width_ns(one) * (1000 + (one.dither.width if one.dither else 0)) // 1000
        pulse = widest * (1 + ratio(one)) + one.interphase_gap
    if isinstance(one.waveform, BurstBox):
        burst = one.waveform.burst
        pulse += (burst.pulses - 1) * 10**12 // burst.intra_rate
    return pulse
