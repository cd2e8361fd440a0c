"""pytest plugin: fixtures and marks with which a project tests its stimulation profiles.

Role: hooks and fixtures, found through the entry point `scs` of group pytest11.
Invariant: it imports nothing but pytest until a fixture, a mark, an option or a profile of ours is
used: a project that uses none of it pays nothing.

Fixtures: scs_bench, a simulated board over the real link; scs_trace, a function that simulates a
profile; scs_board, the name of the board both use; scs_profile, each profile of a folder. Marks:
scs, scs_boards, scs_profiles. Options: --scs-board, --scs-port, --scs-artifacts, --scs-update.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .stash import BENCH, FAILED, TRACES, taken_by

if TYPE_CHECKING:
    from ..recordings.profile import Profile
    from ..traces.trace import Trace
    from .bench import Bench
    from .profile_file import ProfileFile
    from .state import State

RENEWED = "scs_golden_renewed"  # a property of a report
MARKS = (
    "scs(board=, stage=, load=, fault=, port=): board, output stage and load of boards.yaml on "
    "which the test runs; faults injected from power-on, such as 'open_lead@2'",
    "scs_boards(*names): run the test on each BOARD/STAGE/LOAD",
    "scs_profiles(*patterns): run the test with scs_profile being each profile that matches, such "
    "as 'profiles/*.yaml', counted from pytest's rootdir",
)

_state: pytest.StashKey[State] = pytest.StashKey()


# --- options and marks -----------------------------------------------------------------------
def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("scs", "stimulation profiles (scs)")
    group.addoption(
        "--scs-board",
        action="append",
        default=[],
        metavar="BOARD/STAGE/LOAD",
        help="run the tests that use a board on this one, unless marked; repeatable",
    )
    group.addoption(
        "--scs-port",
        default="",
        metavar="PORT",
        help="port of scs_bench: sim (default), a serial port or socket://HOST:PORT",
    )
    group.addoption(
        "--scs-artifacts",
        default="scs-artifacts",
        metavar="DIR",
        help="where the traces of failed tests are kept (default: %(default)s)",
    )
    group.addoption("--scs-update", action="store_true", help="renew the goldens of assert_matches")


def pytest_configure(config: pytest.Config) -> None:
    """Register the marks, and what assertions need to know of this run."""
    from . import state

    for mark in MARKS:
        config.addinivalue_line("markers", mark)
    own = state.State(config.rootpath, update=config.getoption("--scs-update"))
    config.stash[_state] = own
    state.stack.append(own)
    for name in config.getoption("--scs-board"):
        _check_board(name)


def _check_board(name: str) -> None:
    from ..catalog import boards
    from ..catalog.board_file import BoardError

    try:
        boards.full_name(name)
    except BoardError as reason:
        raise pytest.UsageError(
            f"--scs-board {name}: {'; '.join(row.message for row in reason.rows)}"
        ) from None


def pytest_unconfigure(config: pytest.Config) -> None:
    """Forget what assertions needed to know of this run."""
    own = config.stash.get(_state, None)
    if own is not None:
        from . import state

        state.stack.remove(own)


# --- collection ------------------------------------------------------------------------------
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test on every board, and with every profile, that it or the command line names."""
    if "scs_board" in metafunc.fixturenames:
        names = _boards(metafunc)
        if names:
            metafunc.parametrize("scs_board", names, indirect=True)
    if "scs_profile" in metafunc.fixturenames:
        paths = _profiles(metafunc)
        root = metafunc.config.rootpath
        ids = [
            str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
            for path in paths
        ]
        metafunc.parametrize("scs_profile", paths, indirect=True, ids=ids)


def _boards(metafunc: pytest.Metafunc) -> list[str]:
    node = metafunc.definition
    several, mark = node.get_closest_marker("scs_boards"), node.get_closest_marker("scs")
    fixed = mark is not None and bool({"board", "stage", "load"} & set(mark.kwargs))
    if several is None:
        return [] if fixed else list(metafunc.config.getoption("--scs-board"))
    if not several.args:
        example = "scs_boards('pico/mcp4922-8/randles-500', …)"
        raise pytest.Collector.CollectError(f"{node.nodeid}: name boards: {example}")
    if fixed:
        raise pytest.Collector.CollectError(
            f"{node.nodeid}: scs(board=…) and scs_boards(…) contradict each other; keep one"
        )
    return [str(name) for name in several.args]


