"""Two programs that are moved on a device, for the tests of moving."""

from typing import Any

import pytest
from tests.support.stimulators import started

from scs import Profile
from scs.device.stimulator import Stimulator
from scs.profile import shift_contacts

TEXT = """\
name: two
lead: octrode-3mm
programs:
  - {name: low back, cathodes: [E2], anodes: [E1], rate: 50 Hz, pulse_width: 200 us,
     amplitude: 2 mA, recharge: active}
  - {name: leg, cathodes: [E6], anodes: [E5], rate: 50 Hz, pulse_width: 100 us, amplitude: 1 mA,
     recharge: active}
limits: {amplitude: 3 mA}
ramp: {up: 1 s, down: 0.5 s}
"""
CYCLE = "cycle: {on: 2 s, off: 3 s}\n"


def profile(text: str = TEXT) -> Profile:
    return Profile.from_text(text, "two.yaml")


def moved(by: int, before: Profile | None = None, *programs: int) -> Profile:
    return shift_contacts.moved(before or profile(), by, programs or (0, 1))


def running(stim: Stimulator, before: Profile | None = None) -> None:
    started(stim, before or profile())
    stim.settle()


def used(stim: Stimulator) -> set[str]:
    """Return the contacts that carried current since the last START."""
    return {row.contact for row in stim.ledger().charge if row.driven_nc}


def notes(caught: pytest.ExceptionInfo[Any]) -> list[str]:
    lines: list[str] = caught.value.__notes__
    return lines
