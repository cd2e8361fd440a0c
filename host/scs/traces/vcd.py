"""Write VCD: pin edges, and current and voltage at the load as analogue signals, by pyvcd.

Role: write() for GTKWave, PulseView and sigrok-cli, whose SPI decoder reads the DAC's words back.
Invariant: one change at its own nanosecond, in order; at 125 MHz a tick is 8 ns exactly, at 150
MHz an instant is rounded by at most half a nanosecond. A file begins with the level of every
signal at time zero and ends with a time stamp, so that a viewer shows the trace's whole length.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge
from operator import itemgetter
from pathlib import Path

import numpy as np

from .pin_edges import Pins
from .trace_store import Progress, Rows

Change = tuple[int, int, float]  # ns, number of the signal, value
CURRENT, VOLTAGE = -1, -2  # where a pin's number is 0 or above


def write(path: Path, rows: Rows, pins: Pins | None, progress: Progress) -> None:
    """Write a trace, with the pins if there are any; raise OSError if that fails."""
    from vcd import VCDWriter

    with path.open("w") as stream, VCDWriter(stream, timescale="1 ns", date="") as writer:
        signals, sources = {}, [_analogue(rows, progress)]
        if pins is not None:
            sources.append(_edges(pins))
            for pin, name in sorted(pins.names.items()):
                signals[pin] = writer.register_var("pins", name, "wire", 1, pins.first[pin])
        for number, name in ((CURRENT, "current_a"), (VOLTAGE, "voltage_v")):
            signals[number] = writer.register_var("load", name, "real", init=0.0)
        at_ns = 0
        for at_ns, number, value in merge(*sources, key=itemgetter(0)):
            writer.change(signals[number], at_ns, value)
        writer.close(at_ns)  # also where the last value is one that was there before


def _edges(pins: Pins) -> Iterator[Change]:
    for block in pins.blocks():
        at_ns = (block[:, 0] * 1_000_000_000 + pins.clock_hz // 2) // pins.clock_hz
        yield from zip(at_ns.tolist(), block[:, 1].tolist(), block[:, 2].tolist(), strict=True)


def _analogue(rows: Rows, progress: Progress) -> Iterator[Change]:
    done = 0
    for block in rows.blocks():
        at_ns = np.round(block.time_s * 1e9).astype(np.int64).tolist()
        both = zip(at_ns, block.current_a.tolist(), block.voltage_v.tolist(), strict=True)
        for at, current, voltage in both:
            yield at, CURRENT, current
            yield at, VOLTAGE, voltage
        done += len(block)
        progress(done / max(len(rows), 1))
