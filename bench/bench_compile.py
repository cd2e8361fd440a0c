"""Compile and admit each shipped profile under CPython: what a device does at COMMIT."""

from collections.abc import Callable

from row import Row, median_s

from scs import boards, resources
from scs.profile import Profile
from stimcore import output
from stimcore.board import Board

LIMIT_MS = 10.0
TIMES = 15


def measure() -> list[Row]:
    return [shipped(stem) for stem in resources.stems("profiles")]


def shipped(stem: str) -> Row:
    profile = Profile.read(resources.path(f"profiles/{stem}.yaml"))
    board = boards.board(stage="r2r-1" if stem.startswith("r2r") else "mcp4922-8")
    taken_s = median_s(judged(profile, board), TIMES)
    return Row(f"compile and admit: {stem}", taken_s * 1000, "ms", ("<", LIMIT_MS))


def judged(profile: Profile, board: Board) -> Callable[[], object]:
    """A call that compiles, encodes and judges a profile at its full amplitudes."""
    levels = tuple(one.amplitude_ua for one in profile.group.programs)

    def call() -> None:
        verdict = output.judge(board, profile.group, levels)
        if verdict.stream is None:
            raise RuntimeError(f"{profile.file} is refused on {board.name}: {verdict.errors}")

    return call
