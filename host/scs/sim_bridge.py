"""Access to the simulator; the only module of scs that imports scs_sim.

Role: makes a simulated bench from row names of boards.yaml, behind `sim://` and `scs sim`.
Invariant: no other module of scs imports scs_sim.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import scs_sim.circuit
from scs_sim.bench import faults as _faults
from scs_sim.bench.board import SimBoard
from scs_sim.chip import emulator, rig_files
from scs_sim.chip.bench import ChipBench
from scs_sim.chip.rig_files import NoChip
from scs_sim.circuit import model as _model
from scs_sim.circuit.steady import Steady
from scs_sim.circuit.trace import Samples, Trace
from scs_sim.serve.server import ChipServer, Server, Service, listen, pty
from stimcore.board import Board

from .catalog import boards
from .flashing import firmware_files

CIRCUIT = Path(scs_sim.circuit.__file__).parent  # the source of what played() computes

__all__ = ["ChipBench", "ChipServer", "NoChip", "Samples", "Server", "Service", "SimBoard"]
__all__ += ["Steady", "Trace", "can_emulate", "chip", "emulated", "faults", "listen", "make"]
__all__ += ["played", "pty", "steady"]


def make(name: str = "", fault: str = "", seed: int = 0, *, noise: bool = False) -> SimBoard:
    """Return a simulated bench at power-on.

    name: BOARD/STAGE/LOAD, empty for the defaults; fault: NAME or NAME@SECONDS, several with
    commas; seed: of noise and faults; noise: of the ADC. Raises boards.BoardError for the name,
    ValueError for the fault.
    """
    whole = boards.full_name(name)
    return SimBoard(boards.board(whole), boards.electrical(whole), fault, seed, noise=noise)


def played(board: Board, phases: Sequence[Sequence[int]], periods: int) -> Trace | None:
    """Return the record of periods of a train that begins at rest, by the model of the circuit.

    phases: of stimcore.period.compile_group(). None if the stage would reach its rail. Raises
    boards.BoardError as make().
    """
    model = _model.of_board(board, boards.electrical(board.name), phases)
    played, rows = model.laps(periods)
    if played < periods:
        return None
    record = Trace(board.clock_hz)
    record.extend(rows)
    record.end_tick = model.tick
    return record


def faults() -> dict[str, str]:
    """Return the injectable faults by name, with their descriptions."""
    return {name: row[0] for name, row in _faults.TABLE.items()}


def can_emulate(name: str) -> bool:
    """Return True if a combination's board has the emulated chip; raise boards.BoardError."""
    return boards.chip(name) == "rp2040"


def emulated(
    name: str = "", place: tuple[str, int] = ("127.0.0.1", 0), speed: float = 1.0, seed: int = 0
) -> ChipServer:
    """Start the real firmware on an emulated chip, with stage and load, on a socket.

    name: as for make(), one that can_emulate(); place: host and port, port 0 picks one; speed:
    emulated seconds a second at most, 0 as fast as it goes. Raises boards.BoardError for the
    name, NoChip, Failure of the compiler.
    """
    whole = boards.full_name(name)
    plant = emulator.plant_facts(boards.board(whole), boards.electrical(whole), boards.pins(whole))
    return ChipServer(
        rig_files.files(), firmware_files.board_files(whole), plant, place, speed, seed
    )


def chip(name: str = "") -> ChipBench:
    """Return the real firmware on an emulated chip, from power-on. Arguments as emulated()."""
    whole = boards.full_name(name)
    if not can_emulate(whole):
        raise NoChip(f"the board of {whole} has no emulated chip: an RP2040 has, as pico")
    row, electrical = boards.board(whole), boards.electrical(whole)
    content = firmware_files.board_files(whole)
    return ChipBench(rig_files.files(), content, row, electrical, boards.pins(whole))


def steady(
    bench: SimBoard, phases: Iterable[Sequence[int]], begin_s: float, periods: int
) -> Steady:
    """Return the model of a bench's steady output, from the period that begins next.

    phases: of stimcore.period.compile_group(), which the bench plays; begin_s: when that period
    begins, in seconds of the bench's clock, less than a microsecond away. Raises ValueError where
    the model cannot know that all periods are alike.
    """
    board, load = bench.board, bench.plant.load
    bench.scope()
    tick = round(begin_s * board.clock_hz)
    if not 0 <= tick - bench.tick <= board.clock_hz // 1_000_000:
        raise ValueError("the bench does not stand just before the beginning of a period")
    bench.plant.land(bench.tick)  # a period that repeats leaves the load where the last one did
    train = _model.steps(board, boards.electrical(board.name), phases)
    state = load.state(tick)
    return Steady(load.circuit, board.clock_hz, train, state, tick, periods, load.condition)
