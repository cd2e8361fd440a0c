"""Traces by hand, shared by what tests files, recordings and comparisons."""

import numpy as np

from scs.traces.trace import Trace

PERIOD_S = 0.01


def train(periods: int, late_s: float = 0.003, amplitude_a: float = 1e-3) -> Trace:
    """Return -1 mA for 1 ms, +1 mA for 1 ms, nothing for 8 ms; a voltage of 1 V for 1 mA."""
    rows = [(0.0, 0.0)]
    for at in range(periods):
        begin = late_s + PERIOD_S * at
        rows += [(begin, 0.0), (begin, -amplitude_a), (begin + 1e-3, -amplitude_a)]
        rows += [(begin + 1e-3, amplitude_a), (begin + 2e-3, amplitude_a), (begin + 2e-3, 0.0)]
    rows.append((late_s + PERIOD_S * periods, 0.0))
    times, current = np.array(rows).T
    return Trace(times, current, current * 1e3)
