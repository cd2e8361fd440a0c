"""The very tests of tests/system, with the real firmware on the emulated chip.

Role: takes the test functions of those modules; here their `talk` is a chip. One chip serves
several tests, for it boots in seconds: until one breaks something, or wants it just switched on.
Invariant: none is left out; what needs the simulated board is skipped with its reason.
Next: test_faults.py, what is shown on the chip alone.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.chip.support import ChipTalk
from tests.system import test_delivery, test_device, test_faults, test_store, test_wire
from tests.system.support import NAME

from scs_sim.chipfiles import Files

for module in (test_device, test_delivery, test_wire, test_faults, test_store):
    for name, value in vars(module).items():
        if name.startswith("test_"):
            assert name not in globals(), f"{name} stands in two modules"
            globals()[name] = value


@pytest.fixture(scope="module")
def ready_chip(chip_files: Files, chip_folder: Path) -> Iterator[Callable[[bool], ChipTalk]]:
    """(fresh) -> a chip that answers: the last one as it rests, or one just switched on."""
    kept: list[ChipTalk] = []

    def ready(fresh: bool) -> ChipTalk:
        if kept and (fresh or kept[0].is_spent):
            kept.pop().chip.close()
        if not kept:
            kept.append(ChipTalk(chip_files, chip_folder, NAME))
            kept[0].hello()
        return kept[0]

    yield ready
    for one in kept:
        one.chip.close()


@pytest.fixture
def talk(
    request: pytest.FixtureRequest, ready_chip: Callable[[bool], ChipTalk]
) -> Iterator[ChipTalk]:
    """OFF where the test wants it switched on, else OFF or LOADED."""
    found = ready_chip(request.node.get_closest_marker("at_power_on") is not None)
    yield found
    found.rest()
