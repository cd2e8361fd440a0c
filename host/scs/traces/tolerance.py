"""Tolerance of a stage: how far what it delivers may be from what was compiled.

Role: Tolerance.of() reads the declared figures of board and stage, compare() holds measured
programs against compiled ones. Invariant: no figure of its own but the number of steps between two
currents; everything else stands in boards.yaml.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stimcore import program
from stimcore.board import Board

from .figures import Polarity, ProgramFigures


@dataclass(frozen=True)
class Tolerance:
    """Declared figures: gain (relative), offset with linearity and half a code (A), one tick (s),
    time until an edge has settled (s), time constant of an edge (s)."""

    gain: float
    offset_a: float
    tick_s: float
    settle_s: float
    tau_s: float

    @classmethod
    def of(cls, board: Board, stage: Mapping[str, Any]) -> Tolerance:
        """Return the tolerance of a board and the "stage" of its electrical figures."""
        code_a = board.na_per_code / 1e9
        return cls(
            gain=board.gain_mismatch_ppm / 1e6,
            offset_a=board.offset_na / 1e9 + (stage["inl_codes"] + 0.5) * code_a,
            tick_s=1 / board.clock_hz,
            settle_s=stage["settle_s"],
            tau_s=stage["settle_tau_s"],
        )

    def current_a(self, current_a: float) -> float:
        """Return the tolerance of a current."""
        return self.gain * abs(current_a) + self.offset_a

    def width_s(self) -> float:
        """Return the tolerance of a width: a reversal passes zero before it has settled."""
        return self.tick_s + self.settle_s

    def charge_c(self, polarity: Polarity, step_a: float, steps: int) -> float:
        """Return the tolerance of a charge: what each step, step_a at most, holds back."""
        return self.current_a(polarity.peak_a) * polarity.width_s + step_a * steps * self.tau_s

    def rate_hz(self, rate_hz: float, span_s: float) -> float:
        """Return the tolerance of a rate that was measured over a time."""
        edges_s = 2 * (self.tick_s + self.settle_s)
        return rate_hz * edges_s / span_s


def steps(group: program.Group) -> list[int]:
    """Return how often the current changes in a pulse of each program, at most.

    A square pulse begins and ends, and so does its recharge, whose end may be a code lower; the
    last segment of a shape may be in three parts.
    """
    return [len(member.segments) + 3 if member.segments else 5 for member in group.programs]


@dataclass(frozen=True)
class Row:
    """One quantity of one program, in SI units; measured None: it was not there."""

    program: str
    quantity: str
    unit: str
    compiled: float
    measured: float | None
    tolerance: float

    @property
    def ok(self) -> bool:
        """True if it is within the tolerance."""
        if self.measured is None:
            return False
        return abs(self.measured - self.compiled) <= self.tolerance


def compare(
    compiled: Sequence[ProgramFigures],
    measured: Sequence[ProgramFigures],
    tolerance: Tolerance,
    span_s: float,
    changes_of: Sequence[int],
) -> Iterator[Row]:
    """Yield the quantities of every program. span_s: the time that was measured, two periods or
    more; changes_of: what steps() returns."""
    for wanted, seen, changes in zip(compiled, measured, changes_of, strict=True):
        name = wanted.name
        for quantity, rate, seen_rate in (
            ("rate", wanted.rate_hz, seen.rate_hz),
            ("rate within a burst", wanted.intra_rate_hz, seen.intra_rate_hz),
        ):
            if rate is not None:
                within = tolerance.rate_hz(rate, span_s if quantity == "rate" else 1 / rate)
                yield Row(name, quantity, "Hz", rate, seen_rate, within)
        parts = (
            ("cathodic", wanted.cathodic, seen.cathodic),
            ("anodic", wanted.anodic, seen.anodic),
        )
        step_a = sum(abs(part.peak_a) for _sign, part, _seen in parts if part is not None)
        for sign, part, seen_part in parts:
            if part is None:
                if seen_part is not None:
                    within = tolerance.current_a(0.0)
                    yield Row(name, f"{sign} peak", "A", 0.0, seen_part.peak_a, within)
                continue
            charge_c = tolerance.charge_c(part, step_a, changes)
            for quantity, unit, value, within in (
                ("peak", "A", part.peak_a, tolerance.current_a(part.peak_a)),
                ("mean", "A", part.mean_a, _mean_a(part, charge_c, tolerance.width_s())),
                ("width", "s", part.width_s, tolerance.width_s()),
                ("charge", "C", part.charge_c, charge_c),
            ):
                field = f"{quantity}_{unit.lower()}"
                measured_value = None if seen_part is None else getattr(seen_part, field)
                yield Row(name, f"{sign} {quantity}", unit, value, measured_value, within)


def _mean_a(part: Polarity, charge_c: float, width_s: float) -> float:
    """Return the tolerance of a charge divided by a width, each with its own."""
    return charge_c / part.width_s + abs(part.mean_a) * width_s / part.width_s
