"""A board whose firmware runs: it leaves for the prompt, or says what is to be done first."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from serial.urlhandler import protocol_socket
from tests.host.flashing.fakeboard import FakeBoard
from tests.host.flashing.support import GOOD, NAME, NO_DEVICE, REFUSED, flash

from scs import Profile, Stimulator, resources, sim_bridge
from scs.device import keys
from scs.errors import Failure
from scs.flashing import reach
from stimcore import commands, errors, handlers, states
from stimcore.errors import Refused

PROFILE = "profiles/tonic_50hz.yaml"


def loaded(url: str) -> Stimulator:
    """Return a device with a program, still open."""
    stim = Stimulator(url, halt_on_exit=False)
    stim.open()
    stim.load(Profile.read(resources.path(PROFILE)))
    return stim


def test_a_firmware_that_runs_is_left_alone_by_a_dry_run(board: FakeBoard) -> None:
    board.start()
    done = flash("--port", board.url, "--dry-run")
    assert done.exit_code == GOOD, done.output
    assert "leave for MicroPython's prompt" in done.output
    assert "unless the board has it already" in done.output
    assert board.bench is not None


def test_req_46_a_board_that_ran_a_program_is_flashed_without_being_unplugged(
    board: FakeBoard, files: dict[str, bytes]
) -> None:
    board.files, board.folders = (
        {**files, "rp2_port/registers.mpy": b"old"},
        {"rp2_port", "stimcore"},
    )
    board.start()
    loaded(board.url).close()
    assert flash("--port", board.url, "--dry-run").exit_code == GOOD
    done = flash("--port", board.url)
    assert done.exit_code == GOOD, done.output
    assert board.files == files
    assert board.resets == 1


def test_req_70_a_paired_board_leaves_for_the_holder_of_its_key_alone(
    board: FakeBoard, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(keys.FOLDER, str(tmp_path / "none"))
    board.files, board.folders = {**files, "rp2_port/hal.mpy": b"old"}, {"rp2_port", "stimcore"}
    board.start()
    with Stimulator(board.url) as stim:
        key = keys.new(stim.unique_id)
        stim.link.request(commands.PAIR, key.secret)
    done = flash("--port", board.url)
    assert done.exit_code == REFUSED, done.output
    assert "the board is paired, and this needs a key: the programmer's" in done.output
    monkeypatch.setenv(keys.FOLDER, str(tmp_path))
    keys.keep(key)
    done = flash("--port", board.url)
    assert done.exit_code == GOOD, done.output


def test_req_46_a_version_that_cannot_unload_says_what_to_do(
    board: FakeBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(_device: object) -> tuple[()]:
        raise Refused(errors.BAD_COMMAND, commands.UNLOAD)

    monkeypatch.setitem(handlers.TABLE, commands.UNLOAD, unknown)
    board.start()
    loaded(board.url).close()
    done = flash("--port", board.url)
    assert done.exit_code == REFUSED, done.output
    assert "unloads it by a restart alone" in done.output.replace("\n", " ")


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., str]]:
    """Serve a simulated board with a fault; yield its address. It has no prompt to leave for."""
    monkeypatch.setattr(protocol_socket, "time", time)  # its server is not free at once
    running: list[tuple[sim_bridge.Server, threading.Thread]] = []

    def serve(fault: str = "", speed: float = 1.0) -> str:
        server = sim_bridge.listen(sim_bridge.make(NAME, fault), speed=speed)
        thread = threading.Thread(target=server.run)
        thread.start()
        running.append((server, thread))
        return server.address

    yield serve
    for server, thread in running:
        server.stop()
        thread.join(60)


@pytest.mark.parametrize("state", ["ARMED", "RUNNING", "MEASURING"])
def test_req_46_a_device_whose_output_may_be_on_is_refused(
    served: Callable[..., str], state: str
) -> None:
    url = served(speed=0.2)  # so that neither the measurement nor the lease ends meanwhile
    stim = loaded(url)
    if state == "MEASURING":
        stim.link.request(commands.MEASURE, 0x01, 0xFE)
    else:
        stim.arm()
    if state == "RUNNING":
        stim.start()
    stim.close()
    message = f"is {state}: stop it first \\(scs stop\\), then flash"
    with pytest.raises(Failure, match=message):
        reach.would_clear(url)
    with pytest.raises(Failure, match=message):
        reach.ask_to_leave(url)


@pytest.mark.parametrize("dry", [(), ("--dry-run",)])
def test_req_46_a_refusal_is_one_sentence_also_in_a_dry_run(
    served: Callable[..., str], dry: tuple[str, ...]
) -> None:
    url = served()
    stim = loaded(url)
    stim.arm()
    stim.close()
    done = flash("--port", url, *dry)
    assert (done.exit_code, done.stdout) == (REFUSED, "")
    assert "is ARMED: stop it first (scs stop), then flash" in done.output.replace("\n", " ")


def test_req_31_a_latched_fault_is_told_and_cleared_by_the_flashing(
    board: FakeBoard, files: dict[str, bytes]
) -> None:
    """Else a board that faults at each start, with a firmware of other tables, is stuck."""
    board.files, board.folders = dict(files), {"rp2_port", "stimcore"}
    board.start()
    board.bench.device.unfit = (errors.FAULT_SELF_TEST, 3, 4095, 40)
    board.bench.device._latch(board.bench.device.unfit)
    listed = flash("--port", board.url, "--dry-run")
    assert "clear the latched fault: self_test: " in listed.output.replace("\n", " ")
    assert board.bench.device.state == states.FAULT
    done = flash("--port", board.url)
    assert done.exit_code == GOOD, done.output
    assert "a fault was latched before, and cleared: self_test: " in done.output.replace("\n", " ")
    assert board.resets == 1


def test_a_firmware_that_leaves_for_nowhere(served: Callable[..., str]) -> None:
    done = flash("--port", served())
    assert done.exit_code == NO_DEVICE
    assert "the firmware left, but no prompt appeared" in done.output.replace("\n", " ")
