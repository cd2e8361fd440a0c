"""A server of the simulated board, or of another device, in a thread of the tests."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from scs_sim.serve.server import Server


@contextmanager
def serving(server: Server) -> Iterator[Server]:
    """Run a server in a thread, which has ended afterwards."""
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join(60)
    assert not thread.is_alive()
