"""Keep what the plugin knows of a test from its setup to its report.

Role: the keys of pytest's stash. Invariant: it imports nothing but pytest, as the plugin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .artefacts import Taken
    from .bench import Bench

TRACES: pytest.StashKey[list[Taken]] = pytest.StashKey()
BENCH: pytest.StashKey[Bench | None] = pytest.StashKey()
FAILED: pytest.StashKey[bool] = pytest.StashKey()


def taken_by(item: pytest.Item) -> list[Taken]:
    """Return the list of the traces that a test has taken."""
    return item.stash.setdefault(TRACES, [])
