"""Break the pure core on purpose, one small change at a time, and report what no test notices.

Role: `python tests/mutate.py` tries every mutant of TARGETS (about half an hour of a processor, and
-j how many it may use); `--sample 20` a few of them, drawn by --seed; `mutate.py ramp.py` those of
one file; `--coverage` tries none and reports the lines and branches that tests/core leaves out.
Prints the survivors and a line a file, exits with 1 if one survives, and writes
build/safety/mutants.json.
Mutants that change nothing stand in equivalent_mutants.yaml with the reason, and are not tried.
Invariant: the files of the repository are never touched; each mutant is a copy of its own.
"""

import argparse
import ast
import copy
import importlib
import multiprocessing
import os
import random
import resource
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import coverage
import pytest
import yaml

from safety_case.results import Result, write

ROOT = Path(__file__).resolve().parent.parent
STIMCORE = ROOT / "firmware" / "stimcore"
# quick ones first: most mutants die within a second, and the adversary takes seven
KERNEL = (
    "test_kernel_table.py",
    "test_kernel_current.py",
    "test_kernel_charge.py",
    "test_undriven.py",
    "test_contact_sums.py",
    "test_charge.py",
    "test_pio_records.py",
    "test_ledger.py",
    "test_kernel_adversary.py",
)
# file: the tests in tests/core that must notice
TESTS = {
    "kernel.py": KERNEL,
    "rules.py": KERNEL,
    "charge.py": KERNEL,
    "decode.py": KERNEL,
    "contact_sums.py": KERNEL,
    "checks.py": ("test_program_fields.py", "test_program.py"),
    "period.py": (
        "test_period.py",
        "test_period_trains.py",
        "test_period_shapes.py",
        "test_period_admitted.py",
        "test_pio_records.py",
        "test_undriven.py",
    ),
    "pio_records.py": ("test_pio_records.py",),
    "program.py": ("test_program.py", "test_program_fields.py", "test_commands.py"),
    "frame.py": ("test_frame.py",),
    "ramp.py": ("test_ramp.py",),
    "ledger.py": ("test_ledger.py", "test_output.py"),
    "limits.py": ("test_limits.py",),
    "states.py": ("test_states.py",),
    "pulse_monitor.py": ("test_pulse_monitor.py", "test_capture_queue.py"),
}
TARGETS = (
    "kernel.py",
    "decode.py",
    "charge.py",
    "contact_sums.py",
    "limits.py",
    "period.py",
    "pio_records.py",
    "states.py",
    "frame.py",
    "ramp.py",
    "pulse_monitor.py",
    "ledger.py",
)
EQUIVALENT = Path(__file__).with_name("equivalent_mutants.yaml")
SECONDS = 60  # of the processor: a mutant that takes more hangs, which is noticed too

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
}
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
CALLS = {"min": "max", "max": "min"}


class Mutant(NamedTuple):
    """One change: file, line, what it was and became, and the whole changed source."""

    file: str
    line: int
    change: str
    source: str

    @property
    def place(self) -> tuple[str, str, str]:
        """Return (file, text of the line, change): what does not move when others' lines do."""
        return self.file, _lines(self.file)[self.line - 1].strip(), self.change


def changes(node: ast.AST) -> Iterator[ast.AST]:
    """Every node that may stand in the place of this one."""
    if isinstance(node, ast.Compare):
        for at, op in enumerate(node.ops):
            if type(op) in COMPARISONS:
                other = copy.deepcopy(node)
                other.ops[at] = COMPARISONS[type(op)]()
                yield other
    elif isinstance(node, ast.BoolOp):
        yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
    elif isinstance(node, ast.BinOp | ast.AugAssign) and type(node.op) in OPERATORS:
        other = copy.deepcopy(node)
        other.op = OPERATORS[type(node.op)]()
        yield other
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
        yield node.operand
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
        yield ast.Call(ast.Name(CALLS[node.func.id], ast.Load()), node.args, node.keywords)
    elif isinstance(node, ast.Constant):
        yield from constants(node.value)


def constants(value: object) -> Iterator[ast.AST]:
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int):
        yield ast.Constant(value + 1)
        yield ast.Constant(value - 1)


@cache
def mutants(file: str) -> list[Mutant]:
    """Every mutant of one file, from the top; types are no part of what runs."""
    tree = ast.parse((STIMCORE / file).read_text(encoding="utf-8"))
    types = {id(part) for node in ast.walk(tree) for part in _types(node)}
    made = []
    for parent in ast.walk(tree):
        for field, value in ast.iter_fields(parent) if id(parent) not in types else ():
            for at, node in enumerate(value if isinstance(value, list) else [value]):
                if id(node) in types or not isinstance(node, ast.AST):
                    continue
                for other in changes(node):
                    change = (
                        f"{ast.unparse(node)} -> {ast.unparse(ast.fix_missing_locations(other))}"
                    )
                    put(parent, field, at, other)
                    mutant = Mutant(file, node.lineno, change, ast.unparse(tree))
                    made.append((node.lineno, node.col_offset, mutant))
                    put(parent, field, at, node)
    return list(_numbered(mutant for *_place, mutant in sorted(made)))


