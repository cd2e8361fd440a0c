"""Programs to stage in the tests of the whole device.

Role: one tonic program of 50 Hz, 200 us, 2 mA, recharged at a quarter, and what is changed of it.
"""

from typing import Any

from tests.support import programs
from tests.support.programs import BURSTS, TONIC

from stimcore import program

STAND_ALONE: dict[str, int] = {"flags": 1}
BURST = BURSTS


def group(header: dict[str, int] | None = None, **changes: Any) -> program.Group:
    """Return one tonic program of 50 Hz, 200 us, 2 mA, with changes."""
    return programs.group(TONIC._replace(**changes), **(header or {}))


def steady(header: dict[str, int] | None = None, **changes: Any) -> program.Group:
    """Return 500 uA: at its amplitude from the first pulse on; it needs no host."""
    return group({**STAND_ALONE, **(header or {})}, **{"amplitude_ua": 500, **changes})
