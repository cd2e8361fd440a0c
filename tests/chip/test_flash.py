"""The real `scs flash` on the real MicroPython: empty, killed half-way, again, and over itself."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from tests.chip.support import SERIAL, image

from scs import Profile, Stimulator, resources
from scs.catalog import boards
from scs.flashing import firmware_files
from scs.flashing.prompt import Prompt
from scs_sim.chip import rig_files
from scs_sim.chip.emulator import Chip, plant_facts

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 120
SOME_BYTES = 12_000  # of the flash written: a few files, of 58 kB


def chip(files: rig_files.Files, filesystem: Path | None = None) -> Chip:
    """Start a chip at full speed; without a file system the flash holds MicroPython alone."""
    facts = plant_facts(boards.board(SERIAL), boards.electrical(SERIAL), boards.pins(SERIAL))
    return Chip(files, image=filesystem, plant=facts, speed="max")


def started(running: Chip, load: str) -> subprocess.Popen[str]:
    paths = [str(ROOT / name) for name in ("firmware", "host", "sim")]
    command = [sys.executable, "-m", "scs", "flash", "--port", running.url, "--json"]
    return subprocess.Popen(
        [*command, "--load", load],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
    )


def flashed(running: Chip, load: str) -> dict:
    process = started(running, load)
    out, _none = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, out
    return json.loads(out)


def programmed(running: Chip) -> int:
    """Return the bytes that were ever written to the flash."""
    return int(running.time()["stats"]["flashProg"])


def test_an_empty_board_is_flashed_after_a_flashing_was_killed(
    chip_files: rig_files.Files,
) -> None:
    with chip(chip_files) as running:
        before = programmed(running)
        process = started(running, "resistor-500")
        until = time.monotonic() + PATIENCE_S
        while programmed(running) - before < SOME_BYTES and time.monotonic() < until:
            time.sleep(0.05)
        process.kill()
        process.communicate()
        time.sleep(0.3)
        with Prompt(running.url) as prompt:
            prompt.enter()
            there = prompt.listing()
        assert "board_config.mpy" in there
        assert "main.py" not in there
        report = flashed(running, "resistor-500")
        assert (report["board"], report["fault"], report["leave_firmware"]) == (SERIAL, None, False)
        assert "board_config.mpy" in report["keep"]  # what had arrived is not copied again
        names = {row["name"] for row in report["copy"]} | set(report["keep"])
        assert names == set(firmware_files.board_files(SERIAL))


def test_req_46_a_firmware_with_a_program_leaves_and_only_what_differs_is_copied(
    chip_files: rig_files.Files, chip_folder: Path
) -> None:
    profile = Profile.read(resources.path("profiles/tonic_50hz.yaml"))
    with chip(chip_files, image(SERIAL, chip_folder)) as running:
        with Stimulator(running.url, patience_s=PATIENCE_S) as stim:
            stim.load(profile)
        report = flashed(running, "resistor-1k")  # another dummy load is another board module
        assert (report["leave_firmware"], report["remove"]) == (True, ["main.py"])
        assert [row["name"] for row in report["copy"]] == ["board_config.mpy", "main.py"]
        assert (report["board"], report["fault"]) == ("pico/mcp4922-8/resistor-1k", None)
