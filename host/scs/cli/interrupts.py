"""Turn SIGINT and SIGTERM into a flag that is polled between two device requests.

Role: inside the `with` the first signal only sets the flag, so that no request is interrupted; the
second raises KeyboardInterrupt. Invariant: the old handlers are restored.
"""

from __future__ import annotations

import signal
from types import FrameType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """Signal flag: true once a signal came; `code` is then the exit code, 128 + the signal."""

    def __init__(self) -> None:
        self.code = 0
        self._before: dict[signal.Signals, Any] = {}

    def __bool__(self) -> bool:
        return self.code != 0

    def __enter__(self) -> Interrupts:
        for number in SIGNALS:
            self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_reason: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        if self.code:
            raise KeyboardInterrupt
        self.code = 128 + number
