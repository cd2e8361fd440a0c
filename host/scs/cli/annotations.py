"""Verdicts on profiles in the forms that other programs read: GitHub's commands, and SARIF.

Role: github() gives workflow commands, which annotate the lines of a pull request; sarif() the log
that code scanning and editors read. Invariant: each problem is one annotation and one result, on
its line, with its id. Requirements: REQ-60.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from stimcore import VERSION

from ..documents.problem import Problem
from ..messages import explanations

SARIF = "https://json.schemastore.org/sarif-2.1.0.json"
TITLE = "scs check"


class Refused(NamedTuple):
    """Profile and what is wrong with it, in the order of its lines."""

    file: Path
    problems: tuple[Problem, ...]


def github(verdicts: Iterable[Refused]) -> Iterator[str]:
    """Yield a workflow command for each problem; a notice if there is none."""
    rows = list(verdicts)
    for verdict in rows:
        for problem in verdict.problems:
            yield _command(
                "error",
                _message(problem),
                file=_shown(verdict.file),
                line=max(problem.line, 1),
                col=problem.column,
                title=f"{TITLE}: {problem.id}",
            )
    if not any(verdict.problems for verdict in rows):
        accepted = "1 profile" if len(rows) == 1 else f"{len(rows)} profiles"
        yield _command("notice", f"the device will accept {accepted}", title=TITLE)


def _command(name: str, message: str, **properties: str | int) -> str:
    """Return a workflow command, escaped as the runner unescapes it; a column of 0 is left out."""
    given = [f"{key}={_property(str(value))}" for key, value in properties.items() if value]
    return f"::{name} {','.join(given)}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _message(problem: Problem) -> str:
    return f"{problem.path}: {problem.message}" if problem.path else problem.message


def _shown(file: Path) -> str:
    """Return a file's path from the working directory, with /; whole if it is not below it."""
    whole = file.absolute()
    here = Path.cwd()
    return (whole.relative_to(here) if whole.is_relative_to(here) else whole).as_posix()


def sarif(verdicts: Iterable[Refused]) -> dict[str, Any]:
    """Return a SARIF 2.1.0 log of one run; its rules are the ids that occur."""
    rows = [(verdict.file, problem) for verdict in verdicts for problem in verdict.problems]
    ids = list(dict.fromkeys(problem.id for _file, problem in rows))
    driver = {"name": TITLE, "version": VERSION, "rules": [_rule(id_) for id_ in ids]}
    results = [_result(file, problem, ids.index(problem.id)) for file, problem in rows]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": SARIF, "version": "2.1.0", "runs": [run]}


def _rule(id_: str) -> dict[str, Any]:
    about = explanations.find(id_)
    cause, cure = (about.cause, about.cure) if about else (id_, "")
    return {
        "id": id_,
        "shortDescription": {"text": cause},
        "help": {"text": f"{cause}. To mend it: {cure}"},
        "defaultConfiguration": {"level": "error"},
    }


def _result(file: Path, problem: Problem, rule: int) -> dict[str, Any]:
    region = {"startLine": max(problem.line, 1)}
    if problem.column:
        region["startColumn"] = problem.column
    path = _shown(file)
    uri = file.absolute().as_uri() if Path(path).is_absolute() else quote(path)
    place = {"artifactLocation": {"uri": uri}, "region": region}
    return {
        "ruleId": problem.id,
        "ruleIndex": rule,
        "level": "error",
        "message": {"text": _message(problem)},
        "locations": [{"physicalLocation": place}],
    }
