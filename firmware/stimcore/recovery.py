"""Passive recharge through the stage's discharge resistor: which part of it, and for how long.

Role: soft_ticks() computes it for a pulse or a burst, softly() adds it to the phases of a rest.
Invariant: neither depends on the level, so that a ramp does not change the form of a period; the
kernel judges the result independently. Requirements: REQ-62.
"""

from . import program
from .board import Board, ticks_from_ns

SOFT = 4  # the kind of a phase: a pulse's own contacts joined through the discharge resistor
_SIXTEENTH = 61566  # exp(-1/16) in 65536ths, rounded up


def soft_ticks(board: Board, group: program.Group, one: program.Program, width: int) -> int:
    """Return how long charge must leave through the resistor before a direct discharge.

    A direct discharge begins with the drive's current x its time / the least time constant, which
    must be no more than the lowest ceiling of the group permits. It is reckoned at this program's
    own ceiling, with a sixteenth for what the period before left and for the stage's errors.
    """
    if one.recharge == program.RECHARGE_ACTIVE or one.segments:
        return 0
    if board.discharge_least_us == 0 or board.soft_tau_us == 0:
        return 0
    pulses = one.pulses if one.recharge == program.RECHARGE_PASSIVE_BURST else 1
    ticks_per_us = board.clock_hz // 1_000_000
    driven_us = -(-17 * pulses * width // (16 * ticks_per_us))
    lowest = min([each.ceiling_ua for each in group.programs])
    permitted = board.discharge_least_us * lowest * group.header.discharge_permille
    begins = driven_us * one.ceiling_ua * 1000
    share, steps = 65536, 0
    while begins * share > permitted * 65536:
        share = (share * _SIXTEENTH >> 16) + 1
        steps += 1
    return steps * board.soft_tau_us * ticks_per_us // 16


def softly(board: Board, pulse: list, soft: int, rest: int, out: list) -> int:
    """Add the soft discharge after a pulse; return its ticks. If there is no room for all of it,
    the direct one keeps some, and the kernel refuses the current of that."""
    most = rest - board.min_record_ticks
    if soft > most:
        soft = most - min(board.discharge_tau_us * (board.clock_hz // 1_000_000), most // 2)
    soft = max(soft, board.min_record_ticks)
    if soft > most:
        return 0
    out.append((SOFT, pulse[0][1], pulse[0][2], 0, soft))
    return soft


def more_phases(board: Board, group: program.Group, one: program.Program) -> int:
    """Return the number of phases that this adds to one slot of a program."""
    if not soft_ticks(board, group, one, ticks_from_ns(board, one.width_ns)):
        return 0
    return 1 if one.recharge == program.RECHARGE_PASSIVE_BURST else int(one.pulses)
