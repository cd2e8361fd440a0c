"""Compare what is measured of every preset with what its profile asks for.

Each preset runs on the simulated board, and its trace is measured as `scs report` and
Trace.measure() do it. A row per quantity: as programmed, as compiled into words, as measured. What
was compiled may differ from what was programmed by the rounding to codes and ticks, what was
measured from what was compiled by the declared errors of the stage (boards.yaml).
Exit code: 0 if every quantity is within its tolerance, else 1.
"""

import argparse
import io
import json
import math
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import numpy as np

from scs import presets
from scs.catalog import boards
from scs.messages.safety_metrics import number
from scs.profile.profile import Profile
from scs.recordings.record import record
from scs.recordings.report import numbers
from scs.traces import figures, tolerance
from scs.traces.figures import Phases, Polarity, ProgramFigures
from scs.traces.schedule import Schedule
from scs.traces.waveform_analysis import Measured
from stimcore import period, program
from stimcore.board import Board

PERIODS = 3
LADDER_LOAD = "resistor-1k"  # into a capacitance a ladder's current is none that was asked for
SCALES = {"A": (1e3, "mA"), "s": (1e6, "us"), "C": (1e6, "uC"), "Hz": (1.0, "Hz")}
HEADS = ("preset", "program", "quantity", "programmed", "±", "compiled", "measured", "±", "")


@dataclass(frozen=True)
class Row:
    """One quantity in SI units; rounding: of compiled to programmed, tolerance: of measured to
    compiled; measured None: it was not there."""

    preset: str
    program: str
    quantity: str
    unit: str
    programmed: float
    rounding: float
    compiled: float
    measured: float | None
    tolerance: float
    ok: bool

    def cells(self) -> tuple[str, ...]:
        """Return the row of the table."""
        factor, unit = SCALES[self.unit]
        values = (
            self.programmed,
            self.rounding,
            self.compiled,
            self.measured,
            self.tolerance,
        )
        texts = ["none" if value is None else number(value * factor, unit) for value in values]
        return (self.preset, self.program, self.quantity, *texts, "ok" if self.ok else "FAIL")


