"""Figures of a stage in boards.yaml beside those of its drawn circuit in ngspice (`make stage`).

Role: measure() plays codes and discharges through the drawn circuit; each Row holds one figure of
boards.yaml against what ngspice shows. Invariant: the trimmer is set first, as the bring-up says.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from scs.catalog import boards
from scs.circuit import netlist as netlists
from scs.circuit.spice import AS_DRAWN, Edits, node, ports
from scs.cli import console
from stimcore import period

from . import drawn
from .drawn import Bench, Points, Waves

OUT = Path("build/stage/figures.json")
STAGES = ("mcp4922-8", "r2r-1")
RESISTOR, RANDLES = (500.0, 0.0, 0.0), (500.0, 2.5e-6, 100e3)
STEP_US = 60  # of each code; its current is read where it ends
READ_S = 2e-6
CHARGE_US, REST_US = 1500, 200
CATHODES, ANODES = 0b01, 0b10
AMPS = "i(Vload)"
ADC_LSB_V = 3.3 / 4096
Phases = list[tuple[int, int, int, int, int]]


@dataclass(frozen=True)
class Row:
    """One figure. law: "at most", "at least", or the share within which the two must agree."""

    stage: str
    figure: str
    unit: str
    declared: float
    ngspice: float
    law: str | float

    @property
    def holds(self) -> bool:
        """Whether the drawn circuit keeps what the row declares."""
        if isinstance(self.law, float):
            return bool(abs(self.ngspice - self.declared) <= self.law * abs(self.declared))
        over = self.ngspice - self.declared
        return bool(over <= 0 if self.law == "at most" else over >= 0)


class Drawn:
    """A drawn stage whose phases ngspice plays."""

    def __init__(self, stage: str, edits: Edits = AS_DRAWN):
        name = f"pico/{stage}/resistor-500"
        self.stage, self.board, self.netlist = stage, boards.board(name), netlists.of(name)
        self.row = boards.catalogue().model.stages[stage]
        self.edits = edits
        ends = ("row A", "row B") if stage == "mcp4922-8" else ("contact 1", "contact 2")
        outer = ports(self.netlist)
        inner = [node(net) if node(net) in outer else f"xs.{node(net)}" for net in ends]
        self.across = f"v({inner[0]})-v({inner[1]})"
        plug = [node(self.netlist.parts["J2"].pins[pin]) for pin in "12"]
        self.at_load = f"v({plug[0]})-v({plug[1]})"

    def us(self, time_us: float) -> int:
        """Return microseconds in ticks."""
        return int(time_us * self.board.clock_hz / 1e6 + 0.5)

    def play(
        self, phases: Phases, load: tuple[float, float, float] = RESISTOR, edge: Points = ()
    ) -> tuple[Waves, list[float]]:
        """Return the waveforms, and when each phase begins, in s. edge: of the gate, more of it."""
        whole = [(period.IDLE, 0, 0, 0, self.us(STEP_US)), *phases]
        pins = drawn.pin_edges(self.board, [*whole, (period.IDLE, 0, 0, 0, self.us(20))])
        pins["gate"] = [*pins["gate"], *edge]
        first_s = next(time_s for time_s, level in pins["run"] if level)
        ticks = np.cumsum([phase[4] for phase in whole])
        begins_s = [first_s + int(at) / self.board.clock_hz for at in ticks]
        watch = [AMPS, self.at_load, self.across, "v(sense_current)", "v(sense_voltage)"]
        deck = drawn.deck(self.netlist, Bench(pins, load), edits=self.edits)
        return drawn.run(deck, begins_s[-1], watch), begins_s

    def staircase(self, codes: Sequence[int]) -> tuple[Waves, list[float]]:
        """Play one code after another."""
        return self.play(
            [(period.DRIVE, CATHODES, ANODES, code, self.us(STEP_US)) for code in codes]
        )

    def trimmed(self) -> Drawn:
        """Return the stage with its trimmer where mid-scale gives no current, by two tries."""

        def amps(position: float) -> float:
            tried = Drawn(self.stage, self._moved(position))
            waves, begins_s = tried.staircase([0])
            return settled(waves, AMPS, begins_s[1])

        low, high = amps(0.4), amps(0.6)
        return Drawn(
            self.stage, self._moved(float(np.clip(0.4 - 0.2 * low / (high - low), 0.0, 1.0)))
        )

    def _moved(self, position: float) -> Edits:
        values: dict[str, Mapping[str, float]] = {
            **self.edits.values,
            "RV1": {"position": position},
        }
        return self.edits._replace(values=values)


def settled(waves: Waves, name: str, end_s: float) -> float:
    """Return the mean of a waveform just before a phase ends."""
    return waves.integral(name, end_s - 2 * READ_S, end_s - READ_S) / READ_S


def settling_us(waves: Waves, span_s: tuple[float, float], half_code_a: float) -> float:
    """Return when a step's current stays within half a code of where it ends, in us."""
    begin_s, end_s = span_s
    inside = (waves.time_s > begin_s) & (waves.time_s < end_s - READ_S)
    late = inside & (np.abs(waves.rows[AMPS] - settled(waves, AMPS, end_s)) > half_code_a)
    return float((waves.time_s[late].max(initial=begin_s) - begin_s) * 1e6)


def measure(stage: str) -> Iterator[Row]:
    """Yield the figures of a stage."""
    stood = Drawn(stage).trimmed()
    # without the droop of the blocking capacitor, which the model follows and no row states
    wire = ((("C3", "1"), ("C3", "2")),) if stage == "r2r-1" else ()
    yield from _driving(Drawn(stage, Edits(joined=wire)).trimmed())
    yield from _resting(stood)
    if stage == "mcp4922-8":
        yield _compliance(stood)


