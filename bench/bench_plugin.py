"""What the pytest plugin adds to the collection of a project that does not use it."""

import sys
import tempfile
import time
from importlib.metadata import entry_points
from pathlib import Path
from statistics import median
from subprocess import DEVNULL, run

from sim_validation.rows import Row

TIMES = 15
MOST_MS = 30
COLLECT = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
WITHOUT = ("-p", "no:scs")  # also where the plugin is not installed
INSTALLED = any(entry.name == "scs" for entry in entry_points(group="pytest11"))
WITH = () if INSTALLED else ("-p", "scs.testing.plugin")


def measure() -> list[Row]:
    taken_s: dict[tuple[str, ...], list[float]] = {WITH: [], WITHOUT: []}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(20):
            test = Path(folder) / f"test_{number}.py"
            test.write_text("def test_a(): pass\n\ndef test_b(): pass\n", encoding="utf-8")
        for turn in range(TIMES + 1):  # the first one only brings the files into memory
            for options in (WITH, WITHOUT):
                begun_s = time.perf_counter()
                run([*COLLECT, *options], cwd=folder, check=True, stdout=DEVNULL)
                if turn:
                    taken_s[options].append(time.perf_counter() - begun_s)
    with_s, without_s = median(taken_s[WITH]), median(taken_s[WITHOUT])
    pairs = zip(taken_s[WITH], taken_s[WITHOUT], strict=True)
    more_ms = median((one - other) * 1e3 for one, other in pairs)
    return [
        Row("plugin: collect 40 tests without it", without_s, "s"),
        Row("plugin: collect 40 tests with it", with_s, "s"),
        Row("plugin: what it adds, median of pairs", more_ms, "ms", ("<=", MOST_MS)),
    ]
