"""Work of the plugin's fixtures: choose a board, open and close it, take traces.

Role: called by scs.testing.plugin once a fixture of ours is used. Invariant: a mistake of a test
ends in one line, by refused(); a board that a test leaves running is halted and told of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ..catalog import boards
from ..catalog.board_file import BoardError
from ..device.link import SIM
from ..documents.problem import FileRefused, nearest
from ..errors import Failure, LinkLost, WrongUsage
from ..recordings.profile import Profile
from ..traces.trace import Trace
from . import state
from .artefacts import Taken
from .bench import LONGEST_S, Bench

__tracebackhide__ = True
OF_MARK = ("board", "stage", "load", "fault", "port")


@contextmanager
def refused() -> Iterator[None]:
    """Turn a mistake of a test into a failure of one line, without a traceback."""
    try:
        yield
    except BoardError as reason:
        message = "; ".join(row.message for row in reason.rows)
        raise pytest.fail.Exception(message, pytrace=False) from None
    except (Failure, FileRefused) as reason:
        raise pytest.fail.Exception(str(reason), pytrace=False) from None


def marked(node: pytest.Item) -> dict[str, str]:
    """Return the arguments of a test's mark `scs`; raise WrongUsage for an unknown one."""
    mark = node.get_closest_marker("scs")
    if mark is None:
        return {}
    if mark.args:
        raise WrongUsage(f"scs({mark.args[0]!r}): name it: {', '.join(OF_MARK)}; e.g. board='pico'")
    for name, value in mark.kwargs.items():
        if name not in OF_MARK:
            listed = ", ".join(OF_MARK)
            raise WrongUsage(f"scs({name}=…): unknown{nearest(name, OF_MARK)}; there are {listed}")
        if not isinstance(value, str):
            raise WrongUsage(f"scs({name}=…): {value!r} is not a text")
    return dict(mark.kwargs)


def board_name(node: pytest.Item, chosen: str) -> str:
    """Return BOARD/STAGE/LOAD of a test: that of its run, else of its mark, else the default."""
    given = marked(node)
    whole = chosen or (given["board"] if "/" in given.get("board", "") else "")
    board, stage, load = ("" if whole else given.get(kind, "") for kind in boards.KINDS)
    return boards.full_name(whole, board=board, stage=stage, load=load)


def opened(node: pytest.Item, board: str, usual_port: str) -> Bench:
    """Open the board of a test; raise Failure, also if several workers would share its port."""
    given = marked(node)
    port = given.get("port", usual_port) or SIM
    workers = getattr(node.config, "workerinput", {}).get("workercount", 1)
    if port != SIM and workers > 1:
        raise WrongUsage(f"{port}: a board serves one test at a time, not {workers}: run with -n 0")
    bench = Bench(node.nodeid, board, port=port, faults=given.get("fault", ""))
    bench.open()
    return bench


def close(bench: Bench, *, failed: bool) -> None:
    """Halt and close the board; fail if its test has passed and left it running.

    failed: the test has failed, so that it could not end what it began.
    """
    if not bench.is_open:
        pytest.fail("the test closed its board: leave that to scs_bench", pytrace=False)
    running = bench.is_on()
    try:
        bench.halt()
    except LinkLost:
        pass  # a link that is cut: the lease ends it
    finally:
        bench.close()
    if running and not failed:
        pytest.fail(
            "the test left the board running; it was halted: end with scs_bench.stop(), halt() or "
            "assert_stops_within(scs_bench, …)",
            pytrace=False,
        )


def tracer(board: str, keep: Callable[[Taken], None]) -> Callable[..., Trace]:
    """Return the function that scs_trace gives; `keep` gets every trace for the artefacts."""

    def scs_trace(
        profile: Profile | str | Path,
        seconds: float,
        fidelity: str = "",
        *,
        from_start: bool = False,
        fault: str = "",
    ) -> Trace:
        """Simulate so many seconds of a profile, or its file, on the test's board.

        fidelity: "model", "board" or "" for the model where it gives the same; from_start: from
        START on, instead of a period at full amplitude; fault: such as "open_lead@2". Raises as
        Profile.trace(), ProfileError.
        """
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            raise WrongUsage(f"seconds: {seconds!r} is not a number of seconds; e.g. 1.0")
        if not 0 < seconds <= LONGEST_S:
            raise WrongUsage(f"seconds: {seconds:g} is not above 0 and up to {LONGEST_S:g}")
        if not isinstance(profile, Profile):
            profile = Profile.read(state.path(profile))
        recording = profile.trace(
            float(seconds), fidelity=fidelity, board=board, from_start=from_start, faults=fault
        )
        trace = recording.trace
        keep(Taken(profile, recording, trace, float(seconds), board))
        return trace

    return scs_trace


def profile(path: Any) -> Profile:
    """Read a profile of a folder; raise ProfileError."""
    return Profile.read(path)
