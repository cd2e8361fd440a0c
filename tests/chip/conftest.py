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


@pytest.fixture(scope="session")
def booted(chip_files: rig_files.Files, chip_folder: Path) -> Iterator[Callable[[str], ChipTalk]]:
    """Return name -> a chip that has said HELLO: each combination boots once, then is restored."""
    chips: dict[str, ChipTalk] = {}

    def chip(name: str) -> ChipTalk:
        if name in chips and chips[name].chip.is_running:
            chips[name].restore()
        else:
            chips[name] = ChipTalk(chip_files, chip_folder, name)
            chips[name].hello()
            chips[name].remember()
        return chips[name]

    yield chip
    for talk in chips.values():
        talk.chip.close()


@pytest.fixture
def talk(request: pytest.FixtureRequest, booted: Callable[[str], ChipTalk]) -> ChipTalk:
    """Return a chip as it is once it was switched on and has said HELLO.

    The marker `board`, or else the module's BOARD, names the combination.
    """
    marker = request.node.get_closest_marker("board")
    return booted(marker.args[0] if marker else getattr(request.module, "BOARD", SERIAL))
