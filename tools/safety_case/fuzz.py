"""Fuzz whatever takes bytes from outside: the link, the store, and every file that people edit.

Role: `python -m safety_case.fuzz` gives each target a process of its own, one after the other, for
a share of --seconds, or until so many --frames were sent to a device. Whatever goes wrong is kept,
made short, in build/fuzz, tried first the next time, and --input runs it alone. With --frames the
engine is atheris where it is installed, else hypothesis, which draws the same inputs from the same
seed. What atheris kept guides it the next time, after an interruption too.
"""

import argparse
import importlib.util
import json
import queue
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from . import results
from .fuzz_properties import MODULES

FOLDER = results.ROOT / "build" / "fuzz"
FRAMES_TO = "dialogue"  # the target that --frames is about
SILENT_S = 180.0  # of a target: it hangs
REPLAY_S = 30.0
COUNTERS = re.compile(r"cov: (\d+) ft: (\d+) corp: (\d+)")


class Ran(NamedTuple):
    """Outcome of a target: its last row of counts, and atheris' own counters if it ran."""

    row: dict[str, Any]
    counters: str = ""

    def figures(self) -> str:
        """Return the counts as text."""
        frames, seconds = self.row.get("frames", 0), self.row.get("seconds", 0.0)
        rate = frames / seconds if seconds else 0.0
        texts = [f"{frames} in {seconds:.0f} s ({rate:.0f}/s)"]
        lines = self.row.get("coverage")
        if lines:
            for what in ("lines", "branches"):
                share = 100 * lines[f"{what}_run"] // max(lines[what], 1)
                texts.append(f"{share} % of {lines[what]} {what}")
        if self.row.get("grew"):
            texts.append(f"memory grew by {self.row['grew']} bytes in 10 MB of rubbish")
        return ", ".join([*texts, self.counters] if self.counters else texts)


def rows(command: list[str], log: Path) -> Iterator[dict[str, Any]]:
    """Run an engine, and yield its rows; the last one says so if it hung or ended by itself."""
    arrived: queue.Queue[str] = queue.Queue()
    with log.open("w", encoding="utf-8") as errors:
        child = subprocess.Popen(
            command, cwd=results.ROOT, stdout=subprocess.PIPE, stderr=errors, text=True
        )
        stream = child.stdout
        if stream is None:
            raise RuntimeError("the engine has no output")

        def pump() -> None:
            for line in stream:
                arrived.put(line)
            arrived.put("")

        threading.Thread(target=pump, daemon=True).start()
        try:
            is_complete = False
            while line := arrived.get(timeout=SILENT_S):
                if line.startswith("{"):
                    row = json.loads(line)
                    is_complete = "failure" in row
                    yield row
            if not is_complete:
                yield _ended(f"the engine ended by itself, {child.wait()}", log)
        except queue.Empty:
            yield _ended(f"nothing came for {SILENT_S:.0f} s", log)
        finally:
            child.kill()
            child.wait()


def _ended(what: str, log: Path) -> dict[str, Any]:
    return {"failure": {"what": f"{what}: see {log}", "input": ""}}


def campaign(name: str, engine: str, options: argparse.Namespace, progress: Progress) -> Ran:
    """Run one target to its end."""
    folder = FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    frames = options.frames if name == FRAMES_TO else 0
    seconds = options.seconds / max(len(options.targets) - (frames > 0), 1)
    base = [sys.executable, "-m", "safety_case.fuzz_engines", name]
    limits = ["--seconds", str(seconds), "--frames", str(frames), "--seed", str(options.seed)]
    task = progress.add_task(name, total=frames or seconds)
    last: dict[str, Any] = {}
    for row in rows([*base, engine, str(folder), *limits], folder / "log"):
        last |= row
        done = last.get("frames", 0)
        progress.update(
            task,
            completed=done if frames else last.get("seconds", 0.0),
            description=f"{name}: {done} ({done / max(last.get('seconds', 0.0), 0.1):.0f}/s)",
        )
    counters = ""
    if engine == "atheris":
        counters = _counters(folder / "log")
        replayed = ["replay", str(folder), "--seconds", str(min(REPLAY_S, seconds))]
        for row in rows([*base, *replayed], folder / "replay-log"):
            last["coverage"] = row.get("coverage")
    return Ran(last, counters)


def _counters(log: Path) -> str:
    """Return the last counters that libFuzzer printed."""
    every = COUNTERS.findall(log.read_text(encoding="utf-8", errors="replace"))
    return "atheris cov {} ft {} corp {}".format(*every[-1]) if every else ""


def engine_of(options: argparse.Namespace) -> str:
    """Return the engine that was asked for, or the one that is there."""
    if options.engine:
        return str(options.engine)
    is_there = importlib.util.find_spec("atheris") is not None
    return "atheris" if options.frames and is_there else "hypothesis"


def main() -> int:
    """Run the targets, and write build/safety/fuzz.json."""
    parser = argparse.ArgumentParser(prog="python -m safety_case.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(MODULES))
    parser.add_argument("--seconds", type=float, default=20.0, help="in all, but for --frames")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--frames", type=int, default=0, help=f"to send to the {FRAMES_TO}")
    parser.add_argument("--engine", choices=("hypothesis", "atheris"))
    parser.add_argument("--input", type=Path, help="run this input alone, of one target")
    options = parser.parse_args()
    unknown = [name for name in options.targets if name not in MODULES]
    if unknown:
        parser.error(f"no target {unknown[0]}; there are {', '.join(MODULES)}")
    if options.seconds <= 0 or options.frames < 0:
        parser.error("--seconds is above 0 and --frames 0 or more; e.g. --seconds 20")
    if options.engine == "atheris" and importlib.util.find_spec("atheris") is None:
        parser.error('atheris is not installed: pip install "scs-bench[safety]", or hypothesis')
    options.targets = options.targets or list(MODULES)
    if options.input:
        return run_input(parser, options)
    engine = engine_of(options)
    print(f"engine {engine}, seed {options.seed}")
    figures: dict[str, Any] = {"engine": engine, "seed": options.seed}
    failures = []
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns) as progress:
        for name in options.targets:
            ran = campaign(name, engine, options, progress)
            figures[name] = ran.figures()
            progress.print(f"{name}: {figures[name]}")
            failure = ran.row.get("failure") or {}
            if failure:
                again = f"python -m safety_case.fuzz {name} --input {failure['input']}"
                again = f"; {again}" if failure["input"] else ""
                failures.append(f"{name}: {failure['what']}{again}")
    command = " ".join(["python -m safety_case.fuzz", *sys.argv[1:]])
    return results.write(results.Result("fuzz", command, figures, failures))


def run_input(parser: argparse.ArgumentParser, options: argparse.Namespace) -> int:
    """Run one input in this process, and print what went wrong."""
    if len(options.targets) != 1:
        parser.error("--input is of one target, such as: dialogue --input FILE")
    try:
        data = options.input.read_bytes()
    except OSError as reason:
        parser.error(f"cannot read {options.input}: {reason.strerror}")
    from . import fuzz_files, fuzz_properties

    wrong = fuzz_properties.outcome(fuzz_files.BY_NAME[options.targets[0]], data)[1]
    print(wrong or "nothing went wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
