"""The drawn stage in ngspice, its pins driven as the sequencer drives them.

Role: run() writes the deck, calls ngspice and returns the waveforms asked for. Invariant: the
edges at the pins are those of the PIO program itself, run on the words of the firmware.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scs.catalog import boards
from scs.circuit import spice
from scs.circuit.netlist import INTO_BOARD, Netlist, supplies
from scs.circuit.spice import AS_DRAWN, Edits
from scs_sim.pio import asm, executor
from sim_validation import spice as ngspice
from stimcore import pio_records
from stimcore.board import Board

FloatArray = NDArray[np.float64]
PIN_OHM = 40.0  # of a Pico's pin at 4 mA (RP2040 data sheet, 5.5.3.4: some 0.16 V at 4 mA)
PIN_V = 3.3
EDGE_S = 2e-9
GATE_AT_S = 50e-6  # when the gate rises: after the first frame
START_S = 20e-6  # when the sequencer starts; the supplies have stood for that long
RELTOL, STEP_S = 1e-4, 1e-6  # of ngspice; the step is the largest
PINS = ("sdi_dac", "sdi_switch", "sck", "ncs", "active", "sync", "run")
Points = Sequence[tuple[float, float]]


class Waves(NamedTuple):
    """Waveforms on ngspice's own steps: seconds, and a row for each name."""

    time_s: FloatArray
    rows: dict[str, FloatArray]

    def at(self, name: str, time_s: float) -> float:
        """Return a waveform at a time."""
        return float(np.interp(time_s, self.time_s, self.rows[name]))

    def integral(self, name: str, begin_s: float, end_s: float) -> float:
        """Return the integral of a waveform over a span."""
        inside = (self.time_s > begin_s) & (self.time_s < end_s)
        times = np.concatenate(([begin_s], self.time_s[inside], [end_s]))
        return float(np.trapezoid(np.interp(times, self.time_s, self.rows[name]), times))


class Bench(NamedTuple):
    """Load and supplies plugged into a stage, and the levels at its pins.

    load: ohm in series, farad (0: none) and ohm across it (0: none). pins: name -> (seconds, 0 or
    1) of each edge; before its first a pin has the other level, low without one. supplies: net ->
    (seconds, volts), straight between.
    """

    pins: Mapping[str, Points]
    load: tuple[float, float, float] = (500.0, 0.0, 0.0)
    supplies: Mapping[str, Points] = {}


def pin_edges(board: Board, phases: list[Any]) -> dict[str, list[tuple[float, float]]]:
    """Return seconds and level of each edge at the sequencer's pins; the gate rises GATE_AT_S.

    phases: of stimcore.period.compile_group().
    """
    numbers = boards.pins(board.name)
    serial = "sck" in numbers
    wiring = {"out_base": numbers["sdi_dac" if serial else "data0"], "set_base": numbers["active"]}
    if serial:
        wiring["sideset_base"] = numbers["sck"]
    words = np.frombuffer(pio_records.encode(board, phases), "<u4").tolist()
    sequencer = asm.assemble(f"sequencer_{'serial' if serial else 'parallel'}")
    names = {number: name for name, number in numbers.items()}
    pins: dict[str, list[tuple[float, float]]] = {"gate": [(GATE_AT_S, 1.0)]}
    for tick, number, level in executor.run(sequencer, words, **wiring).tolist():
        pins.setdefault(names[number], []).append((START_S + tick / board.clock_hz, float(level)))
    if not serial:  # what the sequencer leaves as it found it: a code's bits that are mid-scale's
        for bit in range(8):
            pins.setdefault(f"data{bit}", [(START_S / 2, float(board.code_mid >> bit & 1))])
    return pins


def _pwl(points: Points, before: float, scale: float = 1.0) -> str:
    """Return steps as a PWL source's text."""
    pairs, level = [f"0 {before * scale:.9g}"], before
    for time_s, after in points:
        if after != level:
            pairs += [
                f"{time_s:.12g} {level * scale:.9g}",
                f"{time_s + EDGE_S:.12g} {after * scale:.9g}",
            ]
            level = after
    return " ".join(pairs)


def deck(
    netlist: Netlist, bench: Bench, jumpers: Mapping[int, str] = {}, edits: Edits = AS_DRAWN
) -> list[str]:
    """Return the circuit without its analysis: stage, board, supplies, load."""
    source = boards.catalogue()
    lines = [f"* {netlist.board}/{netlist.stage}", spice.subcircuit(netlist, jumpers, edits)]
    lines.append(f"Xs {' '.join(spice.ports(netlist))} stage")
    volts = {net: level for net, level in supplies(netlist, source).items() if net != "GND"}
    for at, (net, level) in enumerate(volts.items()):
        points = bench.supplies.get(net, ((0.0, level),))
        wave = " ".join(f"{time_s:.9g} {volt:.9g}" for time_s, volt in points)
        lines.append(f"Vsupply{at} {spice.node(net)} 0 PWL({wave})")
    for pin in source.model.stages[netlist.stage].pins:
        if pin in INTO_BOARD:
            continue
        points = bench.pins.get(pin, ())
        wave = _pwl(points, 1 - points[0][1] if points else 0.0, PIN_V)
        lines += [f"V{pin} pin_{pin} 0 PWL({wave})", f"R{pin} pin_{pin} {pin} {PIN_OHM:g}"]
    first, second = (spice.node(netlist.parts["J2"].pins[pin]) for pin in "12")
    ohm, farad, leak_ohm = bench.load
    lines += [f"Vload {first} load_in 0", f"Rload load_in load_mid {ohm:.9g}"]
    lines.append(
        f"Vend load_mid {second} 0" if not farad else f"Cload load_mid {second} {farad:.9g}"
    )
    if farad and leak_ohm:
        lines.append(f"Rleak load_mid {second} {leak_ohm:.9g}")
    lines.append(f"Rid load_id 0 {source.model.loads['resistor-500'].id_resistor:.9g}")
    return lines


def run(lines: Sequence[str], until_s: float, watch: Iterable[str]) -> Waves:
    """Run ngspice and return the expressions to `watch`, e.g. i(Vload), v(terminal_a).

    Raise RuntimeError if it comes to no end; sim_validation.spice.Missing without ngspice.
    """
    names = list(watch)
    control = [
        f".options reltol={RELTOL:g} abstol=1e-11 vntol=1e-7 method=gear numdgt=9 noacct",
        f".tran {STEP_S:g} {until_s:.9g} 0 {STEP_S:g}",
        ".control",
        "run",
        "set wr_singlescale",
        f"wrdata out.txt {' '.join(names)}",
        ".endc",
        ".end",
    ]
    rows = ngspice.batch("the drawn stage", [*lines, *control])
    if rows[0, -1] < until_s * (1 - 1e-6):
        raise RuntimeError(f"ngspice ended at {rows[0, -1]:g} s of {until_s:g} s")
    return Waves(rows[0], dict(zip(names, rows[1:], strict=True)))
