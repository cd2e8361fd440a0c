"""Shared by the tests of flashing: few files to flash, a fake board, no waiting."""

import time
import types
from collections.abc import Callable, Iterator

import pytest
from mpremote import transport_serial
from serial.urlhandler import protocol_socket
from tests.host.flashing.fakeboard import FakeBoard
from tests.host.flashing.support import NAME

from scs.flashing import drives, firmware_files, flasher, ports, prompt, reach


@pytest.fixture(scope="session")
def files(shared: Callable[..., dict[str, bytes]]) -> dict[str, bytes]:
    """Return a few files of the firmware, which is compiled once."""
    whole = shared("firmware", lambda: firmware_files.board_files(NAME))
    few = ("board_config.mpy", "rp2_port/registers.mpy", "stimcore/states.mpy", "main.py")
    return {name: whole[name] for name in few}


@pytest.fixture(autouse=True)
def few_files(files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(firmware_files, "board_files", lambda _name: dict(files))
    monkeypatch.setattr(reach, "REACH_S", 1.0)
    monkeypatch.setattr(flasher, "RETURN_S", 1.0)
    monkeypatch.setattr(ports, "LOOK_S", 0.02)
    monkeypatch.setattr(prompt, "HEAR_S", 0.3)
    quick = types.SimpleNamespace(sleep=lambda _s: time.sleep(0.0005), monotonic=time.monotonic)
    monkeypatch.setattr(transport_serial, "time", quick)
    monkeypatch.setattr(prompt, "time", quick)
    monkeypatch.setattr(protocol_socket, "time", quick)  # it waits 0.3 s at each close
    monkeypatch.setattr(ports, "boards", list)
    monkeypatch.setattr(drives, "mounts", list)


@pytest.fixture
def board() -> Iterator[FakeBoard]:
    fake = FakeBoard()
    yield fake
    fake.close()


@pytest.fixture(autouse=True)
def of_silicon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the boards here a chip's unique id: a simulated board is not flashed."""
    monkeypatch.setattr("scs_sim.bench.board.UNIQUE_ID", bytes.fromhex("e6605838834a2b21"))
