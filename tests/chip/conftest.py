"""The emulated chip for the tests here: skipped, with what is missing, where it cannot start."""

import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.chip.support import SERIAL, ChipTalk

from scs_sim.chip import rig_files

HERE = Path(__file__).parent
LITTLEFS = "missing: littlefs-python; `make chip` installs it, see docs/explain/chip.md"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip all tests without the chip's files, else those that need the simulated board."""
    try:
        rig_files.files()
        missing = "" if importlib.util.find_spec("littlefs") else LITTLEFS
    except rig_files.Missing as reason:
        lines = str(reason).splitlines()  # a heading, then "what: where one gets it" in each
        what = ", ".join(line.partition(":")[0].strip() for line in lines[1:])
        missing = f"missing: {what or lines[0]}; `make chip` fetches them, see docs/explain/chip.md"
    for item in items:
        if HERE not in item.path.parents:
            continue
        elsewhere = item.get_closest_marker("board_only")
        if missing:
            item.add_marker(pytest.mark.skip(reason=missing))
        elif elsewhere:
            item.add_marker(pytest.mark.skip(reason=f"for the board: {elsewhere.args[0]}"))


@pytest.fixture(scope="session")
def chip_files() -> rig_files.Files:
    return rig_files.files()


@pytest.fixture(scope="session")
def chip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("chip")


@pytest.fixture
def talk(
    request: pytest.FixtureRequest, chip_files: rig_files.Files, chip_folder: Path
) -> Iterator[ChipTalk]:
    """Yield a chip that has said HELLO, switched on for this test alone.

    The marker `board` names another combination than SERIAL.
    """
    marker = request.node.get_closest_marker("board")
    with ChipTalk(chip_files, chip_folder, marker.args[0] if marker else SERIAL) as chip:
        chip.hello()
        yield chip


@pytest.fixture(scope="session")
def ready_chip(
    chip_files: rig_files.Files, chip_folder: Path
) -> Iterator[Callable[[str, bool], ChipTalk]]:
    """Return (name, fresh) -> a chip that answers: the last one as it rests, or a new one."""
    kept: list[ChipTalk] = []

    def ready(name: str, fresh: bool) -> ChipTalk:
        if kept and (fresh or kept[0].is_spent or kept[0].row.name != name):
            kept.pop().chip.close()
        if not kept:
            chip = ChipTalk(chip_files, chip_folder, name)
            kept.append(chip)
            chip.hello()
        return kept[0]

    yield ready
    for chip in kept:
        chip.chip.close()


@pytest.fixture
def shared_talk(
    request: pytest.FixtureRequest, ready_chip: Callable[[str, bool], ChipTalk]
) -> Iterator[ChipTalk]:
    """Share one chip between tests, for it boots in seconds: OFF or LOADED, nothing broken.

    With the marker `at_power_on` one that was just switched on: OFF. The marker `board`, or else
    the module's BOARD, names the combination.
    """
    marker = request.node.get_closest_marker("board")
    name = marker.args[0] if marker else getattr(request.module, "BOARD", SERIAL)
    chip = ready_chip(name, request.node.get_closest_marker("at_power_on") is not None)
    yield chip
    chip.rest()
