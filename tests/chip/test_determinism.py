"""With speed 0 nothing of the computer's own time is in the result: two runs are the same."""

from pathlib import Path
from typing import Any

import pytest
from tests.chip.support import ChipTalk
from tests.system.support import group

from scs_sim.chip import rig_files
from scs_sim.chip.emulator import Step
from stimcore import commands

OURS = ("wall", "cpu")  # the computer's own time


def run(files: rig_files.Files, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Boot, stage, arm, run, retarget, halt; return every step's clock and bytes, and the pins."""
    steps: list[Step] = []
    with ChipTalk(files, folder) as talk:
        step = talk.chip.step

        def noted(*arguments: Any, **more: Any) -> Step:
            steps.append(step(*arguments, **more))
            return steps[-1]

        monkeypatch.setattr(talk.chip, "step", noted)
        talk.hello()
        talk.running(group({"flags": 1}, amplitude_ua=500)).pass_ms(60)
        assert talk.send(commands.AMPLITUDE, 0, 400).status == 0
        talk.pass_ms(40)
        assert talk.send(commands.HALT).status == 0
        clock = {name: value for name, value in talk.chip.time().items() if name not in OURS}
        return {"steps": steps, "edges": talk.chip.edges(), "frames": talk.chip.frames()} | clock


def test_two_runs_have_the_same_edges_replies_and_clock(
    chip_files: rig_files.Files, chip_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (run(chip_files, chip_folder, monkeypatch) for _ in range(2))
    assert sum(len(step.received) for step in first["steps"]) > 200
    assert len(first["edges"]) > 20
    assert len(first["frames"]) > 10
    assert first == second
