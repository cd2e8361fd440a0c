"""Compile and admit each shipped profile under CPython: what a device does at COMMIT."""

import sys
from functools import partial
from math import inf

from row import Row, median_s

from scs import boards, resources
from scs.profile import Profile
from stimcore import output

LIMIT_MS = 10.0
TIMES = 15


def measure() -> list[Row]:
    return [shipped(stem) for stem in resources.stems("profiles")]


def shipped(stem: str) -> Row:
    profile = Profile.read(resources.path(f"profiles/{stem}.yaml"))
    board = boards.board(stage="r2r-1" if stem.startswith("r2r") else "mcp4922-8")
    levels = tuple(one.amplitude_ua for one in profile.group.programs)
    call = partial(output.judge, board, profile.group, levels)
    refused = call().errors
    if refused:
        print(f"{stem} is refused on {board.name}: {refused}", file=sys.stderr)
    taken_ms = inf if refused else 1000 * median_s(call, TIMES)
    return Row(f"compile and admit: {stem}", taken_ms, "ms", ("<", LIMIT_MS))
