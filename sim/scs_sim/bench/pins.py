"""Every edge of the sequencer's lines and of GATE, for a logic analyser's file.

Role: the logic analyser of the simulated bench. It keeps the executor's own segments, one a
record, and makes edges of them only when somebody takes them.
Invariant: edges come out in order of tick, each one a change; what the program would have done
after a halt is not among them. Bounded: what nobody takes is dropped, oldest first, and counted.
"""

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from ..pio.executor import Segment

GATE = "gate"  # the sentinel's; the other outputs are the sequencer's
OWN = ("active", "sync", "run")  # what a halt drives low, beside GATE
KEPT = 32_768  # segments; some 26 MB of edges for each half of them
INPUTS = ("sense_current", "sense_voltage", "load_id")
Edges = NDArray[np.int64]  # shape (edges, 3): tick, pin, level
NONE: Edges = np.empty((0, 3), dtype=np.int64)


class PinLog:
    """Edges of the outputs among `pins`, name -> GPIO number, from when it was made.

    `names` gives the name of each pin by its number, `levels` what each carries at the end of
    what was taken.
    """

    def __init__(self, pins: Mapping[str, int]):
        self.names = {pin: name for name, pin in pins.items() if name not in INPUTS}
        self._pins = {name: pin for pin, name in self.names.items()}
        self.levels = dict.fromkeys(self.names, 0) | self._rest()
        self._ran: list[tuple[int, Segment]] = []
        self._forced: list[tuple[int, int, int]] = []
        self._later = NONE
        self.dropped = 0  # edges

    def _rest(self) -> dict[int, int]:
        """Return StateMachine.init's levels: nCS high, a ladder at its middle, all else low."""
        high = ("ncs", "data7")
        return {pin: int(name in high) for name, pin in self._pins.items() if name != GATE}

    def started(self, tick: int) -> None:
        """Log a start: the state machine begins anew and GATE goes high."""
        self._forced += [(tick, pin, level) for pin, level in self._rest().items()]
        self._forced += [(tick, self._pins[GATE], 1)] if GATE in self._pins else []

    def ran(self, tick: int, segment: Segment) -> None:
        """Log a segment that the program runs from `tick` on."""
        self._ran.append((tick, segment))
        if len(self._ran) >= KEPT:
            self.dropped += len(self.take(self._ran[KEPT // 2][0] - 1))

    def halted(self, tick: int) -> None:
        """Log a halt: GATE, RUN, SYNC and ACTIVE are low from `tick` on, and nothing moves."""
        kept = self._gathered()
        self._later = kept[kept[:, 0] <= tick]
        self._forced = [(tick, self._pins[name], 0) for name in (*OWN, GATE) if name in self._pins]

    def take(self, until_tick: int) -> Edges:
        """Return the edges up to and including `until_tick` that were not taken before."""
        edges = self._gathered()
        now = edges[:, 0] <= until_tick
        self._later = edges[~now]
        return self._changes(edges[now])

    def _gathered(self) -> Edges:
        """Return all edges in order of tick; at one tick, in the order of the log."""
        parts: list[Edges] = [self._later]
        parts += [segment.array + np.array((at, 0, 0)) for at, segment in self._ran]
        if self._forced:
            parts.append(np.array(self._forced, dtype=np.int64))
        self._ran, self._forced = [], []
        edges = np.concatenate(parts)
        return edges[np.argsort(edges[:, 0], kind="stable")]

    def _changes(self, edges: Edges) -> Edges:
        """Return the edges that change a level, of pins that have a name."""
        kept = np.zeros(len(edges), dtype=bool)
        for pin in self._numbers(edges):
            rows = np.flatnonzero(edges[:, 1] == pin)
            levels = edges[rows, 2]
            kept[rows] = np.diff(levels, prepend=self.levels[pin]) != 0
            self.levels[pin] = int(levels[-1])
        return edges[kept]

    def _numbers(self, edges: Edges) -> Iterable[int]:
        return [int(pin) for pin in np.unique(edges[:, 1]) if int(pin) in self.names]
