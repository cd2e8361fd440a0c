"""Break the kernel on purpose, one small change at a time, and report what no test notices.

Role: `python tests/mutate.py` tries every mutant of kernel.py, charge.py and decode.py (minutes);
`--sample 10` a few of them; `mutate.py ramp.py` those of another file. Prints the survivors and
exits with 1 if there are any.
Invariant: the files of the repository are never touched; each mutant is a copy of its own.
"""

import argparse
import ast
import copy
import importlib
import os
import random
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
STIMCORE = ROOT / "firmware" / "stimcore"
# quick ones first: most mutants die within a second
KERNEL = (
    "test_kernel_table.py",
    "test_kernel_current.py",
    "test_kernel_charge.py",
    "test_charge.py",
    "test_pio_records.py",
    "test_ledger.py",
    "test_kernel_adversary.py",
)
# file: the tests in tests/core that must notice
TESTS = {
    "kernel.py": KERNEL,
    "rules.py": (*KERNEL, "test_undriven.py"),
    "charge.py": KERNEL,
    "decode.py": KERNEL,
    "contact_sums.py": (*KERNEL, "test_contact_sums.py"),
    "checks.py": ("test_program_fields.py", "test_program.py"),
    "period.py": (
        "test_period.py",
        "test_period_trains.py",
        "test_period_shapes.py",
        "test_period_admitted.py",
        "test_pio_records.py",
    ),
    "pio_records.py": ("test_pio_records.py",),
    "program.py": ("test_program.py", "test_program_fields.py", "test_commands.py"),
    "frame.py": ("test_frame.py",),
    "ramp.py": ("test_ramp.py",),
    "ledger.py": ("test_ledger.py", "test_output.py"),
}
TARGETS = ("kernel.py", "charge.py", "decode.py")
SECONDS = 60  # a mutant that takes longer hangs, which is noticed too

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
    """One change: the file, the line, what it was and became, and the whole changed source."""

    file: str
    line: int
    change: str
    source: str


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


def mutants(file: str) -> Iterator[Mutant]:
    """Every mutant of one file."""
    tree = ast.parse((STIMCORE / file).read_text(encoding="utf-8"))
    for parent in ast.walk(tree):
        for field, value in ast.iter_fields(parent):
            for at, node in enumerate(value if isinstance(value, list) else [value]):
                for other in changes(node) if isinstance(node, ast.AST) else ():
                    was, became = ast.unparse(node), ast.unparse(ast.fix_missing_locations(other))
                    put(parent, field, at, other)
                    yield Mutant(file, node.lineno, f"{was} -> {became}", ast.unparse(tree))
                    put(parent, field, at, node)


def put(parent: ast.AST, field: str, at: int, node: ast.AST) -> None:
    value = getattr(parent, field)
    if isinstance(value, list):
        value[at] = node
    else:
        setattr(parent, field, node)


def noticed(file: str, source: str = "") -> bool:
    """Return True if a test file (by default the mutant's own) fails with the mutant in place."""
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
    signal.alarm(SECONDS)
    os.chdir(ROOT)
    sys.path[:0] = [folder, str(ROOT)]
    where = [str(ROOT / "tests" / "core" / test) for test in tests]
    status = pytest.main(["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *where])
    os._exit(int(status))


def main() -> int:
    """Try the mutants asked for; 1 if one survives."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", help="by default the kernel's three")
    parser.add_argument("--sample", type=int, default=0, help="only so many, drawn by the seed")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--lines", default="", help="FIRST-LAST: only mutants of these lines")
    asked = parser.parse_args()
    importlib.import_module("hypothesis")  # once here, so that no fork need do it again
    files = asked.files or TARGETS
    if not asked.sample and any(noticed(file) for file in files):
        sys.stderr.write("the tests fail without any mutant\n")
        return 2
    all_mutants = [mutant for file in files for mutant in mutants(file)]
    if asked.lines:
        first, last = (int(part) for part in asked.lines.split("-"))
        all_mutants = [mutant for mutant in all_mutants if first <= mutant.line <= last]
    if asked.sample:
        all_mutants = random.Random(asked.seed).sample(
            all_mutants, min(asked.sample, len(all_mutants))
        )
    survivors = 0
    for candidate in all_mutants:
        if not noticed(candidate.file, candidate.source):
            survivors += 1
            sys.stdout.write(f"survived: {candidate.file}:{candidate.line}: {candidate.change}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{len(all_mutants) - survivors} of {len(all_mutants)} mutants noticed\n")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
