"""A conversation with the device on the simulated board, below the host library.

Role: tests/system/conversation.py for the board.
"""

import struct

from tests.system.conversation import Conversation, Reply
from tests.system.groups import group

from scs.catalog import boards
from scs_sim.bench.board import SimBoard
from stimcore import commands

__all__ = ["NAME", "Reply", "Talk", "group"]
NAME = "pico/mcp4922-8/randles-500"
TURN_US = 1_000  # of the loop: the chip takes 5 ms and more, and a turn is what costs time here


class Talk(Conversation):
    """The simulated board and one host that may misbehave; `board` is the bench itself."""

    SLICE_US = 500

    def __init__(self, name: str = NAME, turn_us: int = TURN_US, **options):
        super().__init__(boards.board(name))
        self.board = SimBoard(self.row, boards.electrical(name), turn_us=turn_us, **options)
        self._marked_tick = 0

    @property
    def device(self):
        return self.board.device

    def exchange(self, data: bytes, us: int) -> bytes:
        if data:
            self.board.host_write(data)
        self.board.advance_us(us)
        return self.board.host_read()

    def now_us(self) -> float:
        return 1e6 * self.board.now_s()

    def hello(self) -> Reply:
        return self.send(commands.HELLO, commands.PROTOCOL)

    @property
    def gate(self) -> bool:
        return self.board.gate

    @property
    def current_a(self) -> float:
        return float(self.board.scope().rows()[1][-1])

    def mark(self) -> None:
        self._marked_tick = self.board.tick

    def steps(self) -> list[tuple[float, float]]:
        scope = self.board.scope()
        time_s, current_a, _ = scope.ends(self._marked_tick / scope.clock_hz)  # settled
        return list(zip(time_s.tolist(), current_a.tolist(), strict=True))

    def latches(self) -> list[tuple[int, int]]:
        self.board.scope()
        return [latch for latch in self.board.sequencer.latched if latch[0] >= self._marked_tick]

    def words(self) -> list[int]:
        live = self.board.hal.stream_words()
        return list(struct.unpack(f"<{len(live) // 4}I", live))

    def flip(self, word: int, mask: int) -> None:
        self.board.scope()
        for bit in range(32):
            if mask >> bit & 1:
                self.board.sequencer.corrupt(self.board.tick, 32 * word + bit)

    def inject(self, name: str) -> None:
        self.board.inject(name)

    def hidden(self) -> tuple:
        return (self.device.hash, bytes(self.device.staged), self.device.fault)
