"""`make bench`: measures what bench_*.py measure, in one run, and prints one table.

Role: each module beside this one has `measure() -> list[Row]`; a row without a target is there
for comparison. Exit 1 when a target is missed. Invariant: nothing here knows what is measured.
"""

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from row import Row

HERE = Path(__file__).resolve().parent
HEAD = ("what", "measured", "", "target", "")


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


def number(value: float) -> str:
    """Format three significant digits, thousands apart."""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def cells(row: Row) -> tuple[str, ...]:
    """Format one line of the table."""
    target = row.target and f"{row.target[0]} {number(row.target[1])}"
    verdict = "" if row.ok is None else ("good" if row.ok else "MISSED")
    return (row.name, number(row.value), row.unit, target or "", verdict)


def table(lines: list[tuple[str, ...]]) -> str:
    """Format aligned columns; numbers to the right."""
    widths = [max(len(line[at]) for line in lines) for at in range(len(HEAD))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if at == 1 else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def main(arguments: list[str]) -> int:
    names = modules(arguments)
    if not names:
        print(f"no such bench; there are: {', '.join(modules([]))}", file=sys.stderr)
        return 2
    found = list(rows(names))
    print(table([HEAD, *(cells(row) for row in found)]))
    missed = [row.name for row in found if row.ok is False]
    print("\nAbsolute times depend on the machine and on what else it does; ratios hardly do.")
    if missed:
        print(f"{len(missed)} missed: {', '.join(missed)}. Try again on a quiet machine.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
