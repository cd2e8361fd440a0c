"""scs: program a spinal-cord-stimulation bench from a laptop, or simulate it.

Role: the host's library and the command `scs`. Profile reads a therapy, Stimulator runs it.
Invariant: importing scs imports nothing else until a name is used.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .device.stimulator import Stimulator
    from .errors import DeviceFault, DeviceRefused, Failure, LinkLost
    from .profile.profile import Profile, ProfileError
    from .traces.trace import Trace

__all__ = [
    "DeviceFault",
    "DeviceRefused",
    "Failure",
    "LinkLost",
    "Profile",
    "ProfileError",
    "Stimulator",
    "Trace",
]

_HOMES = {
    "DeviceFault": "errors",
    "DeviceRefused": "errors",
    "Failure": "errors",
    "LinkLost": "errors",
    "Profile": "profile.profile",
    "ProfileError": "profile.profile",
    "Stimulator": "device.stimulator",
    "Trace": "traces.trace",
}


def __getattr__(name: str) -> Any:
    """Import a public name on first use (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'scs' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
