"""Ctrl-C and SIGTERM as a wish that is looked at between two questions to the device.

Role: inside the `with` a first signal only sets the wish, so that no command is cut in half; a
second one is a KeyboardInterrupt. Invariant: the old handlers come back.
"""

from __future__ import annotations

import signal
from types import FrameType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """True once a signal has come; `code` is then the exit code, 128 + the signal."""

    def __init__(self) -> None:
        self.code = 0
        self._before: dict[signal.Signals, Any] = {}

    def __bool__(self) -> bool:
        return self.code != 0

    def __enter__(self) -> Interrupts:
        for one in SIGNALS:
            self._before[one] = signal.signal(one, self._note)
        return self

    def __exit__(self, *_reason: object) -> None:
        for one, handler in self._before.items():
            signal.signal(one, handler)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        if self.code:
            raise KeyboardInterrupt
        self.code = 128 + number
