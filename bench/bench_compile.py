"""Compile and admit each shipped profile under CPython, as a device does at COMMIT."""

from row import Row, median_s

from scs import resources
from scs.catalog import boards
from scs.profile.profile import Profile
from stimcore import output

LIMIT_MS = 10.0
TIMES = 15


def measure() -> list[Row]:
    return [shipped(stem) for stem in resources.stems("profiles")]


def shipped(stem: str) -> Row:
    profile = Profile.read(resources.path(f"profiles/{stem}.yaml"))
    board = boards.board(stage="r2r-1" if stem.startswith("r2r") else "mcp4922-8")
    levels = tuple(one.amplitude_ua for one in profile.group.programs)
    halves = tuple(max(level // 2, 1) for level in levels)

    def two() -> None:
        """Compile at other levels each time, for the last verdict is cached."""
        for asked in (levels, halves):
            output.judge(board, profile.group, asked)

    word = "refuse" if output.judge(board, profile.group, levels).errors else "admit"
    taken_ms = 1000 * median_s(two, TIMES) / 2
    return Row(f"compile and {word}: {stem}", taken_ms, "ms", ("<", LIMIT_MS))
