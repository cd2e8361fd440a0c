"""Time a call, or a command."""

import statistics
import subprocess
import time
from collections.abc import Callable


def median_s(call: Callable[[], object], times: int) -> float:
    """Return the median of the wall time of so many calls, in seconds."""
    return statistics.median(best_s(call, 1) for _ in range(times))


def best_s(call: Callable[[], object], times: int) -> float:
    """Return the shortest wall time of so many calls, in seconds: the least noisy one."""
    durations_s = []
    for _ in range(times):
        begun_s = time.perf_counter()
        call()
        durations_s.append(time.perf_counter() - begun_s)
    return min(durations_s)


def command_s(command: list[str], times: int) -> float:
    """Return the median wall time of so many runs of a command, in seconds."""
    return median_s(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL), times)
