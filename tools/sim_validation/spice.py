"""The same circuits run by ngspice, with independent parts, solver and steps.

Role: what the closed forms are compared with, in the tests, the bench and oracles.md; the
simulated board never uses it. The compliance is two limiters that take what the load cannot, the
stage's modes are conductances that change within EDGE_S, settling is an RC.
Invariant: tolerances and the largest step are set; with ngspice's own a burst is 16 mV wrong.
"""

import math
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scs_sim.circuit.netlist import BRIDGE_OHM, DRIVEN, LEAD_SHORT, OPEN, SOURCED
from scs_sim.circuit.trace import Samples

from .cases import CLOCK_HZ, Case, Step, edges_s

EDGE_S = 1e-11  # how long a change of mode takes
LIMITER_S = 1e5  # siemens of a limiter: 12 mA push the output 0.1 uV beyond the rail
PER_SHORTEST = 40  # steps in the shortest phase, at least
OPTIONS = ".options reltol=1e-6 abstol=1e-12 vntol=1e-9 chgtol=1e-18 gmin=1e-15 numdgt=14 trtol=1"
TIME_LIMIT_S = 600


class Missing(RuntimeError):
    """ngspice is not installed."""


def program() -> str:
    """Return the path of ngspice; raise Missing, saying how to get it."""
    path = shutil.which("ngspice")
    if path is None:
        raise Missing("ngspice is not installed: make packages installs it (Debian: ngspice)")
    return path


def _source(name: str, steps: tuple[Step, ...], level: Callable[[Step], float]) -> str:
    """Return a voltage source that is `level` of each step."""
    times = edges_s(steps)
    pairs = [f"0 {level(steps[0]):.15g}"]
    for at in range(1, len(steps)):
        before, after = level(steps[at - 1]), level(steps[at])
        if before != after:
            pairs.append(f"{times[at]:.15g} {before:.15g} {times[at] + EDGE_S:.15g} {after:.15g}")
    return f"V{name} {name} 0 PWL({' '.join(pairs)})"


def _conductance(step: Step) -> float:
    demand = step[0]
    return 0.0 if demand.mode in (DRIVEN, OPEN) else 1 / demand.source_ohm


def netlist(case: Case) -> Iterator[str]:
    """Yield the circuit's lines: aim in mA or V, `s` the stage's output, `x` the load's own."""
    circuit, steps = case.circuit, case.steps
    limits = [step[0].limit_v for step in steps if math.isfinite(step[0].limit_v)]
    yield f"* {case.name}"
    yield _source("aim", steps, lambda step: step[0].value * (1e3 if step[0].mode == DRIVEN else 1))
    yield _source("on", steps, lambda step: float(step[0].mode == DRIVEN))
    yield _source("g", steps, _conductance)
    yield _source("up", steps, lambda step: float(step[0].mode == SOURCED))
    yield _source("short", steps, lambda step: float(step[1] == LEAD_SHORT) / BRIDGE_OHM)
    if circuit.settle_tau_s:
        yield "Rw aim w 1k"
        yield f"Cw w 0 {circuit.settle_tau_s / 1e3:.15g} IC=0"
    else:
        yield "Ew w 0 aim 0 1"
    yield "Bdrive 0 s I = V(on)*V(w)*1e-3"
    yield "Bmode s 0 I = V(g)*(V(s) - V(up)*V(w))"
    if limits:
        over = f"max(V(s)-{limits[0]:.15g},0) + min(V(s)+{limits[0]:.15g},0)"
        yield f"Blimit s 0 I = V(on)*{LIMITER_S:g}*({over})"
    yield "Vsense s b 0"
    yield f"Cb b x {circuit.blocking_f:.15g} IC=0" if circuit.blocking_f else "Vb b x 0"
    yield "Bbridge x 0 I = V(short)*V(x)"
    yield f"Rs x n0 {circuit.series_ohm:.15g}"
    for at, (farad, leak_ohm) in enumerate(circuit.elements):
        yield f"C{at} n{at} n{at + 1} {farad:.15g} IC=0"
        if math.isfinite(leak_ohm):
            yield f"R{at} n{at} n{at + 1} {leak_ohm:.15g}"
    yield f"Vend n{len(circuit.elements)} 0 0"


def version() -> str:
    """Return the first words of its version, e.g. "ngspice-39"; raise Missing."""
    command = [program(), "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    match = re.search(r"ngspice-[0-9.]+", done.stdout)
    return match.group() if match else "ngspice of unknown version"


def batch(name: str, lines: Iterable[str]) -> NDArray[np.float64]:
    """Run a deck whose control lines write out.txt; return its columns as rows.

    Raise Missing without ngspice; RuntimeError with the end of its output if it writes none.
    """
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "deck.cir").write_text("\n".join(lines) + "\n", encoding="utf-8")
        done = subprocess.run(
            [program(), "-b", "deck.cir"],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=TIME_LIMIT_S,
            check=False,
        )
        out = Path(folder, "out.txt")
        if not out.exists():
            raise RuntimeError(f"ngspice failed on {name}: {(done.stdout + done.stderr)[-800:]}")
        return np.loadtxt(out).T


def run(case: Case, options: str = OPTIONS, step_s: float | None = None) -> Samples:
    """Return current and voltage at ngspice's own steps; step_s: the largest, or our own.

    Raise Missing without ngspice; RuntimeError with its output if it fails.
    """
    shortest_s = min(ticks for _, _, ticks in case.steps) / CLOCK_HZ
    step_s, end_s = step_s or shortest_s / PER_SHORTEST, edges_s(case.steps)[-1]
    control = [
        options,
        f".tran {step_s:.12g} {end_s:.12g} 0 {step_s:.12g} uic",
        ".control",
        "run",
        "set wr_singlescale",
        "wrdata out.txt i(vsense) v(x)",
        ".endc",
        ".end",
    ]
    return Samples(*batch(case.name, [*netlist(case), *control]))
