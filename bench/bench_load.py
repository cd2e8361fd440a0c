"""Phases -> load -> trace: one second of three therapies, beside ngspice; errors; an hour's memory.

ngspice runs a few periods with the tolerances of sim_validation.spice, scaled to a second. The
errors are those of the very function that is timed, held against DOP853, a clipping train included.
"""

import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from timing import best_s

from scs import resources
from scs.catalog import boards
from scs.profile.profile import Profile
from scs_sim.circuit import model
from scs_sim.circuit.netlist import from_rows
from scs_sim.circuit.trace import Samples
from sim_validation import cases, reference, spice
from sim_validation.rows import Row
from stimcore import period
from stimcore.period import DISCHARGE, DRIVE, IDLE

NAME = "pico/mcp4922-8/randles-500"
BOARD, ELECTRICAL = boards.board(NAME), boards.electrical(NAME)
HOUR_S, HOUR_MB, HZ = 3600, 200, 50
FAST = {"rate_millihz": 10_000_000, "width_ns": 30_000, "gap_ns": 10_000, "ratio": 1}
US = 125  # ticks
# 12.5 mA for 1 ms take 5.9 V across 500 ohm and 13.3 V across the capacitors: it clips half way
CLIPPING = (
    (DRIVE, 1, 2, -2000, 1000 * US),
    (IDLE, 0, 0, 0, 30 * US),
    (DRIVE, 1, 2, 500, 4000 * US),
    (DISCHARGE, 0, 3, 0, 14_970 * US),
)


class Train(NamedTuple):
    """A period of phases, how many periods the oracles run, and whether its speed is measured."""

    name: str
    period: Sequence[Sequence[int]]
    periods: int
    timed: bool = True


def compiled(path: str, **changes: int) -> Sequence[Sequence[int]]:
    """Compile one period of a shipped profile, or of one changed."""
    group = Profile.read(resources.path(path)).group
    group = group._replace(programs=(group.programs[0]._replace(**changes),))
    return period.compile_group(BOARD, group, (group.programs[0].amplitude_ua,))


def trains() -> list[Train]:
    tonic = "profiles/tonic_50hz.yaml"
    return [
        Train("tonic", compiled(tonic), 2),
        Train("burst", compiled("profiles/burst_dr.yaml"), 2),
        Train("10 kHz", compiled(tonic, **FAST), 100),
        Train("clipping", CLIPPING, 2, timed=False),
    ]


def case(train: Train) -> cases.Case:
    circuit = from_rows(ELECTRICAL["stage"], ELECTRICAL["load"])
    steps = model.steps(BOARD, ELECTRICAL, train.period)
    return cases.train(train.name, circuit, steps, train.periods)


def run(train: Train, periods: int) -> Samples:
    """Run the timed function: from the phases to both sides of every step."""
    return model.of_board(BOARD, ELECTRICAL, train.period).run(periods)


def dop853_error(train: Train) -> float:
    """Return the largest difference at the end of each phase, as a share of full scale."""
    whole = case(train)
    theirs = reference.integrated(whole)
    rest = whole.steps[0][2]
    ours = model.of_board(BOARD, ELECTRICAL, train.period)
    ours.tick = rest
    seen = ours.run(train.periods)
    ends = slice(2 * len(reference.LOOKS) - 1, None, len(reference.LOOKS))  # but the rest's
    at = np.searchsorted(seen.time_s, theirs.time_s[ends], side="left")
    assert np.array_equal(seen.time_s[at], theirs.time_s[ends])
    pairs = zip(seen[1:], theirs[1:], cases.FULL_SCALE, strict=True)
    return max(float(np.max(np.abs(our[at] - their[ends]))) / full for our, their, full in pairs)


def speeds(train: Train) -> list[Row]:
    """Measure simulated seconds per second, beside those of ngspice on a few periods."""
    head, ticks = f"load: {train.name}", sum(phase[4] for phase in train.period)
    periods = round(BOARD.clock_hz / ticks)
    ours = 1 / best_s(lambda: run(train, periods), 30)
    speed = Row(f"{head}, phases to trace", ours, "s/s")
    try:
        theirs, off = ngspice(case(train))
    except spice.Missing as missing:
        print(missing, file=sys.stderr)
        return [speed, Row(f"{head}, times ngspice (which is missing)", 0, "", (">", 1000))]
    return [
        speed,
        Row(f"{head}, ngspice ({train.periods} periods)", theirs, "s/s"),
        Row(f"{head}, ngspice off by, of full scale", off, ""),
        Row(f"{head}, times ngspice", ours / theirs, "", (">", 1000)),
    ]


def ngspice(whole: cases.Case) -> tuple[float, float]:
    """Return (simulated seconds per second with its output read, its error)."""
    begun = time.perf_counter()
    seen = spice.run(whole)
    taken = time.perf_counter() - begun
    return cases.edges_s(whole.steps)[-1] / taken, cases.error(whole, seen, cases.solved(whole))


def hour() -> list[Row]:
    """Measure memory and time of a child that streams an hour of 50 Hz."""
    done = subprocess.run(
        [sys.executable, __file__], check=True, capture_output=True, text=True, timeout=300
    )
    peak_mb, seconds, pieces = (float(word) for word in done.stdout.split())
    assert pieces == HOUR_S * HZ * len(trains()[0].period)
    return [
        Row("load: an hour of 50 Hz, streamed", seconds, "s"),
        Row("load: its memory, Python and all", peak_mb, "MB", ("<", HOUR_MB)),
    ]


def stream_hour() -> None:
    """Stream an hour in the child: every block is looked at and dropped."""
    tonic = model.of_board(BOARD, ELECTRICAL, trains()[0].period)
    begun, rows = time.perf_counter(), 0
    for block in tonic.stream(HOUR_S * HZ):
        assert abs(block.current_a).max() < 3e-3
        rows += len(block.time_s)
    peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(peak_kb / 1024, time.perf_counter() - begun, rows // 2)


def measure() -> list[Row]:
    rows: list[Row] = []
    for train in trains():
        if train.timed:
            rows += speeds(train)
        off = dop853_error(train)
        rows.append(Row(f"load: {train.name}, off DOP853, of full scale", off, "", ("<", 1e-9)))
    return rows + hour()


if __name__ == "__main__":
    stream_hour()
