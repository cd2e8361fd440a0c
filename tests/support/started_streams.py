"""A stream that was started on the simulated board, and when it should latch what."""

from tests.support.benches import (
    Stream,
    bench,
    frame,
)

from scs_sim.bench.board import SimBoard

IDLE_FRAME = frame(2048, 0, 0)
# from the start: look at the FIFO (3), fetch and shift the first record (5 + 128), latch
FIRST_LATCH = 136


def running(what: Stream, periods: int = 0, **options) -> SimBoard:
    """Return a bench whose stream was started at its first microsecond."""
    sim = bench(**options)
    sim.hal.stream_load(what)
    sim.hal.stream_start(periods)
    return sim


def expected(*parts: tuple[Stream, int]) -> list[tuple[int, int]]:
    """Return (tick, frame) of every latch of so many periods of each stream, in order."""
    at, out = FIRST_LATCH, []
    for what, periods in parts:
        for ticks, bits in list(zip(what.ticks, what.frames, strict=True)) * periods:
            out.append((at, bits))
            at += ticks
    return out
