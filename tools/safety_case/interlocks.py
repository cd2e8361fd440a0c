"""Take each interlock of the firmware away, and see that the test named for it notices.

Role: `python -m safety_case.interlocks [WORD …]` makes the mutants of interlocks.yaml, runs for
each its one test, and writes what it found; with words, only those of rows that have one of them.
Invariant: no file is changed. All tests are collected once; each mutant lives in a fork of its own,
where the code of the changed function takes the place of the real one.

Two mutants of a function: its body is emptied (it returns `well`), and the call of it is taken out
of `call` (there stands `well`, or what `instead` says). Of an interlock within a function (`drop`)
the statement, the part of a condition, the row or the handler is taken out; with `always` its
condition is made true; with `first` or `last` it is moved to that place of its function.
"""

import ast
import gc
import importlib
import os
import re
import select
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from _pytest.runner import runtestprotocol

from safety_case.results import ROOT, Result, write

TABLE = Path(__file__).with_name("interlocks.yaml")
FIRMWARE = ROOT / "firmware"
SECONDS = 20  # a test that takes longer hangs, which shows nothing
REFUSING = re.compile(r"Refused|refuse_all|self\._latch|errors\.[A-Z_]+")
# what these make is raised or returned elsewhere
MAKERS = {"errors.py::refuse_all", "period.py::_short", "dialogue.py::_refusal"}
_KILLED, _SURVIVED, _NEVER_RAN = range(3)


class Interlock(NamedTuple):
    """One row of interlocks.yaml; `at` and `call` are FILE::NAME or FILE::CLASS.NAME."""

    what: str
    req: str
    at: str
    test: str
    call: str = ""
    well: str = "None"
    instead: str = ""
    drop: str = ""
    always: str = ""
    first: str = ""
    last: str = ""


class Mutant(NamedTuple):
    """One change: its interlock, what was done, the place, and the source of the whole file."""

    interlock: Interlock
    change: str
    place: str
    source: str


def rows() -> list[Interlock]:
    """Return the table; raise TypeError for a row with a field that there is not."""
    return [Interlock(**row) for row in yaml.safe_load(TABLE.read_text(encoding="utf-8"))]


def path_of(place: str) -> Path:
    """Return the file of FILE::NAME; files of stimcore are named without their folder."""
    name = place.split("::")[0]
    return FIRMWARE / (name if "/" in name else f"stimcore/{name}")


