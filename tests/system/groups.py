"""Programs to stage in the tests of the whole device.

Role: one tonic program of 50 Hz, 200 us, 2 mA, recharged at a quarter, and what is changed of it.
Next: conversation.py.
"""

from typing import Any

from stimcore import program

OCTRODE_UM2 = 12_440_000
TONIC = dict(
    cathodes=0b0100,
    anodes=0b1010,
    waveform=program.TONIC,
    recharge=program.RECHARGE_ACTIVE,
    ratio=4,
    pulses=1,
    rate_mhz=50_000,
    intra_rate_mhz=0,
    amplitude_ua=2_000,
    ceiling_ua=4_000,
    width_ns=200_000,
    gap_ns=30_000,
    alternating=0,
    count=1,
    phase_ns=0,
    rate_dither=0,
    width_dither=0,
    seed=1,
)
HEADER = dict(
    flags=0,
    lease_ms=2_000,
    ramp_up_ms=0,
    ramp_down_ms=0,
    cycle_on_ms=0,
    cycle_off_ms=0,
    session_ms=0,
    session_pulses=0,
)
STAND_ALONE: dict[str, int] = {"flags": 1}
BURST: dict[str, int] = dict(
    waveform=program.BURST,
    recharge=program.RECHARGE_PASSIVE_BURST,
    pulses=5,
    rate_mhz=40_000,
    intra_rate_mhz=500_000,
    width_ns=1_000_000,
    amplitude_ua=350,
    gap_ns=0,
)


def group(header: dict[str, int] | None = None, **changes: Any) -> program.Group:
    """One tonic program of 50 Hz, 200 us, 2 mA, with changes."""
    one = program.Program(**{**TONIC, "segments": (), **changes})
    areas = (OCTRODE_UM2,) * 8
    return program.Group(program.Header(**{**HEADER, **(header or {})}), areas, (one,))


def steady(header: dict[str, int] | None = None, **changes: Any) -> program.Group:
    """500 uA: at its amplitude from the first pulse on; it needs no host."""
    return group({**STAND_ALONE, **(header or {})}, **{"amplitude_ua": 500, **changes})
