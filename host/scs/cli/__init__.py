"""The command line `scs`: one small module for each group of commands.

Role: main() runs the app; a Failure becomes one message on stderr and its exit code.
Invariant: exit codes are 0 good, 1 refused by the profile check or the device, 2 wrong usage,
3 no device or link lost, 130 Ctrl-C; a command imports its dependencies when it runs, so that
`scs --help` starts at once. Requirements: REQ-60, REQ-61.
"""

import gc
import os

GARBAGE = (
    200_000  # objects from one collection to the next; a start makes 70,000, all of which stay
)


def main() -> None:
    """Run the command line of this process."""
    gc.set_threshold(GARBAGE)
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")  # it looks for them in every package
    from .app import app

    app(prog_name="scs")
