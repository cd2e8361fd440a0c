"""Register all commands in one app and map errors to exit codes.

Role: the table of commands. Invariant: no traceback for a user's mistake.
"""

from __future__ import annotations

import errno
import io
import sys
import warnings
from typing import Annotated, Any, TextIO

import typer
from typer.core import TyperGroup

from ..documents.problem import FileRefused
from ..errors import INTERRUPTED, OLD_NAMES_END_WITH, REFUSED, USAGE, Failure, full_message
from . import (
    calibrate,
    catalog,
    check,
    compare,
    console,
    demo,
    device,
    diff,
    flash,
    impedance,
    options,
    presets,
    run,
    scope,
    shift,
    sim,
    store,
    sweep,
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
            notice = (
                f"scs {args[0]} is now scs {new}; release {OLD_NAMES_END_WITH} drops the old name"
            )
            typer.echo(notice, err=True)
            args = [new, *args[1:]]
        return super().resolve_command(ctx, args)

    def main(self, *arguments: Any, **options: Any) -> Any:
        """Begin; what the terminal's encoding does not have is replaced, whatever is printed.

        A pipe gets each line when it is printed.
        """
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="replace", line_buffering=True)
        return super().main(*arguments, **options)

    def invoke(self, ctx: Any) -> Any:
        """Run the command and map errors to exit codes."""
        try:
            with warnings.catch_warnings():
                warnings.showwarning = _notice
                warnings.simplefilter("once", FutureWarning)  # a file may be read several times
                return super().invoke(ctx)
        except (Failure, FileRefused) as reason:
            console.complain(full_message(reason))
            code = reason.exit_code if isinstance(reason, Failure) else REFUSED
            raise typer.Exit(code) from None
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None
        except OSError as reason:
            if reason.errno != errno.ENOSPC:
                raise
            console.complain("the output could not be written: no space is left there")
            raise typer.Exit(USAGE) from None


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
def main(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Accept the options that precede the command's name."""


PANELS = {
    "Without hardware": (
        demo.demo,
        check.check,
        diff.diff,
        presets.presets,
        presets.new,
        shift.shift,
        trace.trace,
        trace.report,
        compare.compare,
        sim.sim,
    ),
    "A device": (
        run.run,
        device.status,
        impedance.impedance,
        calibrate.calibrate,
        scope.scope,
        device.amplitude,
        titrate.titrate,
        device.stop,
        device.halt,
        device.faults,
        flash.flash,
    ),
    "Tables": (catalog.boards, wiring.wiring, catalog.ports, catalog.schema),
}
for panel, commands in PANELS.items():
    for command in commands:
        app.command(rich_help_panel=panel)(options.spread(command))
app.add_typer(
    sweep.app,
    name="sweep",
    rich_help_panel="Without hardware",
    help="Judge many profiles: scs sweep SPEC.yaml -o FOLDER.",
)
app.add_typer(
    store.app,
    name="store",
    rich_help_panel="A device",
    help="Manage the programs stored on a device.",
)
