"""Traces of whole profiles from the fast circuit model: no words, no pins, no firmware.

Role: modelled() runs a group's compiled phases into stage and load. The model gives the start and
the end of a phase; where its curves bend, phases are cut so that straight lines follow them.
Invariant: a trace begins with a period and holds whole ones; it has its schedule unless bare.
"""

import numpy as np

from scs import Profile
from scs.catalog import boards
from scs.traces.schedule import schedule
from scs.traces.trace import Trace
from scs_sim.circuit import model
from stimcore import period

CUTS = 96  # pieces that a phase is cut into at most, each longer than the one before
FINEST_S = 4e-8  # the first of them; the output settles with 0.5 us
STEADY = 8  # periods before the trace


def cut(ticks: int, clock_hz: int) -> list[int]:
    """Return the lengths of a phase's pieces, in ticks."""
    edges = np.geomspace(FINEST_S * clock_hz, ticks, CUTS) if ticks > 1 else []
    whole = np.unique(np.round(np.append(edges, ticks)).astype(int))
    return np.diff(np.append(0, whole[(whole > 0) & (whole <= ticks)])).tolist()


def modelled(
    profile: Profile, periods: int = 2, board: str = "", *, bare: bool = False, steady: int = STEADY
) -> Trace:
    """Return the trace of whole periods at the profile's amplitude, after some that are left out.

    Raises Refused for a group that cannot be compiled.
    """
    row = boards.board(board)
    levels_ua = tuple(member.amplitude_ua for member in profile.group.programs)
    phases = [
        (*phase[:4], part)
        for phase in period.compile_group(row, profile.group, levels_ua)
        for part in cut(phase[4], row.clock_hz)
    ]
    train = model.of_board(row, boards.electrical(board), phases)
    if steady:
        train.run(steady)
    samples = train.run(periods)
    compiled = schedule(row, profile.group, profile.program_names)
    return Trace(
        samples.time_s - samples.time_s[0],
        samples.current_a,
        samples.voltage_v,
        None if bare else compiled,
    )
