"""The simulated bench as its parts see it.

Role: what SimHal and the faults need of a board, so that neither imports it.
"""

from typing import Protocol

import numpy as np

from stimcore.board import Board

from ..circuit.plant import Plant
from ..circuit.trace import Trace
from .link import Link
from .nvstore import NvStore
from .stream import Sequencer


class LoadId(Protocol):
    """The identification resistor, as a fault takes it away."""

    wrong_load: bool


class Bench(Protocol):
    """A clock in ticks, and the parts that follow it."""

    board: Board
    tick: int
    random: np.random.Generator
    link: Link
    plant: Plant
    sequencer: Sequencer
    store: NvStore

    @property
    def hal(self) -> LoadId:
        """Return the simulated seam."""

    def now_us(self) -> int:
        """Return the microseconds since power-on."""

    def scope(self) -> Trace:
        """Return current and voltage at the load up to now."""

    def fed(self) -> None:
        """Restart the watchdog's time: the device fed it."""

    def hang(self) -> None:
        """Stop the loop."""

    def make_noisy(self) -> None:
        """Make the link noisy."""

    def inject(self, name: str, at_us: int | None = None) -> None:
        """Let a fault happen at a time since power-on, or now."""
