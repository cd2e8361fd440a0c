"""The matrix of the safety case as a page: explain/safety-case.md.

Role: writes what safety_case.links reads, without any result; `python -m safety_case.matrix` adds
those. Invariant: nothing here is typed a second time.
"""

from collections import Counter

from markdown import page, table
from safety_case import links
from safety_case.links import Case


def text() -> str:
    """Return the text of explain/safety-case.md."""
    case = links.read()
    parts = []
    for hazard, names in case.tables.hazards.items():
        title, cause, _answers = case.tables.cells[hazard]
        rows = [_requirement(case, name) for name in names]
        head = ["requirement", "enforced in", "interlocks", "tests"]
        parts.append(f"### {hazard}: {title}\n\nFrom {cause}.\n\n{table(head, rows)}")
    recalls = [[row.what, row.req, row.here, _tests(row.tests)] for row in case.recalls]
    return page(
        "safety-case",
        hazards="\n".join(parts),
        recalls=table(["what went wrong", "requirement", "here", "shown by"], recalls),
        planted=table(
            ["patch", "what it does, and what sees it"],
            [[f"`{name}`", line] for name, line in case.planted.items()],
        ),
    )


def _requirement(case: Case, name: str) -> list[str]:
    """Return a row: functions by file; how many interlocks are taken away; tests by file."""
    by_file: dict[str, list[str]] = {}
    for place in case.places.get(name, []):
        file, _, function = place.partition("::")
        by_file.setdefault(file, []).append(function)
    places = []
    for file, functions in by_file.items():
        names = ", ".join(f"`{function}`" for function in functions if function)
        short = "/".join(file.split("/")[-2:])
        places.append(f"`{short}`" + (f": {names}" if names else ""))
    held = sum(row.req == name for row in case.interlocks)
    return [name, "; ".join(places), str(held or "none"), _tests(case.tests.get(name, []))]


def _tests(tests: list[str]) -> str:
    """Return how many tests there are in each file."""
    files = Counter(test.removeprefix("tests/").split("::")[0] for test in tests)
    return ", ".join(f"`{file}` {count}" for file, count in files.items())
