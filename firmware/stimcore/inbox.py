"""The queue of received frames.

Role: hands the device one frame a turn. Invariants: between two slow commands the output is
looked at and the watchdog fed; a command received before a HALT starts no output, for the
HALT was obeyed before it. Requirements: REQ-32, REQ-52.
"""

from . import commands

WAITING_MOST = 32  # a host waits for the reply to each; any more are dropped
STARTERS = (commands.START, commands.MEASURE)  # commands that let current flow


class Inbox:
    """The frames, in the order in which they came."""

    def __init__(self) -> None:
        self.lost = 0  # frames for which there was no room
        self._frames: list = []
        self._before_halt = 0  # how many of them stand before a HALT

    def put(self, frames: list) -> bool:
        """Queue (sequence, opcode, payload) of each frame; return True if a HALT is among them."""
        halts = False
        for frame in frames:
            if frame[1] == commands.HALT:
                self._before_halt = len(self._frames)
                halts = True
            if len(self._frames) < WAITING_MOST:
                self._frames.append(frame)
            else:
                self.lost += 1
        return halts

    def waits(self) -> bool:
        """Return True if a frame waits: the next iteration must not be slept through."""
        return bool(self._frames)

    def take(self) -> tuple:
        """Return (the next frame, whether it may start output); () if none waits."""
        if not self._frames:
            return ()
        frame = self._frames.pop(0)
        barred = self._before_halt > 0
        if barred:
            self._before_halt -= 1
        return frame, not (barred and frame[1] in STARTERS)
