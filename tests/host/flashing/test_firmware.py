"""The flashed files: every one, compiled for its chip, and a module that names the board."""

import ast
from pathlib import Path
from typing import Any

import pytest

import firmware_sizes
from scs import resources
from scs.catalog import boards
from scs.catalog.board_file import BoardError
from scs.errors import Failure
from scs.flashing import firmware_files
from stimcore import commands, packing


@pytest.fixture
def few_files() -> None:
    """Return nothing: unlike those of their neighbours, these tests are about the real files."""


def executed(text: str) -> dict:
    space: dict = {}
    exec(text, space)
    return space


def test_req_19_the_boards_module_holds_the_row_of_boards_yaml() -> None:
    module = executed(firmware_files.board_module("pico/r2r-1/resistor-500"))
    assert module["BOARD"] == boards.board("pico/r2r-1/resistor-500")
    assert module["CHIP"] == "rp2040"
    assert (module["PINS"]["data0"], module["PINS"]["gate"], module["PINS"]["load_id"]) == (
        10,
        9,
        28,
    )


def test_a_pico_2_is_another_chip() -> None:
    assert executed(firmware_files.board_module("pico2/mcp4922-8/randles-500"))["CHIP"] == "rp2350"


def test_without_a_name_it_is_the_default_board() -> None:
    assert executed(firmware_files.board_module())["BOARD"].name == "pico/mcp4922-8/randles-500"


def test_an_unknown_board_is_refused() -> None:
    with pytest.raises(BoardError, match="no board is called"):
        firmware_files.board_module("pica/r2r-1/resistor-500")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return the folder of a firmware of three files."""
    (tmp_path / "stimcore").mkdir()
    (tmp_path / "main.py").write_text("import part\n")
    (tmp_path / "part.py").write_text("A = 1\n")
    (tmp_path / "stimcore" / "inner.py").write_text("B = 2\n")
    return tmp_path


def test_only_the_entry_is_flashed_as_text_and_it_comes_last(place: Path) -> None:
    content = firmware_files.board_files("pico/r2r-1/resistor-500", place)
    assert list(content) == ["board_config.mpy", "part.mpy", "stimcore/inner.mpy", "main.py"]
    assert content["main.py"] == b"import part\n"
    assert content["part.mpy"][:2] == b"M\x06"


def test_a_file_that_does_not_compile_is_named(place: Path) -> None:
    (place / "part.py").write_text("def (:\n")
    with pytest.raises(Failure, match=r"refuses .*part\.py.*SyntaxError"):
        firmware_files.board_files("", place)


@pytest.mark.parametrize(("chip", "architecture"), [("rp2040", 4), ("rp2350", 7)])
def test_native_code_is_made_for_the_chip(chip: str, architecture: int) -> None:
    header = firmware_files.compiled("part.py", "@micropython.viper\ndef f():\n    pass\n", chip)
    assert header[2] >> 2 == architecture  # armv6m, armv7emsp of MicroPython's py/persistentcode.h


def test_the_loops_over_the_bytes_of_the_link_are_native() -> None:
    files = firmware_files.board_files("pico/mcp4922-8/randles-500")
    assert files["stimcore/frame.mpy"][2] >> 2 == 4  # 0 where all of a file is bytecode
    assert files["stimcore/packing.mpy"][2] >> 2 == 0


def test_every_file_of_the_firmware_is_flashed() -> None:
    place = resources.path("firmware")
    names = [name for name, _path in firmware_files.sources(firmware_files.folder())]
    assert len(names) == len(list(place.rglob("*.py")))
    assert names[-1] == "main.py"
    assert {"rp2_port/hal.py", "stimcore/device.py", "rp2_port/pio_golden.py"} < set(names)


def test_the_table_of_sizes_has_every_file_and_its_total(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(firmware_files, "folder", lambda: place)
    assert firmware_sizes.main() == 0
    lines = {
        line.split("│")[0].strip(): line.split("│")[1:]
        for line in capsys.readouterr().out.splitlines()[3:]
    }
    assert list(lines) == ["part.py", "stimcore/inner.py", "main.py", "total"]
    assert [int(cell) for cell in lines["main.py"]] == [12, 12, 12]
    for column in range(3):
        cells = [int(row[column]) for row in lines.values()]
        assert cells[-1] == sum(cells[:-1])
    (place / "part.py").write_text("def (:\n")
    assert firmware_sizes.main() == 1
    assert "part.py" in capsys.readouterr().err


def test_the_digest_of_all_tables_takes_the_place_of_their_names() -> None:
    texts = firmware_files.folded(firmware_files.folder())
    assert f"const({commands.tables_digest()})" in texts["stimcore/device.py"]
    for name in ("stimcore/limits.py", "stimcore/errors.py", "stimcore/commands.py"):
        names = {node.id for node in ast.walk(ast.parse(texts[name])) if isinstance(node, ast.Name)}
        assert not names & {"STEP_UP_UA", "SHORT_RECORD", "globals", "dir"}


def test_a_flashed_table_of_commands_has_the_same_fields_without_their_names() -> None:
    text = firmware_files.folded(firmware_files.folder())["stimcore/commands.py"]
    space: dict[str, Any] = {"const": lambda value: value, "__name__": "folded"}
    space["__package__"] = "stimcore"
    exec(compile(text, "commands.py", "exec"), space)
    assert len(space["TABLE"]) == len(commands.TABLE)
    for flashed, row in zip(space["TABLE"], commands.TABLE, strict=True):
        assert (flashed[0], flashed[1], *flashed[4:]) == (row[0], "", *row[4:])
        for side in (2, 3):
            assert packing._form(flashed[side]) == packing._form(row[side])
    assert "hash u32" not in text
    assert "STOP_REASONS" not in text
