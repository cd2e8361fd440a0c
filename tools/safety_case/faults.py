"""Inject seeded faults into whole sessions, and hold what the load saw against its ceilings.

Role: `python -m safety_case.faults`, `make faults`; draws the runs, spreads them over processes,
and prints a table with a line a kind. Invariant: a run follows from the options and its number
alone, whatever the number of jobs; `--repeat RUN` does one again and prints all of it.
Requirements: REQ-31, REQ-34, REQ-40, REQ-42, REQ-45, REQ-50 to REQ-55, REQ-58, REQ-59.
"""

import argparse
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from scs.messages.error_texts import ERRORS

from . import monitor, results
from .fault_branches import Done, Plan, run, therapy_of, walk
from .fault_kinds import KINDS

SINGLES, DOUBLES = 10_000, 2_000
WALK = 250  # runs that branch off one session


def plans(singles: int, doubles: int, seed: int, only: str = "") -> list[Plan]:
    """Return the runs: kinds in turn by their shares, doubles of two that are drawn."""
    wheel = [name for name, kind in KINDS.items() for _ in range(kind.share)]
    order = np.random.default_rng(seed).permutation(len(wheel))
    count: Counter[str] = Counter()
    out = []

    def counted(name: str) -> tuple[str, int]:
        count[name] += 1
        return name, count[name] - 1

    for number in range(singles):
        name = only or wheel[order[number % len(wheel)]]
        out.append(Plan(number, (counted(name),), seed))
    names = list(KINDS)
    for number in range(singles, singles + doubles):
        pair = np.random.default_rng((seed, number)).choice(len(names), 2, replace=False)
        first, second = (names[at] for at in pair)
        out.append(Plan(number, (counted(only or first), counted(second)), seed))
    return out


def walks(all_plans: list[Plan], most: int = WALK) -> list[list[Plan]]:
    """Return the plans by the therapy that they meet, so many in a walk at most."""
    groups: dict[str, list[Plan]] = {}
    for plan in all_plans:
        groups.setdefault(therapy_of(plan)[0].name, []).append(plan)
    return [group[at : at + most] for group in groups.values() for at in range(0, len(group), most)]


