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


def segments(spec: ProgramModel) -> Segments:
    """Return the segments of a program's pulse; () for a square one."""
    if isinstance(spec.shape, SegmentsBox):
        return tuple((each.amplitude, each.width) for each in spec.shape.segments)
    width = spec.pulse_width or 0
    if spec.shape == "triphasic":
        return ((500, width), (-1000, width), (500, width))
    if spec.shape == "square":
        return ()
    curve = SINE if spec.shape == "sine" else GAUSSIAN
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


def width_ns(spec: ProgramModel) -> int:
    """Return the width of the first phase (ns); for segments, that of the longest phase."""
    return spec.pulse_width or longest_run_ns(segments(spec))


def ratio(spec: ProgramModel) -> int:
    """Return the length of an active recharge in first-phase widths; 0: no active recharge."""
    if spec.recharge == "active":
        return 1
    box = spec.recharge
    return box.active.ratio if isinstance(box, RechargeBox) and box.active else 0


def extent_ns(spec: ProgramModel) -> int:
    """Return the longest time from the start of a pulse or burst to the end of recharge (ns)."""
    rows = segments(spec)
    pulse = sum(ns for _, ns in rows)
    if not rows:
        widest = width_ns(spec) * (1000 + (spec.dither.width if spec.dither else 0)) // 1000
        pulse = widest * (1 + ratio(spec)) + spec.interphase_gap
    if isinstance(spec.waveform, BurstBox):
        burst = spec.waveform.burst
        pulse += (burst.pulses - 1) * 10**12 // burst.intra_rate
    return pulse
