"""Calls of the flash command in tests, and their results."""

from typer.testing import CliRunner, Result

from scs.cli import app as cli

NAME = "pico/mcp4922-8/resistor-500"
GOOD, REFUSED, USAGE, NO_DEVICE = 0, 1, 2, 3


def flash(*arguments: str) -> Result:
    """Run scs flash for NAME."""
    command = ["flash", "--load", "resistor-500", *arguments]
    return CliRunner().invoke(cli.app, command, env={"COLUMNS": "120"})