def _profiles(metafunc: pytest.Metafunc) -> list[Path]:
    """Return the profiles that a test's mark names; raise CollectError if there are none."""
    node, root = metafunc.definition, metafunc.config.rootpath
    mark = node.get_closest_marker("scs_profiles")
    if mark is None or not mark.args:
        raise pytest.Collector.CollectError(
            f"{node.nodeid}: scs_profile needs to know which: mark the test with "
            "scs_profiles('profiles/*.yaml')"
        )
    paths: dict[Path, None] = {}
    for pattern in map(str, mark.args):
        path = Path(pattern)
        base, below = (
            (Path(path.anchor), path.relative_to(path.anchor)) if path.anchor else (root, path)
        )
        matching = sorted(base.glob(str(below)))
        if not matching:
            raise pytest.Collector.CollectError(
                f"{node.nodeid}: no profile found: {pattern} in {base}; "
                "`scs new tonic_50hz my.yaml` makes one"
            )
        paths |= dict.fromkeys(matching)
    return list(paths)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> ProfileFile | None:
    """Test a profile that is named on the command line, as in `pytest my.yaml`."""
    if file_path.suffix not in (".yaml", ".yml") or not parent.session.isinitpath(file_path):
        return None
    from . import profile_file

    return profile_file.collected(file_path, parent)


# --- fixtures --------------------------------------------------------------------------------
@pytest.fixture
def scs_board(request: pytest.FixtureRequest) -> str:
    """Name of the test's board, BOARD/STAGE/LOAD, by its marks and --scs-board."""
    from . import fixtures

    with fixtures.refused():
        return fixtures.board_name(request.node, getattr(request, "param", ""))


@pytest.fixture
def scs_bench(request: pytest.FixtureRequest, scs_board: str) -> Iterator[Bench]:
    """Give a simulated board of this test alone, in virtual time; it must not be left running.

    A Stimulator with run(), inject(), hold() and silence(): see scs.testing.Bench.
    """
    from . import fixtures

    node = request.node
    with fixtures.refused():
        bench = fixtures.opened(node, scs_board, request.config.getoption("--scs-port"))
    node.stash[BENCH] = bench
    yield bench
    fixtures.close(bench, failed=node.stash.get(FAILED, False))


@pytest.fixture
def scs_trace(request: pytest.FixtureRequest, scs_board: str) -> Callable[..., Trace]:
    """Return scs_trace(profile, seconds, fidelity="", *, from_start=False, fault="") -> Trace.

    profile: a Profile or its file, counted from pytest's rootdir; seconds of virtual time; fidelity
    "model" or "board", by default the model where it gives the same.
    """
    from . import fixtures

    return fixtures.tracer(scs_board, taken_by(request.node).append)


@pytest.fixture
def scs_profile(request: pytest.FixtureRequest) -> Profile:
    """Profile of this run of the test, one of those that its mark scs_profiles names."""
    from . import fixtures

    with fixtures.refused():
        return fixtures.profile(request.param)


# --- reports ---------------------------------------------------------------------------------
@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[Any]
) -> Generator[None, Any, None]:
    """Keep a failed test's traces, cut tracebacks of a user's mistake, tell of renewed goldens."""
    used = "scs.errors" in sys.modules  # else nothing of ours can have been raised
    if call.excinfo is not None and used:
        from . import reporting

        reporting.cut(call.excinfo.value)
    renewed = item.config.stash[_state].renewed
    item.user_properties += [(RENEWED, str(path)) for path in renewed]
    renewed.clear()
    outcome = yield
    report: pytest.TestReport = outcome.get_result()
    if call.when == "setup" and report.failed:
        report.longrepr = _shared(str(report.longrepr)) or report.longrepr
    if call.when == "call" and used:
        _keep(item, report, getattr(call.excinfo and call.excinfo.value, "at_s", None))
    if call.when == "teardown":  # an item lives on to the end of the run, its traces need not
        item.stash.get(TRACES, []).clear()
        item.stash[BENCH] = None


def _keep(item: pytest.Item, report: pytest.TestReport, at_s: float | None) -> None:
    """Keep a failed test's traces, and tell where."""
    item.stash[FAILED] = report.failed
    taken, bench = item.stash.get(TRACES, []), item.stash.get(BENCH, None)
    if report.failed and (taken or bench):
        from . import artefacts

        folder = item.config.rootpath / item.config.getoption("--scs-artifacts")
        lines = artefacts.keep(folder, item.nodeid, taken, bench, at_s)
        report.sections.append(("kept by scs", "\n".join(lines)))


def _shared(text: str) -> str:
    """Return one line in place of pytest's own where a wider fixture asks for a test's board."""
    for name in ("scs_bench", "scs_trace", "scs_board"):
        if text.startswith("ScopeMismatch") and f"fixture {name} " in text:
            asked = text.partition("with a ")[2].partition(" scoped")[0] or "wider"
            return (
                f"two tests cannot share a board: a fixture of {asked} scope asks for {name}, "
                "which is each test's own; leave out its scope=…"
            )
    return ""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell which goldens were renewed."""
    paths = {
        value
        for reports in terminalreporter.stats.values()
        for report in reports
        for name, value in getattr(report, "user_properties", ())
        if name == RENEWED
    }
    for path in sorted(paths):
        terminalreporter.write_line(f"golden renewed: {path}")
