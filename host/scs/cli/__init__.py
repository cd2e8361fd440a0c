"""The command line `scs`: one small module for each group of commands.

Role: main() runs the app; a Failure becomes one message on stderr and its exit code.
Invariant: exit codes are 0 good, 1 refused by the profile check or the device, 2 wrong usage,
3 no device or link lost, 130 Ctrl-C; a command imports its dependencies when it runs, so that
`scs --help` starts at once. Requirements: REQ-60, REQ-61.
"""


def main() -> None:
    """Run the command line of this process."""
    from .app import app

    app(prog_name="scs")
