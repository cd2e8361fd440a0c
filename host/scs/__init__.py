"""scs: program a spinal-cord-stimulation bench from a laptop, or simulate it.

Role: the host's library and the command `scs`. Profile reads a therapy, Stimulator runs it; what is
public stands in __all__ and in docs/reference/python-api.md.
Invariant: importing scs imports nothing else until a name is used.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .device.adc_scope import Sensed
    from .device.impedance import LoadFound
    from .device.journal import Journal, JournalEntry
    from .device.relocate import Steered
    from .device.replies import Amplitude, Ledger, Recalled, Status, Stored
    from .device.stimulator import Stimulator
    from .documents.problem import Problem
    from .errors import DeviceFault, DeviceRefused, Failure, LinkLost, Mismatch, WrongUsage
    from .messages.safety_metrics import Metric
    from .profile.in_code import ProfileFields, ProgramFields
    from .profile.profile import ProfileError
    from .recordings.profile import Profile
    from .recordings.record import Recording
    from .traces.trace import Trace
    from .traces.waveform_analysis import Measured

__all__ = [
    "Amplitude",
    "DeviceFault",
    "DeviceRefused",
    "Failure",
    "Journal",
    "JournalEntry",
    "Ledger",
    "LinkLost",
    "LoadFound",
    "Measured",
    "Metric",
    "Mismatch",
    "Problem",
    "Profile",
    "ProfileError",
    "ProfileFields",
    "ProgramFields",
    "Recalled",
    "Recording",
    "Sensed",
    "Status",
    "Steered",
    "Stimulator",
    "Stored",
    "Trace",
    "WrongUsage",
]

_HOMES = {
    "Amplitude": "device.replies",
    "DeviceFault": "errors",
    "DeviceRefused": "errors",
    "Failure": "errors",
    "Journal": "device.journal",
    "JournalEntry": "device.journal",
    "Ledger": "device.replies",
    "LinkLost": "errors",
    "LoadFound": "device.impedance",
    "Measured": "traces.waveform_analysis",
    "Metric": "messages.safety_metrics",
    "Mismatch": "errors",
    "Problem": "documents.problem",
    "Profile": "recordings.profile",
    "ProfileError": "profile.profile",
    "ProfileFields": "profile.in_code",
    "ProgramFields": "profile.in_code",
    "Recalled": "device.replies",
    "Recording": "recordings.record",
    "Sensed": "device.adc_scope",
    "Status": "device.replies",
    "Steered": "device.relocate",
    "Stimulator": "device.stimulator",
    "Stored": "device.replies",
    "Trace": "traces.trace",
    "WrongUsage": "errors",
}


def import_public(package: str, homes: dict[str, str], name: str) -> Any:
    """Import a public name of a package from its home, on first use (PEP 562)."""
    if name not in homes:
        raise AttributeError(f"module {package!r} has no attribute {name!r}")
    import sys
    from importlib import import_module

    value = getattr(import_module(f".{homes[name]}", package), name)
    setattr(sys.modules[package], name, value)
    return value


def __getattr__(name: str) -> Any:
    return import_public(__name__, _HOMES, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
