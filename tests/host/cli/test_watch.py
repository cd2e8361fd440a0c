"""When a file counts as saved, with a clock of its own."""

import contextlib
from collections.abc import Callable
from pathlib import Path

import pytest

from scs.cli import watch


class Clock:
    """Time that passes in sleep() alone; `script` changes the files at its numbers of polls."""

    def __init__(self, script: dict[int, Callable[[], object]], most: int):
        self.script, self.most, self.polls = script, most, 0

    def sleep(self, _seconds: float) -> None:
        self.polls += 1
        self.script.get(self.polls, lambda: None)()
        if self.polls > self.most:
            raise KeyboardInterrupt


def told(monkeypatch: pytest.MonkeyPatch, file: Path, script: dict[int, Callable[[], object]]):
    """Return the polls after which a save was told."""
    clock = Clock(script, 30)
    monkeypatch.setattr(watch.time, "sleep", clock.sleep)
    polls: list[int] = []
    saves = watch.saves([file])
    with contextlib.suppress(KeyboardInterrupt):
        for _ in saves:
            polls.append(clock.polls)
    return polls


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "my.yaml"
    path.write_text("a")
    return path


def test_a_file_written_in_pieces_is_told_once(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    script = {3: lambda: file.write_text("ab"), 4: lambda: file.write_text("abc")}
    assert told(monkeypatch, file, script) == [0, 5]


def test_a_file_that_is_gone_for_a_moment_is_told_once_and_whole(
    monkeypatch: pytest.MonkeyPatch, file: Path
) -> None:
    script = {3: file.unlink, 5: lambda: file.write_text("new")}
    assert told(monkeypatch, file, script) == [0, 6]


def test_a_file_that_stays_away_is_told(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    assert told(monkeypatch, file, {3: file.unlink}) == [0, 3 + watch.GONE]
