"""A user's script is checked by mypy --strict against the packages' own types."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """\
from pathlib import Path

from scs import DeviceFault, DeviceRefused, Failure, LinkLost, Profile, ProfileError
from scs import ProgramFields, Stimulator, Trace


def peak_ma(path: Path, port: str = "sim") -> float:
    try:
        profile = Profile.read(path)
        with Stimulator(port, faults="") as stim:
            stim.load(profile)
            stim.arm()
            stim.start()
            trace: Trace = stim.scope(periods=2)
            stim.amplitude("low back", "1 mA")
            pulses: int = stim.ledger().pulses
    except (ProfileError, DeviceRefused, DeviceFault, LinkLost, Failure) as reason:
        raise SystemExit(str(reason)) from None
    amplitude_a: float = trace.measure().amplitude_a or 0.0
    return amplitude_a * 1e3 * (pulses > 0)


fields: ProgramFields = {"cathodes": ["E3"], "anodes": ["E4"], "rate": "50 Hz"}
built: Profile = Profile.build("mine", "octrode-3mm", [fields], lease="2 s")
end_s: float = Profile.read("my.yaml").trace(0.1).trace.end_s
"""
# as a user's own, but for what costs seconds and gives the script no type
SETTINGS = """\
[mypy]
strict = true
follow_imports = silent
[mypy-dask.*,distributed.*,IPython.*,matplotlib.*,pint.*,pydantic.*,rich.*,typer.*]
follow_imports = skip
"""


def test_a_script_is_strictly_typed_and_a_mistake_in_it_is_found(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.py", tmp_path / "bad.py"
    good.write_text(SCRIPT)
    bad.write_text(SCRIPT.replace('port: str = "sim"', "port: int = 1").replace("0.1)", '"0.1 s")'))
    (tmp_path / "mypy.ini").write_text(SETTINGS)
    sources = os.pathsep.join(str(ROOT / name) for name in ("firmware", "host", "sim"))
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--cache-dir", os.devnull, good.name, bad.name],
        cwd=tmp_path,
        env={**os.environ, "MYPYPATH": sources},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines() == [
        'bad.py:10: error: Argument 1 to "Stimulator" has incompatible type "int"; '
        'expected "str"  [arg-type]',
        'bad.py:25: error: Argument 1 to "trace" of "Profile" has incompatible type "str"; '
        'expected "float"  [arg-type]',
        "Found 2 errors in 1 file (checked 2 source files)",
    ], done.stderr


@pytest.mark.parametrize("package", ["stimcore", "scs", "scs_sim"])
def test_each_package_says_that_it_is_typed(package: str) -> None:
    place = {"stimcore": "firmware", "scs": "host", "scs_sim": "sim"}[package]
    assert (ROOT / place / package / "py.typed").is_file()
