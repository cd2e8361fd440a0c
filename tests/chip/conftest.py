"""The emulated chip for the tests here: skipped, with what is missing, where it cannot start."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.chip.support import SERIAL, ChipTalk

from scs_sim import chipfiles


@pytest.fixture(scope="session")
def chip_files() -> chipfiles.Files:
    try:
        return chipfiles.files()
    except chipfiles.Missing as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def chip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("chip")


@pytest.fixture
def talk(
    request: pytest.FixtureRequest, chip_files: chipfiles.Files, chip_folder: Path
) -> Iterator[ChipTalk]:
    """A chip that has said HELLO; the marker `board` names another combination than SERIAL."""
    marker = request.node.get_closest_marker("board")
    with ChipTalk(chip_files, chip_folder, marker.args[0] if marker else SERIAL) as found:
        found.hello()
        yield found