def main(arguments: list[str] | None = None) -> int:
    """Print the table, or JSON."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # a redirection may have no character for µ or ±
        sys.stdout.reconfigure(errors="replace")
    parser = argparse.ArgumentParser(prog="truth", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("preset", nargs="*", help="a preset's name; all of them without")
    parser.add_argument("--json", action="store_true", help="print the rows as JSON, in SI units")
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.preset) - set(presets.names()))
    if unknown:
        parser.error(f"no such preset: {', '.join(unknown)}; `scs presets` lists them")
    rows = [row for name in options.preset or presets.names() for row in of_preset(name)]
    failed = sum(not row.ok for row in rows)
    if options.json:
        print(json.dumps([asdict(row) for row in rows], indent=1))
    else:
        show([HEADS, *(row.cells() for row in rows)])
        print(f"\n{len(rows)} quantities, {failed} outside of their tolerance")
    return 1 if failed else 0


def show(rows: list[tuple[str, ...]]) -> None:
    """Print rows in columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [
            cell.ljust(width) if at < 3 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  ".join(cells).rstrip())


def of_preset(name: str) -> Iterator[Row]:
    """Run a preset on the first stage that accepts it, and yield its rows."""
    stages = presets.preset(name).stages
    stage = next(stage for stage in presets.STAGES if not stages[stage])
    load = LADDER_LOAD if stage != presets.STAGES[0] else ""
    whole = boards.full_name(stage=stage, load=load)
    profile, board = presets.read(name), boards.board(whole)
    period_s = period.group_ticks(board, profile.group) / board.clock_hz
    run = record(profile, whole, PERIODS * period_s).run
    if run.rows is None:
        raise RuntimeError(f"{name}: the simulated board gave no trace")
    if profile.sync_only:
        peak_a = max(float(np.max(np.abs(block.current_a))) for block in run.rows.blocks())
        most_a = board.offset_na / 1e9
        yield Row(name, "", "current", "A", 0.0, 0.0, 0.0, peak_a, most_a, peak_a <= most_a)
        return
    seen = numbers.measured(run.rows, run.schedule)
    if seen is None or run.schedule is None or not run.schedule.at_target:
        raise RuntimeError(f"{name}: its trace holds no whole period at its amplitude")
    yield from judged(name, profile, whole, seen[0], run.schedule)


def judged(
    name: str, profile: Profile, whole: str, measured: Measured, schedule: Schedule
) -> Iterator[Row]:
    """Yield a row for each quantity of each program. whole: the name of board, stage and load."""
    board, stage = boards.board(whole), boards.electrical(whole)["stage"]
    asked = wanted(profile)
    for row in tolerance.compare(
        schedule.programs,
        measured.programs,
        tolerance.Tolerance.of(board, stage),
        measured.end_s - measured.begin_s,
        tolerance.steps(profile.group),
    ):
        place = profile.program_names.index(row.program)
        value = field(asked[place], row.quantity)
        rounding = rounded(board, profile.group.programs[place], row, value)
        yield Row(
            name,
            row.program,
            row.quantity,
            row.unit,
            value,
            rounding,
            row.compiled,
            row.measured,
            row.tolerance,
            row.ok and abs(row.compiled - value) <= rounding,
        )


def field(programmed: ProgramFigures, quantity: str) -> float:
    """Return a quantity of tolerance.compare(); 0 where it was not asked for."""
    if quantity == "rate":
        return programmed.rate_hz or 0.0
    if quantity == "rate within a burst":
        return programmed.intra_rate_hz or 0.0
    sign, _, kind = quantity.partition(" ")
    polarity: Polarity | None = getattr(programmed, sign)
    unit = {"peak": "a", "mean": "a", "width": "s", "charge": "c"}[kind]
    return 0.0 if polarity is None else float(getattr(polarity, f"{kind}_{unit}"))


def wanted(profile: Profile) -> list[ProgramFigures]:
    """Return what the profile asks for, from its own integers: uA, ns, mHz, permille."""
    rows = []
    for name, member in zip(profile.program_names, profile.group.programs, strict=True):
        amplitude_a, width_s = member.amplitude_ua / 1e6, member.width_ns / 1e9
        if member.segments:
            pieces = [(share / 1e3 * amplitude_a, ns / 1e9) for share, ns in member.segments]
        else:
            pieces = [(-amplitude_a, width_s)]
            if member.recharge == program.RECHARGE_ACTIVE:
                pieces.append((amplitude_a / member.ratio, width_s * member.ratio))
        ways = {sign: turned(pieces, sign) if member.alternating else pieces for sign in (-1, 1)}
        cathodic, anodic = (figures.polarity(phases(ways[sign], sign)) for sign in (-1, 1))
        intra_hz = member.intra_rate_millihz / 1e3 if member.pulses > 1 else None
        rate_hz = member.rate_millihz / 1e3
        rows.append(ProgramFigures(name, 0, rate_hz, intra_hz, cathodic, anodic, None))
    return rows


def turned(pieces: list[tuple[float, float]], sign: int) -> list[tuple[float, float]]:
    """Return a pulse the way round in which its largest current, or the first such, has a sign."""
    way = sign * math.copysign(1, max(pieces, key=lambda piece: abs(piece[0]))[0])
    return [(way * current_a, length_s) for current_a, length_s in pieces]


def phases(pieces: list[tuple[float, float]], sign: int) -> Phases:
    """Return peak, width and charge of one sign in a pulse."""
    own = [(current_a, length_s) for current_a, length_s in pieces if sign * current_a > 0]
    return Phases(
        np.array([sign * max((abs(current_a) for current_a, _s in own), default=0.0)]),
        np.array([math.fsum(length_s for _a, length_s in own)]),
        np.array([math.fsum(current_a * length_s for current_a, length_s in own)]),
    )


def rounded(board: Board, member: program.Program, row: tolerance.Row, programmed: float) -> float:
    """Return how far compiling may move a quantity: a code, a tick, the dither that was asked for.

    An active recharge of a lower amplitude is up to a code higher, and shorter by as much, and its
    last part is as long as the shortest record. Each segment of a shape is rounded, and the last
    one makes the sum zero.
    """
    code_a, tick_s = float(board.na_per_code) / 1e9, 1 / float(board.clock_hz)
    if row.unit == "Hz":
        return programmed * programmed * tick_s
    if row.unit == "A":
        return 2 * code_a if member.segments else code_a
    amplitude_a, ratio = float(member.amplitude_ua) / 1e6, int(member.ratio)
    lengths_ns = [ns for _share, ns in member.segments] or [member.width_ns * ratio]
    width_s, dither = float(sum(lengths_ns)) / 1e9, float(member.width_dither) / 1e3
    longer_s = tick_s * len(lengths_ns) + dither * width_s
    if row.unit == "s":
        if ratio > 1 and row.quantity.startswith("anodic"):
            longer_s += width_s * code_a * ratio / amplitude_a + board.min_record_ticks * tick_s
        return longer_s
    return code_a * width_s + amplitude_a * longer_s


if __name__ == "__main__":
    sys.exit(main())
