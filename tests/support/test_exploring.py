"""HYPOTHESIS_PROFILE=explore draws other examples each time, and ten times as many, also in CI."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DRAWS = """\
import pathlib
from hypothesis import given, strategies
from tests.support.exploring import examples

@examples(7)
@given(strategies.integers(0, 10**9))
def test_draws(number):
    with pathlib.Path(__file__).with_name("drawn").open("a") as file:
        print(number, file=file)
"""


def drawn(folder: Path) -> list[str]:
    """Return what a test of 7 examples draws in a process of its own, as CI runs it."""
    folder.mkdir()
    (folder / "test_draws.py").write_text(DRAWS)
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {
        **os.environ,
        "CI": "true",
        "HYPOTHESIS_PROFILE": "explore",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # none is needed, and they take seconds to load
        "PYTHONPATH": os.pathsep.join(paths),
    }
    options = ["-q", "-p", "tests.conftest", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "--rootdir", str(folder), str(folder)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return (folder / "drawn").read_text().split()


def test_other_examples_are_drawn_each_time_and_ten_times_as_many(tmp_path: Path) -> None:
    first, second = (drawn(tmp_path / turn) for turn in ("first", "second"))
    assert (len(first), len(second)) == (70, 70)
    assert first != second
