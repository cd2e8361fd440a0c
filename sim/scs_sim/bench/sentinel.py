"""The sentinel's trip time in closed form.

Role: what the board asks at each active run, at a fraction of the executor's cost; the tests
hold it against the executor running the sentinel's opcodes over every alignment.
Invariant: exact to the tick for runs that are at least MIN_IDLE_TICKS apart, so that the
sentinel is back at its wait when the next begins (records are far longer than that).
"""

from __future__ import annotations

from ..pio.asm import firmware_programs

SYNC_TICKS = 2  # the pin's synchroniser
MIN_IDLE_TICKS = 6
_TRIP_TICKS = 6  # after the wait that saw the rise, for a ceiling of 0 turns


def turns_for(ceiling_ticks: int) -> int:
    """Return the sentinel's word for a ceiling, as the firmware's sentinel_turns gives it."""
    return int(firmware_programs().sentinel_turns(ceiling_ticks))


def outlasts(run_ticks: int, turns: int) -> bool:
    """Return True if a run of ACTIVE of `run_ticks` ticks trips a sentinel given `turns`."""
    return turns == 0 or run_ticks > 2 * turns + _TRIP_TICKS - 2


def trip_tick(rise_tick: int, turns: int) -> int:
    """Return the tick at which GATE falls, if ACTIVE rose at `rise_tick` and lasts too long."""
    return rise_tick + SYNC_TICKS + 2 * turns + _TRIP_TICKS
