"""Time a call, or a command."""

import os
import resource
import statistics
import subprocess
from collections.abc import Callable
from timeit import repeat


def median_s(call: Callable[[], object], times: int) -> float:
    """Return the median of the wall time of so many calls, in seconds."""
    return statistics.median(repeat(call, number=1, repeat=times))


def best_s(call: Callable[[], object], times: int) -> float:
    """Return the shortest wall time of so many calls, in seconds: the least noisy one."""
    return min(repeat(call, number=1, repeat=times))


def command_s(command: list[str], times: int) -> float:
    """Return the median wall time of so many runs of a command, in seconds."""
    return median_s(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL), times)


def cpu_s(command: list[str], times: int) -> float:
    """Return the least CPU time of so many runs of a command, user and system, in seconds.

    One run before them writes the byte code, which an environment may forbid.
    """
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    spent_s = []
    for _ in range(times + 1):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent_s.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(spent_s[1:])
