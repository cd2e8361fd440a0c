"""A profile named on the command line, `pytest my.yaml`: three tests without a test file.

Role: ProfileFile collects limits, charge balance and waveform of a profile, on every --scs-board.
Invariant: only a file that is named itself is collected, and only if it looks like a profile.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ..catalog import boards
from ..documents.problem import FileRefused
from ..documents.yaml_reader import read_bytes
from ..errors import Failure
from ..recordings.profile import Profile
from ..traces.trace import Trace
from .fixtures import tracer
from .safety_limits import assert_charge_balanced, assert_within_limits
from .stash import taken_by
from .waveforms import assert_as_programmed

LOOK = re.compile(rb"^(programs|lead)[ \t]*:", re.MULTILINE)
TRACED_S = 1.0


def collected(path: Path, parent: pytest.Collector) -> ProfileFile | None:
    """Return the collector of a file that looks like a profile, or that cannot be read."""
    with contextlib.suppress(FileRefused):
        if not LOOK.search(read_bytes(path, FileRefused)):
            return None
    return ProfileFile.from_parent(parent, path=path)


class ProfileFile(pytest.File):
    """Profile as a collector of its tests."""

    def collect(self) -> Iterator[pytest.Item]:
        """Yield the tests of each board; a profile that is not valid ends the collection."""
        try:
            profile = Profile.read(self.path)
        except FileRefused as reason:
            raise self.CollectError(str(reason)) from None
        names = self.config.getoption("--scs-board")
        for board in names or [boards.full_name()]:
            for name, check in CHECKS.items():
                title = f"{name}[{board}]" if names else name
                yield ProfileItem.from_parent(
                    self, name=title, profile=profile, board=board, check=check
                )


class ProfileItem(pytest.Item):
    """One test of a profile on a board."""

    def __init__(
        self,
        *,
        profile: Profile,
        board: str,
        check: Callable[[ProfileItem], None],
        **options: Any,
    ):
        super().__init__(**options)
        self.profile, self.board, self.check = profile, board, check

    def runtest(self) -> None:
        """Run the check."""
        self.check(self)

    def trace(self) -> Trace:
        """Return a trace of the profile; skip the test where no current flows."""
        if self.profile.sync_only:
            pytest.skip("its pulses are marks alone, without current")
        return tracer(self.board, taken_by(self).append)(self.profile, TRACED_S)

    def repr_failure(
        self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None
    ) -> str:
        """Return the message alone of a failed check."""
        if isinstance(excinfo.value, (AssertionError, Failure, FileRefused)):
            return str(excinfo.value)
        return str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return where the test is, for the report's head."""
        return self.path, 0, self.name


def _limits(item: ProfileItem) -> None:
    assert_within_limits(item.profile, item.board)
    if not item.profile.sync_only:
        assert_within_limits(item.trace())


CHECKS: dict[str, Callable[[ProfileItem], None]] = {
    "within_limits": _limits,
    "charge_balanced": lambda item: assert_charge_balanced(item.trace()),
    "as_programmed": lambda item: assert_as_programmed(item.trace()),
}
