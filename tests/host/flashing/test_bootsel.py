"""A board in BOOTSEL: its drive, the image for it, and what becomes of both."""

import json
import struct
from pathlib import Path

import pytest
from tests.host.flashing.fakeboard import FakeBoard
from tests.host.flashing.support import GOOD, NO_DEVICE, REFUSED, USAGE, flash

from scs.flashing import drives, flasher, ports, uf2


def block(family: int, number: int = 0, flags: int = 0x2000, tail: int = 0x0AB16F30) -> bytes:
    head = (0x0A324655, 0x9E5D5157, flags, 0x10000000 + 256 * number, 256, number, 3, family)
    return struct.pack("<8I", *head) + bytes(476) + struct.pack("<I", tail)


RP2040, RP2350, ABSOLUTE = 0xE48BFF56, 0xE48BFF59, 0xE48BFF57


@pytest.fixture
def drive(tmp_path: Path) -> Path:
    path = tmp_path / "RPI-RP2"
    path.mkdir()
    info = "UF2 Bootloader v3.0\r\nModel: Raspberry Pi RP2\r\nBoard-ID: RPI-RP2\r\n"
    (path / "INFO_UF2.TXT").write_text(info)
    return path


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "good.uf2"
    path.write_bytes(block(RP2040) + block(RP2040, 1))
    return path


def test_a_board_in_bootsel_gets_micropython_and_then_our_files(
    board: FakeBoard, drive: Path, image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here: list[ports.Found] = []
    monkeypatch.setattr(drives, "mounts", lambda: [drive])
    monkeypatch.setattr(ports, "boards", lambda: list(here))
    install = drives.install

    def installed(*arguments: object) -> None:
        install(*arguments)
        here.append(ports.Found(board.url, "", "Board"))

    monkeypatch.setattr(drives, "install", installed)
    done = flash("--uf2", str(image), "--json")
    assert done.exit_code == GOOD, done.output
    assert json.loads(done.stdout)["install"] == str(image)
    assert (drive / "MICROPY.UF2").read_bytes() == image.read_bytes()
    assert "main.py" in board.files


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not a UF2 image: 0 bytes"),
        (b"x" * 512, "block 0 lacks the magic"),
        (block(RP2040) + block(RP2040, tail=0), "block 1 lacks the magic"),
        (block(RP2350), "made for the RP2350, and the board has an RP2040"),
        (block(RP2040) + block(RP2350), "made for the RP2350"),
        (block(0xADA52840), "family 0xada52840"),
        (block(RP2040, flags=0), "does not name its chip family"),
        (block(ABSOLUTE), "family 0xe48bff57"),
    ],
)
def test_a_wrong_image_is_refused_before_anything_is_written(
    drive: Path, tmp_path: Path, content: bytes, words: str
) -> None:
    bad = tmp_path / "bad.uf2"
    bad.write_bytes(content)
    done = flash("--port", str(drive), "--uf2", str(bad))
    assert done.exit_code == REFUSED
    assert words in done.output.replace("\n", " ")
    assert [path.name for path in drive.iterdir()] == ["INFO_UF2.TXT"]


def test_an_image_for_the_rp2350_may_begin_with_a_block_for_every_chip() -> None:
    assert uf2.complaint(block(ABSOLUTE) + block(RP2350), "rp2350") == ""
    assert uf2.complaint(block(ABSOLUTE), "rp2350") == "the image is empty"


def test_without_a_network_it_says_how_to_go_on(
    drive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uf2, "SITE", "http://127.0.0.1:9/firmware")
    done = flash("--port", str(drive))
    assert done.exit_code == REFUSED
    assert "RPI_PICO-20260406-v1.28.0.uf2" in done.output
    assert "scs flash --uf2 FILE" in done.output


def test_a_dry_run_downloads_nothing(drive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uf2, "SITE", "http://127.0.0.1:9/firmware")
    done = flash("--port", str(drive), "--dry-run")
    assert done.exit_code == GOOD, done.output
    assert "install MicroPython: http://127.0.0.1:9/firmware/RPI_PICO-" in done.output
    assert flash("--port", str(drive), "--dry-run", "--board", "pico2").exit_code == USAGE


def test_a_dry_run_on_a_drive_lists_the_image_and_all_files(drive: Path, image: Path) -> None:
    done = flash("--port", str(drive), "--uf2", str(image), "--dry-run")
    assert done.exit_code == GOOD, done.output
    assert f"install MicroPython: {image}" in done.output
    assert "copy main.py" in done.output
    assert not (drive / "MICROPY.UF2").exists()


def test_another_chip_another_place_and_another_file_are_wrong_usage(
    board: FakeBoard, drive: Path, image: Path, tmp_path: Path
) -> None:
    done = flash("--port", str(drive), "--uf2", str(image), "--board", "pico2")
    assert (done.exit_code, "--board pico" in done.output) == (USAGE, True)
    done = flash("--port", str(tmp_path))
    assert (done.exit_code, "INFO_UF2.TXT" in done.output) == (USAGE, True)
    done = flash("--port", board.url, "--uf2", str(image))
    assert (done.exit_code, "BOOTSEL" in done.output) == (USAGE, True)
    done = flash("--port", str(drive), "--uf2", str(tmp_path / "none.uf2"))
    assert (done.exit_code, "none.uf2" in done.output) == (USAGE, True)


class Failing:
    """A file on a drive that goes away, or is full."""

    def __init__(self, number: int):
        self.number = number

    def __enter__(self) -> "Failing":
        return self

    def __exit__(self, *_reason: object) -> None:
        pass

    def write(self, _data: bytes) -> int:
        raise OSError(self.number, "gone")


@pytest.mark.parametrize(
    ("number", "code", "words"),
    [(28, REFUSED, "has no room"), (5, NO_DEVICE, "disappeared at 0 of")],
)
def test_a_drive_that_is_full_or_goes_away(
    drive: Path,
    image: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    code: int,
    words: str,
) -> None:
    real = Path.open

    def opened(self: Path, *arguments: str, **more: str) -> object:
        failing = self.name == "MICROPY.UF2"
        return Failing(number) if failing else real(self, *arguments, **more)

    monkeypatch.setattr(Path, "open", opened)
    done = flash("--port", str(drive), "--uf2", str(image))
    assert done.exit_code == code
    assert words in done.output


def test_a_board_that_does_not_come_back(
    drive: Path, image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flasher, "RETURN_S", 0.1)
    done = flash("--port", str(drive), "--uf2", str(image))
    assert done.exit_code == NO_DEVICE
    assert "no board reappeared" in done.output


def test_linux_drives_are_found_in_the_table_of_mounts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(drives.sys, "platform", "linux")
    table = "/dev/sda1 / ext4 rw 0 0\n/dev/sdb1 /media/me/RPI\\040RP2 vfat rw 0 0\n"
    monkeypatch.setattr(Path, "read_text", lambda _self, **_how: table)
    assert drives.mounts() == [Path("/media/me/RPI RP2")]
