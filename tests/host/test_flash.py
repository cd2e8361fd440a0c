"""Flashing without a chip: the plan, the order of things, and every way it can go wrong."""

import json
import struct
import threading
import time
import types
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from mpremote import transport_serial
from tests.host.prompt_support import FakeBoard
from typer.testing import CliRunner, Result

from scs import Profile, Stimulator, bench, firmware, resources
from scs.cli import app as cli
from scs.flashing import drives, flasher, plan, ports, prompt, uf2

NAME = "pico/mcp4922-8/resistor-500"
GOOD, REFUSED, USAGE, NO_DEVICE = 0, 1, 2, 3


def scs(*arguments: str) -> Result:
    return CliRunner().invoke(cli.app, arguments, env={"COLUMNS": "120"})


def flash(*arguments: str) -> Result:
    return scs("flash", "--load", "resistor-500", *arguments)


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    """A firmware of few files, compiled once."""
    whole = firmware.board_files(NAME)
    few = ("board_config.mpy", "registers.mpy", "stimcore/states.mpy", "main.py")
    return {name: whole[name] for name in few}


@pytest.fixture(autouse=True)
def few_files(files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(firmware, "board_files", lambda _name: dict(files))
    monkeypatch.setattr(flasher, "REACH_S", 1.0)
    monkeypatch.setattr(ports, "LOOK_S", 0.1)
    quick = types.SimpleNamespace(sleep=lambda _s: time.sleep(0.0005), monotonic=time.monotonic)
    monkeypatch.setattr(transport_serial, "time", quick)
    monkeypatch.setattr(prompt, "time", quick)
    monkeypatch.setattr(ports, "boards", list)
    monkeypatch.setattr(drives, "mounts", list)


@pytest.fixture
def board() -> Iterator[FakeBoard]:
    made = FakeBoard()
    yield made
    made.close()


# --- what is done ----------------------------------------------------------------------------
def test_an_empty_board_gets_every_file_and_says_hello(
    board: FakeBoard, files: dict[str, bytes]
) -> None:
    done = flash("--port", board.url, "--json")
    assert done.exit_code == GOOD, done.output
    said = json.loads(done.stdout)
    assert [row["name"] for row in said["copy"]] == list(files)
    assert (said["version"], said["fault"], said["micropython"]) == ("0.1.0", None, "1.28.0")
    assert board.files == files
    assert board.resets == 1


def test_a_second_time_nothing_is_copied(board: FakeBoard, files: dict[str, bytes]) -> None:
    board.files, board.folders = dict(files), {"stimcore"}
    done = flash("--port", board.url)
    assert done.exit_code == GOOD, done.output
    assert "0 files copied (0 bytes), 4 were the same, 0 removed" in done.output
    assert board.written == 0


def test_a_dry_run_lists_what_would_be_done_and_writes_nothing(
    board: FakeBoard, files: dict[str, bytes]
) -> None:
    old = {"registers.mpy": files["registers.mpy"], "registers.py": b"x", "main.py": b"y"}
    board.files, board.folders = {**old, "store/0": b"z"}, {"store"}
    done = flash("--port", board.url, "--dry-run")
    assert done.exit_code == GOOD, done.output
    size = len(files["board_config.mpy"])
    assert done.stdout.splitlines() == [
        f"flash {NAME} at {board.url}",
        "remove main.py",
        "remove registers.py",
        f"copy board_config.mpy, {size:,} bytes",
        f"copy stimcore/states.mpy, {len(files['stimcore/states.mpy']):,} bytes",
        f"copy main.py, {len(files['main.py']):,} bytes",
        "keep 1 files that are the same",
        "leave store/ alone",
        "check every file's SHA-256, restart, expect HELLO",
    ]
    assert board.files == {**old, "store/0": b"z"}
    assert board.resets == 0
    asked = json.loads(flash("--port", board.url, "--dry-run", "--json").stdout)
    assert (asked["remove"], asked["left"]) == (["main.py", "registers.py"], ["store/"])


def test_what_would_hide_our_files_goes_and_the_store_stays(
    board: FakeBoard, files: dict[str, bytes]
) -> None:
    board.folders = {"stimcore", "store"}
    old = ("hal_rp2.py", "registers.py", "stimcore/states.py", "stimcore/gone.mpy", "main.new")
    board.files = dict.fromkeys((*old, "store/0", "notes.txt"), b"x")
    assert flash("--port", board.url).exit_code == GOOD
    assert set(board.files) == {*files, "hal_rp2.py", "store/0", "notes.txt"}


def test_a_firmware_that_runs_is_left_alone_by_a_dry_run(board: FakeBoard) -> None:
    board.runs = True
    done = flash("--port", board.url, "--dry-run")
    assert done.exit_code == GOOD, done.output
    assert "(MAINTENANCE)" in done.output
    assert "unless the board has it already" in done.output
    assert board.runs


@pytest.fixture
def served() -> Iterator[Callable[[str], str]]:
    """Serves a simulated board with a fault; its address. It has no prompt to leave for."""
    running: list[tuple[bench.Server, threading.Thread]] = []

    def serve(fault: str = "") -> str:
        server = bench.listen(bench.make(NAME, fault))
        thread = threading.Thread(target=server.run)
        thread.start()
        running.append((server, thread))
        return server.address

    yield serve
    for server, thread in running:
        server.stop()
        thread.join(5)


@pytest.mark.parametrize("is_running", [False, True])
def test_a_device_that_is_not_off_says_what_to_do_first(
    served: Callable[[str], str], is_running: bool
) -> None:
    url = served("")
    with Stimulator(url, halt_on_exit=False) as stim:
        stim.load(Profile.read(resources.path("profiles/tonic_50hz.yaml")))
        if is_running:
            stim.arm()
            stim.start()
    done = flash("--port", url)
    assert done.exit_code == REFUSED, done.output
    words = "is RUNNING: stop it first" if is_running else "is LOADED: a program is loaded"
    assert words in done.output.replace("\n", " ")


def test_a_latched_fault_is_told_but_cleared_after_an_installation(
    served: Callable[[str], str],
) -> None:
    url = served("hung_loop@0.05")
    time.sleep(0.6)
    done = flash("--port", url)
    assert done.exit_code == REFUSED, done.output
    assert "is FAULT: a fault is latched" in done.output.replace("\n", " ")
    flasher.ask_to_leave(url, was_installed=True)
    with Stimulator(url, halt_on_exit=False) as stim:
        assert stim.status().fault is None


def test_a_firmware_that_leaves_for_nowhere(served: Callable[[str], str]) -> None:
    done = flash("--port", served(""))
    assert done.exit_code == NO_DEVICE
    assert "the firmware left and no prompt came" in done.output.replace("\n", " ")


# --- interrupted -----------------------------------------------------------------------------
def test_pulled_in_the_middle_the_board_has_no_entry_and_can_be_flashed_again(
    board: FakeBoard, files: dict[str, bytes]
) -> None:
    board.files, board.folders = {"main.py": b"old", "registers.mpy": b"old"}, {"stimcore"}
    board.pulled_after = len(files["board_config.mpy"]) + 2000
    done = flash("--port", board.url)
    assert done.exit_code == NO_DEVICE
    assert "broke while it was to write registers.mpy" in done.output
    assert "main.py" not in board.files
    board.pulled_after = 1 << 30
    again = flash("--port", board.url, "--json")
    assert again.exit_code == GOOD, again.output
    assert json.loads(again.stdout)["keep"] == ["board_config.mpy"]


def test_a_file_that_arrived_otherwise_is_found_and_the_board_does_not_start(
    board: FakeBoard,
) -> None:
    board.damages = "registers.mpy"
    done = flash("--port", board.url)
    assert done.exit_code == REFUSED
    assert "not what was sent: registers.mpy" in done.output
    assert "main.py" not in board.files
    assert board.resets == 0


def test_a_full_file_system_is_said_before_and_during(board: FakeBoard) -> None:
    board.free_blocks = 3
    done = flash("--port", board.url)
    assert (done.exit_code, board.written) == (REFUSED, 0)
    assert "12288 bytes free" in done.output
    board.free_blocks, board.room = 345, 1000
    done = flash("--port", board.url)
    assert done.exit_code == REFUSED
    assert "file system is full" in done.output


def test_every_file_copied_and_no_hello(board: FakeBoard) -> None:
    board.name = "pico/mcp4922-8/resistor-1k"
    done = flash("--port", board.url)
    assert done.exit_code == USAGE  # the device says what it is
    assert "resistor-1k, not pico/mcp4922-8/resistor-500" in done.output


# --- what is not a board for this --------------------------------------------------------------
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"machine": "Raspberry Pi Pico2 with RP2350"}, "choose its board: --board pico2"),
        ({"version": (1, 19, 1)}, "MicroPython 1.28.0 or later is needed"),
        ({"mpy": 6 | 2 << 8 | 4 << 10}, "version 6.2 for processor 4; made here are 6.3 for 4"),
        ({"mpy": 6 | 3 << 8 | 11 << 10}, "for processor 11"),
    ],
)
def test_a_micropython_that_cannot_run_it_is_refused(
    board: FakeBoard, change: dict[str, object], words: str
) -> None:
    vars(board).update(change)
    done = flash("--port", board.url)
    assert done.exit_code == REFUSED
    assert words in done.output.replace("\n", " ")
    assert board.written == 0


