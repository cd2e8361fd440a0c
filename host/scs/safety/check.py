"""Check a profile on the host with the device's own code.

Role: Profile and Board -> safety figures with their limits, problems with their lines, and the
quantized values (whole DAC codes, whole ticks) beside the requested ones.
Invariant: the verdict is that of stimcore's kernel on the PIO words, as on the device.
Requirements: REQ-60.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from stimcore import board as boards
from stimcore import output, phases, program
from stimcore.board import Board
from stimcore.errors import Refused

from ..documents.problem import Problem
from ..errors import Row
from ..messages import safety_metrics
from ..messages.safety_metrics import Figure
from ..profile.profile import Profile
from ..profile.thresholds import Settings
from . import delivery, ramp_check


@dataclass(frozen=True)
class Actual:
    """One quantity of a program: requested, and as the stage delivers it."""

    program: str
    name: str
    requested: float
    actual: float
    unit: str

    def as_dict(self) -> dict[str, Any]:
        """Return the row as a JSON-ready dict."""
        return asdict(self)


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

    def as_dict(self) -> dict[str, Any]:
        """Return the row as a JSON-ready dict."""
        return asdict(self)


@dataclass(frozen=True)
class Judgement:
    """Verdict of the kernel on a profile for a board; `ok` if there are no errors."""

    figures: tuple[Figure, ...]
    errors: tuple[Problem, ...]
    actual: tuple[Actual, ...]
    slots: tuple[Turns, ...] = ()
    delivery: delivery.Delivery | None = None  # of a session that has an end

    @property
    def ok(self) -> bool:
        """True if the device will admit the profile."""
        return not self.errors


def explained(rows: tuple[Row, ...], profile: Profile) -> list[Problem]:
    """Return the device's rows as problems about the profile, each with its line."""
    return [profile.explain(row) for row in rows]


def judge(
    profile: Profile, board: Board, amplitudes_ua: tuple[int, ...] | None = None
) -> Judgement:
    """Check a profile at its own amplitudes or at others (uA, one per program)."""
    group = profile.group
    own_ua = tuple(one.amplitude_ua for one in group.programs)
    try:
        verdict = output.judge(board, group, amplitudes_ua or own_ua)
        rows, shown = tuple(verdict.errors), verdict.figures
    except Refused as reason:
        rows, shown = reason.rows, []
    told = explained(rows, profile) or ramp_check.problems(profile, board)
    return Judgement(
        figures=tuple(
            safety_metrics.make(shown, group, profile.contact_names, profile.program_names)
        ),
        errors=tuple(told),
        actual=tuple(actual(profile, board)),
        slots=tuple(slots(profile, board)),
        delivery=None if told else delivery.plan(group, board, tuple(profile.contact_names)),
    )


def slots(profile: Profile, board: Board) -> list[Turns]:
    """Return each program's timing in the period, rounded to ticks of the stage."""
    tick_ms = 1e3 / board.clock_hz
    period_ms = phases.group_ticks(board, profile.group) * tick_ms
    return [
        Turns(
            name,
            one.count,
            boards.ticks_from_ns(board, one.phase_ns) * tick_ms,
            period_ms / one.count,
            period_ms,
            one.other_count,
        )
        for name, one in zip(profile.program_names, profile.group.programs, strict=True)
    ]


def actual(profile: Profile, board: Board) -> list[Actual]:
    """Return requested and actual quantities, program by program."""
    found = []
    group = profile.group
    levels = delivery.reached_ua(group, board)
    programs = zip(profile.program_names, group.programs, profile.settings, levels, strict=True)
    for name, one, person, reached in programs:
        rows = _timing(one, board)
        if not profile.sync_only:
            rows = [*_currents(one, board), *_reached(one, board, reached), *rows]
            found += _of_perception(name, one.amplitude_ua, person, board)
        found += [Actual(name, *row) for row in rows]
    return found


def _reached(one: Any, board: Board, ua: int) -> list[tuple[str, float, float, str]]:
    """Return the amplitude that the session reaches, if lower than requested."""
    made_ua = boards.code_from_ua(board, one.amplitude_ua) * board.na_per_code // 1000
    if ua >= made_ua:
        return []
    return [("amplitude_reached", one.amplitude_ua / 1000, ua / 1000, "mA")]


def _of_perception(name: str, asked_ua: int, person: Settings, board: Board) -> list[Actual]:
    """Return the amplitude in percent of the perception threshold, if that was measured."""
    made_ua = boards.code_from_ua(board, asked_ua) * board.na_per_code / 1e3
    asked, made = person.percent(asked_ua), person.percent(made_ua)
    if asked is None or made is None:
        return []
    asked = person.permille / 10 if person.permille else asked
    return [Actual(name, "amplitude_of_perception", asked, made, "%")]


def _currents(one: Any, board: Board) -> list[tuple[str, float, float, str]]:
    """Return (name, requested, actual, unit) of a program's amplitude and active recharge."""
    tick_us = 1e6 / board.clock_hz
    code = boards.code_from_ua(board, one.amplitude_ua)
    milliamps = board.na_per_code / 1e6
    rows = [("amplitude", one.amplitude_ua / 1000, code * milliamps, "mA")]
    if one.recharge == program.RECHARGE_ACTIVE and code and not one.segments:
        width = boards.ticks_from_ns(board, one.width_ns)
        parts = phases.recharge_parts(code, width, one.ratio, board.min_record_ticks)
        length = sum(part[1] for part in parts) * tick_us
        asked = one.amplitude_ua / 1000 / one.ratio
        rows.append(("recharge_amplitude", asked, parts[0][0] * milliamps, "mA"))
        rows.append(("recharge_width", one.width_ns / 1000 * one.ratio, length, "us"))
    return rows


def _timing(one: Any, board: Board) -> list[tuple[str, float, float, str]]:
    """Return (name, requested, actual, unit) of a program's width, rates and gap."""
    tick_us = 1e6 / board.clock_hz
    rows = [
        ("pulse_width", one.width_ns / 1000, _width(board, one) * tick_us, "us"),
        ("rate", one.rate_millihz / 1000, _hertz(board, one.rate_millihz), "Hz"),
    ]
    if one.waveform == program.BURST:
        rows.append(
            (
                "intra_rate",
                one.intra_rate_millihz / 1000,
                _hertz(board, one.intra_rate_millihz),
                "Hz",
            )
        )
    if one.gap_ns:
        gap = boards.ticks_from_ns(board, one.gap_ns)
        rows.append(("interphase_gap", one.gap_ns / 1000, gap * tick_us, "us"))
    return rows


def _width(board: Board, one: Any) -> int:
    """Return the ticks of the first phase; for a shape, those of its longest run."""
    longest = run = sign = 0
    for permille, ns in one.segments:
        now = (permille > 0) - (permille < 0)
        run = (run if now == sign else 0) + boards.ticks_from_ns(board, ns)
        sign = now
        longest = max(longest, run if sign else 0)
    return longest or boards.ticks_from_ns(board, one.width_ns)


def _hertz(board: Board, rate_millihz: int) -> float:
    return float(board.clock_hz / boards.period_ticks(board, rate_millihz))
