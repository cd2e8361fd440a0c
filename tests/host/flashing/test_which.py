"""Choice of the board to flash, and whether it can be flashed at all."""

import contextlib
import socket
import threading
from pathlib import Path

import pytest
from tests.host.flashing.fakeboard import FakeBoard
from tests.host.flashing.support import NO_DEVICE, REFUSED, USAGE, flash

from scs.flashing import ports


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


@pytest.mark.parametrize("name", ["boot.py", "board_config/"])
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


def test_a_port_that_sends_without_end_is_no_board() -> None:
    ends = threading.Event()

    def send(listener: socket.socket) -> None:
        while not ends.is_set():
            with contextlib.suppress(OSError):
                client, _address = listener.accept()
                with client:
                    while True:
                        client.sendall(b"noise ")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.1)
        thread = threading.Thread(target=send, args=[listener])
        thread.start()
        port = f"socket://127.0.0.1:{listener.getsockname()[1]}"
        done = flash("--dry-run", "--port", port)
        assert thread.is_alive()
        ends.set()
        thread.join(60)
    assert done.exit_code == NO_DEVICE
    assert "answers neither as an scs device nor with MicroPython's prompt" in done.output


def test_a_port_that_cannot_be_opened_says_why(tmp_path: Path) -> None:
    done = flash("--port", str(tmp_path / "ttyACM9"))
    assert done.exit_code == NO_DEVICE
    assert "No such file or directory" in done.output


@pytest.mark.parametrize("port", ["sim", "sim://?board=pico"])
def test_the_simulated_board_is_not_flashed(port: str) -> None:
    done = flash("--port", port)
    assert done.exit_code == USAGE
    assert "nothing to flash" in done.output
