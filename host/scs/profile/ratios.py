"""A share of a program's pulses as a whole number of them: what comes out even, and when.

Role: turns() says after how many pulses a share is exact, nearest() which shares are so earlier.
Invariant: permille in and out; a share and its turns make a whole number of pulses.
Requirements: REQ-60.
"""

from __future__ import annotations

from math import gcd

from ..documents import units

WHOLE = 1000
LEAST, MOST = 10, 990  # permille: 1 % to 99 %


def turns(permille: int) -> int:
    """The least number of pulses of which that share is a whole number."""
    return WHOLE // gcd(permille, WHOLE)


def nearest(permille: int, most: int) -> list[int]:
    """The next shares below and above that come out even after at most so many pulses."""
    even = [share for share in range(LEAST, MOST + 1) if turns(share) <= most]
    below = [share for share in even if share < permille]
    above = [share for share in even if share > permille]
    return below[-1:] + above[:1]


def hint(permille: int, most: int) -> tuple[str, str]:
    """("; write for example 30 % or 40 %", "30 %"): what would do; empty where nothing would."""
    near = [units.text(share, "permille") for share in nearest(permille, most)]
    return (f"; write for example {' or '.join(near)}", near[0]) if near else ("", "")
