"""Round trips of STATUS over the three links to a simulated board.

`sim` runs the board inside this process, in virtual time; the other two serve it from another
process, paced to the wall clock, where one turn of the firmware's loop takes 200 us.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from timing import median_s

from scs.device.link import Link
from sim_validation.rows import Row
from stimcore import commands

TIMES = 300
SERVE = """
from scs import sim_bridge
server = sim_bridge.{kind}(sim_bridge.make())
print(server.address, flush=True)
server.stop_at_eof()
server.run()
"""


def measure() -> list[Row]:
    rows = [Row("link: STATUS over sim", round_trip_ms("sim://"), "ms")]
    for kind in ("pty", "listen"):
        with served(kind) as address:
            name = "socket" if kind == "listen" else kind
            rows.append(Row(f"link: STATUS over {name}", round_trip_ms(address), "ms"))
    return rows


def round_trip_ms(port: str) -> float:
    """Return the median wall time of a question and its answer."""
    with Link(port) as link:
        link.request(commands.HELLO, commands.PROTOCOL)
        return 1000 * median_s(lambda: link.request(commands.STATUS), TIMES)


@contextmanager
def served(kind: str) -> Iterator[str]:
    """Yield the address of a board served by a process of its own."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVE.format(kind=kind)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.terminate()
