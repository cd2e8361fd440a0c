"""Measured thresholds and chosen settings of a program.

Role: Settings, beside the integers that the device gets. Invariant: perception, comfort and
discomfort are in this order. Requirements: REQ-22, REQ-60.
"""

from __future__ import annotations

from dataclasses import dataclass

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