def campaign(all_plans: list[Plan], jobs: int, say: Callable[[int], None]) -> list[Done]:
    """Do all runs; `say` gets the number done so far."""
    most = min(WALK, -(-len(all_plans) // (4 * jobs)))  # none of the jobs is left with much
    done: list[Done] = []
    with ProcessPoolExecutor(jobs) as pool:
        for part in pool.map(walk, walks(all_plans, most)):
            done += part
            say(len(done))
    return sorted(done, key=lambda each: each.plan.number)


# --- the report --------------------------------------------------------------------------------
COLUMNS = (
    "kind",
    "bound",
    "runs",
    "caught",
    "reset",
    "lost",
    "refused",
    "halted",
    "harmless",
    "goes on",
)
OUTCOMES = ("caught", "reset", "lost", "refused", "halted", "harmless", "tolerated")


def table(done: list[Done]) -> str:
    """Return a line a kind: how its runs ended, and its worst charge, net current and reaction."""
    lines: list[list[str]] = [[*COLUMNS, "charge held", "net DC", "reaction", "failed"]]
    groups: dict[str, list[Done]] = {name: [] for name in (*KINDS, DOUBLE)}
    for each in done:
        groups[DOUBLE if len(each.plan.kinds) > 1 else each.plan.kinds[0][0]].append(each)
    for name, runs in groups.items():
        if not runs:
            continue
        ends = Counter(each.verdict.outcome for each in runs)
        bound = KINDS[name].bound if name in KINDS else "both"
        held_c = max(each.verdict.worst.held_c for each in runs)
        dc_a = max(each.verdict.worst.dc_a for each in runs)
        late_s = max(each.verdict.reaction_s for each in runs)
        failed = sum(bool(each.verdict.violations) for each in runs)
        row = [name, bound, len(runs), *(ends[outcome] for outcome in OUTCOMES)]
        row += [f"{1e6 * held_c:.3f} uC", f"{1e9 * dc_a:.1f} nA", f"{1e3 * late_s:.0f} ms", failed]
        lines.append([str(cell) for cell in row])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if at < 2 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


DOUBLE = "two at once"


def result(done: list[Done], arguments: argparse.Namespace) -> results.Result:
    """Return what the campaign found, for the safety case."""
    singles = sum(len(each.plan.kinds) == 1 for each in done)
    ends = Counter(each.verdict.outcome for each in done)
    worst = [each.verdict.worst for each in done]
    rows = {
        "single faults": singles,
        "double faults": len(done) - singles,
        "kinds": len({kind for each in done for kind, _number in each.plan.kinds}),
        **{outcome: ends[outcome] for outcome in OUTCOMES},
        "most charge held, uC": round(1e6 * max(figures.held_c for figures in worst), 3),
        "longest reaction, ms": round(1e3 * max(each.verdict.reaction_s for each in done)),
    }
    failures = [
        f"run {each.plan.number}, {each.therapy}, {'; '.join(each.words)}: "
        f"{' - '.join(each.verdict.violations)}; "
        f"{_command(arguments)} --repeat {each.plan.number}"
        for each in done
        if each.verdict.violations
    ]
    return results.Result("faults", _command(arguments), rows, failures)


def _command(arguments: argparse.Namespace) -> str:
    command = "python -m safety_case.faults"
    command += f" --singles {arguments.singles} --doubles {arguments.doubles}"
    command += f" --seed {arguments.seed}"
    return command + (f" --only {arguments.only}" if arguments.only else "")


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    """Show a line with the runs done and the time left; where stderr is no terminal, none."""
    columns = (TextColumn("faults"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("faults", total=total)
        yield lambda done: bar.update(task, completed=done)


def repeat(plan: Plan) -> int:
    """Do one run again and print all of it; return the exit code."""
    done, played = run(plan)
    verdict = done.verdict
    print(f"run {plan.number} of seed {plan.seed}: {done.therapy}, with what it may do:")
    for name, _number in plan.kinds:
        kind = KINDS[name]
        print(f"  {name}: {kind.about}; bound: {kind.bound}, reaction {kind.reaction_s:.2f} s")
    for line in done.words:
        print(f"  {line}")
    print(f"START at {played.start_s:.6f} s, host silent from {played.silent_s:.6f} s, ", end="")
    print(f"off at {monitor.off_s(played.rows):.6f} s; gate {'closed' if played.gate else 'open'}")
    print(f"host: {played.reason or 'went through its session'}")
    print(
        f"device: state {played.state}, fault {ERRORS[played.latched].name}, {played.resets} resets"
    )
    print(f"outcome: {verdict.outcome}, reaction {1e3 * verdict.reaction_s:.1f} ms")
    for name, value in verdict.worst._asdict().items():
        print(f"  worst {name}: {value:.6g}")
    for violation in verdict.violations:
        print(f"FAIL {violation}")
    return 1 if verdict.violations else 0


def _arguments(given: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m safety_case.faults", description=__doc__)
    parser.add_argument("--singles", type=_count, default=SINGLES, metavar="N")
    parser.add_argument("--doubles", type=_count, default=DOUBLES, metavar="N")
    parser.add_argument("--seed", type=_count, default=1, metavar="S")
    parser.add_argument("--jobs", type=_count, default=os.cpu_count() or 1, metavar="N")
    parser.add_argument("--only", choices=list(KINDS), default="", metavar="KIND")
    parser.add_argument("--repeat", type=_count, metavar="RUN", help="one run, and all of it")
    arguments = parser.parse_args(given)
    total = arguments.singles + arguments.doubles
    if not total or not arguments.jobs:
        parser.error("there is nothing to do: --singles, --doubles and --jobs are 1 or more")
    if arguments.repeat is not None and arguments.repeat >= total:
        parser.error(f"--repeat {arguments.repeat}: the runs are 0 to {total - 1}")
    return arguments


def _count(text: str) -> int:
    value = int(text)
    if value < 0:
        raise ValueError
    return value


def main(given: list[str] | None = None) -> int:
    """Run the campaign, or repeat one run; return the exit code, 1 for a violation."""
    arguments = _arguments(given)
    every = plans(arguments.singles, arguments.doubles, arguments.seed, arguments.only)
    if arguments.repeat is not None:
        return repeat(every[arguments.repeat])
    with _progress(len(every)) as say:
        done = campaign(every, arguments.jobs, say)
    print(table(done))
    return results.write(result(done, arguments))


if __name__ == "__main__":
    sys.exit(main())
