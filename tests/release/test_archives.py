"""The wheel and the sdist: the same bytes wherever they are built, and nothing else in them."""

import io
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import release

ROOT = Path(__file__).resolve().parents[2]
EPOCH = "1790000000"
DATA = r"boards\.yaml|leads/[\w-]+\.yaml|profiles/(\w+\.yaml|profile\.schema\.json)"
USER_CI = r"examples/user-ci/(([\w.-]+/)*[\w.-]+\.(yaml|yml|py|md|ini)|\.gitignore)"
FIRMWARE = r"main\.py|(rp2_port|stimcore)/\w+\.py|stimcore/py\.typed"
WHEEL = (
    r"(rp2_port|stimcore)/\w+\.py",
    r"scs/(\w+/)*\w+\.py",
    r"scs_sim/(\w+/)*\w+\.py",
    r"(stimcore|scs|scs_sim)/py\.typed",
    r"scs/recordings/report/style\.css",
    r"scs/circuit/(data_sheets\.yaml|models\.lib)",
    rf"scs/data/({DATA}|{USER_CI})",
    rf"scs/data/firmware/({FIRMWARE})",
    r"scs_bench-[\d.]+\.dist-info/(METADATA|WHEEL|RECORD|entry_points\.txt|licenses/LICENSE)",
)
SDIST = (
    DATA,
    rf"firmware/({FIRMWARE}|mypy\.ini)",
    r"host/scs/((\w+/)*\w+\.py|py\.typed|recordings/report/style\.css|circuit/(data_sheets\.yaml|models\.lib))",
    r"sim/scs_sim/((\w+/)*\w+\.py|py\.typed)",
    r"sim/chip/((emulator|plant|rig|test)/(\w+/)?)?[\w.-]+\.(mjs|json)",
    r"(bench|tools)/(\w+/)*[\w-]+\.(py|md|yaml|js)",
    r"tests/(\w+/)*[\w-]+\.(py|mjs|json|yaml|patch)",
    r"(sim/chip|tests/vm)/\.(npmrc|prettierrc)",
    r"docs/(\w+/)*[\w-]+\.(md|png|svg)",
    rf"{USER_CI}|examples/[\w.-]+\.(yaml|ipynb)",
    r"PKG-INFO|LICENSE|CITATION\.cff|Makefile|[A-Z]+\.md|action\.yml|\.pre-commit-hooks\.yaml|mkdocs\.yml|pyproject\.toml|\.gitignore",
)
MOST_BYTES = {"whl": 1_500_000, "gz": 5_000_000}


def copied(place: Path) -> Path:
    """Copy what git knows, or would add, to a folder: no cache, nothing that is ignored."""
    names = release.git("ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in names.rstrip("\0").split("\0"):
        if (ROOT / name).is_file():  # else removed, and that not committed yet
            target = place / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((ROOT / name).read_bytes())
            target.chmod(0o600 | (ROOT / name).stat().st_mode & 0o100)
    return place


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Build in this folder, with all that lies about in it; return wheel and sdist."""
    pytest.importorskip("hatchling", reason="hatchling builds both: make venv")
    pytest.importorskip("build", reason="build runs hatchling: make venv")
    return release.build(ROOT, tmp_path_factory.mktemp("here"), EPOCH)


def names(archive: Path) -> list[str]:
    """Return the files of a wheel, or of an sdist below its one folder."""
    if archive.suffix == ".whl":
        return zipfile.ZipFile(archive).namelist()
    with tarfile.open(archive) as tar:
        return [member.name.partition("/")[2] for member in tar.getmembers()]


def strange(patterns: tuple[str, ...], files: list[str]) -> list[str]:
    """Return the files that no pattern names, and the patterns that name no file."""
    left = [name for name in files if not any(re.fullmatch(each, name) for each in patterns)]
    idle = [each for each in patterns if not any(re.fullmatch(each, name) for name in files)]
    return left + idle


def test_two_builds_in_unlike_surroundings_give_the_same_bytes(
    here: list[Path], tmp_path: Path
) -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("a clean copy is made with git, and this is no checkout")
    source, out = copied(tmp_path / "another folder"), tmp_path / "out"
    unlike = {"TZ": "Asia/Kathmandu", "LC_ALL": "C", "SOURCE_DATE_EPOCH": EPOCH}
    subprocess.run(  # without the way through the sdist: the wheel must not depend on it
        [sys.executable, "-m", "hatchling", "build", "-d", str(out)],
        cwd=source,
        env={**os.environ, **unlike},
        umask=0o077,
        capture_output=True,
        check=True,
    )
    again = sorted(out.iterdir())
    assert [path.name for path in again] == [path.name for path in here]
    for first, second in zip(here, again, strict=True):
        assert names(first) == names(second)
        assert first.read_bytes() == second.read_bytes(), first.name


def test_every_shipped_file_is_named_and_there_is_nothing_else(here: list[Path]) -> None:
    wheel, sdist = here
    assert strange(WHEEL, names(wheel)) == []
    assert strange(SDIST, names(sdist)) == []
    for archive in here:
        assert archive.stat().st_size < MOST_BYTES[archive.suffix[1:]], archive.name


def test_the_wheel_has_every_module_and_every_profile(here: list[Path]) -> None:
    places = {"stimcore": "firmware", "rp2_port": "firmware", "scs": "host", "scs_sim": "sim"}
    wanted = {
        path.relative_to(ROOT / folder).as_posix()
        for package, folder in places.items()
        for path in (ROOT / folder / package).rglob("*.py")
    }
    wanted |= {f"scs/data/profiles/{path.name}" for path in ROOT.glob("profiles/*.yaml")}
    assert wanted - set(names(here[0])) == set()


def test_what_is_not_named_is_found() -> None:
    strays = ["scs/__pycache__/a.pyc", "tests/test_a.py", "scs/data/profiles/my notes.txt"]
    good = ["rp2_port/hal.py", *strays]
    assert strange(WHEEL[:1], good) == strays
    assert strange((r"gone/\w+",), []) == [r"gone/\w+"]


def test_the_times_in_both_are_the_commits(here: list[Path]) -> None:
    wheel, sdist = here
    with tarfile.open(fileobj=io.BytesIO(sdist.read_bytes())) as tar:
        assert {member.mtime for member in tar.getmembers()} == {int(EPOCH)}
    # 1790000000 s is 2026-09-21 14:13:20 UTC
    assert {row.date_time for row in zipfile.ZipFile(wheel).infolist()} == {
        (2026, 9, 21, 14, 13, 20)
    }
