"""Four mistakes, planted each in a copy of the firmware: the test that it names must fail there.

The first line of a patch says what it does and which test sees it. Without the patches the rest of
the suite runs the same tests, so they are not run here.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parents[2]
PATCHES = {path.stem: path for path in sorted(Path(__file__).parent.glob("*.patch"))}
SEEN_BY = re.compile(r"seen by (tests/\S+::\w+)$")


def plant(patch: Path, tree: Path) -> str:
    """Apply a patch to a copy; return the test that sees it."""
    alone = {
        **os.environ,
        "GIT_CEILING_DIRECTORIES": str(tree.parent),
    }  # plain files: no repository
    done = subprocess.run(
        ["git", "apply", str(patch)], cwd=tree, capture_output=True, text=True, env=alone
    )
    assert done.returncode == 0, f"{patch.name} no longer applies: {done.stderr}"
    seen_by = SEEN_BY.search(patch.read_text(encoding="utf-8").splitlines()[0])
    assert seen_by, f"{patch.name}: its first line does not end in `seen by tests/FILE::TEST`"
    return seen_by[1]


def begun(tree: Path, test: str) -> subprocess.Popen[bytes]:
    """Begin a test with the copy in the place of the firmware."""
    path = [tree / "firmware", *(ROOT / name for name in ("host", "sim", "tools", "."))]
    alone = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # most of what a pytest needs to begin
    option = f"--junitxml={tree / 'out.xml'}"
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", option, test],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        env={**os.environ, **alone, "PYTHONPATH": os.pathsep.join(map(str, path))},
    )


def failed(tree: Path) -> set[str]:
    """Return the names of the tests that failed, and of no error of another kind."""
    cases = ElementTree.parse(tree / "out.xml").iter("testcase")
    return {case.attrib["name"].split("[")[0] for case in cases if case.find("failure") is not None}


def test_each_planted_mistake_is_seen_by_the_test_it_names(tmp_path: Path) -> None:
    assert len(PATCHES) == 4
    tests = {}
    for stem, patch in PATCHES.items():
        hidden = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "firmware", tmp_path / stem / "firmware", ignore=hidden)
        tests[stem] = plant(patch, tmp_path / stem)
    processes = [begun(tmp_path / stem, test) for stem, test in tests.items()]
    assert [process.wait() for process in processes] == [1] * 4
    for stem, test in tests.items():
        assert failed(tmp_path / stem) == {test.split("::")[1]}, f"{stem} is not seen by {test}"


def test_a_patch_that_no_longer_applies_is_told_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "tree/firmware/stimcore").mkdir(parents=True)
    (tmp_path / "tree/firmware/stimcore/device.py").write_text("another\n")
    with pytest.raises(AssertionError, match=r"lease-ignored\.patch no longer applies: error: "):
        plant(PATCHES["lease-ignored"], tmp_path / "tree")
