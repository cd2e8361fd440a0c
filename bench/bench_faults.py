"""Runs with a fault for each second of CPU, beside the same runs at an earlier commit.

Role: one campaign that both trees understand: profiles and faults by name, each a run over
`sim://?fault=…` in one process, so that the start of Python does not count as a run's. The earlier
tree is bench_before.py's.
"""

import sys
import tempfile
from pathlib import Path

from bench_before import BEFORE, ROOT, extracted, of_code_s

from sim_validation.rows import Row

FAULTS = ("open_lead", "short", "stuck_dac", "starved_fifo", "corrupt_word", "hung_loop")
PROFILES = ("tonic_50hz", "burst_dr")
INSTANTS_S = (1.0, 2.7)
RATIO = 2  # at the least; half of a run is its ramp, each step of which is compiled and judged
CAMPAIGN = f"""
from scs import Failure, Profile, Stimulator
def run(profile, fault, at_s):
    try:
        with Stimulator("sim", faults=f"{{fault}}@{{at_s}}") as stim:
            stim.load(profile); stim.arm(); stim.start(); stim.wait(4.0); stim.stop()
    except Failure:
        return 1
    return 0
ended = 0
for name in {PROFILES!r}:
    profile = Profile.read(f"profiles/{{name}}.yaml")
    for fault in {FAULTS!r}:
        for at_s in {INSTANTS_S!r}:
            ended += run(profile, fault, at_s)
assert ended > 0
"""
RUNS = len(FAULTS) * len(PROFILES) * len(INSTANTS_S)


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        if not extracted(folder):
            print(f"{BEFORE} is not in this clone: nothing to compare with", file=sys.stderr)
            return []
        now_s, before_s = (of_code_s(tree, CAMPAIGN) for tree in (ROOT, Path(folder)))
    return [
        Row("runs with a fault", RUNS / now_s, "a second of CPU"),
        Row(f"… of {BEFORE}, times as many", before_s / now_s, "", (">", RATIO)),
    ]
