"""The simulated board for the tests here that speak with any fidelity."""

import pytest
from tests.system.support import NAME, Talk


@pytest.fixture
def talk(request: pytest.FixtureRequest) -> Talk:
    """Return a board at power-on that has said HELLO: NAME, or that of the marker `board`."""
    marker = request.node.get_closest_marker("board")
    talk = Talk(marker.args[0] if marker else NAME)
    talk.hello()
    return talk