@pytest.mark.parametrize("name", ["boot.py", "registers/"])
def test_what_would_run_before_or_in_place_of_ours_is_not_removed_but_told(
    board: FakeBoard, name: str
) -> None:
    if name.endswith("/"):
        board.folders = {name[:-1]}
    else:
        board.files = {name: b"import os"}
    done = flash("--port", board.url)
    assert done.exit_code == REFUSED
    assert f"fs rm -r :{name.rstrip('/')}" in done.output
    assert board.written == 0


def test_a_port_that_says_nothing_is_no_board(board: FakeBoard) -> None:
    board.is_silent = True
    done = flash("--port", board.url)
    assert done.exit_code == NO_DEVICE
    assert "answers neither as an scs device nor with MicroPython's prompt" in done.output
    assert "BOOTSEL" in done.output


def test_a_port_that_cannot_be_opened_says_why(tmp_path: Path) -> None:
    done = flash("--port", str(tmp_path / "ttyACM9"))
    assert done.exit_code == NO_DEVICE
    assert "No such file or directory" in done.output


@pytest.mark.parametrize("port", ["sim", "sim://?board=pico"])
def test_the_simulated_board_is_not_flashed(port: str) -> None:
    done = flash("--port", port)
    assert done.exit_code == USAGE
    assert "nothing to flash" in done.output


