"""Run examples/user-ci as a stranger's CI does: from the wheel alone, outside the checkout.

Role: `make example-ci`. Builds the wheel, installs it with pytest into an empty virtual environment
in a temporary folder, copies the example out of the wheel and runs its tests; then changes an
amplitude and expects the tests to fail and to keep the trace. Invariant: neither the working
directory nor the path of modules leads into the checkout.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import release

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = "from scs import resources; print(resources.path('examples/user-ci'))"
CHANGED = ("amplitude: 1.6 mA", "amplitude: 1.8 mA")  # of the low back: what a slip would do
FAILS = "amplitude of pulse 1 of 'low back' at 0.000000 s: -1.799 mA"
TRACE = "scs-artifacts/tests-test_waveforms.py-test_a_minute_of_the_low_back_is_what_was_agreed"
PIP = ("-m", "pip", "--disable-pip-version-check", "-qq")


def run(python: Path, *words: str, at: Path, good: int = 0) -> str:
    """Run a Python outside the checkout; return what it printed. Exits if it ends otherwise."""
    free = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    command = [str(python), *words]
    done = subprocess.run(command, cwd=at, env=free, capture_output=True, text=True, check=False)
    if done.returncode != good:
        print(done.stdout + done.stderr)
        sys.exit(f"example-ci: {' '.join(words)} ended with {done.returncode}, not {good}")
    return done.stdout


def installed(folder: Path) -> Path:
    """Return the Python of a new environment with the wheel and pytest in it."""
    run(Path(sys.executable), *PIP, "wheel", "--no-deps", "-w", str(folder), str(ROOT), at=folder)
    (wheel,) = folder.glob("scs_bench-*.whl")
    python = release.installed(wheel, folder / "venv", "pytest") / "python"
    place = Path(run(python, "-c", "import scs; print(scs.__file__)", at=folder).strip())
    if not place.is_relative_to(folder / "venv"):
        sys.exit(f"example-ci: scs is {place}, not that of the wheel")
    return python


def test(python: Path, example: Path) -> str:
    """Run the tests of the example, as they are and with a changed amplitude; return the result."""
    passed = run(python, "-m", "pytest", at=example).strip().splitlines()[-1].strip("= ")
    if (example / "scs-artifacts").exists():
        sys.exit("example-ci: a passing run left scs-artifacts behind")
    profile = example / "profiles" / "low_back.yaml"
    profile.write_text(profile.read_text(encoding="utf-8").replace(*CHANGED), encoding="utf-8")
    failed = run(python, "-m", "pytest", at=example, good=1)
    kept = sorted(path.name for path in (example / TRACE).iterdir())
    if FAILS not in failed or kept != ["trace-1.csv", "trace-1.html"]:
        print(failed)
        sys.exit(f"example-ci: a changed amplitude was not told as it should be; kept: {kept}")
    return passed


def main() -> None:
    """Build, install, test and tell how long it took."""
    begun_s = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        python = installed(folder)
        ready_s = time.monotonic()
        print(f"wheel built and installed in {ready_s - begun_s:.0f} s")
        shipped = run(python, "-c", EXAMPLE, at=folder).strip()
        example = Path(shutil.copytree(shipped, folder / "user-ci"))
        result = test(python, example)
    print(f"examples/user-ci: {result}; a changed amplitude was found")
    print(f"example-ci: {time.monotonic() - begun_s:.0f} s in all")


if __name__ == "__main__":
    main()
