"""Pulse shapes as tables of segments: (permille of the amplitude, ns), negative is cathodic.

Role: the named shapes. Invariant: a shape sums to exactly zero charge, on the integers that the
device gets. Requirements: REQ-17.

Neither a sine nor a Gaussian is published with figures for spinal cord stimulation; both are
drawn in eight steps, each as high as the curve is in its middle, the highest at the amplitude.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from stimcore.program import RECHARGE_ACTIVE, Program

Segments = tuple[tuple[int, int], ...]

STEPS = 8
SINE = (199, 567, 847, 1000, 1000, 847, 567, 199)  # sin(π (n + 1/2) / 8)
GAUSSIAN = (96, 310, 677, 1000, 1000, 677, 310, 96)  # exp(-x²/2), from -2.5 to 2.5
STEP_NS = 1_000  # whole ticks of every board: eight steps of a width are alike


def named(shape: str, width_ns: int) -> Segments:
    """Return the segments of a named shape; () for a square one."""
    if shape == "square":
        return ()
    if shape == "triphasic":
        return ((500, width_ns), (-1000, width_ns), (500, width_ns))
    curve = SINE if shape == "sine" else GAUSSIAN
    return tuple((sign * size, width_ns // STEPS) for sign in (-1, 1) for size in curve)


def net(rows: Sequence[tuple[int, int]]) -> int:
    """Return the net charge of a table, in permille x ns."""
    return sum(permille * ns for permille, ns in rows)


def longest_run(rows: Sequence[tuple[int, int]]) -> int:
    """Return the longest time for which the current keeps its direction, ns or ticks as given."""
    longest = run = sign = 0
    for permille, lasts in rows:
        now = _sign(permille)
        run = run + lasts if now == sign else lasts
        sign = now
        longest = max(longest, run if sign else 0)
    return longest


def phase_widths(rows: Segments) -> tuple[int, int]:
    """Return the times of the first phase and of the recharge, in ns or ticks as given.

    The first phase is the first run that reaches the highest amplitude: a weaker run before it,
    such as a pre-pulse, is none. The recharge is what flows against it afterwards.
    """
    sizes = [abs(permille) for permille, _lasts in rows]
    peak = sizes.index(max(sizes))
    sign = _sign(rows[peak][0])

    def agrees(row: tuple[int, int]) -> bool:
        return _sign(row[0]) == sign

    first = [*takewhile(agrees, reversed(rows[:peak])), *takewhile(agrees, rows[peak:])]
    back = [row for row in rows[peak:] if _sign(row[0]) == -sign]
    return sum(lasts for _permille, lasts in first), sum(lasts for _permille, lasts in back)


def phase_widths_ns(program: Program) -> tuple[int, int]:
    """Return the widths of a program's first phase and of its active recharge, 0 if passive."""
    if program.segments:
        return phase_widths(program.segments)
    lasts = program.ratio if program.recharge == RECHARGE_ACTIVE else 0
    return program.width_ns, program.width_ns * lasts


def _sign(permille: int) -> int:
    return (permille > 0) - (permille < 0)
