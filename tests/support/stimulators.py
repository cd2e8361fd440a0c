"""Profiles for the tests of a Stimulator, and one that runs."""

from scs import Profile, resources
from scs.device.stimulator import Stimulator

QUICK = """\
name: quick
lead: octrode-3mm
programs:
  - name: low back
    cathodes: [E3]
    anodes: [E2, E4]
    rate: 50 Hz
    pulse_width: 200 us
    amplitude: {amplitude}
    recharge: active
limits: {{amplitude: 4 mA}}
ramp: {{up: 0 s, down: 0 s}}
"""


def quick(amplitude: str = "1 mA", more: str = "") -> Profile:
    return Profile.from_text(QUICK.format(amplitude=amplitude) + more, "quick.yaml")


def shipped(stem: str) -> Profile:
    return Profile.read(resources.path(f"profiles/{stem}.yaml"))


def started(stim: Stimulator, profile: Profile) -> None:
    stim.load(profile)
    stim.arm()
    stim.start()
