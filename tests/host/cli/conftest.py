"""A profile that stands alone, and a board on a socket."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.host.cli.support import ALONE, GOOD, LEASED, scs

from scs import sim_bridge


@pytest.fixture
def alone(tmp_path: Path) -> str:
    path = tmp_path / "alone.yaml"
    path.write_text(ALONE)
    return str(path)


@pytest.fixture
def board() -> sim_bridge.SimBoard:
    """Return the board that `served` serves."""
    return sim_bridge.make()


@pytest.fixture
def served(board: sim_bridge.SimBoard) -> Iterator[str]:
    """Yield the address of a board on a socket."""
    server = sim_bridge.listen(board)
    thread = threading.Thread(target=server.run)
    thread.start()
    yield server.address
    server.stop()
    thread.join(60)


@pytest.fixture
def leased(tmp_path: Path) -> str:
    path = tmp_path / "leased.yaml"
    path.write_text(LEASED)
    return str(path)


@pytest.fixture
def running(alone: str, served: str) -> str:
    """Return the address of a board on which `alone` was left running."""
    assert scs("run", alone, "--detach", "--port", served).exit_code == GOOD
    return served
