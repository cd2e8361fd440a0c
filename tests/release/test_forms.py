"""The files that a forge and a citing paper read: they parse, and name what is so."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from stimcore import VERSION

ROOT = Path(__file__).resolve().parents[2]
FORMS = sorted(ROOT.glob(".github/ISSUE_TEMPLATE/*.yml"))


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_the_citation_is_of_this_version_and_these_authors() -> None:
    cited = read(ROOT / "CITATION.cff")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert cited["cff-version"] == "1.2.0"
    assert (cited["title"], cited["version"]) == (project["name"], VERSION)
    assert cited["authors"] == project["authors"] == [{"name": "The scs-bench authors"}]
    assert cited["license"] == project["license"]


def test_the_three_forms_are_there() -> None:
    assert [path.stem for path in FORMS] == ["bug", "config", "new-therapy", "unsafe-output"]


@pytest.mark.parametrize("path", [path for path in FORMS if path.stem != "config"], ids=str)
def test_a_form_has_what_github_demands_of_it(path: Path) -> None:
    form = read(path)
    assert {"name", "description", "body"} <= set(form)
    asked = [part for part in form["body"] if part["type"] != "markdown"]
    assert all(part["attributes"]["label"] for part in asked)
    assert len({part["id"] for part in asked}) == len(asked)
    assert any(part.get("validations", {}).get("required") for part in asked)


def test_ci_runs_on_each_python_that_the_package_names() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = [row.rpartition(" :: ")[2] for row in project["classifiers"] if ":: 3." in row]
    jobs = read(ROOT / ".github/workflows/ci.yml")["jobs"]
    assert jobs["gate"]["strategy"]["matrix"]["python"] == named == ["3.11", "3.12", "3.13", "3.14"]
