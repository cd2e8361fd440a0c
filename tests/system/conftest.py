"""The simulated board for the tests here that speak with any fidelity."""

import pytest
from tests.system.support import Talk


@pytest.fixture
def talk() -> Talk:
    """A board at power-on that has said HELLO."""
    found = Talk()
    found.hello()
    return found
