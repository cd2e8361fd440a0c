"""`scs check` of several profiles, and its verdicts in the forms of a CI."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from tests.host.cli.support import ALONE, GOOD, REFUSED, TONIC, USAGE, asked, scs

from scs.cli import annotations
from scs.documents.problem import Problem

HEAD = "# a comment\n"
WRONG = HEAD + ALONE.replace("50 Hz", "50").replace("1 mA", "1 V")  # lines 8 and 10
MUCH = ALONE.replace("1 mA", "12 mA").replace("3 mA", "12 mA")  # refused by the kernel, line 9


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub, 1").mkdir()
    (tmp_path / "sub, 1/wrong.yaml").write_text(WRONG)
    (tmp_path / "much.yaml").write_text(MUCH)
    (tmp_path / "good.yaml").write_text(ALONE)
    return tmp_path


FILES = ("sub, 1/wrong.yaml", "good.yaml", "no.yaml", "much.yaml")


def test_every_profile_is_judged_and_every_error_told(folder: Path) -> None:
    done = scs("check", *FILES)
    assert done.exit_code == REFUSED
    assert done.stdout.splitlines() == [
        "sub, 1/wrong.yaml: refused",
        "good.yaml: ok",
        "no.yaml: refused",
        "much.yaml: refused",
    ]
    lines = done.stderr.splitlines()
    assert lines[0].startswith("error: sub, 1/wrong.yaml:8: programs[0].rate: ")
    assert lines[1].startswith("sub, 1/wrong.yaml:10: programs[0].amplitude: ")
    assert lines[2] == "no.yaml: there is no such file"
    assert {line.partition(": ")[0] for line in lines[3:-1]} == {"much.yaml:9"}
    assert lines[-1].startswith("Explain: scs explain unit-missing unit-wrong file-unreadable")


def test_good_ones_are_exit_0(folder: Path) -> None:
    done = scs("check", "good.yaml", TONIC)
    assert (done.exit_code, done.stderr) == (GOOD, "")
    assert done.stdout.splitlines() == [
        "good.yaml: ok",
        f"{TONIC}: ok",
        "The device will accept these 2 profiles.",
    ]


def test_json_of_one_is_an_object_and_of_several_a_list(folder: Path) -> None:
    single, answer = asked("check", "much.yaml")
    assert single.exit_code == REFUSED
    assert list(answer) == ["ok", "figures", "errors", "actual", "slots", "delivery"]
    assert scs("check", "much.yaml", "--format", "json").stdout == single.stdout
    done, answers = asked("check", *FILES)
    assert done.exit_code == REFUSED
    assert [(row["file"], row["ok"]) for row in answers] == [
        (name, name == "good.yaml") for name in FILES
    ]
    assert {"file": "much.yaml", **answer} == answers[3]


def test_github_annotates_the_lines(folder: Path) -> None:
    done = scs("check", *FILES, "--format", "github")
    assert (done.exit_code, done.stderr) == (REFUSED, "")
    lines = done.stdout.splitlines()
    wrong = "file=sub%2C 1/wrong.yaml"
    assert lines[0] == (
        f"::error {wrong},line=8,col=5,title=scs check%3A unit-missing"
        "::programs[0].rate: 50 has no unit; e.g. 50 Hz"
    )
    assert lines[1].startswith(f"::error {wrong},line=10,col=5,title=scs check%3A unit-wrong::")
    assert lines[2] == (
        "::error file=no.yaml,line=1,title=scs check%3A file-unreadable::there is no such file"
    )
    kernel = [line for line in lines if "file=much.yaml,line=9,col=5,title=scs check%3A" in line]
    assert any("shannon::programs[0].amplitude: the phase exceeds Shannon" in row for row in kernel)
    assert len(lines) == 3 + len(kernel)


def test_github_has_a_notice_where_nothing_is_wrong(folder: Path) -> None:
    done = scs("check", "good.yaml", "--format", "github")
    assert done.exit_code == GOOD
    assert done.stdout == "::notice title=scs check::the device will accept 1 profile\n"


def test_what_the_runner_would_read_as_its_own_is_escaped() -> None:
    problem = Problem("x", (), "100 %\r\n::error::y, z: 1", line=2)
    (line,) = annotations.github([annotations.Refused(Path("a%,:b.yaml"), (problem,))])
    assert line == (
        "::error file=a%25%2C%3Ab.yaml,line=2,title=scs check%3A x::100 %25%0D%0A::error::y, z: 1"
    )


def test_sarif_has_each_error_as_a_result_with_its_rule(folder: Path) -> None:
    outside = folder.parent / "other.yaml"
    outside.write_text("name: x\n")
    done = scs("check", *FILES, str(outside), "--format", "sarif")
    assert (done.exit_code, done.stderr) == (REFUSED, "")
    log = json.loads(done.stdout)
    check_form(log)
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    by_file: dict[str, list[tuple[str, int]]] = {}
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        place = result["locations"][0]["physicalLocation"]
        uri = place["artifactLocation"]["uri"]
        by_file.setdefault(uri, []).append((result["ruleId"], place["region"]["startLine"]))
    assert by_file["sub%2C%201/wrong.yaml"] == [("unit-missing", 8), ("unit-wrong", 10)]
    assert by_file["no.yaml"] == [("file-unreadable", 1)]
    assert ("shannon", 9) in by_file["much.yaml"]
    assert by_file[outside.as_uri()] == [("field-missing", 1)] * 2
    assert "good.yaml" not in by_file
    (rule,) = [rule for rule in rules if rule["id"] == "unit-missing"]
    assert rule["shortDescription"]["text"] == "a number has no unit, and none is guessed"
    assert rule["help"]["text"].endswith("To mend it: write its unit, e.g. 200 us")
    assert len({rule["id"] for rule in rules}) == len(rules)


def test_sarif_of_good_ones_has_no_result(folder: Path) -> None:
    done = scs("check", "good.yaml", "--format", "sarif")
    assert done.exit_code == GOOD
    log = json.loads(done.stdout)
    check_form(log)
    assert log["runs"][0]["results"] == []


def check_form(log: dict[str, Any]) -> None:
    """Assert what SARIF 2.1.0 requires of each object that is in the log."""
    assert log["version"] == "2.1.0"
    assert log["$schema"].startswith("https://")
    for run in log["runs"]:
        driver = run["tool"]["driver"]
        assert driver["name"]
        assert run["columnKind"] in ("utf16CodeUnits", "unicodeCodePoints")
        for rule in driver["rules"]:
            assert rule["id"]
            assert rule["shortDescription"]["text"]
            assert rule["help"]["text"]
        for result in run["results"]:
            assert result["message"]["text"]
            assert result["level"] in ("none", "note", "warning", "error")
            assert 0 <= result["ruleIndex"] < len(driver["rules"])
            (location,) = result["locations"]
            place = location["physicalLocation"]
            uri = place["artifactLocation"]["uri"]
            assert " " not in uri
            assert "\\" not in uri
            assert unquote(uri)
            assert all(value >= 1 for value in place["region"].values())
            assert place["region"]["startLine"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--format", "xml"], "'xml' is not one of 'text', 'json', 'github', 'sarif'"),
        (["--json", "--format", "github"], "--json is --format json, not github"),
    ],
)
def test_a_wrong_format_is_wrong_usage(options: list[str], message: str) -> None:
    done = scs("check", TONIC, *options)
    assert (done.exit_code, done.stdout) == (USAGE, "")
    words = " ".join(done.stderr.replace("│", " ").split())
    assert message in words
