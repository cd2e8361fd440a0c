"""The faults that can be injected, by name.

Role: one table of faults; each is a sentence and the one thing it does to the bench. They are
named on the command line and in URLs as NAME or NAME@SECONDS since power-on, several with commas.
Invariant: a fault acts at its very instant; where it is random it follows the bench's seed.
"""

import difflib
import math
from collections.abc import Callable, Iterable
from typing import NamedTuple

from ..circuit.netlist import HEALTHY, LEAD_OPEN, LEAD_SHORT
from .types import Bench

MISREAD_GAINS = (1.04, 0.96)  # of current and voltage
MISREAD_CODES = (5.0, -3.0)
_SHORTEST_RECORD = 116  # bytes in the store of a group of one program


class Fault(NamedTuple):
    """A fault and its instant, microseconds since power-on; None: as soon as possible."""

    name: str
    at_us: int | None = None


class UnknownFault(ValueError):
    """No fault has this name, or its time is no number; the message names what exists."""


def _lead(condition: str) -> Callable[[Bench], None]:
    def act(bench: Bench) -> None:
        bench.sequencer.run_to(bench.tick)
        bench.plant.set_condition(bench.tick, condition)

    return act


def _times(factor: float) -> Callable[[Bench], None]:
    def act(bench: Bench) -> None:
        bench.sequencer.run_to(bench.tick)
        load = bench.plant.load
        load.exchange(
            bench.tick, load.circuit._replace(series_ohm=factor * load.circuit.series_ohm)
        )

    return act


def _no_discharge(bench: Bench) -> None:
    bench.sequencer.run_to(bench.tick)
    bench.plant.stage.discharges = False


def _shorted_discharge_resistor(bench: Bench) -> None:
    bench.sequencer.run_to(bench.tick)
    bench.plant.stage.soft_ohm = 0.0


def _loose_lead(bench: Bench) -> None:
    at_us = bench.now_us()
    for _ in range(20):
        for name in ("open_lead", "healed"):
            at_us += int(bench.random.integers(1_000, 100_000))
            bench.inject(name, at_us)


def _stuck_dac(bench: Bench) -> None:
    bench.sequencer.run_to(bench.tick)
    bench.plant.stage.stuck = True


def _starved_fifo(bench: Bench) -> None:
    bench.sequencer.run_to(bench.tick)
    bench.sequencer.dma.starve()


def _corrupt_word(bench: Bench) -> None:
    bench.sequencer.run_to(bench.tick)
    bench.sequencer.dma.corrupt(int(bench.random.integers(1 << 30)))


def _link_noise(bench: Bench) -> None:
    bench.make_noisy()


def _link_cut(bench: Bench) -> None:
    bench.link.cut()


def _hung_loop(bench: Bench) -> None:
    bench.hang()


def _torn_write(bench: Bench) -> None:
    bench.store.cut_after = int(bench.random.integers(_SHORTEST_RECORD))


def _wrong_load(bench: Bench) -> None:
    bench.hal.wrong_load = True


def _sense_error(bench: Bench) -> None:
    bench.plant.run_to(bench.tick)
    bench.plant.sense.misread(MISREAD_GAINS, MISREAD_CODES)


# name: (what happens, action)
TABLE: dict[str, tuple[str, Callable[[Bench], None]]] = {
    "open_lead": ("the lead breaks: no current flows", _lead(LEAD_OPEN)),
    "short": ("the lead is shorted: current flows, no voltage stands", _lead(LEAD_SHORT)),
    "healed": ("the lead is whole again", _lead(HEALTHY)),
    "drifted_load": ("the load's resistance becomes half as large again", _times(1.5)),
    "high_load": ("the load's resistance becomes 20 times as large", _times(20.0)),
    "no_discharge": ("the switches no longer discharge the load", _no_discharge),
    "shorted_discharge_resistor": (
        "the discharge resistor is shorted: what it held back flows at once",
        _shorted_discharge_resistor,
    ),
    "loose_lead": ("the lead breaks and heals 20 times within some 2 s", _loose_lead),
    "stuck_dac": ("the DAC keeps the first code it drives, whatever is sent", _stuck_dac),
    "starved_fifo": ("DMA stops feeding the sequencer, until the next start", _starved_fifo),
    "corrupt_word": ("one bit of the live words flips", _corrupt_word),
    "link_noise": (
        "one byte in 200 of the link is flipped or followed by a stray; strays come alone too",
        _link_noise,
    ),
    "link_cut": ("no more bytes either way, as with a pulled cable", _link_cut),
    "hung_loop": ("the firmware's loop stands still until the watchdog resets it", _hung_loop),
    "torn_write": (
        "the power fails for an instant in the middle of the next write to the store",
        _torn_write,
    ),
    "sense_error": (
        "the sense path reads 4 % too much current and 4 % too little voltage, 5 codes too high and"
        " 3 too low: `scs calibrate` mends it",
        _sense_error,
    ),
    "wrong_load": ("the load has no identification resistor", _wrong_load),
}


def named(name: str) -> str:
    """Return `name` if the table has it; raise UnknownFault with the nearest names if not."""
    if name in TABLE:
        return name
    near = difflib.get_close_matches(name, TABLE, n=3, cutoff=0.6)
    hint = f"did you mean {' or '.join(near)}? " if near else ""
    raise UnknownFault(f"no fault {name!r}: {hint}known are {', '.join(TABLE)}")


def parse(text: str) -> list[Fault]:
    """Parse faults such as "open_lead@2.5,link_cut@4"; empty text, no faults."""
    parsed = []
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        name, at, seconds = part.partition("@")
        parsed.append(Fault(named(name), _microseconds(part, seconds) if at else None))
    return parsed


def _microseconds(part: str, seconds: str) -> int:
    try:
        value = float(seconds)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise UnknownFault(f"{part!r}: the time is in seconds, 0 or more, as in open_lead@2.5")
    return round(value * 1e6)


def gathered(faults: str | Iterable[str | Fault]) -> list[Fault]:
    """Return the faults given as one text, or as texts and Faults mixed."""
    if isinstance(faults, str):
        return parse(faults)
    out = []
    for fault in faults:
        if isinstance(fault, Fault):
            out.append(Fault(named(fault.name), fault.at_us))
        else:
            out.extend(parse(fault))
    return out
