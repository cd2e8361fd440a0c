"""Processor time that the pytest plugin adds to the collection of a project without it."""

import os
import resource
import sys
import tempfile
from pathlib import Path
from statistics import median
from subprocess import DEVNULL, run

from sim_validation.rows import Row

TIMES = 20
MOST_MS = 30
COLLECT = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
ALONE = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # other plugins take ten times as long, and vary
WITH = ("-p", "scs.testing.plugin")
WITHOUT = ("-p", "no:scs", "-p", "bare")  # an empty one: -p itself looks through what is installed


def measure() -> list[Row]:
    taken_ms: dict[tuple[str, ...], list[float]] = {WITH: [], WITHOUT: []}
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "bare.py").touch()
        for number in range(20):
            test = Path(folder) / f"test_{number}.py"
            test.write_text("def test_a(): pass\n\ndef test_b(): pass\n", encoding="utf-8")
        for turn in range(TIMES + 1):  # the first one only brings the files into memory
            for options in (WITH, WITHOUT) if turn % 2 else (WITHOUT, WITH):
                spent_ms = _processor_ms([*COLLECT, *options], folder)
                if turn:
                    taken_ms[options].append(spent_ms)
    pairs = zip(taken_ms[WITH], taken_ms[WITHOUT], strict=True)
    median_ms = median(loaded_ms - bare_ms for loaded_ms, bare_ms in pairs)
    # one pair differs from the next by 50 ms where other programs run, the quickest runs by a few
    more_ms = min(taken_ms[WITH]) - min(taken_ms[WITHOUT])
    return [
        Row("plugin: collect 40 tests without it", min(taken_ms[WITHOUT]), "ms"),
        Row("plugin: collect 40 tests with it", min(taken_ms[WITH]), "ms"),
        Row("plugin: what it adds, median of pairs", median_ms, "ms"),
        Row("plugin: what it adds, by the quickest runs", more_ms, "ms", ("<=", MOST_MS)),
    ]


def _processor_ms(command: list[str], folder: str) -> float:
    """Return the processor time of a command: what else the machine does counts little."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run(command, cwd=folder, env=os.environ | ALONE, check=True, stdout=DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1e3 * (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
