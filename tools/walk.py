"""Count how often two calls go from one file of ours to another, there and back.

Usage: python tools/walk.py [PROFILE]   (profiles/tonic_50hz.yaml without)
"""

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from scs import Profile, Stimulator, resources

ROOT = Path(__file__).resolve().parents[1]
OURS = tuple(f"{ROOT / folder}/" for folder in ("host/scs", "sim/scs_sim", "firmware"))


class Walk:
    """The files and functions that a call enters, in order, on the thread that makes it."""

    def __init__(self) -> None:
        self.files: list[str] = []
        self.functions: set[tuple[str, str]] = set()

    def of(self, call: Callable[[], Any]) -> Any:
        """Make the call and follow it; what it returns."""
        sys.setprofile(self._follow)
        try:
            return call()
        finally:
            sys.setprofile(None)

    def _follow(self, frame: FrameType, event: str, _argument: object) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(OURS):
            self.functions.add((frame.f_code.co_filename, frame.f_code.co_qualname))
            self.files.append(frame.f_code.co_filename)
        caller = frame.f_back
        if event == "return" and caller and caller.f_code.co_filename.startswith(OURS):
            self.files.append(caller.f_code.co_filename)

    @property
    def changes(self) -> int:
        """Times that a call or a return led to another file."""
        return sum(left != right for left, right in zip(self.files, self.files[1:], strict=False))


def main() -> int:
    """Print one row a call."""
    path = sys.argv[1] if len(sys.argv) > 1 else resources.path("profiles/tonic_50hz.yaml")
    Profile.read(path)  # imports aside
    reading, loading = Walk(), Walk()
    profile = reading.of(lambda: Profile.read(path))
    with Stimulator("sim") as stimulator:
        stimulator.load(profile)
        loading.of(lambda: stimulator.load(profile))
    for name, walk in (("Profile.read()", reading), ("Stimulator.load()", loading)):
        entered = len(set(walk.files))
        print(
            f"{name:18} {entered:3} files, {len(walk.functions):3} functions, "
            f"{walk.changes:4} changes of file"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
