"""Compiled schedule of a group: when which program drives current, and how much.

Role: the group and the words of a period -> Schedule, by which a trace is divided into programs,
pulses and polarities. Invariant: a measured value never comes from it; `compiled` is there to be
compared with what was measured.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from stimcore import period as periods_of
from stimcore import program
from stimcore.board import Board, period_ticks

from .commanded import SAME_S, Command
from .figures import Flags, Floats, Integers, Phases, ProgramFigures, Pulses, programs


@dataclass(frozen=True)
class Drives:
    """Stretches of a period with driven current, one entry each: number of the pulse, begin and
    end (s, from the period's start), and whether they hold cathodic and anodic current."""

    pulse: Integers
    begin_s: Floats
    end_s: Floats
    cathodic: Flags
    anodic: Flags


@dataclass(frozen=True)
class Schedule:
    """Schedule of a trace: `periods` whole ones from begin_s on, in the trace's time.

    compiled: the pulses of one period as the words command them; quiet_a: half a code, less is no
    current; adc_code_a: the same for a sampled trace, a code of the device's ADC.
    at_target: True if that is the profile's amplitude, not a step of a ramp.
    board, group: of which it is compiled.
    """

    board: Board = field(repr=False)
    group: program.Group = field(repr=False)
    names: tuple[str, ...]
    compiled: Pulses
    drives: Drives = field(repr=False)
    period_s: float
    quiet_a: float
    adc_code_a: float
    begin_s: float
    periods: int
    at_target: bool

    @property
    def end_s(self) -> float:
        """End of the last whole period."""
        return self.begin_s + self.periods * self.period_s

    @property
    def programs(self) -> tuple[ProgramFigures, ...]:
        """Figures of each program as compiled."""
        return programs(self.compiled, self.names, 1, self.period_s)

    def within(self, begin_s: float, end_s: float) -> Schedule:
        """Return the schedule of the whole periods between two times."""
        first = max(0, math.ceil((begin_s - self.begin_s - SAME_S) / self.period_s))
        last = math.floor((end_s - self.begin_s + SAME_S) / self.period_s)
        start_s = self.begin_s + first * self.period_s
        return replace(self, begin_s=start_s, periods=max(0, min(last, self.periods) - first))

    def shifted(self, by_s: float) -> Schedule:
        """Return the schedule in another time."""
        return replace(self, begin_s=self.begin_s + by_s)


def target(board: Board, group: program.Group, periods: int = 1) -> Command:
    """Return the command of a group at its amplitudes; raise Refused if it cannot be compiled."""
    levels_ua = tuple(member.amplitude_ua for member in group.programs)
    phases = periods_of.compile_group(board, group, levels_ua)
    length_s, current_a = [], []
    for *_kind_and_contacts, code, ticks in phases:
        length_s.append(ticks / board.clock_hz)
        current_a.append(code * board.na_per_code / 1e9)
    return Command(0.0, tuple(length_s), tuple(current_a), periods)


def schedule(
    board: Board, group: program.Group, names: Sequence[str], command: Command | None = None
) -> Schedule:
    """Return the schedule of a command, without one that of the profile's amplitude from time 0.

    Raises Refused if the group cannot be compiled.
    """
    aim = target(board, group)
    command = command or replace(aim, periods=2**31)
    slots = _slots(board, group)
    starts = np.array([start for start, _number, _turn in slots]) / board.clock_hz
    begins, ends = command.edges_s()
    driven = np.flatnonzero(command.current_a)
    begin_s, end_s = begins[driven], ends[driven]
    current_a, length_s = np.array(command.current_a)[driven], end_s - begin_s
    pulse = np.searchsorted(starts, begin_s + SAME_S) - 1
    cathodic, anodic = (
        _phases(pulse, np.where(sign * current_a > 0, current_a, 0), length_s, len(slots))
        for sign in (-1, 1)
    )
    first = np.zeros(len(slots))  # and so it stays where pulses are marks alone
    first[pulse[::-1]] = np.sign(current_a[::-1])
    larger = np.sign(np.abs(anodic.peak_a) - np.abs(cathodic.peak_a))
    apart = (pulse[1:] != pulse[:-1]) | (begin_s[1:] > end_s[:-1] + SAME_S)
    heads = np.flatnonzero(np.append(True, apart)[: len(driven)])
    return Schedule(
        board,
        group,
        tuple(names),
        Pulses(
            starts,
            np.where(larger == 0, first, larger),
            cathodic,
            anodic,
            np.array([number for _start, number, _turn in slots]),
            np.array([turn for _start, _number, turn in slots]),
        ),
        Drives(
            pulse[heads],
            begin_s[heads],
            end_s[np.append(heads[1:], len(driven))[: len(heads)] - 1],
            np.logical_or.reduceat(current_a < 0, heads),
            np.logical_or.reduceat(current_a > 0, heads),
        ),
        command.period_s,
        board.na_per_code / 2e9,
        board.sense_na_per_lsb / 1e9,
        command.begin_s,
        command.periods,
        sorted(filter(None, command.current_a)) == sorted(filter(None, aim.current_a)),
    )


def _slots(board: Board, group: program.Group) -> list[tuple[int, int, int]]:
    """Return (start in ticks, program, place in its burst) of every pulse of a period."""
    places = periods_of.pulse_places(board, group, periods_of.group_ticks(board, group))
    slots = []
    for start, number, _variant, _width in places:
        member = group.programs[number]
        apart = period_ticks(board, member.intra_rate_millihz) if member.pulses > 1 else 0
        for turn in range(member.pulses):
            slots.append((start - places[0][0] + turn * apart, number, turn))
    return sorted(slots)


def _phases(pulse: Integers, current_a: Floats, length_s: Floats, pulses: int) -> Phases:
    """Sum up current of one sign, zero elsewhere, per pulse."""
    peak_a, width_s, charge_c = np.zeros((3, pulses))
    np.maximum.at(peak_a, pulse, np.abs(current_a))
    np.add.at(width_s, pulse, np.where(current_a, length_s, 0.0))
    np.add.at(charge_c, pulse, current_a * length_s)
    return Phases(np.copysign(peak_a, charge_c), width_s, charge_c)
