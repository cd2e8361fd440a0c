"""The doors of a CI: what action.yml and .pre-commit-hooks.yaml run, in a repository of its own."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.host.cli.support import ALONE, ROOT, environment

WRONG = ALONE.replace("50 Hz", "50")
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
INSTALL, CHECK = ACTION["runs"]["steps"]
AUTHOR = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")


class Repository:
    """Git repository with a good and a wrong profile, and a YAML file that is none."""

    def __init__(self, folder: Path):
        self.folder, self.tools = folder / "repository", folder / "tools"
        for place in (self.folder / "profiles/more", self.tools):
            place.mkdir(parents=True)
        script = f'#!/bin/sh\nexec "{sys.executable}" -m scs "$@"\n'
        self.tool("scs", script)
        self.write("profiles/good.yaml", ALONE)
        self.write("profiles/more/a wrong µ.yaml", WRONG)
        self.write("settings.yaml", "a: 1\n")
        self.git("init", "--quiet", "--initial-branch=main")
        self.first = self.commit()

    def tool(self, name: str, script: str) -> None:
        path = self.tools / name
        path.write_text(script)
        path.chmod(0o755)

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, encoding="utf-8")

    def environment(self, **more: str) -> dict[str, str]:
        path = f"{self.tools}{os.pathsep}{os.environ['PATH']}"
        home = str(self.tools)
        own = {"GIT_CONFIG_GLOBAL": os.devnull, "PRE_COMMIT_HOME": home, "PATH": path}
        kept = {k: v for k, v in environment().items() if not k.startswith("GIT_")}
        return {**kept, **own, **more}

    def run(self, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment(**more),
            capture_output=True,
            text=True,
            encoding="utf-8",
        )

    def git(self, *words: str) -> str:
        done = self.run("git", *AUTHOR, *words)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def commit(self) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message=x")
        return self.git("rev-parse", "HEAD")

    def step(self, step: dict[str, Any], **given: str) -> subprocess.CompletedProcess[str]:
        """Run a step of the action as GitHub runs it: bash, with its inputs or their defaults."""
        values = {}
        for name, text in step["env"].items():
            key = re.fullmatch(r"\$\{\{ inputs\.([a-z-]+) \}\}", text)
            values[name] = ACTION["inputs"][key[1]]["default"] if key else ""
        assert set(given) <= {*values, "RUNNER_TEMP", "GITHUB_PATH"}
        flags = ("--noprofile", "--norc", "-e", "-o", "pipefail", "-c")
        return self.run("bash", *flags, step["run"], **{**values, **given})


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


UNIT_MISSING = "title=scs check%3A unit-missing::programs[0].rate: 50 has no unit; e.g. 50 Hz"


def test_the_action_judges_all_profiles_and_writes_sarif(repository: Repository) -> None:
    done = repository.step(CHECK, SARIF="out/log.sarif")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout == f"::error file=profiles/more/a wrong µ.yaml,line=7,col=5,{UNIT_MISSING}\n"
    log = json.loads((repository.folder / "out/log.sarif").read_text(encoding="utf-8"))
    assert [row["ruleId"] for row in log["runs"][0]["results"]] == ["unit-missing"]


def test_the_action_judges_only_what_was_changed(repository: Repository) -> None:
    base = repository.first
    repository.write("settings.yaml", "a: 2\n")
    repository.commit()
    done = repository.step(CHECK, CHANGED_ONLY="true", BASE=base)
    assert (done.returncode, done.stdout) == (
        0,
        "::notice title=scs check::no profile was changed\n",
    )
    repository.write("profiles/good.yaml", ALONE + "# more\n")
    repository.write("profiles/new.yaml", ALONE)
    (repository.folder / "profiles/more/a wrong µ.yaml").unlink()
    repository.commit()
    done = repository.step(CHECK, CHANGED_ONLY="true", BASE=base)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "::notice title=scs check::the device will accept 2 profiles\n"
    done = repository.step(CHECK, CHANGED_ONLY="true", BASE="1" * 40)
    assert done.returncode == 2
    assert "give actions/checkout fetch-depth: 0" in done.stdout


def test_a_changed_profile_is_found_under_any_spelling_of_its_path(repository: Repository) -> None:
    repository.write('profiles/"wrong".yaml', ALONE + "lease: 2\n")
    repository.commit()
    for glob in ("./profiles/*wrong*.yaml", f"{repository.folder}/profiles/*wrong*.yaml"):
        done = repository.step(CHECK, PROFILES=glob, CHANGED_ONLY="true", BASE=repository.first)
        assert (done.returncode, done.stderr) == (1, "")
        assert "wrong" in done.stdout
        assert "lease: 2 has no unit" in done.stdout


def test_a_glob_that_matches_nothing_is_an_error_and_a_new_branch_is_judged_whole(
    repository: Repository,
) -> None:
    done = repository.step(CHECK, PROFILES="profils/*.yaml")
    assert done.returncode == 2
    assert "::profils/*.yaml: no file is there; e.g. profiles/**/*.yaml" in done.stdout
    done = repository.step(CHECK, PROFILES="profiles/*.yaml\n\nprofils/*.yaml\n")
    assert done.returncode == 2
    assert "::profils/*.yaml: no file is there; e.g. " in done.stdout
    done = repository.step(CHECK, PROFILES="profiles/*.yaml", CHANGED_ONLY="true", BASE="0" * 40)
    assert done.returncode == 0
    assert "the device will accept 1 profile" in done.stdout
    done = repository.step(CHECK, PROFILES="profiles/good.yaml", FIXTURE="pico/mcp4922-8/none")
    assert done.returncode == 2
    assert "no load is called none" in done.stderr


@pytest.mark.parametrize(("version", "asked"), [("", "scs-bench"), ("0.1.0", "scs-bench==0.1.0")])
def test_the_action_installs_the_wheel_apart(
    repository: Repository, version: str, asked: str
) -> None:
    note = 'echo "$@" >> "$RUNNER_TEMP/asked"\n'
    pip = f"#!/bin/sh\n{note}"
    repository.tool(
        "python3",
        f'#!/bin/sh\n{note}mkdir -p "$3/bin"\ncp "{repository.tools}/pip" "$3/bin/python"\n',
    )
    repository.tool("pip", pip)
    temp = str(repository.tools)
    done = repository.step(
        INSTALL, VERSION=version, RUNNER_TEMP=temp, GITHUB_PATH=str(repository.tools / "path")
    )
    assert (done.returncode, done.stderr) == (0, "")
    asked_for = (repository.tools / "asked").read_text().splitlines()
    assert asked_for == [f"-m venv {temp}/scs-bench", f"-m pip install --quiet {asked}"]
    assert (repository.tools / "path").read_text() == f"{temp}/scs-bench/bin\n"


def test_the_action_has_no_text_of_others_in_a_script() -> None:
    assert ACTION["runs"]["using"] == "composite"
    for step in (INSTALL, CHECK):
        assert step["shell"] == "bash"
        assert "${{" not in step["run"]
    assert all(row["description"] and "default" in row for row in ACTION["inputs"].values())


def test_the_hook_judges_profiles_and_no_other_yaml(repository: Repository) -> None:
    pytest.importorskip("pre_commit", reason="pre-commit is not installed")
    commands = [sys.executable, "-m", "pre_commit"]
    manifest = str(ROOT / ".pre-commit-hooks.yaml")
    assert repository.run(*commands, "validate-manifest", manifest).returncode == 0
    (hook,) = HOOKS
    assert (hook["id"], hook["language"]) == ("scs-check", "python")
    local = {**hook, "language": "system"}  # else it installs the package with its dependencies
    repository.write(
        ".pre-commit-config.yaml", yaml.safe_dump({"repos": [{"repo": "local", "hooks": [local]}]})
    )
    repository.git("add", "--all")
    good = repository.run(*commands, "run", "--files", "profiles/good.yaml", "settings.yaml")
    assert good.returncode == 0, good.stdout
    assert "Passed" in good.stdout
    none = repository.run(*commands, "run", "--files", "settings.yaml")
    assert "(no files to check)Skipped" in none.stdout
    everything = repository.run(*commands, "run", "--all-files")
    assert everything.returncode == 1
    assert "a wrong µ.yaml:7: programs[0].rate: 50 has no unit; e.g. 50 Hz" in everything.stdout
    assert "settings.yaml" not in everything.stdout