def _numbered(made: Iterable[Mutant]) -> Iterator[Mutant]:
    """Tell apart what reads alike: the second `0 -> 1` of a line becomes `0 -> 1 (2)`."""
    count: Counter[tuple[str, str, str]] = Counter()
    for mutant in made:
        count[mutant.place] += 1
        times = count[mutant.place]
        yield mutant._replace(change=f"{mutant.change} ({times})") if times > 1 else mutant


def _types(node: ast.AST) -> Iterator[ast.AST]:
    for field in ("annotation", "returns"):
        kind = getattr(node, field, None)
        if kind is not None:
            yield from ast.walk(kind)


@cache
def _lines(file: str) -> list[str]:
    return (STIMCORE / file).read_text(encoding="utf-8").splitlines()


def equivalent() -> set[tuple[str, str, str]]:
    """Return the places of mutants that change nothing; ValueError for one that is not there."""
    rows = yaml.safe_load(EQUIVALENT.read_text(encoding="utf-8"))
    places = {(row["file"], row["line"], change) for row in rows for change in row["changes"]}
    known = {mutant.place for file in {row["file"] for row in rows} for mutant in mutants(file)}
    if gone := places - known:
        raise ValueError(f"{EQUIVALENT.name}: there is no such mutant: {sorted(gone)}")
    return places


def put(parent: ast.AST, field: str, at: int, node: ast.AST) -> None:
    value = getattr(parent, field)
    if isinstance(value, list):
        value[at] = node
    else:
        setattr(parent, field, node)


def noticed(changed: tuple[str, str]) -> bool:
    """Return True if a test of a file fails with this source of it; "": as the file is."""
    file, source = changed
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "stimcore"
        shutil.copytree(STIMCORE, package, ignore=shutil.ignore_patterns("__pycache__"))
        if source:
            (package / file).write_text(source, encoding="utf-8")
        child = os.fork()
        if child == 0:
            run_tests(folder, TESTS[file])
        _pid, status = os.waitpid(child, 0)
    return status != 0


def run_tests(folder: str, tests: tuple[str, ...]) -> None:
    """In a forked process: the tests against the package in `folder`; never returns."""
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # most of what a pytest needs to begin
    os.environ["HYPOTHESIS_PROFILE"] = "unshrunk"
    os.chdir(ROOT)
    sys.path[:0] = [folder, str(ROOT)]
    where = [str(ROOT / "tests" / "core" / test) for test in tests]
    status = pytest.main(["-x", "-q", "-p", "no:cacheprovider", *where])
    os._exit(int(status))


def covered() -> int:
    """Run tests/core and report what of TARGETS it leaves out; 1 if a test fails or any is."""
    measured = coverage.Coverage(
        data_file=None, branch=True, include=[str(STIMCORE / file) for file in TARGETS]
    )
    with measured.collect():
        failed = pytest.main(["-q", "-p", "no:cacheprovider", str(ROOT / "tests" / "core")])
    percent = measured.report(show_missing=True)
    return int(bool(failed) or percent < 100)


def asked_for() -> tuple[argparse.Namespace, list[Mutant], int]:
    """Parse the command line; return it, the mutants to try, and how many are equivalent."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", help="by default all of TARGETS")
    parser.add_argument("--sample", type=int, default=0, help="only so many, drawn by the seed")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--lines", default="", help="FIRST-LAST: only mutants of these lines")
    parser.add_argument("--coverage", action="store_true", help="try none, but measure the tests")
    parser.add_argument("-j", type=int, default=os.cpu_count(), help="how many at a time")
    asked = parser.parse_args()
    same = equivalent()
    every = [mutant for file in asked.files or TARGETS for mutant in mutants(file)]
    if asked.lines:
        first, last = (int(part) for part in asked.lines.split("-"))
        every = [mutant for mutant in every if first <= mutant.line <= last]
    wanted = [mutant for mutant in every if mutant.place not in same]
    alike = len(every) - len(wanted)
    if asked.sample:
        wanted = random.Random(asked.seed).sample(wanted, min(asked.sample, len(wanted)))
        wanted.sort(key=lambda mutant: mutant.file)
    return asked, wanted, alike


def main() -> int:
    """Try the mutants asked for; 1 if one survives."""
    asked, wanted, alike = asked_for()
    if asked.coverage:
        return covered()
    importlib.import_module("hypothesis")  # once here, so that no fork need do it again
    files = sorted({mutant.file for mutant in wanted})
    if not asked.sample and any(noticed((file, "")) for file in files):
        sys.stderr.write("the tests fail without any mutant\n")
        return 2
    survivors = []
    with multiprocessing.get_context("fork").Pool(asked.j) as pool:
        outcomes = zip(
            wanted, pool.imap(noticed, [(m.file, m.source) for m in wanted]), strict=True
        )
        for file, tried in groupby(outcomes, lambda outcome: outcome[0].file):
            since, count = time.monotonic(), 0
            for mutant, dead in tried:
                count += 1
                if not dead:
                    survivors.append(f"{file}:{mutant.line}: {mutant.change} is not noticed")
                    print(survivors[-1], flush=True)
            print(f"{file}: {count} mutants, {time.monotonic() - since:.0f} s", flush=True)
    figures = {"mutants": len(wanted), "noticed": len(wanted) - len(survivors), "equivalent": alike}
    command = " ".join(["python tests/mutate.py", *sys.argv[1:]])
    return write(Result("mutants", command, figures, survivors))


if __name__ == "__main__":
    sys.exit(main())