# --- which board -----------------------------------------------------------------------------
def test_no_board_and_several_boards_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    done = flash()
    assert done.exit_code == NO_DEVICE
    assert "no board found" in done.output
    two = [ports.Found("/dev/ttyACM0", "E1", "Board"), ports.Found("/dev/ttyACM1", "E2", "Board")]
    monkeypatch.setattr(ports, "boards", lambda: two)
    done = flash()
    assert done.exit_code == USAGE
    assert "2 boards found" in done.output
    assert "/dev/ttyACM1 (Board, E2)" in done.output.replace("\n", " ")


def test_the_only_board_is_taken_and_found_again_by_its_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ports, "boards", lambda: [ports.Found("/dev/ttyACM3", "E1", "Board")])
    assert ports.choose("") == "/dev/ttyACM3"
    assert ports.now("/dev/ttyACM0", "E1") == "/dev/ttyACM3"
    assert ports.now("/dev/ttyACM0", "E2") == "/dev/ttyACM0"


# --- in BOOTSEL --------------------------------------------------------------------------------
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
        (b"x" * 512, "block 0 lacks the mark"),
        (block(RP2040) + block(RP2040, tail=0), "block 1 lacks the mark"),
        (block(RP2350), "made for the RP2350, and the board has an RP2040"),
        (block(RP2040) + block(RP2350), "made for the RP2350"),
        (block(0xADA52840), "family 0xada52840"),
        (block(RP2040, flags=0), "does not say for which chip"),
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
    assert uf2.complaint(block(ABSOLUTE), "rp2350") == "it holds nothing to be written"


def test_without_a_network_it_says_how_to_go_on(
    drive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uf2, "SITE", "http://127.0.0.1:9/firmware")
    done = flash("--port", str(drive))
    assert done.exit_code == REFUSED
    assert "RPI_PICO-20260406-v1.28.0.uf2" in done.output
    assert "scs flash --uf2 FILE" in done.output


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
    ("number", "code", "words"), [(28, REFUSED, "has no room"), (5, NO_DEVICE, "went away at 0 of")]
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
    assert "no board came back" in done.output


def test_linux_drives_are_found_in_the_table_of_mounts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(drives.sys, "platform", "linux")
    table = "/dev/sda1 / ext4 rw 0 0\n/dev/sdb1 /media/me/RPI\\040RP2 vfat rw 0 0\n"
    monkeypatch.setattr(Path, "read_text", lambda _self, **_how: table)
    assert drives.mounts() == [Path("/media/me/RPI RP2")]


# --- the plan ----------------------------------------------------------------------------------
def test_the_entry_is_written_anew_with_every_change(files: dict[str, bytes]) -> None:
    made = plan.Plan(NAME, "here")
    hashes = {name: plan.digest(data) for name, data in files.items()}
    plan.compare(made, files, list(files), {**hashes, "registers.mpy": b""})
    assert list(made.copy) == ["registers.mpy", "main.py"]
    assert made.remove == ("main.py",)


def test_a_half_written_entry_goes_even_if_all_else_is_right(files: dict[str, bytes]) -> None:
    made = plan.Plan(NAME, "here")
    hashes = {name: plan.digest(data) for name, data in files.items()}
    plan.compare(made, files, [*files, "stimcore/", "main.new"], hashes)
    assert (made.remove, dict(made.copy), made.left) == (("main.new",), {}, ())