def _driving(stood: Drawn) -> Iterator[Row]:
    """Yield what codes do into 500 ohm: current, errors, settling, sense inputs."""
    row, most = stood.row, stood.row.code.span if stood.stage == "r2r-1" else 2000
    codes = [round(most * share) for share in (0, 1, -1, 0.6, -0.6, 0.2, -0.2, 0.04, -0.04)]
    waves, ends_s = stood.staircase(codes)
    spans = list(pairwise(ends_s))
    amps = np.array([settled(waves, AMPS, end_s) for _begin, end_s in spans])
    per_code, _offset = np.polyfit(codes, amps, 1)
    up, down = (amps[codes.index(sign)] / sign for sign in (most, -most))
    ladder_ohm = (row.source_resistance or 0) + RESISTOR[0]
    declared = (
        (row.current_per_code or 0) / 1e9
        if stood.stage != "r2r-1"
        else ((row.voltage_per_code or 0) / 1e9 / ladder_ohm)
    )
    yield Row(stood.stage, "current of a code", "uA", declared * 1e6, per_code * 1e6, 0.05)
    mismatch = abs(up / down - 1) * 1e6
    yield Row(stood.stage, "gain mismatch", "ppm", row.gain_mismatch, mismatch, "at most")
    yield Row(stood.stage, "offset, trimmed", "uA", row.offset / 1e3, abs(amps[0]) * 1e6, "at most")
    bends = amps - amps[0] - per_code * np.array(codes)
    yield Row(
        stood.stage, "INL", "codes", row.inl, float(np.abs(bends).max() / per_code), "at most"
    )
    slowest = max(settling_us(waves, span, declared / 2) for span in spans[1:])
    yield Row(
        stood.stage, "settling of the largest step", "us", row.settle / 1e3, slowest, "at most"
    )
    for signal, of, name, unit, lsb in (
        ("v(sense_current)", AMPS, "current of a sense LSB", "uA", row.sense.current_per_lsb / 1e9),
        (
            "v(sense_voltage)",
            stood.at_load,
            "voltage of a sense LSB",
            "mV",
            row.sense.voltage_per_lsb / 1e6,
        ),
    ):
        seen = np.array([settled(waves, signal, end_s) for _begin, end_s in spans]) / ADC_LSB_V
        true = np.array([settled(waves, of, end_s) for _begin, end_s in spans])
        slope = 1 / np.polyfit(true, seen, 1)[0]
        scale = 1e6 if unit == "uA" else 1e3
        yield Row(stood.stage, name, unit, lsb * scale, slope * scale, 0.05)


def _resting(stood: Drawn) -> Iterator[Row]:
    """Yield what a charged load meets in a discharge, through the resistor and with the gate low.

    Charged both ways: what the amplifiers' offsets drive is the same in both, and cancels.
    """
    both, low = CATHODES | ANODES, ((drawn.START_S + (STEP_US + CHARGE_US + 10) * 1e-6, 0.0),)
    found: list[tuple[str, float, str | float, tuple[int, int, int], Points]] = []
    if stood.stage == "mcp4922-8":
        ohm, more = stood.row.switch_resistance, stood.row.discharge_resistor or 0
        found.append(("discharge, switches", ohm, "at most", (period.DISCHARGE, 0, both), ()))
        found.append(("discharge, resistor", ohm + more, 0.05, (period.SOFT, CATHODES, ANODES), ()))
    # beside it stand the resistors of the sense inputs, 2.2 Mohm and 0.36 Mohm
    found.append(("bleed, gate low", stood.row.bleed, 0.15, (period.IDLE, 0, 0), low))
    for name, declared, law, state, edge in found:
        volts, amps = 0.0, 0.0
        for sign in (1, -1):
            charge = (period.DRIVE, CATHODES, ANODES, sign * 60, stood.us(CHARGE_US))
            waves, ends_s = stood.play([charge, (*state, 0, stood.us(REST_US))], RANDLES, edge)
            volts += sign * settled(waves, stood.across, ends_s[2])
            amps += sign * settled(waves, AMPS, ends_s[2])
        yield Row(stood.stage, name, "ohm", declared, -volts / amps, law)


def _compliance(stood: Drawn) -> Row:
    """Return the least voltage at the load, of both polarities, that 12.5 mA reach in 2 kohm."""
    code = 2000
    phases = [(period.DRIVE, CATHODES, ANODES, sign * code, stood.us(200)) for sign in (1, -1)]
    waves, ends_s = stood.play(phases, (2000.0, 0.0, 0.0))
    volts = [abs(settled(waves, stood.at_load, end_s)) for end_s in ends_s[1:3]]
    return Row(stood.stage, "compliance", "V", stood.row.compliance / 1e3, min(volts), "at least")


def main(argv: list[str] | None = None) -> int:
    """Print the table and write OUT; return 1 if a row does not hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stage", choices=STAGES, action="append", help="of one stage alone")
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args(argv)
    rows = [row for stage in given.stage or STAGES for row in measure(stage)]
    table = [{**asdict(row), "holds": row.holds} for row in rows]
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    if given.json:
        console.as_json(table)
    else:
        heads = ("stage", "figure", ">boards.yaml", ">ngspice", "unit", "must be", "")
        cells = [
            (row.stage, row.figure, f"{row.declared:.4g}", f"{row.ngspice:.4g}", row.unit,
             row.law if isinstance(row.law, str) else f"within {row.law:.0%}",
             console.mark(row.holds))
            for row in rows
        ]  # fmt: skip
        console.show(console.table("The drawn stages in ngspice", heads, cells))
    return int(not all(row.holds for row in rows))


if __name__ == "__main__":
    sys.exit(main())
