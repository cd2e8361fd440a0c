"""Count how often two calls go from one file of ours to another, there and back.

Usage: python tools/walk.py [PROFILE]   (profiles/tonic_50hz.yaml without)
"""

import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from types import FrameType

from scs import Profile, Stimulator, resources

ROOT = Path(__file__).resolve().parents[1]
OURS = tuple(f"{ROOT / folder}/" for folder in ("host/scs", "sim/scs_sim", "firmware"))


def row(name: str, call: Callable[[], object]) -> str:
    """Follow a call, on the thread that makes it, and count the files and functions it enters."""
    files: list[str] = []
    functions: set[tuple[str, str]] = set()

    def follow(frame: FrameType, event: str, _argument: object) -> None:
        code, caller = frame.f_code, frame.f_back
        if event == "call" and code.co_filename.startswith(OURS):
            functions.add((code.co_filename, code.co_qualname))
            files.append(code.co_filename)
        if event == "return" and caller and caller.f_code.co_filename.startswith(OURS):
            files.append(caller.f_code.co_filename)

    sys.setprofile(follow)
    try:
        call()
    finally:
        sys.setprofile(None)
    changes = sum(left != right for left, right in pairwise(files))
    counts = f"{len(set(files)):3} files, {len(functions):3} functions, {changes:4} changes of file"
    return f"{name:18} {counts}"


def main() -> int:
    """Print a row for each call."""
    path = sys.argv[1] if len(sys.argv) > 1 else resources.path("profiles/tonic_50hz.yaml")
    profile = Profile.read(path)  # imports aside
    print(row("Profile.read()", lambda: Profile.read(path)))
    with Stimulator("sim") as stimulator:
        stimulator.load(profile)
        print(row("Stimulator.load()", lambda: stimulator.load(profile)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
