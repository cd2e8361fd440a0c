"""Hazard, requirement, place in the source, test: the links of the safety case, and loose ends.

Role: reads docs/explain/safety.md, the sources, the tests, interlocks.yaml, recalls.yaml and
tests/planted; the page, build/safety/case.html and the checks are made of what it finds.
A test shows REQ-nn when its name contains req_nn, unless it is skipped outright or expected to
fail. Invariant: it reads source text and runs nothing.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import yaml

from safety_case import interlocks
from safety_case.results import ROOT

PAGE = "docs/explain/safety.md"
SOURCES = ("firmware", "host", "sim")
RECALLS = Path(__file__).with_name("recalls.yaml")
PLANTED = ROOT / "tests" / "planted"
ROW = re.compile(r"^\| (H\d+|REQ-\d\d) \|(.*)\|$", re.MULTILINE)
DEAD = re.compile(r"\bmark\.(skip|xfail)\b")


class Tables(NamedTuple):
    """The ids of safety.md, each with the ids that its row points to, and its other cells."""

    hazards: dict[str, list[str]]
    requirements: dict[str, list[str]]
    cells: dict[str, list[str]]


class Recall(NamedTuple):
    """Failure seen elsewhere, its requirement, why not here, and the tests that show it."""

    what: str
    req: str
    here: str
    tests: list[str]


class Case(NamedTuple):
    """All of it: what enforces a requirement is FILE::FUNCTION, or FILE alone."""

    tables: Tables
    tests: dict[str, list[str]]
    places: dict[str, list[str]]
    interlocks: list[interlocks.Interlock]
    recalls: list[Recall]
    planted: dict[str, str]


def tables(text: str) -> Tables:
    """Parse the rows of both tables."""
    both = Tables({}, {}, {})
    for name, rest in ROW.findall(text):
        cells = [cell.strip() for cell in rest.split("|")]
        both.cells[name] = cells
        if name.startswith("H"):
            both.hazards[name] = re.findall(r"REQ-\d\d", cells[-1])
        else:
            both.requirements[name] = re.findall(r"H\d+", cells[1])
    return both


def live_tests(source: str) -> Iterator[str]:
    """Yield the names of the tests that are not skipped or expected to fail."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            marks = " ".join(ast.unparse(mark) for mark in node.decorator_list)
            if node.name.startswith("test_") and not DEAD.search(marks):
                yield node.name


def every_test(tests: Path) -> list[str]:
    """Return all live tests ("path::test") below a folder."""
    found = []
    for path in sorted(tests.rglob("test_*.py")):
        if "node_modules" not in path.parts:
            where = path.relative_to(tests.parent).as_posix()
            names = live_tests(path.read_text(encoding="utf-8"))
            found += [f"{where}::{name}" for name in names]
    return found


def shown(tests: list[str]) -> dict[str, list[str]]:
    """Map REQ-nn to the tests whose names contain it."""
    by_number: dict[str, list[str]] = {}
    for test in tests:
        for number in re.findall(r"req_(\d\d)", test.split("::")[1]):
            by_number.setdefault(f"REQ-{number}", []).append(test)
    return by_number


def named(root: Path, folders: tuple[str, ...]) -> dict[str, list[str]]:
    """Map REQ-nn to the places below some folders whose docstrings or comments name it."""
    by_number: dict[str, list[str]] = {}
    for path in sorted(path for folder in folders for path in (root / folder).rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        spans = [] if "REQ-" not in text else _functions(ast.parse(text))
        for at, line in enumerate(text.splitlines(), 1):
            inside = [name for first, last, name in spans if first <= at <= last]
            place = "::".join([path.relative_to(root).as_posix(), *inside[-1:]])
            for number in _numbers(line):
                places = by_number.setdefault(number, [])
                if place not in places:
                    places.append(place)
    return by_number


def _functions(tree: ast.AST, prefix: str = "") -> list[tuple[int, int, str]]:
    """Return (first line, last line, name) of each function and class, outer ones first."""
    spans = []
    for node in getattr(tree, "body", []):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            spans.append((node.lineno, node.end_lineno or node.lineno, prefix + node.name))
            spans += _functions(node, f"{prefix}{node.name}.")
    return spans


def _numbers(line: str) -> list[str]:
    """Return the requirements that a line names; "REQ-01 to REQ-03" names three."""
    numbers = re.findall(r"REQ-\d\d", line)
    for first, last in re.findall(r"REQ-(\d\d) to REQ-(\d\d)", line):
        numbers += [f"REQ-{number:02}" for number in range(int(first) + 1, int(last))]
    return numbers


def read() -> Case:
    """Read the whole case."""
    rows = interlocks.rows()
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    planted = {
        path.name: path.read_text(encoding="utf-8").splitlines()[0]
        for path in sorted(PLANTED.glob("*.patch"))
    }
    recalls = [Recall(**row) for row in yaml.safe_load(RECALLS.read_text(encoding="utf-8"))]
    places = named(ROOT, SOURCES)
    for row in rows:
        where = f"{interlocks.path_of(row.at).relative_to(ROOT)}::{row.at.split('::')[1]}"
        if where not in places.setdefault(row.req, []):
            places[row.req].append(where)
    return Case(tables(text), shown(every_test(ROOT / "tests")), places, rows, recalls, planted)


def loose_ends(both: Tables, tests: dict[str, list[str]]) -> list[str]:
    """List a sentence for each reference between the tables, and from them, that leads nowhere."""
    ends = [f"{name} has no live test" for name in both.requirements if name not in tests]
    for name in sorted(set(tests) - set(both.requirements)):
        ends.append(f"{name} is not in {PAGE}, but {tests[name][0]} names it")
    rows = {**both.hazards, **both.requirements}
    for name, targets in rows.items():
        for target in targets:
            if name not in rows.get(target, []):
                ends.append(f"{name} names {target}, whose row does not name {name}")
    return ends


def all_loose_ends(case: Case) -> list[str]:
    """List the loose ends of the whole case."""
    ends = loose_ends(case.tables, case.tests)
    requirements = case.tables.requirements
    for name in sorted(set(case.places) - set(requirements)):
        ends.append(f"{name} is not in {PAGE}, but {', '.join(case.places[name])} names it")
    ends += [f"{name} is enforced nowhere" for name in requirements if name not in case.places]
    known = set(every_test(ROOT / "tests"))
    asked = [(interlocks.TABLE.name, row.what, row.test) for row in case.interlocks]
    asked += [(RECALLS.name, row.what, test) for row in case.recalls for test in row.tests]
    for table, what, test in asked:
        if f"tests/{test.split('[')[0]}" not in known:
            ends.append(f"{table}: {what}: there is no live test tests/{test}")
    for row in case.interlocks:
        try:
            interlocks.mutants(row)
        except (LookupError, OSError) as error:
            ends.append(f"{interlocks.TABLE.name}: {row.what}: {error}")
    ends += [
        f"{place} refuses and is not in {interlocks.TABLE.name}"
        for place in interlocks.unnamed(case.interlocks)
    ]
    return ends
