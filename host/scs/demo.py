"""Demonstration: two therapies on the simulated board, programmed and measured values compared.

Role: run each profile through link, device and sequencer, measure the trace, compare. The
measurement is independent of the program. Invariant: every comparison has a stated tolerance, and
one that fails makes the demonstration fail.
"""

from __future__ import annotations

from dataclasses import dataclass

from stimcore import board as boards
from stimcore import limits, program
from stimcore.board import Board

from .catalog import boards as tables
from .messages.safety_metrics import Metric
from .profile.profile import Profile
from .recordings.record import record
from .safety.measured import MOST_DENSITY, MOST_SHANNON_K, shannon_k, smallest_area_cm2
from .traces.trace import Trace
from .traces.waveform_analysis import Measured

PROFILES = ("profiles/tonic_50hz.yaml", "profiles/burst_dr.yaml")
PERIODS = 10
# The stage's declared gain mismatch is 0.5 % between the polarities, its offset 2 uA, its INL 12.5.
CURRENT_TOLERANCE = 0.01
WIDTH_TOLERANCE = 5e-3  # the output settles in 4.5 us, and leaves zero at once
TIME_TOLERANCE = 1e-4  # one tick of 8 ns in the shortest phase, 10 us, is 8e-4; of 200 us 4e-5


@dataclass(frozen=True)
class Comparison:
    """Comparison of one quantity: programmed, measured, and a tolerance, a limit or neither.

    `ok` None: no requirement.
    """

    name: str
    programmed: float | None
    measured: float
    unit: str
    limit: float | None
    ok: bool | None


@dataclass(frozen=True)
class Shown:
    """Therapy of the demonstration with its results."""

    profile: Profile
    board: str
    trace: Trace
    measured: Measured
    rows: tuple[Comparison, ...]
    figures: tuple[Metric, ...]

    @property
    def ok(self) -> bool:
        """True if no comparison failed."""
        return all(row.ok is not False for row in self.rows)


def show(profile: Profile, board: Board) -> Shown:
    """Run a profile with one program on the simulated board until it is steady, and compare."""
    period_s = boards.period_ticks(board, profile.group.programs[0].rate_millihz) / board.clock_hz
    wait_s = tables.steady_s(board.name)
    taken = record(profile, board.name, PERIODS * period_s, wait_s=wait_s)
    measured = taken.trace.measure()
    rows = _rows(profile, board, measured)
    train = profile.group.programs[0]
    if not (train.recharge == program.RECHARGE_ACTIVE or train.segments or train.alternating):
        # all driven current has the other sign: this peak is that of passive discharge
        most_ma = train.ceiling_ua * profile.group.header.discharge_permille / 1e6
        peak_ma = float(taken.trace.current_a.max()) * 1e3
        rows.append(_most("peak discharge current", peak_ma, "mA", most_ma))
    return Shown(profile, board.name, taken.trace, measured, tuple(rows), tuple(taken.figures))


def _rows(profile: Profile, board: Board, measured: Measured) -> list[Comparison]:
    train = profile.group.programs[0]
    amplitude_ma = boards.code_from_ua(board, train.amplitude_ua) * board.na_per_code / 1e6
    width_us = boards.ticks_from_ns(board, train.width_ns) * 1e6 / board.clock_hz
    rate_hz = board.clock_hz / boards.period_ticks(board, train.rate_millihz)
    charge_uc = amplitude_ma * width_us / 1000
    rows = [
        _close(
            "amplitude", -amplitude_ma, _scaled(measured.amplitude_a, 1e3), "mA", CURRENT_TOLERANCE
        ),
        _close("pulse width", width_us, _scaled(measured.width_s, 1e6), "us", WIDTH_TOLERANCE),
        _close("rate", rate_hz, measured.rate_hz or 0.0, "Hz", TIME_TOLERANCE),
    ]
    if measured.intra_rate_hz or train.pulses > 1:
        intra_hz = board.clock_hz / boards.period_ticks(board, train.intra_rate_millihz)
        measured_hz = measured.intra_rate_hz or 0.0
        rows.append(_close("rate within a burst", intra_hz, measured_hz, "Hz", TIME_TOLERANCE))
    measured_uc = _scaled(measured.charge_c, 1e6)
    rows.append(_close("charge per phase", -charge_uc, measured_uc, "uC", CURRENT_TOLERANCE))
    rows += _safety(profile, measured)
    net_na, residual_nc = (measured.dc_a or 0.0) * 1e9, (measured.residual_c or 0.0) * 1e9
    rows.append(Comparison("residual charge of a period", None, residual_nc, "nC", None, None))
    rows.append(_most("net DC", net_na, "nA", limits.DC_PA / 1e3))
    return rows


def _scaled(value: float | None, factor: float) -> float:
    """Return a measured value in another unit; 0 if there was none."""
    return (value or 0.0) * factor


def _close(
    name: str, programmed: float, measured: float, unit: str, tolerance: float
) -> Comparison:
    good = abs(measured - programmed) <= tolerance * abs(programmed)
    return Comparison(name, programmed, measured, unit, None, good)


def _most(name: str, measured: float, unit: str, limit: float) -> Comparison:
    return Comparison(name, None, measured, unit, limit, abs(measured) <= limit)


def _safety(profile: Profile, measured: Measured) -> list[Comparison]:
    """Compare density and Shannon's k of one phase, and of the largest unrecovered charge."""
    area_cm2 = smallest_area_cm2(profile.group, 0)
    charge_uc = abs(_scaled(measured.charge_c, 1e6))
    running_uc = (measured.running_c or 0.0) * 1e6
    rows = []
    for of, amount in (("of a phase", charge_uc), ("unrecovered", running_uc)):
        rows.append(_most(f"density, {of}", amount / area_cm2, "uC/cm2", MOST_DENSITY))
        k = float(shannon_k(amount, area_cm2))
        rows.append(
            Comparison(f"Shannon k, {of}", None, k, "", MOST_SHANNON_K, k <= MOST_SHANNON_K)
        )
    return rows
