"""Measured thresholds, and the amplitude and ceiling derived from them.

Role: amplitude_ua() and ceiling_ua() of a program, and the conflicts between its settings.
Invariant: no amplitude is above limits.amplitude, the program's ceiling or its threshold of
discomfort; a share of perception is never rounded up. Requirements: REQ-22, REQ-60.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..documents import units
from ..documents.problem import Conflict
from .schema import AMPLITUDES, ProfileModel, ProgramModel

ORDER = ("perception", "comfort", "discomfort")


@dataclass(frozen=True)
class Settings:
    """Measured and chosen settings of one program, in uA; None if not in the file.

    permille: the amplitude as a share of perception; None if it was given as a current.
    """

    perception_ua: int | None
    comfort_ua: int | None
    discomfort_ua: int | None
    step_ua: int | None
    permille: int | None

    def percent(self, amplitude_ua: float) -> float | None:
        """Return an amplitude in percent of perception; None if that was not measured."""
        return 100 * amplitude_ua / self.perception_ua if self.perception_ua else None


def of(spec: ProgramModel) -> Settings:
    """Return the settings of a program."""
    perception, comfort, discomfort = _thresholds(spec)
    return Settings(perception, comfort, discomfort, spec.step, spec.amplitude.permille or None)


def _thresholds(spec: ProgramModel) -> list[int | None]:
    return [getattr(spec.thresholds, name) if spec.thresholds else None for name in ORDER]


def amplitude_ua(spec: ProgramModel) -> int:
    """Return the amplitude; a share is rounded down to uA, 0 if perception is not known."""
    perception = (spec.thresholds.perception if spec.thresholds else None) or 0
    return spec.amplitude.ua or perception * spec.amplitude.permille // 1000


def ceiling_ua(model: ProfileModel, spec: ProgramModel) -> int:
    """Return the program's amplitude ceiling, also for live changes: its lowest bound."""
    given = spec.ceiling or (model.limits and model.limits.amplitude) or amplitude_ua(spec)
    discomfort = spec.thresholds.discomfort if spec.thresholds else None
    return min(given, discomfort or given)


def conflicts(model: ProfileModel, spec: ProgramModel) -> list[Conflict]:
    """Return conflicts: thresholds out of order, no amplitude, or values above a ceiling."""
    found = _order(spec)
    most = model.limits.amplitude if model.limits else None
    if most and spec.ceiling and spec.ceiling > most:
        found.append(_above(("ceiling",), units.text(spec.ceiling, "uA"), *_own(most)))
    amplitude = amplitude_ua(spec)
    if not amplitude:
        return [*found, _none(spec)]
    written = spec.amplitude.text()
    if spec.amplitude.permille:
        written += f", {units.text(amplitude, 'uA')},"
    bounds = [_own(most)] if most else []
    if spec.ceiling:
        bounds.append((spec.ceiling, "this program's ceiling"))
    discomfort = spec.thresholds.discomfort if spec.thresholds else None
    if discomfort:
        bounds.append((discomfort, "the discomfort threshold"))
    bounds.append((AMPLITUDES[1], "the maximum"))
    lowest = min(bounds, key=lambda bound: bound[0])
    return [*found, _above(("amplitude",), written, *lowest)] if amplitude > lowest[0] else found


def _own(most_ua: int) -> tuple[int, str]:
    return most_ua, "this profile's own limits.amplitude"


def _above(place: tuple[str], written: str, most_ua: int, what: str) -> Conflict:
    most = units.text(most_ua, "uA")
    return ("range", place, f"{written} is above {what}, {most}", written.rstrip(","), most, most)


def _none(spec: ProgramModel) -> Conflict:
    written = spec.amplitude.text()
    if spec.thresholds and spec.thresholds.perception:
        return ("range", ("amplitude",), f"{written} is less than 1 uA", written, "1 uA", "60 %")
    message = f"{written} requires the measured perception threshold; write for example"
    message += " thresholds: {perception: 1.2 mA}"
    return ("missing", ("thresholds", "perception"), message, "", "", "1.2 mA")


def _order(spec: ProgramModel) -> list[Conflict]:
    """Return a conflict for each threshold that is below the one before it."""
    found: list[Conflict] = []
    least, before = 0, ""
    for name, ua in zip(ORDER, _thresholds(spec), strict=True):
        if ua is None:
            continue
        if ua < least:
            texts = units.text(ua, "uA"), units.text(least, "uA")
            message = f"{texts[0]} is below {before}, {texts[1]}; required order:"
            message += f" {' <= '.join(ORDER)}; write for example {name}: {texts[1]}"
            found.append(("conflict", ("thresholds", name), message, *texts, texts[1]))
        least, before = max(least, ua), name if ua >= least else before
    return found
