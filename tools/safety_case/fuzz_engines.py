"""Run one fuzzing target in a process of its own, with one engine; `fuzz.py` starts it.

Role: hypothesis draws inputs from a seed alone; atheris is guided by what they reach, keeps those
that reach something new, and does not return; replay runs what is kept, to count the lines.
Invariant: a line of JSON on stdout each second, and a last one with "coverage" or "failure".
"""

import argparse
import hashlib
import importlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import coverage

if TYPE_CHECKING:
    from .fuzz_properties import Target

ROOT = Path(__file__).resolve().parents[2]
MEASURED = 0.25  # of the time: counting lines takes half the speed
ROUND = 100  # inputs that hypothesis draws from one seed


class Count:
    """Inputs and frames so far, told each second; `failure` ends it."""

    def __init__(self, target: "Target", options: argparse.Namespace) -> None:
        self.target, self.options = target, options
        self.inputs = self.frames = 0
        self.failure: dict[str, str] = {}
        self.begun = self.last = time.monotonic()
        self.is_over = False

    def run(self, data: bytes) -> None:
        """Run an input, count it, and note whether the end has come."""
        from . import fuzz_properties

        frames, wrong = fuzz_properties.outcome(self.target, data)
        self.inputs += 1
        self.frames += frames
        if wrong:
            self.fail(data)
        now = time.monotonic()
        if now - self.last > 1.0:
            self.last = now
            self.tell()
        options, seconds = self.options, now - self.begun
        enough = self.frames >= options.frames if options.frames else seconds >= options.seconds
        self.is_over = enough or bool(self.failure)

    def fail(self, data: bytes) -> None:
        """Keep a shorter input that goes wrong too, and what it says."""
        from . import fuzz_properties

        data = fuzz_properties.reduced(self.target, data)
        path = self.options.folder / f"crash-{hashlib.sha256(data).hexdigest()[:12]}"
        path.write_bytes(data)
        wrong = fuzz_properties.outcome(self.target, data)[1]
        self.failure = {"what": wrong, "input": str(path)}

    def tell(self, **more: Any) -> None:
        """Print the count, and more."""
        seconds = time.monotonic() - self.begun
        row = {"inputs": self.inputs, "frames": self.frames, "seconds": seconds}
        row |= {"cpu_s": time.process_time(), **more}
        print(json.dumps(row), flush=True)


def earlier(folder: Path) -> Iterator[bytes]:
    """Yield the inputs that went wrong before: they are tried first."""
    for path in sorted(folder.glob("crash-*")):
        yield path.read_bytes()


def target_of(name: str) -> "Target":
    """Import the targets, which imports what they are about."""
    every: dict[str, Target] = importlib.import_module("safety_case.fuzz_files").BY_NAME
    return every[name]


# --- lines ---------------------------------------------------------------------------------------
def counter() -> coverage.Coverage:
    """Return what counts lines and branches, begun before they are imported."""
    include = [f"{ROOT}/firmware/stimcore/*", f"{ROOT}/host/scs/*"]
    lines = coverage.Coverage(branch=True, include=include, data_file=None, config_file=False)
    lines.start()
    return lines


def covered(lines: coverage.Coverage, target: "Target") -> dict[str, int]:
    """Return the lines and branches of a target's modules, and how many of them were run."""
    from .fuzz_properties import MODULES

    files = [str(sys.modules[name].__file__) for name in MODULES[target.name]]
    with tempfile.NamedTemporaryFile(suffix=".json") as report:
        lines.json_report(morfs=files, outfile=report.name, ignore_errors=True)
        totals = json.loads(Path(report.name).read_text(encoding="utf-8"))["totals"]
    return {
        "lines": totals["num_statements"],
        "lines_run": totals["covered_lines"],
        "branches": totals["num_branches"],
        "branches_run": totals["covered_branches"],
    }


