"""The very tests of tests/system, with the real firmware on the emulated chip.

Role: takes the test functions of those modules; here their `talk` is a chip.
Invariant: none is left out; what needs the simulated board is skipped with its reason.
"""

from tests.chip.support import take
from tests.system import (
    test_access,
    test_amplitude,
    test_commit,
    test_delivery,
    test_device,
    test_faults,
    test_profiles,
    test_store,
    test_therapies,
    test_wire,
)
from tests.system.support import NAME

BOARD = NAME

take(
    globals(),
    test_access,
    test_amplitude,
    test_device,
    test_commit,
    test_delivery,
    test_wire,
    test_faults,
    test_store,
    test_profiles,
    test_therapies,
)
