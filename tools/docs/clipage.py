"""Generate docs/reference/cli.md: every command with its arguments, options and examples.

Role: text() returns the text. Invariant: all of it is what `scs COMMAND --help` reads too.
"""

import re
from typing import Any

import typer

from markdown import page, table
from scs.cli.app import EPILOG, PANELS, app

EXAMPLES = re.compile(r"\n*Examples?:\s+")


def text() -> str:
    """Return the text of reference/cli.md."""
    root: Any = typer.main.get_command(app)
    parts = []
    for panel, names in PANELS.items():
        parts.append(f"\n## {panel}\n")
        for name in names:
            command = root.get_command(None, name)
            subcommands = getattr(command, "commands", {"": command})
            parts += [
                section(f"{name} {inner}".strip(), subcommand)
                for inner, subcommand in subcommands.items()
            ]
    return page("cli", epilog=EPILOG, commands="".join(parts))


def section(name: str, command: Any) -> str:
    """Return the section on one command."""
    text, examples = EXAMPLES.split(command.help)
    lines = [line.strip() for line in re.split(r"·|\n", examples) if line.strip()]
    rows = [row(parameter) for parameter in command.params if parameter.name != "help"]
    return (
        f"\n### scs {name}\n\n{text}\n\n```\n"
        + "\n".join(lines)
        + "\n```\n\n"
        + table(["argument or option", "what it is", "default"], rows)
    )


def row(parameter: Any) -> list[str]:
    """Return an argument or option as a row: how it is written, its help, its default."""
    value = parameter.metavar or parameter.name.upper()
    if parameter.param_type_name == "argument":
        return [f"`{value}`", parameter.help, "required" if parameter.required else ""]
    names = ", ".join(parameter.opts)
    written = f"`{names}`" if parameter.is_flag else f"`{names} {value}`"
    text = parameter.help
    bounds = parameter if hasattr(parameter, "min") else parameter.type
    least, most = getattr(bounds, "min", None), getattr(bounds, "max", None)
    if least is not None:
        text += f" At least {least:g}{'' if most is None else f', at most {most:g}'}."
    if parameter.envvar:
        text += f" Environment: {parameter.envvar}."
    if parameter.required:
        return [written, text, "required"]
    return [written, text, "" if parameter.default in (None, "", False) else str(parameter.default)]
