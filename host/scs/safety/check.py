"""Check a profile on the host with the device's own code.

Role: Profile and Board -> safety metrics with their limits, problems with their lines, and the
quantized values (whole DAC codes, whole ticks) beside the requested ones.
Invariant: the verdict is that of stimcore's kernel on the PIO words, as on the device.
Requirements: REQ-60.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from stimcore import board as boards
from stimcore import output, period
from stimcore.board import Board
from stimcore.errors import Refused
from stimcore.program import BURST, RECHARGE_ACTIVE, Program

from ..documents.problem import Problem
from ..errors import Row
from ..messages import safety_metrics
from ..messages.safety_metrics import Metric
from ..profile import waveforms
from ..profile.profile import Profile
from ..profile.thresholds import Settings
from . import delivery, ramp_check

Pair = tuple[str, float, float, str]  # name, requested, actual, unit


@dataclass(frozen=True)
class Actual:
    """One quantity of a program: requested, and as the stage delivers it."""

    program: str
    name: str
    requested: float
    actual: float
    unit: str


@dataclass(frozen=True)
class Turns:
    """Timing of a program's pulses (or bursts) in a period: count, first and interval.

    others: number of them delivered at the interleave contacts.
    """

    program: str
    turns: int
    phase_ms: float
    every_ms: float
    period_ms: float
    others: int = 0


@dataclass(frozen=True)
class Judgement:
    """Verdict of the kernel on a profile for a board; `ok` if there are no errors."""

    figures: tuple[Metric, ...]
    errors: tuple[Problem, ...]
    actual: tuple[Actual, ...]
    slots: tuple[Turns, ...] = ()
    delivery: delivery.Delivery | None = None  # of a session that has an end

    @property
    def ok(self) -> bool:
        """True if the device will admit the profile."""
        return not self.errors


def explained(rows: tuple[Row, ...], profile: Profile) -> list[Problem]:
    """Return the device's rows as problems of the profile, each with its line."""
    return [profile.explain(row) for row in rows]


def judge(
    profile: Profile, board: Board, amplitudes_ua: tuple[int, ...] | None = None
) -> Judgement:
    """Check a profile at its own amplitudes or at others (uA, one per program)."""
    figures, problems = verdict(profile, board, amplitudes_ua)
    planned = None if problems else delivery.plan(profile.group, board, profile.contact_names)
    return Judgement(
        figures=tuple(figures),
        errors=tuple(problems),
        actual=tuple(actual(profile, board)),
        slots=tuple(slots(profile, board)),
        delivery=planned,
    )


def verdict(
    profile: Profile, board: Board, amplitudes_ua: tuple[int, ...] | None = None
) -> tuple[list[Metric], list[Problem]]:
    """Return the safety metrics of judge() and the problems: none if the device admits it."""
    group = profile.group
    own_ua = tuple(program.amplitude_ua for program in group.programs)
    try:
        judged = output.judge(board, group, amplitudes_ua or own_ua)
        rows, figures = tuple(judged.errors), judged.figures
    except Refused as reason:
        rows, figures = reason.rows, []
    metrics = safety_metrics.make(figures, group, profile.contact_names, profile.program_names)
    return metrics, explained(rows, profile) or ramp_check.problems(profile, board)


def slots(profile: Profile, board: Board) -> list[Turns]:
    """Return each program's timing in the period, rounded to ticks of the stage."""
    tick_ms = 1e3 / board.clock_hz
    period_ms = period.group_ticks(board, profile.group) * tick_ms
    return [
        Turns(
            name,
            program.count,
            boards.ticks_from_ns(board, program.offset_ns) * tick_ms,
            period_ms / program.count,
            period_ms,
            program.other_count,
        )
        for name, program in zip(profile.program_names, profile.group.programs, strict=True)
    ]


def actual(profile: Profile, board: Board) -> list[Actual]:
    """Return requested and actual quantities, program by program."""
    rows: list[Actual] = []
    group = profile.group
    levels = delivery.reached_ua(group, board)
    programs = zip(profile.program_names, group.programs, profile.settings, levels, strict=True)
    for name, program, settings, reached_ua in programs:
        pairs = list(_timing(program, board))
        if not profile.sync_only:
            pairs = [
                *_of_perception(program, settings, board),
                *_currents(program, reached_ua, board),
                *pairs,
            ]
        rows += [Actual(name, *pair) for pair in pairs]
    return rows


def _of_perception(program: Program, settings: Settings, board: Board) -> Iterator[Pair]:
    """Yield the amplitude in percent of the perception threshold, if that was measured."""
    actual_ua = boards.code_from_ua(board, program.amplitude_ua) * board.na_per_code / 1e3
    asked, percent = settings.percent(program.amplitude_ua), settings.percent(actual_ua)
    if asked is not None and percent is not None:
        asked = settings.permille / 10 if settings.permille else asked
        yield "amplitude_of_perception", asked, percent, "%"


def _currents(program: Program, reached_ua: int, board: Board) -> Iterator[Pair]:
    """Yield a program's amplitude, that of its session if lower, and its active recharge."""
    tick_us = 1e6 / board.clock_hz
    code = boards.code_from_ua(board, program.amplitude_ua)
    milliamps, asked = board.na_per_code / 1e6, program.amplitude_ua / 1000
    yield "amplitude", asked, code * milliamps, "mA"
    if program.recharge == RECHARGE_ACTIVE and code and not program.segments:
        width = boards.ticks_from_ns(board, program.width_ns)
        parts = period.recharge_parts(code, width, program.ratio, board.min_record_ticks)
        length = sum(part[1] for part in parts) * tick_us
        yield "recharge_amplitude", asked / program.ratio, parts[0][0] * milliamps, "mA"
        yield "recharge_width", program.width_ns / 1000 * program.ratio, length, "us"
    if reached_ua < code * board.na_per_code // 1000:
        yield "amplitude_reached", asked, reached_ua / 1000, "mA"


def _timing(program: Program, board: Board) -> Iterator[Pair]:
    """Yield a program's width of the first phase, a shape's recharge, rates and gap."""
    tick_us = 1e6 / board.clock_hz

    def ticks(ns: int) -> int:
        return int(boards.ticks_from_ns(board, ns))

    def hertz(rate_millihz: int) -> float:
        return float(board.clock_hz / boards.period_ticks(board, rate_millihz))

    if program.segments:
        in_ticks = tuple((permille, ticks(ns)) for permille, ns in program.segments)
        asked_ns, actual = (
            waveforms.phase_widths(program.segments),
            waveforms.phase_widths(in_ticks),
        )
        yield "pulse_width", asked_ns[0] / 1000, actual[0] * tick_us, "us"
        if actual[1]:
            yield "recharge_width", asked_ns[1] / 1000, actual[1] * tick_us, "us"
    else:
        yield "pulse_width", program.width_ns / 1000, ticks(program.width_ns) * tick_us, "us"
    yield "rate", program.rate_millihz / 1000, hertz(program.rate_millihz), "Hz"
    if program.waveform == BURST:
        intra_millihz = program.intra_rate_millihz
        yield "intra_rate", intra_millihz / 1000, hertz(intra_millihz), "Hz"
    if program.gap_ns:
        yield "interphase_gap", program.gap_ns / 1000, ticks(program.gap_ns) * tick_us, "us"
