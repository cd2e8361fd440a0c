"""Trace: current and voltage at the load over time.

Role: Trace is a Waveform that draws itself; from_bench() takes one from a simulated bench and
stepped() samples one. Invariant: times begin at 0 and never go back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import Failure, WrongUsage
from . import commanded
from .commanded import SAME_S
from .waveform import Waveform

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS = ("time_s", "current_a", "voltage_v")  # of a Trace, and of every file that holds one
EDGE_S = 1e-6  # how far before its beginning a trace is looked at


class Trace(Waveform):
    """Trace: time_s (s), current_a (A; positive: anodic at the cathodes), voltage_v (V).

    Three arrays of shape (rows,), with times from 0 that never go back: a row at each change, or
    samples. schedule: of the programs it is of; None if it is not known, as in a file. A trace
    comes from Profile.trace(…).trace or Stimulator.scope(), or is made of arrays of one's own.

    Example::

        >>> import numpy as np
        >>> from scs import Trace
        >>> time_s = np.array([0, 0, 200e-6, 200e-6, 20e-3])  # a step is two rows of one time
        >>> current_a = np.array([0, -2e-3, -2e-3, 0, 0])
        >>> trace = Trace(time_s, current_a, 500 * current_a)
        >>> len(trace), trace.end_s
        (5, 0.02)
        >>> f"{trace.measure().width_s * 1e6:.0f} us"
        '200 us'
    """

    def plot(self, axes: Axes | None = None, *, quantity: str = "current") -> Axes:
        """Plot the current (mA) or the voltage (V) over time, and return matplotlib's axes.

        axes: to plot onto; None for those of a new figure of pyplot, which a notebook shows by
        itself. quantity: "current" or "voltage"; raises WrongUsage for any other.

        Example::

            >>> from scs import Profile
            >>> axes = Profile.read("profiles/tonic_50hz.yaml").trace(0.02).trace.plot()
            >>> axes.get_ylabel(), axes.get_xlabel()
            ('current (mA)', 'time (ms)')
        """
        from . import plot

        if quantity not in plot.QUANTITIES:
            known = " and ".join(plot.QUANTITIES)
            raise WrongUsage(
                f'no quantity {quantity!r}: there are {known}; e.g. quantity="voltage"'
            )
        if axes is None:
            from matplotlib import pyplot

            axes = pyplot.subplots(layout="constrained")[1]
        return plot.curve(self, axes, quantity)

    def _repr_html_(self) -> str:
        """Return a table of its programs' figures and a picture, for a notebook."""
        from . import notebook

        return notebook.page(self)


def stepped(trace: Trace, rate_hz: float, count: int) -> Trace:
    """Return the first `count` samples of a trace, `rate_hz` per second from time 0.

    On a step, the value after it; between two rows, on the straight line.
    """
    at_s = np.arange(count) / rate_hz
    after = np.searchsorted(trace.time_s, at_s + SAME_S / 2, side="right")
    return Trace(at_s, *trace.at(at_s, after, 1.0))


def from_bench(
    bench: Any,
    start_s: float,
    end_s: float,
    rate_hz: float | None = None,
    *,
    origin_s: float | None = None,
    followed: bool = False,
) -> Trace:
    """Return a simulated bench's oscilloscope trace, evenly sampled if rate_hz is given.

    origin_s: where its time is 0, None for start_s; followed: a change at the end is left to what
    follows. Raises Failure if the beginning is no longer in the bench's memory.
    """
    scope = bench.scope()
    if scope.start_s() > start_s + SAME_S:
        raise Failure("too long for the simulated oscilloscope's memory: record a shorter time")
    if rate_hz is not None:
        columns = scope.sampled(rate_hz, start_s, end_s)
        return Trace(columns[0] - start_s, columns[1] + 0.0, columns[2] + 0.0)
    origin_s = _snapped_s(scope, start_s) if origin_s is None else origin_s
    return changes(scope, start_s, end_s, origin_s, followed=followed)


def changes(
    scope: Any, start_s: float, end_s: float, origin_s: float, *, followed: bool = False
) -> Trace:
    """Return an oscilloscope's rows, one at each change; a step at either end is a later one's.

    Times count from origin_s, so that those of pieces with one origin never go back.
    """
    start_s, end_s = (_snapped_s(scope, at_s) for at_s in (start_s, end_s))
    time_s, current_a, voltage_v = scope.rows(start_s, end_s, followed=followed)
    return Trace(np.maximum(time_s - origin_s, 0.0), current_a + 0.0, voltage_v + 0.0)


def _snapped_s(scope: Any, at_s: float) -> float:
    """Return when the output changed, if that was within SAME_S of a time, else the time."""
    begun_s: float = scope.begun_s(at_s + SAME_S)
    return begun_s if begun_s > at_s - SAME_S else at_s


def next_period(bench: Any) -> tuple[float, float]:
    """Return (start of the next period, its length) in seconds of a simulated bench's clock.

    The start is that of the SYNC mark, exact to the tick. Raises Failure if nothing runs.
    """
    playing = commanded.playing(bench)
    if playing is None:
        raise Failure("nothing runs: there is no period to record")
    period_s = playing.ticks / bench.board.clock_hz
    return playing.begin_s + period_s, period_s


def span(bench: Any, start_s: float, end_s: float) -> Trace:
    """Return the bench's trace between two times; a step at either end belongs to what follows."""
    return from_bench(bench, start_s, end_s)
