"""Shares of pulses: after how many pulses a share is a whole number of them.

Role: turns() returns the pulses needed for an exact share, nearest() shares that need fewer.
Invariant: permille in and out; a share and its turns make a whole number of pulses.
Requirements: REQ-60.
"""

from __future__ import annotations

from math import gcd

from ..documents import units

WHOLE = 1000
LEAST, MOST = 10, 990  # permille: 1 % to 99 %


def turns(permille: int) -> int:
    """Return the least number of pulses of which that share is a whole number."""
    return WHOLE // gcd(permille, WHOLE)


def nearest(permille: int, most: int) -> list[int]:
    """Return the next shares below and above that are exact within `most` pulses."""
    even = [share for share in range(LEAST, MOST + 1) if turns(share) <= most]
    below = [share for share in even if share < permille]
    above = [share for share in even if share > permille]
    return below[-1:] + above[:1]


def hint(permille: int, most: int) -> tuple[str, str]:
    """Return ("; e.g. 30 % or 40 %", "30 %"), or empty texts if none works."""
    near = [units.text(share, "permille") for share in nearest(permille, most)]
    return (f"; e.g. {' or '.join(near)}", near[0]) if near else ("", "")
