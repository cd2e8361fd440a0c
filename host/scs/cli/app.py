"""Register all commands in one app and map errors to exit codes.

Role: the table of commands. Invariant: no traceback for a user's mistake; of the commands' modules
only that of the command asked for is imported.
"""

from __future__ import annotations

import errno
import io
import sys
import warnings
from importlib import import_module
from typing import Annotated, Any, TextIO

import typer
from typer.core import TyperGroup

from ..documents.problem import FileRefused
from ..errors import INTERRUPTED, OLD_NAMES_END_WITH, REFUSED, USAGE, Failure
from . import console, options

EPILOG = (
    "Exit codes: 0 success, 1 refused by the profile check or the device, 2 wrong usage, "
    "3 no device or link lost, 130 Ctrl-C."
)

# By panel of --help, command: its module, which is imported once the command is asked for. The
# module has a function of the command's name, or an `app` with commands of its own.
PANELS = {
    "Without hardware": {
        "demo": "demo",
        "check": "check",
        "diff": "diff",
        "presets": "presets",
        "new": "presets",
        "shift": "shift",
        "trace": "trace",
        "report": "trace",
        "compare": "compare",
        "sim": "sim",
        "sweep": "sweep",
    },
    "A device": {
        "run": "run",
        "status": "device",
        "impedance": "impedance",
        "calibrate": "calibrate",
        "scope": "scope",
        "amplitude": "device",
        "titrate": "titrate",
        "stop": "device",
        "halt": "device",
        "faults": "device",
        "doctor": "doctor",
        "flash": "flash",
        "store": "store",
        "log": "log",
        "pair": "pair",
    },
    "Tables": {
        "boards": "catalog",
        "wiring": "wiring",
        "ports": "catalog",
        "schema": "catalog",
        "explain": "explain",
    },
}
MODULES = {name: module for panel in PANELS.values() for name, module in panel.items()}
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

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of all commands, in the order of PANELS."""
        return list(MODULES)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command, whose module is imported for it; None if there is none."""
        if cmd_name in MODULES and cmd_name not in self.commands:
            self.add_command(_command(cmd_name), cmd_name)
        return super().get_command(ctx, cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command; an old name gives the new command and a notice on stderr."""
        new = RENAMED.get(args[0])
        if new is not None:
            notice = (
                f"scs {args[0]} is now scs {new}; release {OLD_NAMES_END_WITH} drops the old name"
            )
            typer.echo(notice, err=True)
            args = [new, *args[1:]]
        if args[0] not in MODULES:  # the names that are near are looked for among those imported
            self.commands = {name: self.get_command(ctx, name) for name in MODULES}
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
            console.refuse(reason)
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


def _command(name: str) -> Any:
    """Import and return a command, or a group of them."""
    module = import_module(f".{MODULES[name]}", __package__)
    panel = next(panel for panel, names in PANELS.items() if name in names)
    part = typer.Typer(rich_markup_mode="rich")
    if hasattr(module, "app"):
        part.add_typer(module.app, name=name, rich_help_panel=panel)
    else:
        part.command(rich_help_panel=panel)(options.spread(getattr(module, name)))
    return typer.main.get_group(part).commands[name]
