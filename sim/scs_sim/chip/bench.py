"""The emulated chip as a bench: the real firmware, in emulated time, seen by the same oscilloscope.

Role: behind the port `chip://` what SimBoard is behind `sim://`: a link, a clock, a scope. What the
pins did, to the cycle, goes through the simulator's own stage and load (circuit/plant.py).
Invariant: time passes only in advance_us() and host_read(); a period begins with the latch that
follows a rise of SYNC.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stimcore import decode, output
from stimcore.board import Board

from ..circuit.plant import Plant
from ..circuit.trace import Trace
from .emulator import Chip, Edge, Frame, plant_facts
from .rig_files import Files

STEP_US = 500  # between two looks for an answer
BOOT_US, BOOT_STEPS = 100_000, 100  # until the host's side of USB is ready


class UsbLink:
    """The host's end: what the device sent, and whether the chip is still there."""

    def __init__(self, chip: Chip):
        self._chip = chip
        self.received = bytearray()

    @property
    def waiting(self) -> int:
        """Return the number of bytes that wait for the host."""
        return len(self.received)

    @property
    def is_cut(self) -> bool:
        """Return True if the chip has ended."""
        return not self._chip.is_running


class ChipBench:
    """A chip from power-on, once its USB is ready.

    content: name on the board -> bytes; electrical, pins: of scs.catalog.boards. Raises
    rig_files.Missing and ChipError where it cannot start. hal: what a look at a simulated board's
    words and position asks, answered from the chip's own memory and pins.
    """

    def __init__(
        self,
        files: Files,
        content: Mapping[str, bytes],
        board: Board,
        electrical: Mapping[str, Any],
        pins: Mapping[str, int],
    ):
        facts = plant_facts(board, electrical, pins)
        watched = [pins[name] for name in ("gate", "run", "sync")]
        self.chip = Chip.of_content(files, content, plant=facts, watch=watched)
        self.board, self.hal = board, self
        self.link = UsbLink(self.chip)
        self._plant = Plant(board, electrical)
        self._is_ladder = "data0" in pins
        self._lines = {pins["gate"]: 0, pins["run"]: 0}
        self._run = pins["run"]
        self._tick = 0
        self._is_marked = False  # SYNC has risen, and the latch that follows is to come
        self._period_tick, self._periods = 0, -1
        for _ in range(BOOT_STEPS):
            self.advance_us(BOOT_US)
            if self.chip.time()["usb_ready"]:
                return

    def close(self) -> None:
        """End the chip."""
        self.chip.close()

    # --- the host's side ------------------------------------------------------------------
    def host_write(self, data: bytes) -> None:
        """Send bytes to the device."""
        self._step(0, data)

    def host_read(self, most: int | None = None, wait_us: int | None = None) -> bytes:
        """Return what the device sent, as SimBoard.host_read()."""
        received = self.link.received
        while wait_us and most and len(received) < most and not self.link.is_cut:
            step_us = min(wait_us, STEP_US)
            self._step(step_us)
            wait_us -= step_us
        data = bytes(received if most is None else received[:most])
        del received[: len(data)]
        return data

    def advance_us(self, us: int) -> None:
        """Let so many microseconds pass."""
        self._step(us)

    def _step(self, us: int, data: bytes = b"") -> None:
        step = self.chip.step(1_000 * us, data)
        self.link.received += step.received
        self._tick = step.cycles

    def now_s(self) -> float:
        """Return the seconds since power-on, by the system clock's cycles."""
        return self._tick / float(self.board.clock_hz)

    # --- the bench's side -----------------------------------------------------------------
    def scope(self) -> Trace:
        """Return current and voltage at the load up to now."""
        frames, edges = self.chip.frames(clear=True), self.chip.edges(clear=True)
        edges.sort(key=lambda edge: edge.pin != self._run)
        happened: list[Edge | Frame] = [*edges, *frames]
        for event in sorted(happened, key=lambda event: event.cycle):  # at one cycle in this order
            if isinstance(event, Edge):
                self._edge(event)
            else:
                self._latch(event)
        self._plant.run_to(self._tick)
        return self._plant.trace

    def _latch(self, frame: Frame) -> None:
        self._plant.latch(frame.cycle, frame.dac if self._is_ladder else frame.woven)
        if self._is_marked:
            self._is_marked = False
            self._period_tick = frame.cycle
            self._periods += 1

    def _edge(self, edge: Edge) -> None:
        if edge.pin in self._lines:
            self._lines[edge.pin] = edge.level
            self._plant.set_gate(edge.cycle, all(self._lines.values()))
            if edge.pin == self._run and edge.level:
                self._periods = -1
        elif edge.level:  # SYNC, the only other pin that is watched
            self._is_marked = True

    def stream_state(self) -> tuple[int, int, int, int]:
        """Return (status, whole periods, 0, ticks since the present one began)."""
        self.scope()
        status = output.RUNNING if all(self._lines.values()) else output.ENDED
        return status, max(self._periods, 0), 0, self._tick - self._period_tick

    def stream_words(self) -> bytes:
        """Return the live words; raise ValueError where SYNC does not mark each period alone."""
        words = b"".join(word.to_bytes(4, "little") for word in self.chip.live_words())
        marks = [decode.record(self.board, words, at)[0][2] for at in range(len(words) // 8)]
        if marks[:1] != [True] or any(marks[1:]):
            raise ValueError("its periods cannot be told from SYNC, which marks something else")
        return words