def unnamed(table: list[Interlock]) -> list[str]:
    """Return the functions of stimcore that refuse or name a fault, and stand in no row."""
    named = {place for row in table for place in (row.at, row.call)} | MAKERS
    places = []
    for path in sorted((FIRMWARE / "stimcore").glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        classes: list[tuple[str, ast.Module | ast.ClassDef]] = [("", tree)]
        classes += [(f"{node.name}.", node) for node in tree.body if isinstance(node, ast.ClassDef)]
        for prefix, owner in classes:
            for node in owner.body:
                place = f"{path.name}::{prefix}{getattr(node, 'name', '')}"
                refuses = any(REFUSING.fullmatch(ast.unparse(part)) for part in ast.walk(node))
                if isinstance(node, ast.FunctionDef) and refuses and place not in named:
                    places.append(place)
    return places


# --- making mutants --------------------------------------------------------------------------
def mutants(row: Interlock) -> list[Mutant]:
    """Make the mutants of a row; raise LookupError where the table names what is not there."""
    inner = next((kind for kind in ("drop", "always", "first", "last") if getattr(row, kind)), "")
    if inner:
        target = getattr(row, inner)
        return [
            _mutant(row, f"{inner} `{target}`", row.at, lambda node: _edit(node, target, inner))
        ]
    name = row.at.split("::")[1].split(".")[-1]
    emptied = _mutant(
        row, f"{row.at} returns {row.well}", row.at, lambda node: _empty(node, row.well)
    )
    well = row.instead or row.well
    change = f"{name} is not called in {row.call}"
    return [emptied, _mutant(row, change, row.call, lambda node: _uncall(node, name, well))]


def _mutant(row: Interlock, change: str, place: str, edit: Any) -> Mutant:
    tree = ast.parse(path_of(place).read_text(encoding="utf-8"))
    edit(_node(tree, place))
    return Mutant(row, change, place, ast.unparse(ast.fix_missing_locations(tree)))


def _node(tree: ast.Module, place: str) -> ast.AST:
    """Return the function, class or assignment that a place names."""
    node: ast.AST = tree
    for name in place.split("::")[1].split("."):
        inside = [child for child in node.body if name in _names(child)]  # type: ignore[attr-defined]
        if len(inside) != 1:
            raise LookupError(f"{place}: there is no {name}")
        node = inside[0]
    return node


def _names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    return [ast.unparse(target) for target in node.targets] if isinstance(node, ast.Assign) else []


def _empty(node: ast.AST, well: str) -> None:
    node.body = [ast.Return(ast.parse(well, mode="eval").body)]  # type: ignore[attr-defined]


def _lists(node: ast.AST) -> Iterator[tuple[ast.AST, list[Any]]]:
    """Yield every list of nodes within a node, with its owner."""
    for parent in ast.walk(node):
        for _field, value in ast.iter_fields(parent):
            if isinstance(value, list):
                yield parent, value


def _uncall(node: ast.AST, name: str, well: str) -> None:
    """Take the calls of a function out of a node, or its name out of a tuple."""
    done = 0
    for parent, children in _lists(node):
        if isinstance(parent, ast.Tuple | ast.List):
            kept = [child for child in children if ast.unparse(child).split(".")[-1] != name]
            done += len(children) - len(kept)
            children[:] = kept
    for parent in ast.walk(node):
        for field, value in ast.iter_fields(parent):
            for at, child in enumerate(value if isinstance(value, list) else [value]):
                called = isinstance(child, ast.Call) and ast.unparse(child.func).split(".")[-1]
                if called == name:
                    done += 1
                    other = ast.parse(well, mode="eval").body
                    if isinstance(value, list):
                        value[at] = other
                    else:
                        setattr(parent, field, other)
    if not done:
        raise LookupError(f"{name} is not called there")


def _head(node: ast.AST) -> str:
    return ast.unparse(node).partition("\n")[0].rstrip(":")


def _edit(node: ast.AST, target: str, kind: str) -> None:
    """Edit the one statement, part of a condition, row or handler whose first line is `target`."""
    hits = [
        (parent, children, at)
        for parent, children in _lists(node)
        for at, child in enumerate(children)
        if isinstance(child, ast.AST) and _head(child) == target
    ]
    if len(hits) != 1:
        raise LookupError(f"`{target}` is there {len(hits)} times")
    parent, children, at = hits[0]
    child = children[at]
    if kind == "always":
        child.test = ast.Constant(True)
    elif isinstance(parent, ast.BoolOp):
        children[at] = ast.Constant(isinstance(parent.op, ast.And))
    elif isinstance(parent, ast.Tuple | ast.List | ast.Try):
        del children[at]
    else:
        children[at : at + 1] = getattr(child, "orelse", None) or [ast.Pass()]
    if kind == "first":
        node.body.insert(0, child)  # type: ignore[attr-defined]
    elif kind == "last":
        node.body.append(child)  # type: ignore[attr-defined]


# --- in a fork -------------------------------------------------------------------------------
def transplant(mutant: Mutant) -> None:
    """Put the mutant's code in the place of the real one, in this process alone."""
    path, whole = path_of(mutant.place), Path.read_text
    # tests of rp2_port read the source themselves
    Path.read_text = lambda self, *given, **named: (  # type: ignore[method-assign]
        mutant.source if self == path else whole(self, *given, **named)
    )
    module = sys.modules.get(f"{path.parent.name}.{path.stem}")
    if module is None:
        return
    asm = importlib.import_module("scs_sim.pio.asm")
    sys.modules.setdefault("rp2", asm.rp2)
    space = {"__name__": module.__name__, "__package__": module.__package__}
    exec(compile(mutant.source, str(path), "exec"), space)
    *owners, name = mutant.place.split("::")[1].split(".")
    old: Any = module
    new: Any = space
    for owner in owners:
        old, new = getattr(old, owner), vars(new[owner])
    if hasattr(vars(old)[name], "__code__"):
        vars(old)[name].__code__ = new[name].__code__
    else:  # a table, or a program of the PIO
        setattr(old, name, new[name])
        asm.assemble.cache_clear()


def tried(mutant: Mutant | None, items: list[pytest.Item]) -> tuple[int, str]:
    """Run tests in a fork; return (_KILLED, _SURVIVED or _NEVER_RAN, why)."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _run(mutant, items, writing)
    os.close(writing)
    why = b""
    if select.select([reading], [], [], SECONDS)[0]:
        while piece := os.read(reading, 65536):
            why += piece
    else:
        os.kill(child, signal.SIGKILL)
    os.close(reading)
    _pid, status = os.waitpid(child, 0)
    if not os.WIFEXITED(status):
        return _NEVER_RAN, f"it hangs for {SECONDS} s"
    return os.WEXITSTATUS(status), why.decode(errors="replace")


def _run(mutant: Mutant | None, items: list[pytest.Item], writing: int) -> None:
    """In the fork; never returns."""
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    outcome, why = _SURVIVED, ""
    try:
        if mutant:
            transplant(mutant)
        ran = 0
        for item in items:
            for report in runtestprotocol(item, log=False, nextitem=None):
                if report.failed:
                    outcome, why = _KILLED, str(report.longrepr).splitlines()[-1]
                ran += report.when == "call" and not report.skipped
            if outcome == _KILLED:
                break
        if not ran and outcome == _SURVIVED:
            outcome, why = _NEVER_RAN, "its test did not run"
    except BaseException as error:
        outcome, why = _NEVER_RAN, repr(error)
    os.write(writing, why.encode()[:4000])
    os._exit(outcome)


class Campaign:
    """A plugin of pytest: in place of running the tests it collected, it tries the mutants."""

    def __init__(self, table: list[Interlock], loud: bool):
        self.table, self.loud = table, loud
        self.failures: list[str] = []
        self.killed = self.tried = 0

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Try every mutant of the table."""
        gc.freeze()  # no fork is to copy what it only looks at
        items: dict[str, list[pytest.Item]] = {row.test: [] for row in self.table}
        for item in session.items:
            for name in (item.nodeid, item.nodeid.split("[")[0]):
                items.get(name.removeprefix("tests/"), []).append(item)
        for test, its in items.items():
            outcome, why = tried(None, its)
            if outcome != _SURVIVED:
                self.failures.append(f"tests/{test} does not pass without a mutant: {why}")
        for row in self.table:
            self._try(row, items[row.test])
        return True

    def _try(self, row: Interlock, items: list[pytest.Item]) -> None:
        try:
            made = mutants(row)
        except LookupError as error:
            self.failures.append(f"{TABLE.name}: {row.what}: {error.args[0]}")
            return
        for mutant in made:
            self.tried += 1
            since = time.perf_counter()
            outcome, why = tried(mutant, items)
            self.killed += outcome == _KILLED
            if outcome != _KILLED:
                sees = "is not seen by" if outcome == _SURVIVED else f"cannot be tried ({why}) with"
                self.failures.append(f"{row.what}: {mutant.change} {sees} tests/{row.test}")
            if self.loud:
                print(f"{time.perf_counter() - since:5.2f} s {mutant.change}: {why}")


def main(words: list[str]) -> int:
    """Try the mutants of all interlocks, or of those with one of the words; 1 if one survives."""
    table = [row for row in rows() if not words or any(word in str(row) for word in words)]
    campaign = Campaign(table, loud=bool(words))
    if not words:
        campaign.failures += [
            f"{place} refuses and is not in {TABLE.name}" for place in unnamed(table)
        ]
    os.chdir(ROOT)
    since = time.perf_counter()
    tests = sorted({f"tests/{row.test}" for row in table})
    options = ["-qq", "--no-header", "-p", "no:cacheprovider", "-p", "no:xdist"]
    status = pytest.main([*options, *tests], plugins=[campaign])
    failures = campaign.failures
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        failures.append(f"pytest could not collect the tests of {TABLE.name}: {status!r}")
    print(f"{time.perf_counter() - since:.0f} s")
    figures = {"interlocks": len(table), "removals": campaign.tried, "seen": campaign.killed}
    if words:  # a part is no result
        print(*failures, sep="\n")
        return 1 if failures else 0
    return write(Result("interlocks", "python -m safety_case.interlocks", figures, failures))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
