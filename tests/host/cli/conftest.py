"""A profile that stands alone, and a board on a socket."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.host.cli.support import ALONE

from scs import bench


@pytest.fixture
def alone(tmp_path: Path) -> str:
    path = tmp_path / "alone.yaml"
    path.write_text(ALONE)
    return str(path)


@pytest.fixture
def served() -> Iterator[str]:
    """The address of a board on a socket."""
    server = bench.listen(bench.make())
    thread = threading.Thread(target=server.run)
    thread.start()
    yield server.address
    server.stop()
    thread.join(5)
