"""A profile that stands alone, and a board on a socket."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.host.cli.support import ALONE, GOOD, LEASED, scs
from tests.support.serving import serving

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
    with serving(sim_bridge.listen(board)) as server:
        yield server.address


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
