"""Compile and admit each shipped profile under CPython, as a device does at COMMIT.

Beside it stands how long the host takes to read the profile from its file.
"""

from timing import median_s

from scs import resources
from scs.catalog import boards
from scs.profile.profile import Profile
from sim_validation.rows import Row
from stimcore import output

MOST = 10.0  # times as long as reading
TIMES = 15


def measure() -> list[Row]:
    rows, ratios = [], []
    for stem in resources.stems("profiles"):
        name, compile_s, read_s = shipped(stem)
        rows.append(Row(name, 1000 * compile_s, "ms"))
        ratios.append(compile_s / read_s)
    return [*rows, Row("compile: the longest, times its reading", max(ratios), "", ("<", MOST))]


def shipped(stem: str) -> tuple[str, float, float]:
    """Return (name of the row, seconds to compile and judge, seconds to read) of a profile."""
    path = resources.path(f"profiles/{stem}.yaml")
    profile = Profile.read(path)
    board = boards.board(stage="r2r-1" if stem.startswith("r2r") else "mcp4922-8")
    levels_ua = tuple(program.amplitude_ua for program in profile.group.programs)
    halves_ua = tuple(max(level_ua // 2, 1) for level_ua in levels_ua)

    def twice() -> None:
        """Compile at other levels each time, for the last verdict is cached."""
        for amplitudes_ua in (levels_ua, halves_ua):
            output.judge(board, profile.group, amplitudes_ua)

    verdict = "refuse" if output.judge(board, profile.group, levels_ua).errors else "admit"
    read_s = median_s(lambda: Profile.read(path), TIMES)
    return f"compile and {verdict}: {stem}", median_s(twice, TIMES) / 2, read_s
