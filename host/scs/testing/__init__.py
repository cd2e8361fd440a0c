"""scs.testing: assertions on stimulation profiles, for a project's own tests.

Role: the assertions that a test imports; the pytest plugin beside them brings the fixtures.
Invariant: importing it imports nothing else until a name is used.

Example::

    from scs.testing import assert_pulse

    def test_tonic(scs_trace):
        assert_pulse(scs_trace("tonic.yaml", 1.0), width="200 us", amplitude="2 mA", rate="50 Hz")
"""

from typing import TYPE_CHECKING, Any

from .. import import_public

if TYPE_CHECKING:
    from .bench import Bench, assert_fault, assert_stops_within
    from .goldens import assert_matches
    from .pulses import WaveformMismatch
    from .safety_limits import assert_charge_balanced, assert_within_limits
    from .waveforms import assert_as_programmed, assert_pulse, assert_pulse_count

__all__ = [
    "Bench",
    "WaveformMismatch",
    "assert_as_programmed",
    "assert_charge_balanced",
    "assert_fault",
    "assert_matches",
    "assert_pulse",
    "assert_pulse_count",
    "assert_stops_within",
    "assert_within_limits",
]

_HOMES = {
    "Bench": "bench",
    "WaveformMismatch": "pulses",
    "assert_as_programmed": "waveforms",
    "assert_charge_balanced": "safety_limits",
    "assert_fault": "bench",
    "assert_matches": "goldens",
    "assert_pulse": "waveforms",
    "assert_pulse_count": "waveforms",
    "assert_stops_within": "bench",
    "assert_within_limits": "safety_limits",
}


def __getattr__(name: str) -> Any:
    return import_public(__name__, _HOMES, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
