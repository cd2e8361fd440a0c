"""Port `chip://`: the real firmware on an emulated chip, in emulated time.

Role: as `sim://`, with MicroPython's own binary in place of the simulated board.
  chip://?board=pico/mcp4922-8/randles-500
It needs a checkout and the files that docs/explain/chip.md names. Invariant: as of protocol_sim.
"""

from __future__ import annotations

from scs import sim_bridge

from . import protocol_sim

EXAMPLE = "chip://?board=pico/mcp4922-8/randles-500"


class Serial(protocol_sim.Serial):
    """Serial port of an emulated chip; `bench` and now() as those of `sim://`."""

    def _made(self, url: str) -> sim_bridge.ChipBench:
        return sim_bridge.chip(protocol_sim.options(url, ("board",), EXAMPLE).get("board", ""))

    def close(self) -> None:
        """Close the port; the chip ends."""
        if self.is_open and isinstance(self.bench, sim_bridge.ChipBench):
            self.bench.close()
        super().close()
