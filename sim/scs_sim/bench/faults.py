"""The faults that can be injected, by name.

Role: one table of faults; each is a sentence and the one thing it does to the bench. They are
named on the command line and in URLs as NAME or NAME@SECONDS since power-on, several with commas.
Invariant: a fault acts at its very instant; where it is random it follows the bench's seed.
"""

import difflib
import math
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, Protocol

import numpy as np

from ..circuit.adc import TOP
from ..circuit.netlist import HEALTHY, LEAD_OPEN, LEAD_SHORT
from ..circuit.plant import Plant
from .nvstore import NvStore
from .stream import Sequencer

MISREAD_GAINS = (1.04, 0.96)  # of current and voltage
MISREAD_CODES = (5.0, -3.0)
NOISE_CODES = 40.0
DAC_GAIN, DAC_OFFSET_A = 1.25, 200e-6
SLOW_TURN_US, LATE_US = 60_000, 200_000
CLOCK_PERMILLE = 1_100
WRAPS_IN_US = 1_000_000
_SHORTEST_RECORD = 116  # bytes in the store of a group of one program


class Bench(Protocol):
    """The parts of board.SimBoard that faults act on; the sequencer has run up to `tick`."""

    tick: int
    random: np.random.Generator
    link: Any
    plant: Plant
    sequencer: Sequencer
    store: NvStore
    hal: Any

    def now_us(self) -> int: ...
    def hang(self) -> None: ...
    def hold(self, us: int) -> None: ...
    def slow_down(self, turn_us: int) -> None: ...
    def brown_out(self) -> None: ...
    def make_noisy(self) -> None: ...
    def inject(self, name: str, at_us: int | None = None) -> None: ...


Action = Callable[[Bench], None]


class Fault(NamedTuple):
    """A fault and its instant, microseconds since power-on; None: as soon as possible."""

    name: str
    at_us: int | None = None


class UnknownFault(ValueError):
    """No fault has this name, or its time is no number; the message names what exists."""


def _lead(condition: str) -> Action:
    return lambda bench: bench.plant.set_condition(bench.tick, condition)


def _times(factor: float) -> Action:
    def act(bench: Bench) -> None:
        load = bench.plant.load
        larger = load.circuit._replace(series_ohm=factor * load.circuit.series_ohm)
        load.exchange(bench.tick, larger)

    return act


def _no_discharge(bench: Bench) -> None:
    bench.plant.stage.discharges = False


def _shorted_discharge_resistor(bench: Bench) -> None:
    bench.plant.stage.soft_ohm = 0.0


def _loose_lead(bench: Bench) -> None:
    at_us = bench.now_us()
    for _ in range(20):
        for name in ("open_lead", "healed"):
            at_us += int(bench.random.integers(1_000, 100_000))
            bench.inject(name, at_us)


def _stuck_dac(bench: Bench) -> None:
    bench.plant.stage.stuck = True


def _torn_write(bench: Bench) -> None:
    bench.store.cut_after = int(bench.random.integers(_SHORTEST_RECORD))


def _wrong_load(bench: Bench) -> None:
    bench.hal.wrong_load = True


def _dac_gain(bench: Bench) -> None:
    bench.plant.stage.gain = DAC_GAIN


def _dac_offset(bench: Bench) -> None:
    bench.plant.stage.offset_a += DAC_OFFSET_A


def _stuck_discharge(bench: Bench) -> None:
    bench.plant.stage.joined = True


def _stuck_adc(bench: Bench) -> None:
    bench.plant.run_to(bench.tick)
    for channel in (0, 1):
        bench.plant.sense.stick(channel, float(bench.random.integers(TOP + 1)))


def _fast_clock(bench: Bench) -> None:
    bench.hal.set_clock(bench.hal.now_us(), CLOCK_PERMILLE)


def _clock_wrap(bench: Bench) -> None:
    bench.hal.set_clock((1 << 30) - WRAPS_IN_US)
    bench.brown_out()


def _sense_error(bench: Bench) -> None:
    bench.plant.run_to(bench.tick)
    bench.plant.sense.misread(MISREAD_GAINS, MISREAD_CODES)


# name: (what happens, action)
TABLE: dict[str, tuple[str, Action]] = {
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
    "dac_gain": ("the DAC gives a quarter more current than it is sent", _dac_gain),
    "dac_offset": ("the DAC gives 200 uA beside what it is sent", _dac_offset),
    "stuck_discharge": (
        "the discharge switches do not open: they take the current past the load",
        _stuck_discharge,
    ),
    "starved_fifo": (
        "DMA stops feeding the sequencer, until the next start",
        lambda bench: bench.sequencer.starve(bench.tick),
    ),
    "corrupt_word": (
        "one bit of the live words flips",
        lambda bench: bench.sequencer.corrupt(bench.tick, int(bench.random.integers(1 << 30))),
    ),
    "link_noise": (
        "one byte in 200 of the link is flipped or followed by a stray; strays come alone too",
        lambda bench: bench.make_noisy(),
    ),
    "link_cut": (
        "no more bytes either way, as with a pulled cable",
        lambda bench: bench.link.cut(),
    ),
    "hung_loop": (
        "the firmware's loop stands still until the watchdog resets it",
        lambda bench: bench.hang(),
    ),
    "late_turn": (
        "the firmware's loop stands still for 200 ms, which the watchdog allows",
        lambda bench: bench.hold(LATE_US),
    ),
    "slow_loop": (
        "each turn of the firmware's loop takes 60 ms",
        lambda bench: bench.slow_down(SLOW_TURN_US),
    ),
    "fast_clock": ("the processor's clock, not the sequencer's, goes 10 % fast", _fast_clock),
    "clock_wrap": (
        "the power fails for an instant, and a second later the processor's clock is 0 again",
        _clock_wrap,
    ),
    "brown_out": (
        "the power fails for an instant: the device boots, and forgets all but its store",
        lambda bench: bench.brown_out(),
    ),
    "torn_write": (
        "the power fails for an instant in the middle of the next write to the store",
        _torn_write,
    ),
    "sense_error": (
        "the sense path reads 4 % too much current and 4 % too little voltage, 5 codes too high and"
        " 3 too low: `scs calibrate` mends it",
        _sense_error,
    ),
    "stuck_adc": ("the ADC reads one code of current and one of voltage for ever", _stuck_adc),
    "noisy_adc": (
        "what the ADC reads has noise of 40 codes",
        lambda bench: bench.plant.sense.make_noisy(bench.random, NOISE_CODES),
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
        at_us = None
        if at:
            try:
                value = float(seconds)
            except ValueError:
                value = math.nan
            if not 0 <= value < math.inf:
                raise UnknownFault(
                    f"{part!r}: the time is in seconds, 0 or more, as in open_lead@2.5"
                )
            at_us = round(value * 1e6)
        parsed.append(Fault(named(name), at_us))
    return parsed


def gathered(faults: str | Iterable[str | Fault]) -> list[Fault]:
    """Return the faults given as one text, or as texts and Faults mixed."""
    known = []
    for fault in [faults] if isinstance(faults, str) else faults:
        if isinstance(fault, str):
            known += parse(fault)
        else:
            known.append(Fault(named(fault.name), fault.at_us))
    return known