# --- engines -------------------------------------------------------------------------------------
def draw(options: argparse.Namespace) -> int:
    """Draw inputs with hypothesis, the first quarter of the time with the lines counted."""
    lines = counter()
    target = target_of(options.target)
    from hypothesis import HealthCheck, Phase, given, seed, settings

    count = Count(target, options)
    ran: dict[str, int] = {}
    quiet = settings(
        max_examples=ROUND,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )

    def measure() -> None:
        """Stop counting the lines when the first quarter is over."""
        options, seconds = count.options, time.monotonic() - count.begun
        share = count.frames / options.frames if options.frames else seconds / options.seconds
        if not ran and (share > MEASURED or count.is_over):
            lines.stop()
            ran.update(covered(lines, target))

    def run(data: bytes) -> None:
        if not count.is_over:
            count.run(data)
            measure()

    for data in (*earlier(options.folder), *target.seeds()):
        run(data)
    rounds = 0
    while not count.is_over:
        seed(options.seed * 1_000_000 + rounds)(quiet(given(target.draws())(run)))()
        rounds += 1
    return finish(count, ran)


def finish(count: Count, ran: dict[str, int]) -> int:
    """Flood a target that can be, and tell the last count."""
    grew = 0
    if count.target.flood is not None and not count.failure:
        from .fuzz_properties import Broken

        try:
            grew = count.target.flood(count.options.seed)
        except Broken as reason:
            count.failure = {"what": str(reason), "input": ""}
    count.tell(coverage=ran, failure=count.failure, grew=grew)
    return 1 if count.failure else 0


def guide(options: argparse.Namespace) -> None:
    """Let atheris make inputs until enough ran, and end the process."""
    import atheris

    from .fuzz_properties import MODULES

    guiding = MODULES[options.target]
    packages = sorted({name.partition(".")[0] for name in guiding})
    files = sorted((ROOT / "firmware/stimcore").glob("*.py"))
    others = [f"stimcore.{path.stem}" for path in files if f"stimcore.{path.stem}" not in guiding]
    with atheris.instrument_imports(include=packages, exclude=others):
        target = target_of(options.target)
    folder: Path = options.folder
    seeds, corpus = folder / "seeds", folder / "corpus"
    for path in (seeds, corpus):
        path.mkdir(parents=True, exist_ok=True)
    valid = target.seeds()
    for number, data in enumerate(valid):
        (seeds / f"{number:03}").write_bytes(data)
    count = Count(target, options)
    arguments = [
        options.target,
        f"-seed={options.seed}",
        f"-max_len={max(1_024, 2 * max(len(data) for data in valid))}",
        f"-artifact_prefix={folder}/",
        "-rss_limit_mb=4096",
        "-timeout=120",
        "-len_control=0",  # long inputs at once, and none is cut short: a frame costs less …
        "-reduce_inputs=0",  # … than a new device
    ]
    if target.tokens:
        words = ["".join(f"\\x{byte:02x}" for byte in word) for word in target.tokens]
        (folder / "tokens").write_text("".join(f'"{word}"\n' for word in words))
        arguments.append(f"-dict={folder}/tokens")

    def run(data: bytes) -> None:
        count.run(data)
        if count.is_over:
            os._exit(finish(count, {}))

    for data in earlier(folder):
        run(data)
    atheris.Setup([*arguments, str(corpus), str(seeds)], run)
    atheris.Fuzz()


def replay(options: argparse.Namespace) -> int:
    """Run every input that atheris kept, the lines counted."""
    lines = counter()
    target = target_of(options.target)
    count = Count(target, options)
    for path in sorted((options.folder / "corpus").iterdir()):
        count.run(path.read_bytes())
        if count.is_over:
            break
    lines.stop()
    count.tell(coverage=covered(lines, target), failure=count.failure)
    return 1 if count.failure else 0


def main() -> int:
    """Run one target."""
    parser = argparse.ArgumentParser(prog="python -m safety_case.fuzz_engines", description=__doc__)
    parser.add_argument("target")
    parser.add_argument("engine", choices=("hypothesis", "atheris", "replay"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--frames", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    if options.engine == "atheris":
        guide(options)
    return replay(options) if options.engine == "replay" else draw(options)


if __name__ == "__main__":
    sys.exit(main())
