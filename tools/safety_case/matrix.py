"""The matrix of the safety case: hazard, cause, requirement, place, test, last result.

Role: `python -m safety_case.matrix` sets the links beside what ran last, in build/safety/case.html,
and exits with 1 where the case does not hold; `--links` looks at the links alone, which is what
`make lint` does. docs/explain/safety-case.md is the same without results (tools/docs/casepage.py).
Results: of tests build/safety/tests.xml, which `make test` writes; of campaigns what
results.write() wrote.
"""

import sys
import xml.etree.ElementTree as ElementTree
from html import escape
from pathlib import Path

from safety_case import links, results

XML = results.FOLDER / "tests.xml"
HTML = results.FOLDER / "case.html"
CAMPAIGNS = ("proofs", "states", "faults", "fuzz", "interlocks", "mutants")
STYLE = """body{font:15px/1.45 system-ui,sans-serif;max-width:75rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%;margin:.5rem 0 1.5rem}
td,th{border:1px solid #bbb;padding:.3rem .5rem;vertical-align:top;text-align:left}
code{font-size:.85em;overflow-wrap:anywhere}.passed{color:#0a6b2d}.failed{color:#b00020;
font-weight:600}.skipped,.unknown{color:#8a5a00}"""


def outcomes(path: Path) -> dict[str, list[str]]:
    """Return (test: passed, skipped or failed of each of its cases) of the last run, {} if none."""
    if not path.is_file():
        return {}
    seen: dict[str, list[str]] = {}
    for case in ElementTree.parse(path).iter("testcase"):  # noqa: S314  our own file
        kinds = {child.tag for child in case}
        outcome = "failed" if kinds & {"failure", "error"} else "passed"
        if outcome == "passed" and "skipped" in kinds:
            outcome = "skipped"
        where = case.attrib["classname"].replace(".", "/")
        seen.setdefault(f"{where}.py::{case.attrib['name'].split('[')[0]}", []).append(outcome)
    return seen


def last_result(tests: list[str], ran: dict[str, list[str]]) -> tuple[str, str]:
    """Return (passed, failed, skipped or unknown, the counts in words) of some tests together."""
    cases = [outcome for test in tests for outcome in ran.get(test, [])]
    counts = {kind: cases.count(kind) for kind in ("passed", "failed", "skipped")}
    words = ", ".join(f"{count} {kind}" for kind, count in counts.items() if count)
    kind = next((kind for kind in ("failed", "passed", "skipped") if counts[kind]), "unknown")
    return kind, words or "not in the last run"


def faults(case: links.Case, ran: dict[str, list[str]]) -> list[str]:
    """List a sentence for each result that speaks against the case."""
    wrong = []
    for name in case.tables.requirements:
        kind, words = last_result(case.tests.get(name, []), ran)
        if kind == "failed":
            wrong.append(f"{name}: {words} in the last run")
        elif kind == "skipped":
            wrong.append(f"{name}: all of its tests were skipped in the last run")
    for result in results.read().values():
        wrong += [f"{result.name}: {failure}" for failure in result.failures]
    return wrong


# --- the page with results -------------------------------------------------------------------
def html(case: links.Case, ran: dict[str, list[str]], wrong: list[str]) -> str:
    """Return the whole case as one page."""
    parts = [
        "<h1>Safety case</h1>",
        f"<p class={'failed' if wrong else 'passed'}>"
        f"{f'{len(wrong)} against it' if wrong else 'It holds.'}</p>",
        *(f"<li class=failed>{escape(sentence)}</li>" for sentence in wrong),
        "<h2>Campaigns</h2>",
        _table(["campaign", "figures", "failed", "of", "at", "repeat"], _campaigns()),
        "<h2>Hazards</h2>",
    ]
    for hazard, names in case.tables.hazards.items():
        title, cause, _answers = case.tables.cells[hazard]
        parts.append(f"<h3>{hazard}: {escape(title)}</h3><p>From {escape(cause)}.</p>")
        head = ["requirement", "the system shall", "where", "interlocks", "tests", "last result"]
        parts.append(_table(head, [_requirement(case, name, ran) for name in names]))
    parts.append("<h2>What was recalled elsewhere</h2>")
    recalls = []
    for row in case.recalls:
        tests = [f"tests/{test}" for test in row.tests]
        recalls.append(
            [escape(row.what), row.req, escape(row.here), _codes(tests), _said(tests, ran)]
        )
    parts.append(_table(["what", "requirement", "here", "tests", "last result"], recalls))
    parts.append("<h2>Planted mistakes</h2>")
    planted = [[_codes([name]), escape(line)] for name, line in case.planted.items()]
    parts.append(_table(["patch", "what it does, and what sees it"], planted))
    body = "\n".join(parts)
    top = f"<meta charset=utf-8><title>Safety case</title><style>{STYLE}</style>"
    return f"<!doctype html><html lang=en><head>{top}</head><body>{body}</body></html>\n"


def _requirement(case: links.Case, name: str, ran: dict[str, list[str]]) -> list[str]:
    tests = case.tests.get(name, [])
    held = [row.what for row in case.interlocks if row.req == name]
    return [
        name,
        escape(case.tables.cells[name][0]),
        _codes(case.places.get(name, [])),
        "<br>".join(escape(what) for what in held),
        f"<details><summary>{len(tests)}</summary>{_codes(tests)}</details>",
        _said(tests, ran),
    ]


def _campaigns() -> list[list[str]]:
    ran = results.read()
    rows = []
    for name in dict.fromkeys((*CAMPAIGNS, *ran)):
        if name not in ran:
            rows.append([name, "", "<span class=unknown>never ran here</span>", "", "", ""])
            continue
        result = ran[name]
        figures = ", ".join(f"{key} {value}" for key, value in result.figures.items())
        kind = "failed" if result.failures else "passed"
        failed = f"<span class={kind}>{len(result.failures)}</span>"
        command = f"<code>{escape(result.command)}</code>"
        rows.append([name, escape(figures), failed, result.commit, result.at, command])
    return rows


def _said(tests: list[str], ran: dict[str, list[str]]) -> str:
    kind, words = last_result(tests, ran)
    return f"<span class={kind}>{words}</span>"


def _codes(names: list[str]) -> str:
    return "<br>".join(f"<code>{escape(name)}</code>" for name in names)


def _table(head: list[str], rows: list[list[str]]) -> str:
    top = "".join(f"<th>{cell}</th>" for cell in head)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>\n" for row in rows)
    return f"<table><tr>{top}</tr>\n{body}</table>"


def main(arguments: list[str]) -> int:
    """Check the links and, unless --links, the last results, and write the page; 1 if any fails."""
    case = links.read()
    wrong = links.all_loose_ends(case)
    tests = sum(len(names) for names in case.tests.values())
    counts = f"requirements: {len(case.tables.requirements)}, tests: {tests}, interlocks:"
    counts += f" {len(case.interlocks)}, recalls: {len(case.recalls)}"
    if "--links" not in arguments:
        ran = outcomes(XML)
        if not ran:
            print(f"no tests have run: `make test` writes {XML.relative_to(results.ROOT)}")
        for name in CAMPAIGNS:
            if name not in results.read():
                print(f"{name} never ran here: `make safety`")
        wrong += faults(case, ran)
        HTML.parent.mkdir(parents=True, exist_ok=True)
        HTML.write_text(html(case, ran, wrong), encoding="utf-8")
        counts += f"; {HTML.relative_to(results.ROOT)}"
    for sentence in wrong:
        print(f"safety case: {sentence}")
    print(f"{counts}; {len(wrong)} against it")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
