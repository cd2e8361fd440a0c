"""Figures of pulses: of each one, and of all pulses of a program, by polarity.

Role: Pulses holds one entry per pulse, programs() sums them up per program. The compiled schedule
and the measured trace are summed up by the same functions, so that they can be compared.
Invariant: charge counts from zero current; a polarity without current has no figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Phases:
    """Current of one polarity in each pulse: signed peak and charge, and time with current."""

    peak_a: Floats
    width_s: Floats
    charge_c: Floats

    def of(self, chosen: Flags | Integers) -> Phases:
        """Return those of some pulses."""
        return Phases(self.peak_a[chosen], self.width_s[chosen], self.charge_c[chosen])


@dataclass(frozen=True)
class Pulses:
    """Arrays with one entry per pulse, in order of time. Values are signed; cathodic is negative.

    main: sign of the stimulating polarity; program: its number; turn: its place in its burst.
    """

    start_s: Floats
    main: Floats
    cathodic: Phases
    anodic: Phases
    program: Integers
    turn: Integers

    def __len__(self) -> int:
        return len(self.start_s)

    def of(self, chosen: Flags) -> Pulses:
        """Return some of the pulses."""
        return Pulses(
            self.start_s[chosen],
            self.main[chosen],
            self.cathodic.of(chosen),
            self.anodic.of(chosen),
            self.program[chosen],
            self.turn[chosen],
        )

    def _main(self, cathodic: Floats, anodic: Floats) -> Floats:
        return np.where(self.main < 0, cathodic, anodic)

    @property
    def amplitude_a(self) -> Floats:
        """Peak current of the stimulating polarity."""
        return self._main(self.cathodic.peak_a, self.anodic.peak_a)

    @property
    def width_s(self) -> Floats:
        """Time with current of the stimulating polarity."""
        return self._main(self.cathodic.width_s, self.anodic.width_s)

    @property
    def charge_c(self) -> Floats:
        """Charge of the stimulating polarity."""
        return self._main(self.cathodic.charge_c, self.anodic.charge_c)


@dataclass(frozen=True)
class Polarity:
    """Current of one polarity of a program: means over those pulses that have any.

    Where the polarity alternates, over those pulses that it stimulates in.
    peak_a: largest current; mean_a: charge by width; width_s and charge_c: of one pulse.
    """

    peak_a: float
    mean_a: float
    width_s: float
    charge_c: float
    pulses: int


@dataclass(frozen=True)
class ProgramFigures:
    """Figures of one program. rate_hz counts pulses, or bursts; intra_rate_hz pulses in a burst.

    main: the polarity that stimulates; None for a polarity, or a rate, that there is not.
    """

    name: str
    pulses: int
    rate_hz: float | None
    intra_rate_hz: float | None
    cathodic: Polarity | None
    anodic: Polarity | None
    main: Polarity | None


def polarity(phases: Phases) -> Polarity | None:
    """Return the means over the pulses with current; None if there is none."""
    some = phases.of(phases.width_s > 0)
    if not len(some.width_s):
        return None
    width_s, charge_c = float(np.mean(some.width_s)), float(np.mean(some.charge_c))
    mean_a = charge_c / width_s
    return Polarity(float(np.mean(some.peak_a)), mean_a, width_s, charge_c, len(some.width_s))


def polarities(train: Pulses) -> tuple[Polarity | None, Polarity | None]:
    """Return the cathodic and the anodic figures of one program's pulses.

    Of an alternating train the other half's recharge is left out: its means would be of neither.
    """
    cathodic, anodic = train.cathodic, train.anodic
    if np.any(train.main < 0) and np.any(train.main > 0):
        cathodic, anodic = cathodic.of(train.main < 0), anodic.of(train.main > 0)
    return polarity(cathodic), polarity(anodic)


def programs(
    train: Pulses, names: Sequence[str], periods: int, period_s: float | None
) -> tuple[ProgramFigures, ...]:
    """Return the figures of each program over so many periods; period_s None: rates unknown."""
    rows = []
    for number, name in enumerate(names):
        own = train.of(train.program == number)
        cathodic, anodic = polarities(own)
        first = len(own) > 0 and own.main[0] < 0
        bursts = int(np.sum(own.turn == 0))
        within = np.diff(own.start_s)[own.turn[1:] > 0]
        rows.append(
            ProgramFigures(
                name,
                len(own),
                bursts / periods / period_s if period_s and bursts else None,
                1 / float(np.mean(within)) if len(within) else None,
                cathodic,
                anodic,
                cathodic if first else anodic,
            )
        )
    return tuple(rows)
