"""One row of the bench's table, and the timing of a call."""

import statistics
import time
from collections.abc import Callable
from typing import NamedTuple


class Row(NamedTuple):
    """A measured value, its unit and its target: ("<" or ">", number) or None."""

    name: str
    value: float
    unit: str
    target: tuple[str, float] | None = None

    @property
    def ok(self) -> bool | None:
        """Return True if the target is met; None without one."""
        if self.target is None:
            return None
        sense, limit = self.target
        return self.value < limit if sense == "<" else self.value > limit


def median_s(call: Callable[[], object], times: int) -> float:
    """Return the median of the wall time of so many calls, in seconds."""
    return statistics.median(best_s(call, 1) for _ in range(times))


def best_s(call: Callable[[], object], times: int) -> float:
    """Return the shortest wall time of so many calls, in seconds: the least noisy one."""
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        call()
        taken.append(time.perf_counter() - begun)
    return min(taken)
