"""Programs to stage in the tests of the whole device.

Role: one tonic program of 50 Hz, 200 us, 2 mA, recharged at a quarter, and what is changed of it.
"""

from typing import Any

from tests.support.programs import AREAS, HEADER, TONIC

from stimcore import program

STAND_ALONE: dict[str, int] = {"flags": 1}
BURST: dict[str, int] = dict(
    waveform=program.BURST,
    recharge=program.RECHARGE_PASSIVE_BURST,
    pulses=5,
    rate_millihz=40_000,
    intra_rate_millihz=500_000,
    width_ns=1_000_000,
    amplitude_ua=350,
    gap_ns=0,
)


def group(header: dict[str, int] | None = None, **changes: Any) -> program.Group:
    """Return one tonic program of 50 Hz, 200 us, 2 mA, with changes."""
    one = TONIC._replace(**changes)
    return program.Group(HEADER._replace(**(header or {})), AREAS, (one,))


def steady(header: dict[str, int] | None = None, **changes: Any) -> program.Group:
    """Return 500 uA: at its amplitude from the first pulse on; it needs no host."""
    return group({**STAND_ALONE, **(header or {})}, **{"amplitude_ua": 500, **changes})
