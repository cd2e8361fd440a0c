"""Register all commands in one app and map errors to exit codes.

Role: the table of commands. Invariant: no traceback for a user's mistake.
"""

from __future__ import annotations

import warnings
from typing import Annotated, Any, TextIO

import typer
from typer.core import TyperGroup

from ..documents.problem import FileRefused
from ..errors import INTERRUPTED, OLD_NAMES_END_WITH, REFUSED, Failure, said
from . import (
    calibrate,
    catalog,
    check,
    compare,
    demo,
    device,
    diff,
    flash,
    impedance,
    presets,
    run,
    scope,
    shift,
    sim,
    store,
    titrate,
    trace,
    wiring,
)

EPILOG = (
    "Exit codes: 0 success, 1 refused by the profile check or the device, 2 wrong usage, "
    "3 no device or link lost, 130 Ctrl-C."
)

RENAMED = {"load": "impedance", "steer": "shift"}  # old names, hidden from --help


def _notice(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Show a warning, such as that of a field's old name, as one line on stderr."""
    typer.echo(str(message), err=True)


class Commands(TyperGroup):
    """Command group that turns a Failure into its message on stderr and its exit code."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command; an old name gives the new command and a notice on stderr."""
        new = RENAMED.get(args[0])
        if new is not None:
            notice = f"scs {args[0]} is now scs {new}; the old name goes with {OLD_NAMES_END_WITH}"
            typer.echo(notice, err=True)
            args = [new, *args[1:]]
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command and map errors to exit codes."""
        try:
            with warnings.catch_warnings():
                warnings.showwarning = _notice
                return super().invoke(ctx)
        except (Failure, FileRefused) as reason:
            from .console import complain

            complain(said(reason))
            code = reason.exit_code if isinstance(reason, Failure) else REFUSED
            raise typer.Exit(code) from None
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=EPILOG,
    help="Program a spinal cord stimulation bench: safety-checked pulses into a dummy load.\n\n"
    "Start with [bold]scs demo[/bold]; it needs no hardware.",
)


def _version(wanted: bool) -> None:
    if wanted:
        from stimcore import VERSION

        typer.echo(f"scs {VERSION}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Accept the options that precede the command's name."""


LOOK, DRIVE, KNOW = "Without hardware", "A device", "Tables"
app.command(rich_help_panel=LOOK)(demo.demo)
app.command(rich_help_panel=LOOK)(check.check)
app.command(rich_help_panel=LOOK)(diff.diff)
app.command(rich_help_panel=LOOK)(presets.presets)
app.command(rich_help_panel=LOOK)(presets.new)
app.command(rich_help_panel=LOOK)(shift.shift)
app.command(rich_help_panel=LOOK)(trace.trace)
app.command(rich_help_panel=LOOK)(trace.report)
app.command(rich_help_panel=LOOK)(compare.compare)
app.command(rich_help_panel=LOOK)(sim.sim)
app.command(rich_help_panel=DRIVE)(run.run)
app.command(rich_help_panel=DRIVE)(device.status)
app.command(rich_help_panel=DRIVE)(impedance.impedance)
app.command(rich_help_panel=DRIVE)(calibrate.calibrate)
app.command(rich_help_panel=DRIVE)(scope.scope)
app.command(rich_help_panel=DRIVE)(device.amplitude)
app.command(rich_help_panel=DRIVE)(titrate.titrate)
app.command(rich_help_panel=DRIVE)(device.stop)
app.command(rich_help_panel=DRIVE)(device.halt)
app.command(rich_help_panel=DRIVE)(device.faults)
app.add_typer(
    store.app, name="store", rich_help_panel=DRIVE, help="Manage the programs stored on a device."
)
app.command(rich_help_panel=DRIVE)(flash.flash)
app.command(rich_help_panel=KNOW)(catalog.boards)
app.command(rich_help_panel=KNOW)(wiring.wiring)
app.command(rich_help_panel=KNOW)(catalog.ports)
app.command(rich_help_panel=KNOW)(catalog.schema)
