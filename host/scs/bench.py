"""The one door from the host to the simulator.

Role: makes a simulated bench from row names of boards.yaml, behind `sim://` and `scs sim`.
Invariant: no other module of scs imports scs_sim; everything here is also true of a real bench
but for the faults. Next: urlhandler/protocol_sim.py; sim/scs_sim/board.py.
"""

from scs_sim import faults as _faults
from scs_sim.board import SimBoard
from scs_sim.server import Server, listen, pty
from scs_sim.trace import Samples, Trace

from . import boards

__all__ = ["Samples", "Server", "SimBoard", "Trace", "faults", "listen", "make", "pty"]


def make(name: str = "", fault: str = "", seed: int = 0, *, noise: bool = False) -> SimBoard:
    """A bench at power-on.

    name: BOARD/STAGE/LOAD, empty for the defaults; fault: NAME or NAME@SECONDS, several with
    commas; seed: of noise and faults; noise: of the ADC. Raises boards.BoardError for the name,
    ValueError for the fault.
    """
    whole = boards.full_name(name)
    return SimBoard(boards.board(whole), boards.electrical(whole), fault, seed, noise=noise)


def faults() -> dict[str, str]:
    """Every fault that can be injected, with what it does."""
    return {name: row[0] for name, row in _faults.TABLE.items()}
