"""`make bench`: measures what bench_*.py measure, in one run, and prints one table.

Role: each module beside this one has `measure() -> list[Row]`; a row without a target is there
for comparison. Exit 1 when a target is missed. Invariant: nothing here knows what is measured.
"""

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from sim_validation.rows import Row, table

HERE = Path(__file__).resolve().parent


def modules(wanted: list[str]) -> list[str]:
    """Return the names of the modules to run; all of them when none is named."""
    names = sorted(path.stem for path in HERE.glob("bench_*.py"))
    return [name for name in names if not wanted or name.removeprefix("bench_") in wanted]


def rows(names: list[str]) -> Iterator[Row]:
    """Yield every row of every module, module by module."""
    for name in names:
        print(f"measuring: {name.removeprefix('bench_')} …", file=sys.stderr)
        measure: Callable[[], list[Row]] = importlib.import_module(name).measure
        yield from measure()


def main(arguments: list[str]) -> int:
    names = modules(arguments)
    if not names:
        print(f"no such bench; there are: {', '.join(modules([]))}", file=sys.stderr)
        return 2
    measured = list(rows(names))
    print(table("what", "target", measured))
    missed = [row.name for row in measured if row.ok is False]
    print("\nAbsolute times depend on the machine and on what else it does; ratios hardly do.")
    if missed:
        print(f"{len(missed)} missed: {', '.join(missed)}. Try again on a quiet machine.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
