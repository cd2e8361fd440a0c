"""A profile with every field on a line of its own, and what the tests of its errors share."""

import pytest

from scs.profile.profile import Profile, ProfileError

FULL = """\
name: Full
lead: octrode-3mm
programs:
  - name: one
    cathodes: [E3]
    anodes: [E2, E4]
    waveform: tonic
    rate: 40 Hz
    pulse_width: 200 us
    amplitude: 2 mA
    interphase_gap: 30 us
    recharge:
      active:
        ratio: 4
  - name: two
    cathodes: [E6]
    anodes: [E7]
    waveform:
      burst:
        pulses: 5
        intra_rate: 500 Hz
    rate: 40 Hz
    pulse_width: 1000 us
    amplitude: 350 uA
    recharge:
      passive:
        after: burst
limits:
  amplitude: 4 mA
ramp:
  up: 2 s
  down: 1 s
cycle:
  on: 30 s
  off: 90 s
session:
  pulses: 48
lease: 500 ms
stand_alone: false
"""
LINES = FULL.splitlines()
# line in FULL: the field's path
FIELDS = {
    1: "name",
    2: "lead",
    3: "programs",
    4: "programs[0].name",
    5: "programs[0].cathodes",
    6: "programs[0].anodes",
    7: "programs[0].waveform",
    8: "programs[0].rate",
    9: "programs[0].pulse_width",
    10: "programs[0].amplitude",
    11: "programs[0].interphase_gap",
    12: "programs[0].recharge",
    13: "programs[0].recharge.active",
    14: "programs[0].recharge.active.ratio",
    18: "programs[1].waveform",
    19: "programs[1].waveform.burst",
    20: "programs[1].waveform.burst.pulses",
    21: "programs[1].waveform.burst.intra_rate",
    26: "programs[1].recharge.passive",
    27: "programs[1].recharge.passive.after",
    28: "limits",
    29: "limits.amplitude",
    30: "ramp",
    31: "ramp.up",
    32: "ramp.down",
    33: "cycle",
    34: "cycle.on",
    35: "cycle.off",
    36: "session",
    37: "session.pulses",
    38: "lease",
    39: "stand_alone",
}


def with_value(line: int, value: str) -> str:
    """Return FULL with another value on a line; what was nested below the line is dropped."""
    lines = list(LINES)
    head = lines[line - 1].split(":")[0]
    depth = len(head) - len(head.lstrip(" -"))
    end = line
    while end < len(lines) and len(lines[end]) - len(lines[end].lstrip(" -")) > depth:
        end += 1
    lines[line - 1 : end] = [f"{head}: {value}"]
    return "\n".join(lines) + "\n"


def rows_of(text: str | bytes) -> tuple:
    with pytest.raises(ProfileError) as caught:
        Profile.from_text(text, "bad.yaml")
    assert all(line.isprintable() for line in caught.value.lines())
    return caught.value.rows


def only(text: str | bytes):
    (row,) = rows_of(text)
    return row
