"""`scs check --watch`: a verdict after every save, however an editor saves."""

import queue
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from subprocess import Popen

import pytest
from tests.host.cli.support import ALONE, INTERRUPTED, process

PATIENCE_S = 60.0  # of a loaded computer


class Watched:
    """A `scs check --watch`; verdict() returns what it printed up to its next wait."""

    def __init__(self, command: Popen[str]):
        self.command = command
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.command.stderr is not None
        for line in self.command.stderr:
            self._lines.put(line.rstrip("\n"))

    def verdict(self) -> list[str]:
        lines: list[str] = []
        while not (lines and lines[-1].startswith("watching ")):
            lines.append(self._lines.get(timeout=PATIENCE_S))
        return lines[:-1]


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    path = tmp_path / "my.yaml"
    path.write_text(ALONE)
    return path


@pytest.fixture
def watched(profile: Path) -> Iterator[Watched]:
    command = process("check", str(profile), "--watch", "--format", "json")
    yield Watched(command)
    command.kill()
    command.communicate()


def test_each_save_is_judged_until_ctrl_c(profile: Path, watched: Watched) -> None:
    def printed() -> str:
        assert watched.command.stdout is not None
        return watched.command.stdout.readline()

    assert watched.verdict() == []
    assert '"ok": true' in printed()

    profile.write_text(ALONE.replace("50 Hz", "50"))
    watched.verdict()
    assert '"id": "unit-missing"' in printed()

    profile.write_text("name: [half of it\n")
    watched.verdict()
    assert '"id": "yaml-syntax"' in printed()

    aside = profile.with_suffix(".part")  # as editors save: a new file takes the old one's place
    aside.write_text(ALONE)
    aside.replace(profile)
    watched.verdict()
    assert '"ok": true' in printed()

    profile.unlink()
    watched.verdict()
    assert '"id": "file-unreadable"' in printed()

    profile.write_text(ALONE)
    watched.verdict()
    assert '"ok": true' in printed()

    watched.command.send_signal(signal.SIGINT)
    assert watched.command.wait(timeout=PATIENCE_S) == INTERRUPTED
    assert watched.command.stdout is not None
    assert watched.command.stdout.read() == ""
