"""flash: install the firmware on a board in any state.

Role: a progress bar, the plan and the result for people and for scripts. Invariant: every check
that can be made beforehand is made before anything is written.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import INTERRUPTED
from . import console, options
from .progress import bar

if TYPE_CHECKING:
    from ..flashing.flasher import Done

FlashPort = Annotated[
    str,
    typer.Option(
        envvar="SCS_PORT",
        help="A serial port, socket://HOST:PORT, or the drive of a board in BOOTSEL mode; "
        "default: the only connected board.",
    ),
]
Image = Annotated[
    Path | None,
    typer.Option(
        "--uf2",
        metavar="FILE",
        help="MicroPython for a board in BOOTSEL mode; default: download the pinned version.",
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only list the steps.")]


def flash(
    port: FlashPort = "",
    uf2: Image = None,
    dry_run: DryRun = False,
    *,
    fixture: options.Fixture,
    json: options.Json = False,
) -> None:
    """Flash a board: install MicroPython if it is in BOOTSEL mode, then copy the firmware.

    Name the connected output stage and dummy load with --stage and --load. Only changed files are
    copied. If interrupted, run it again.

    Examples:  scs flash --stage r2r-1 --load resistor-500   ·   scs flash --dry-run
    """
    from ..flashing.flasher import Flasher

    since_s = time.monotonic()
    name = fixture.full_name()
    plan, done = None, None
    try:
        with bar("looking for the board") as advance:
            flasher = Flasher(
                port, name, uf2, lambda step, done, total: advance(done / max(total, 1), step)
            )
            if dry_run:
                plan = flasher.look()
            else:
                done = flasher.do()
    except KeyboardInterrupt:
        typer.echo("interrupted: run scs flash again before the board is used", err=True)
        raise typer.Exit(INTERRUPTED) from None
    if plan is not None:
        about = {**plan.as_dict(), "dry_run": True}
        console.result(about, "\n".join(plan.steps()), json=json)
    if done is not None:
        _report(done, time.monotonic() - since_s, json=json)


def _report(done: Done, seconds: float, *, json: bool) -> None:
    plan = done.plan
    if json:
        about = {"port": done.port, "version": done.version, "fault": done.fault}
        console.as_json({**plan.as_dict(), **about, "seconds": round(seconds, 1), "dry_run": False})
        return
    size = sum(len(data) for data in plan.copy.values())
    copied = f"{len(plan.copy)} files copied ({size:,} bytes), {len(plan.keep)} were the same"
    typer.echo(f"{plan.board} at {done.port}: firmware {done.version} answers")
    typer.echo(f"{copied}, {len(plan.remove)} removed; MicroPython {plan.micropython}")
    typer.echo(f"all SHA-256 hashes verified; {seconds:.1f} s")
    if plan.cleared and not plan.install:  # installing restarts it by its watchdog: no news
        typer.echo(f"a fault was latched before, and cleared: {plan.cleared}", err=True)
    if done.fault:
        typer.echo(f"the device has latched a fault: {done.fault}", err=True)
