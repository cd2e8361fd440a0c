"""The command line: `scs` with one small module for each group of commands.

Role: main() runs the app; a Failure becomes one message on stderr and its exit code.
Invariant: exit codes are 0 good, 1 a profile or the device refused, 2 wrong usage, 3 no device or
link lost, 130 Ctrl-C; what a command needs is imported when it runs, so that `scs --help` starts
at once. Requirements: REQ-60, REQ-61.
"""


def main() -> None:
    """Run the command line of this process."""
    from .app import app

    app(prog_name="scs")
