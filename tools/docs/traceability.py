"""Check docs/explain/safety.md against the tests; --check fails on a loose end.

Role: requirement -> live tests. A test shows REQ-nn when its name contains req_nn, unless it is
skipped outright or expected to fail. Invariant: it reads source text and runs nothing.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PAGE = "docs/explain/safety.md"
SOURCES = ("firmware", "host", "sim")
ROW = re.compile(r"^\| (H\d+|REQ-\d\d) \|(.*)\|$", re.MULTILINE)
DEAD = re.compile(r"\bmark\.(skip|xfail)\b")


class Tables(NamedTuple):
    """The ids of safety.md, each with the ids that its row points to."""

    hazards: dict[str, list[str]]
    requirements: dict[str, list[str]]


def tables(text: str) -> Tables:
    """Parse the rows of both tables."""
    hazards: dict[str, list[str]] = {}
    requirements: dict[str, list[str]] = {}
    for name, rest in ROW.findall(text):
        cells = [cell.strip() for cell in rest.split("|")]
        if name.startswith("H"):
            hazards[name] = re.findall(r"REQ-\d\d", cells[-1])
        else:
            requirements[name] = re.findall(r"H\d+", cells[1])
    return Tables(hazards, requirements)


def live_tests(source: str) -> Iterator[str]:
    """Yield the names of the tests that are not skipped or expected to fail."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            marks = " ".join(ast.unparse(mark) for mark in node.decorator_list)
            if node.name.startswith("test_") and not DEAD.search(marks):
                yield node.name


def shown(tests: Path) -> dict[str, list[str]]:
    """Map REQ-nn to the tests ("path::test") below a folder."""
    by_number: dict[str, list[str]] = {}
    for path in sorted(tests.rglob("test_*.py")):
        if "node_modules" in path.parts:
            continue
        for name in live_tests(path.read_text(encoding="utf-8")):
            for number in re.findall(r"req_(\d\d)", name):
                where = f"{path.relative_to(tests.parent)}::{name}"
                by_number.setdefault(f"REQ-{number}", []).append(where)
    return by_number


def named(folders: list[Path]) -> dict[str, list[str]]:
    """Map REQ-nn to the source files below some folders that name it."""
    by_number: dict[str, list[str]] = {}
    for path in sorted(path for folder in folders for path in folder.rglob("*.py")):
        for name in set(re.findall(r"REQ-\d\d", path.read_text(encoding="utf-8"))):
            by_number.setdefault(name, []).append(path.name)
    return by_number


def loose_ends(both: Tables, tests: dict[str, list[str]]) -> list[str]:
    """List a sentence for each reference that points nowhere."""
    hazards, requirements = both
    ends = [f"{name} has no live test" for name in requirements if name not in tests]
    for name in sorted(set(tests) - set(requirements)):
        ends.append(f"{name} is not in {PAGE}, but {tests[name][0]} names it")
    rows = {**hazards, **requirements}
    for name, targets in rows.items():
        for target in targets:
            if name not in rows.get(target, []):
                ends.append(f"{name} names {target}, whose row does not name {name}")
    return ends


def main(arguments: list[str]) -> int:
    """Print the tests of each requirement and the loose ends; exit code 1 if there are any."""
    both = tables((ROOT / PAGE).read_text(encoding="utf-8"))
    tests = shown(ROOT / "tests")
    if "--check" not in arguments:
        for name in both.requirements:
            print(name, *tests.get(name, ["-"]), sep="\n    ")
    ends = loose_ends(both, tests)
    sources = named([ROOT / name for name in SOURCES])
    for name in sorted(set(sources) - set(both.requirements)):
        ends.append(f"{name} is not in {PAGE}, but {', '.join(sources[name])} names it")
    for end in ends:
        print(f"{PAGE}: {end}")
    count = sum(len(names) for names in tests.values())
    print(f"requirements: {len(both.requirements)}, tests: {count}, loose ends: {len(ends)}")
    return 1 if ends or not both.requirements else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
