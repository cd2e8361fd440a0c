"""trace, report: write traces and reports to files that other tools read.

Role: `scs trace` runs a profile on the simulated board, `scs report` opens a recorded run; both
write the format of each file name's ending. Invariant: all names are checked before any work.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import WrongUsage
from . import options

if TYPE_CHECKING:
    from ..recordings.writers import Taken

OutputFiles = Annotated[
    list[Path],
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Output file: .csv, .npz, .vcd, .png, .svg, .html, .wav or .mat; repeatable.",
    ),
]
ForTime = Annotated[str, typer.Option("--for", metavar="TIME", help="Duration to simulate.")]
SampleRate = Annotated[
    str,
    typer.Option(metavar="HZ", help="Sample evenly at this rate; default: a row at each change."),
]
FromStart = Annotated[
    bool,
    typer.Option(
        "--from-start",
        help="Begin at START with the soft start instead of a period at full amplitude; "
        "implied by a session counted in pulses.",
    ),
]


class Fidelity(StrEnum):
    """Fidelity of `scs trace`."""

    model = "model"
    board = "board"
    chip = "chip"


Fidelities = Annotated[
    Fidelity | None,
    typer.Option(
        help="model: compute one steady period and repeat it; board: run the firmware throughout; "
        "chip: run MicroPython's own binary on an emulated chip (docs/explain/chip.md), minutes. "
        "Default: model where the result is the same.",
    ),
]
Folder = Annotated[Path, typer.Argument(metavar="DIR", help="Folder of `scs run … --record DIR`.")]
SHORTEST_S = 1e-6


def trace(
    profile: options.ProfileFile,
    output: OutputFiles,
    for_: ForTime = "1s",
    rate: SampleRate = "",
    from_start: FromStart = False,
    fidelity: Fidelities = None,
    fault: options.Faults = None,
    json: options.Json = False,
    *,
    fixture: options.Fixture,
) -> None:
    """Simulate a profile and write current and voltage at the load to files.

    CSV has the columns time_s,current_a,voltage_v; NPZ and MAT have arrays of these names; VCD adds
    the pins; HTML is a report. A cathodic first phase is negative.

    Examples:  scs trace my.yaml --for 1s -o my.csv -o my.vcd   ·   scs trace my.yaml -o my.html
    """
    from ..catalog import boards
    from ..recordings.profile import Profile
    from . import console
    from .progress import bar

    _check_names(output)
    name = fixture.full_name()
    for_s, rate_hz = _extent(for_, rate, boards.board(name).clock_hz)
    faults = options.simulated_faults(fault)
    therapy = Profile.read(profile)
    endings = {file.suffix.lower() for file in output}
    if ".html" in endings:
        if fidelity == Fidelity.model:
            raise WrongUsage("--fidelity model: a report (.html) is of a whole run on the board")
        fidelity = Fidelity.board
    with bar("simulating") as advance:
        recorded = therapy.trace(
            for_s,
            fidelity=fidelity or "",
            board=name,
            rate_hz=rate_hz,
            from_start=from_start,
            faults=faults,
            pins=".vcd" in endings,
            progress=advance,
        )
    for file in output:
        with bar(f"writing {file.name}") as advance:
            recorded.save(file, advance)
    rows, used = len(recorded.rows), recorded.fidelity
    result = {"profile": therapy.name, "board": name, "seconds": for_s, "rows": rows}
    lines = [
        f"{file}: {for_s:g} s of {therapy.name!r} on {name}, {rows} rows, {used}" for file in output
    ]
    console.result(
        result | {"fidelity": used, "files": [str(file) for file in output]},
        "\n".join(lines),
        json=json,
    )


def report(folder: Folder, output: OutputFiles) -> None:
    """Write a run recorded with `scs run --record DIR` as an HTML report or as a trace file.

    The report is a single offline file: profile, safety figures and limits, waveform at three
    zooms, current against command, residual charge and DC, ledger, faults, versions and hashes.

    Examples:  scs report monday -o monday.html   ·   scs report monday -o monday.csv
    """
    from ..recordings import run_folder, writers
    from ..traces.trace_store import Store

    _check_names(output, without=".vcd")
    run = run_folder.read(folder)
    if run.rows is None and any(file.suffix.lower() != ".html" for file in output):
        raise WrongUsage(
            f"{folder}: this recording holds no trace: the run at {run.account.device.port} ended "
            "before one could be captured; it can only be shown as .html"
        )
    name = run.account.subject.name
    _write(output, writers.Taken(run.rows or Store(), name, run=run))
    for file in output:
        typer.echo(f"{file}: {name!r}, recorded {run.account.begun}")


def _check_names(output: list[Path], without: str = "") -> None:
    """Raise WrongUsage unless every file name is distinct and of a known format."""
    from ..recordings import writers

    known = [ending for ending in writers.WRITERS if ending != without]
    for number, file in enumerate(output):
        writers.checked(file, known)
        if file in output[:number]:
            raise WrongUsage(f"{file} is named twice")


def _write(output: list[Path], taken: Taken) -> None:
    from ..recordings import writers
    from .progress import bar

    for file in output:
        with bar(f"writing {file.name}") as advance:
            writers.save(file, taken, advance)


def _extent(for_: str, rate: str, clock_hz: int) -> tuple[float, float | None]:
    """Parse duration (s) and rate (Hz, None: none); refuse too many rows, or none."""
    from ..recordings.record import LONGEST_S
    from ..traces.trace_store import MOST_ROWS

    for_s = options.seconds(for_, "--for")
    rate_hz = options.hertz(rate, "--rate") if rate else None
    if for_s > LONGEST_S:
        raise WrongUsage(f"--for: {for_} is longer than {LONGEST_S:g} s")
    if for_s < SHORTEST_S:
        raise WrongUsage(f"--for: {for_} is shorter than 1 us; try 100us")
    if rate_hz and rate_hz * for_s > MOST_ROWS:
        raise WrongUsage(f"--rate: that is more than {MOST_ROWS} rows; sample more slowly")
    if rate_hz and rate_hz > clock_hz:
        raise WrongUsage(
            f"--rate: {rate} is finer than a tick of the board's clock, {clock_hz / 1e6:g} MHz"
        )
    if rate_hz and rate_hz * for_s < 1:
        raise WrongUsage(
            f"--rate: a step of {1 / rate_hz:g} s does not fit into {for_s:g} s; sample faster, "
            f"such as {10 / for_s:g} Hz"
        )
    return for_s, rate_hz
