"""Titration: raise one program's amplitude in steps to its ceiling and record the load at each.

Role: prepared() returns the profile to titrate, walk() the steps on a device, noted() the profile
with the thresholds noted. Invariant: no amplitude exceeds the file's ceiling; the titration ends
when discomfort was noted or the device refuses.
Requirements: REQ-22, REQ-60.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ..documents import units
from ..errors import DeviceFault, DeviceRefused, Failure, WrongUsage
from ..profile.edit import edited
from ..profile.profile import Profile
from ..profile.thresholds import ORDER
from .stimulator import Stimulator

STEP_UA = 100  # where neither the program nor the caller says another
_NOT_WALKED = ("cycle", "session", "stand_alone", "limits")


@dataclass(frozen=True)
class Step:
    """Step of a titration: requested and actual (whole codes) amplitude, and the measurements.

    current_ma, voltage_v: largest magnitude in a period. noted: thresholds noted here.
    """

    amplitude_ua: int
    actual_ma: float
    current_ma: float
    voltage_v: float
    pulses: int
    noted: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the row as a JSON-ready dict."""
        return asdict(self)


def prepared(profile: Profile, number: int, step_ua: int) -> Profile:
    """Return a profile of the one program at its first step, up to the file's ceiling.

    Cycle and session are removed, so that only the titration ends it.
    """
    if profile.sync_only:
        raise WrongUsage(f"{profile.file} has output: sync; there is no amplitude to walk")
    ceiling_ua = _ceiling_ua(profile, number)
    ceiling, first = units.text(ceiling_ua, "uA"), units.text(min(step_ua, ceiling_ua), "uA")

    document, program = _alone(profile, number)
    for field in _NOT_WALKED:
        document.pop(field, None)
    program["amplitude"], program["ceiling"] = first, ceiling
    return _from_values(document, profile.file)


def _ceiling_ua(profile: Profile, number: int) -> int:
    """Return the ceiling given in the file, ignoring measured thresholds."""
    document, program = _alone(profile, number)
    program["amplitude"] = units.text(profile.group.programs[number].amplitude_ua, "uA")
    ceiling_ua: int = _from_values(document, profile.file).group.programs[0].ceiling_ua
    return ceiling_ua


def _alone(profile: Profile, number: int) -> tuple[Any, Any]:
    """Return a copy of the file's values with this program only, and that program in it.

    What was measured, and where it comes in the period, is left out.
    """
    document = copy.deepcopy(profile.document.value)
    program = document["programs"][number]
    document["programs"] = [program]
    for field in ("thresholds", "offset", "phase"):  # phase: the old name of offset
        program.pop(field, None)
    return document, program


def _from_values(document: Any, file: str) -> Profile:
    """Return the profile of plain values; JSON is YAML."""
    return Profile.from_text(json.dumps(document, ensure_ascii=False), file)


def amplitudes(step_ua: int, ceiling_ua: int) -> list[int]:
    """Return every step, and the ceiling as the last one (uA)."""
    return [*range(step_ua, ceiling_ua, step_ua), ceiling_ua]


def walk(
    stim: Stimulator, walked: Profile, step_ua: int, dwell_s: float, marks: Mapping[str, float]
) -> Iterator[Step]:
    """Yield the steps on a device that runs `walked`; marks: volts at which each is noted.

    Ends early when discomfort was noted. Raises DeviceRefused if the device refuses an amplitude,
    DeviceFault on a latched fault.
    """
    left = dict(marks)
    for amplitude_ua in amplitudes(step_ua, walked.group.programs[0].ceiling_ua):
        given = stim.amplitude(1, units.text(amplitude_ua, "uA"))
        stim.settle()
        *_, seen = stim.poll(dwell_s)
        if seen.fault is not None:
            raise DeviceFault(seen.fault, stim.told(seen.fault))
        if not seen.running:
            raise Failure(f"the output stopped during titration: {seen.stopped}")
        volts = max(abs(seen.voltage_min_v), abs(seen.voltage_max_v))
        reached = tuple(name for name in ORDER if name in left and volts >= left[name])
        left = {name: mark for name, mark in left.items() if name not in reached}
        current = max(abs(seen.current_min_ma), abs(seen.current_max_ma))
        yield Step(amplitude_ua, given.actual_ma, current, volts, seen.pulses, reached)
        if ORDER[-1] in reached:
            return


def run(
    stim: Stimulator, walked: Profile, step_ua: int, dwell_s: float, marks: Mapping[str, float]
) -> tuple[list[Step], str]:
    """Load, arm, start, titrate and stop; return the steps and the reason for the end."""
    steps: list[Step] = []
    why = "the ceiling was reached"
    stim.load(walked)
    stim.arm()
    stim.start()
    try:
        for step in walk(stim, walked, step_ua, dwell_s, marks):
            steps.append(step)
    except DeviceRefused as reason:
        why = f"the device refused the next step: {reason}"
    stim.stop()
    if steps and ORDER[-1] in steps[-1].noted:
        why = "discomfort was noted"
    return steps, why


def noted(profile: Profile, number: int, steps: list[Step]) -> Profile:
    """Return the profile with the thresholds of these steps; its others stay.

    Raises ProfileError if they are out of order, or the amplitude is above discomfort.
    """
    noted_ua = {name: step.amplitude_ua for step in steps for name in step.noted}

    def change(document: Any) -> None:
        program = document["programs"][number]
        if "thresholds" not in program:
            entries = list(program.items())
            entries.insert(list(program).index("amplitude") + 1, ("thresholds", {}))
            program.clear()
            program.update(entries)
        for name in ORDER:
            if name in noted_ua:
                program["thresholds"][name] = units.text(noted_ua[name], "uA")

    return edited(profile, change)
