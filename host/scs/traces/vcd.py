"""Write VCD: pin edges, and current and voltage at the load as analogue signals.

Role: write() for GTKWave, PulseView and sigrok-cli, whose SPI decoder reads the DAC's words back.
Invariant: one change at its own nanosecond, in order; at 125 MHz a tick is 8 ns exactly, at 150
MHz an instant is rounded by at most half a nanosecond. A file begins with the level of every
signal at time zero and ends with a time stamp after the last change of a pin, by a tick at least:
a viewer shows the trace's whole length, and sigrok, which drops what comes at the end, each edge.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .pin_edges import Pins
from .trace_store import Progress, Rows

ANALOGUE = ("current_a", "voltage_v")
Changes = tuple[NDArray[np.int64], NDArray[Any]]  # ns in order, and the line of each


def write(
    path: Path, rows: Rows, pins: Pins | None, progress: Progress, fidelity: str = ""
) -> None:
    """Write a trace, with the pins if there are any; raise OSError if that fails.

    fidelity: of a simulation, for the file's comment.
    """
    from vcd import VCDWriter

    comment = f"fidelity: {fidelity}" if fidelity else ""
    values, levels = _at_zero(rows, pins)
    with path.open("w") as stream:
        writer = VCDWriter(stream, timescale="1 ns", date="", comment=comment)
        idents = {
            pin: writer.register_var("pins", name, "wire", 1, levels[pin]).ident
            for pin, name in sorted(pins.names.items() if pins else ())
        }
        signals = [
            writer.register_var("load", name, "real", init=value).ident
            for name, value in zip(ANALOGUE, values.tolist(), strict=True)
        ]
        writer.flush()  # the header, and every level; pyvcd's own changes take 5 us each
        sources = [_analogue(rows, signals, values, progress)]
        sources += [_edges(pins, idents)] if pins else []
        before_ns = 0
        for at_ns, lines in _merged(sources):
            firsts = np.flatnonzero(np.diff(at_ns, prepend=before_ns) > 0)
            stamps = [f"#{at}" for at in at_ns[firsts].tolist()]
            stream.write("\n".join(np.insert(lines, firsts, stamps).tolist()) + "\n")
            before_ns = int(at_ns[-1])
        end_ns = max(round(rows.end_s * 1e9), _past_ns(pins) if pins else 0)
        if end_ns > before_ns:
            stream.write(f"#{end_ns}\n")


def _at_zero(rows: Rows, pins: Pins | None) -> tuple[NDArray[np.float64], dict[int, int]]:
    """Return (current and voltage, level by pin) at time zero, after what changes there."""
    values, levels = np.zeros(2), dict(pins.first) if pins else {}
    for block in rows.blocks():
        first = np.flatnonzero(np.rint(block.time_s * 1e9) == 0)
        if len(first):
            values = np.array((block.current_a[first[-1]], block.voltage_v[first[-1]]))
        break
    for edges in pins.blocks() if pins else ():
        levels |= {pin: level for tick, pin, level in edges[edges[:, 0] <= 0].tolist()}
        break
    return values, levels


def _past_ns(pins: Pins) -> int:
    """Return the time a tick after the last edge; 0 without one."""
    last = next(pins.table.blocks(len(pins) - 1), None) if len(pins) else None
    return 0 if last is None else int(_ns(last[-1:, 0] + 1, pins.clock_hz)[0])


def _ns(ticks: NDArray[np.int64], clock_hz: int) -> NDArray[np.int64]:
    at_ns: NDArray[np.int64] = (ticks * 1_000_000_000 + clock_hz // 2) // clock_hz
    return at_ns


def _edges(pins: Pins, idents: dict[int, str]) -> Iterator[Changes]:
    lines = np.full((max(idents) + 1, 2), "", dtype=object)  # by pin and level
    for pin, ident in idents.items():
        lines[pin] = [f"{level}{ident}" for level in (0, 1)]
    for block in pins.blocks():
        ticks, pin, level = block[block[:, 0] > 0].T
        yield _ns(ticks, pins.clock_hz), lines[pin, level]


def _analogue(
    rows: Rows, idents: list[str], before: NDArray[np.float64], progress: Progress
) -> Iterator[Changes]:
    done = 0
    for block in rows.blocks():
        at_ns = np.rint(block.time_s * 1e9).astype(np.int64)
        values = np.column_stack((block.current_a, block.voltage_v))
        changed = np.diff(values, axis=0, prepend=before[None]) != 0
        at, signal = np.nonzero(changed & (at_ns > 0)[:, None])
        pairs = zip(values[at, signal].tolist(), signal.tolist(), strict=True)
        lines = [f"r{value:.16g} {idents[number]}" for value, number in pairs]
        yield at_ns[at], np.array(lines, dtype=object)
        before = values[-1]
        done += len(block)
        progress(done / max(len(rows), 1))


def _merged(sources: list[Iterator[Changes]]) -> Iterator[Changes]:
    """Merge sources in order of time, holding a block of each."""
    sources = [(part for part in source if len(part[0])) for source in sources]
    parts = [next(source, None) for source in sources]
    while held := [part for part in parts if part is not None]:
        until_ns = min(int(at_ns[-1]) for at_ns, _lines in held)
        taken = []
        for number, part in enumerate(parts):
            if part is None:
                continue
            at_ns, lines = part
            count = int(np.searchsorted(at_ns, until_ns, side="right"))
            taken.append((at_ns[:count], lines[:count]))
            left = at_ns[count:], lines[count:]
            parts[number] = left if len(left[0]) else next(sources[number], None)
        at_ns, lines = (np.concatenate(column) for column in zip(*taken, strict=True))
        order = np.argsort(at_ns, kind="stable")
        yield at_ns[order], lines[order]
