"""Result of a campaign, as build/safety/NAME.json: written by the campaign, read by the matrix."""

import datetime
import json
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "safety"


class Result(NamedTuple):
    """Outcome of a campaign: its name, the command that repeats it, and its figures.

    figures: what is shown, in the order to show it ({"faults": 200, "worst charge, nC": 12.5});
    failures: a sentence each, with what repeats it; none means that it passed.
    """

    name: str
    command: str
    figures: dict[str, Any]
    failures: list[str]
    commit: str = ""
    at: str = ""


def write(result: Result) -> int:
    """Write a result, print its failures; return the exit code, 1 if there is any."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    at = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    complete = result._replace(commit=_commit(), at=at)
    text = json.dumps(complete._asdict(), indent=1, ensure_ascii=False)
    (FOLDER / f"{result.name}.json").write_text(text + "\n", encoding="utf-8")
    for failure in result.failures:
        print(f"FAIL {failure}")
    figures = ", ".join(f"{name} {value}" for name, value in result.figures.items())
    print(f"{result.name}: {figures}; {len(result.failures)} failed")
    return 1 if result.failures else 0


def read() -> dict[str, Result]:
    """Return the last result of each campaign that ran here."""
    results = {}
    for path in sorted(FOLDER.glob("*.json")):
        result = Result(**json.loads(path.read_text(encoding="utf-8")))
        results[result.name] = result
    return results


def _commit() -> str:
    asked = ["git", "describe", "--always", "--dirty"]
    done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()
