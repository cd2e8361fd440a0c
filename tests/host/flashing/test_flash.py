"""Flashing without a chip: the order of things, and every way it can be interrupted."""

import json

import pytest
from tests.host.flashing.fakeboard import FakeBoard
from tests.host.flashing.support import GOOD, NAME, NO_DEVICE, REFUSED, USAGE, flash


# --- what is done ----------------------------------------------------------------------------
def test_an_empty_board_gets_every_file_and_says_hello(
    board: FakeBoard, files: dict[str, bytes]
) -> None:
    done = flash("--port", board.url, "--json")
    assert done.exit_code == GOOD, done.output
    report = json.loads(done.stdout)
    assert [row["name"] for row in report["copy"]] == list(files)
    assert (report["version"], report["fault"], report["micropython"]) == ("0.1.0", None, "1.28.0")
    assert board.files == files
    assert board.resets == 1


def test_a_second_time_nothing_is_copied(board: FakeBoard, files: dict[str, bytes]) -> None:
    board.files, board.folders = dict(files), {"rp2_port", "stimcore"}
    done = flash("--port", board.url)
    assert done.exit_code == GOOD, done.output
    assert "0 files copied (0 bytes), 4 were the same, 0 removed" in done.output
    assert board.written == 0


def test_a_dry_run_lists_what_would_be_done_and_writes_nothing(
    board: FakeBoard, files: dict[str, bytes]
) -> None:
    old = {
        "rp2_port/registers.mpy": files["rp2_port/registers.mpy"],
        "rp2_port/registers.py": b"x",
        "main.py": b"y",
    }
    board.files, board.folders = {**old, "store/0": b"z"}, {"rp2_port", "store"}
    done = flash("--port", board.url, "--dry-run")
    assert done.exit_code == GOOD, done.output
    size = len(files["board_config.mpy"])
    assert done.stdout.splitlines() == [
        f"flash {NAME} at {board.url}",
        "remove main.py",
        "remove rp2_port/registers.py",
        f"copy board_config.mpy, {size:,} bytes",
        f"copy stimcore/states.mpy, {len(files['stimcore/states.mpy']):,} bytes",
        f"copy main.py, {len(files['main.py']):,} bytes",
        "keep 1 files that are the same",
        "leave store/ alone",
        "check every file's SHA-256, restart, expect the firmware's answer",
    ]
    assert board.files == {**old, "store/0": b"z"}
    assert board.resets == 0
    asked = json.loads(flash("--port", board.url, "--dry-run", "--json").stdout)
    assert (asked["remove"], asked["left"]) == (["main.py", "rp2_port/registers.py"], ["store/"])


def test_what_would_hide_our_files_goes_and_the_store_stays(
    board: FakeBoard, files: dict[str, bytes]
) -> None:
    board.folders = {"rp2_port", "stimcore", "store"}
    old = (
        "hal_rp2.py",
        "rp2_port/registers.py",
        "stimcore/states.py",
        "stimcore/gone.mpy",
        "main.new",
    )
    board.files = dict.fromkeys((*old, "store/0", "notes.txt"), b"x")
    assert flash("--port", board.url).exit_code == GOOD
    assert set(board.files) == {*files, "hal_rp2.py", "store/0", "notes.txt"}


# --- interrupted -----------------------------------------------------------------------------
def flash_again(board: FakeBoard, files: dict[str, bytes]) -> list[str]:
    """Flash again with nothing in the way; return the files that were kept."""
    board.pulled_after, board.pulled_before = 1 << 30, "nothing of this"
    again = flash("--port", board.url, "--json")
    assert again.exit_code == GOOD, again.output
    assert board.files == files
    kept: list[str] = json.loads(again.stdout)["keep"]
    return kept


@pytest.mark.parametrize("number", range(4))
def test_pulled_in_the_middle_of_a_file_the_board_has_no_entry_and_can_be_flashed_again(
    board: FakeBoard, files: dict[str, bytes], number: int
) -> None:
    board.files, board.folders = dict.fromkeys(files, b"old"), {"rp2_port", "stimcore"}
    names = list(files)
    board.pulled_after = (
        sum(len(files[name]) for name in names[:number]) + len(files[names[number]]) // 2
    )
    done = flash("--port", board.url)
    assert done.exit_code == NO_DEVICE
    written = "main.new" if number == 3 else names[number]
    assert f"broke while it was to write {written}" in done.output
    assert "main.py" not in board.files
    assert flash_again(board, files) == names[:number]


@pytest.mark.parametrize(
    ("words", "has_entry", "message"),
    [
        ("os.remove", True, "broke while it was to remove old files"),
        ("os.rename", False, "broke while it was to put main.py in its place"),
        ("machine.reset", True, "every file is on the board, but its firmware does not answer"),
    ],
)
def test_pulled_between_two_files_the_entry_is_there_with_all_others_or_not_at_all(
    board: FakeBoard, files: dict[str, bytes], words: str, has_entry: bool, message: str
) -> None:
    old = dict.fromkeys(files, b"old")
    board.files, board.folders = dict(old), {"rp2_port", "stimcore"}
    board.pulled_before = words
    done = flash("--port", board.url)
    assert done.exit_code == NO_DEVICE
    assert message in done.output.replace("\n", " ")
    assert ("main.py" in board.files) == has_entry
    assert not has_entry or board.files in (old, files)
    flash_again(board, files)


def test_a_file_that_arrived_otherwise_is_found_and_the_board_does_not_start(
    board: FakeBoard,
) -> None:
    board.damages = "rp2_port/registers.mpy"
    done = flash("--port", board.url)
    assert done.exit_code == REFUSED
    assert "not what was sent: rp2_port/registers.mpy" in done.output
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
