"""Build the wheel and the sdist of a commit, try the wheel without a checkout, write its SBOM.

Role: `make dist`. What is built is an export of the commit, so that nothing else gets in.
Invariant: the same commit gives the same bytes, in any folder, umask, locale and time zone: the
times in both archives are the commit's. dist/ is written anew only after the trial has passed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DIST = ROOT / "dist"
DIRTY = "make dist: commit or remove these first, a release holds what a commit holds:\n"
TRIAL = (
    "scs demo",
    "scs new tonic_50hz my.yaml",
    "scs check my.yaml",
)


def git(*words: str) -> str:
    """Return what git prints in this checkout; raise CalledProcessError as it fails."""
    command = ["git", "-C", str(ROOT), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.rstrip("\n")


def build(source: Path, into: Path, epoch: str) -> list[Path]:
    """Build an sdist of a folder, and a wheel of that sdist; return both paths, sorted.

    epoch: the time of all files in them, in seconds since 1970.
    """
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(into), str(source)],
        env={**os.environ, "SOURCE_DATE_EPOCH": epoch},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return sorted(into.iterdir())


def installed(wheel: Path, place: Path, *others: str) -> Path:
    """Install a wheel, and others, into a new environment; return its folder of programs."""
    venv.create(place, with_pip=False)
    programs = place / ("Scripts" if os.name == "nt" else "bin")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-qq"]
    subprocess.run(
        [*pip, "--python", str(programs / "python"), "install", str(wheel), *others], check=True
    )
    for origin in place.rglob("direct_url.json"):  # where the wheel lay is nothing for an SBOM
        origin.unlink()
    return programs


def tried(programs: Path, place: Path) -> None:
    """Run TRIAL in an empty folder with what is installed; raise CalledProcessError."""
    place.mkdir()
    own = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    for line in TRIAL:
        print(f"$ {line}", flush=True)
        name, *words = line.split()
        command = [str(programs / name), *words]
        subprocess.run(command, cwd=place, env=own, check=True)


def sbom(programs: Path, source: Path, path: Path, epoch: str) -> None:
    """Write the CycloneDX bill of materials of what the wheel brought into its environment.

    source: the exported folder, whose pyproject.toml is given the version: the tool reads no
    dynamic one. path: NAME-VERSION.cdx.json.
    """
    project = source / "pyproject.toml"
    version = path.name.removesuffix(".cdx.json").rpartition("-")[2]
    text = project.read_text(encoding="utf-8")
    project.write_text(text.replace('dynamic = ["version"]', f'version = "{version}"'))
    subprocess.run(
        [
            *(sys.executable, "-m", "cyclonedx_py", "environment", str(programs / "python")),
            *("--pyproject", str(project), "--mc-type", "application"),
            *("--output-reproducible", "--output-format", "JSON", "--output-file", str(path)),
        ],
        env={**os.environ, "SOURCE_DATE_EPOCH": epoch},
        check=True,
    )


def main() -> int:
    """Fill dist/ with the release of the present commit; return the exit code."""
    try:
        dirty, epoch = git("status", "--porcelain"), git("log", "-1", "--format=%ct")
    except (OSError, subprocess.CalledProcessError):
        sys.stderr.write("make dist: a release is built of a commit; this is no git checkout\n")
        return 1
    if dirty:
        sys.stderr.write(DIRTY + dirty + "\n")
        return 1
    with tempfile.TemporaryDirectory() as temporary:
        room = Path(temporary)
        source, out = room / "source", room / "dist"
        source.mkdir()
        out.mkdir()
        git("archive", f"--output={room / 'source.tar'}", "HEAD")
        shutil.unpack_archive(room / "source.tar", source, filter="data")
        try:
            wheel, sdist = build(source, out, epoch)
            programs = installed(wheel, room / "environment")
            tried(programs, room / "elsewhere")
            bill = out / f"{sdist.name.removesuffix('.tar.gz')}.cdx.json"
            sbom(programs, source, bill, epoch)
        except subprocess.CalledProcessError as reason:
            sys.stderr.write(f"make dist: failed, dist/ is as it was: {reason}\n")
            return 1
        shutil.rmtree(DIST, ignore_errors=True)
        shutil.copytree(out, DIST)
    for path in (wheel, sdist, bill):
        content = (DIST / path.name).read_bytes()
        print(f"{hashlib.sha256(content).hexdigest()}  {len(content):>9,} bytes  dist/{path.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
