"""Charge density and Shannon k of measured charges, beside the kernel's limits.

Role: scs.demo and scs.testing hold delivered charges against the limits that the kernel holds the
words against. Invariant: a program's charge counts at the smallest contact it uses.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from stimcore import limits, program

from ..traces.figures import Floats

MOST_DENSITY = limits.DENSITY_NC_PER_CM2 / 1e3  # uC/cm2
MOST_SHANNON_K = float(np.log10(limits.SHANNON_DQ_MILLI / 1e3))


def smallest_area_cm2(group: program.Group, number: int) -> float:
    """Return the area of the smallest contact that a program (counted from 0) uses."""
    used = program.used_by(group.programs[number])
    return float(min(area for at, area in enumerate(group.areas_um2) if used >> at & 1)) / 1e8


def shannon_k(charge_uc: ArrayLike, area_cm2: ArrayLike) -> Floats:
    """Return log10(density) + log10(charge), of charges in uC; -inf without charge."""
    charge, area = np.abs(np.asarray(charge_uc, dtype=np.float64)), np.asarray(area_cm2)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log10(charge * charge / area))
