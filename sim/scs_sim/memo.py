"""Memos of pure functions, one for all benches of a process.

Role: what a machine, a decoder or a circuit was found to do is found once, also where a hundred
sessions run one after the other, or a bench is copied. Invariant: a value follows from its key and
from what the memo is about alone; a memo is bounded; a pickle of its owner holds no copy of it.
"""

from collections.abc import Callable, Hashable
from functools import lru_cache
from typing import Any


class Memo(dict[Any, Any]):
    """Values by key, all about one thing; emptied when there would be more than `most`."""

    def __init__(self, about: Hashable, most: int) -> None:
        super().__init__()
        self._about, self._most = about, most

    def remember(self, key: Hashable, value: Any) -> Any:
        """Keep a value and return it."""
        if len(self) >= self._most:
            self.clear()
        self[key] = value
        return value

    def __reduce__(self) -> tuple[Callable[..., "Memo"], tuple[Hashable, int]]:
        return memo, (self._about, self._most)


@lru_cache(maxsize=32)
def memo(about: Hashable, most: int) -> Memo:
    """Return the memo about a thing; the one in use as long as few others were asked for since."""
    return Memo(about, most)
