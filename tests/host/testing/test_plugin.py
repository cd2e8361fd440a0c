"""The plugin as a project of somebody else's sees it: fixtures, marks, options, bad input."""

import json
import subprocess
import sys
from importlib.metadata import entry_points
from types import SimpleNamespace

import pint
import pytest
from tests.docs.documented import blocks, shows
from tests.support.serving import serving
from tests.support.stimulators import QUICK

from scs import presets, sim_bridge
from scs.errors import WrongUsage
from scs.recordings import report, writers  # what a run in this process may not import anew
from scs.testing import artefacts, fixtures, plugin, profile_file, reporting, state

pytest_plugins = ("pytester",)

KEPT = (pint, report, writers, artefacts, fixtures, plugin, profile_file, reporting)
LIVE = any(entry.name == "scs" for entry in entry_points(group="pytest11"))
PLUGIN = () if LIVE else ("-p", "scs.testing.plugin")  # not installed: by its name
LADDER = "pico/r2r-1/resistor-1k"


class Project:
    """A folder with a profile or two, in which pytest runs in this process."""

    def __init__(self, pytester: pytest.Pytester):
        self.pytester, self.path = pytester, pytester.path
        self.profile("my.yaml")

    def profile(self, name: str, amplitude: str = "1 mA", more: str = "") -> None:
        path = self.path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(QUICK.format(amplitude=amplitude) + more, encoding="utf-8")

    def test(self, *lines: str) -> None:
        head = "import pytest\nfrom scs.testing import *\n\n"
        (self.path / "test_mine.py").write_text(head + "\n".join(lines) + "\n", encoding="utf-8")

    def run(self, *options: str) -> pytest.RunResult:
        return self.pytester.runpytest_inprocess("-p", "no:randomly", *PLUGIN, *options)


@pytest.fixture
def project(pytester: pytest.Pytester) -> Project:
    return Project(pytester)


def printed(result: pytest.RunResult, *lines: str) -> str:
    text = result.stdout.str() + result.stderr.str()
    for line in lines:
        assert line in text, text
    return text


# --- what it costs a project that does not use it --------------------------------------------
def test_it_imports_pytest_alone_until_something_of_it_is_used(pytester: pytest.Pytester) -> None:
    """The project has a profile and a mark of its own; nothing of scs but the plugin is loaded."""
    pytester.makeconftest(
        "import json, sys\n"
        "def pytest_sessionfinish():\n"
        "    open('modules.json', 'w').write(json.dumps(sorted(sys.modules)))\n"
    )
    pytester.makepyfile("def test_a(): pass")
    (pytester.path / "my.yaml").write_text(QUICK.format(amplitude="1 mA"), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *PLUGIN]
    done = subprocess.run(command, cwd=pytester.path, capture_output=True, text=True, check=False)
    assert "1 passed" in done.stdout
    modules = json.loads((pytester.path / "modules.json").read_text(encoding="utf-8"))
    own = [name for name in modules if name.partition(".")[0] in ("scs", "scs_sim", "stimcore")]
    assert own == [
        "scs",
        "scs.testing",
        "scs.testing.plugin",
        "scs.testing.stash",
        "scs.testing.state",
    ]
    assert not {"numpy", "pydantic", "yaml", "serial", "matplotlib", "pint"} & set(modules)
    assert not (pytester.path / "scs-artifacts").exists()


# --- fixtures and marks ----------------------------------------------------------------------
def test_virtual_time_passes_and_nothing_is_left_behind(project: Project) -> None:
    project.test(
        "def test_minute(scs_trace):",
        "    trace = scs_trace('my.yaml', 60)",
        "    assert_pulse_count(trace, 3000)",
        "def test_bench(scs_bench):",
        "    scs_bench.run('my.yaml')",
        "    begun_s = scs_bench.now_s",
        "    scs_bench.hold('10 s')",
        "    assert 10 <= scs_bench.now_s - begun_s < 10.1",
        "    assert_stops_within(scs_bench, '100 ms')",
    )
    before = set(project.path.iterdir())
    project.run().assert_outcomes(passed=2)
    new = {path.name for path in set(project.path.iterdir()) - before}
    assert new <= {"__pycache__", ".pytest_cache"}


def test_a_mark_chooses_board_stage_load_and_faults(project: Project) -> None:
    project.test(
        f"pytestmark = pytest.mark.scs(board='{LADDER}')",
        "def test_whole(scs_bench, scs_board):",
        f"    assert scs_bench.board.name == scs_board == '{LADDER}'",
        "@pytest.mark.scs(load='resistor-1k')",
        "def test_part(scs_board):",
        "    assert scs_board == 'pico/mcp4922-8/resistor-1k'",
        "@pytest.mark.scs(fault='open_lead@1.5')",
        "def test_fault(scs_bench):",
        "    scs_bench.run('my.yaml', settled=False)",
        "    assert_fault(scs_bench, 'open_load', within='2 s')",
        "    assert scs_bench.injected == ['open_lead@1.5']",
    )
    project.run("--strict-markers").assert_outcomes(passed=3)


def test_boards_and_profiles_multiply(project: Project) -> None:
    project.profile("profiles/high.yaml", "2 mA")
    project.test(
        f"@pytest.mark.scs_boards('pico/mcp4922-8/resistor-1k', '{LADDER}')",
        "def test_boards(scs_board): pass",
        "@pytest.mark.scs_profiles('profiles/*.yaml', 'my.yaml')",
        "def test_all(scs_profile, scs_trace):",
        "    assert_as_programmed(scs_trace(scs_profile, 0.1))",
        "@pytest.mark.scs(load='resistor-500')",
        "def test_fixed(scs_board): assert scs_board.endswith('/resistor-500')",
    )
    boards = ("--scs-board", "pico2/mcp4922-8/randles-500", "--scs-board", "pico/mcp4922-8/cpe-500")
    result = project.run("-v", *boards)
    result.assert_outcomes(passed=2 + 2 * 2 + 1)
    printed(
        result,
        f"::test_boards[{LADDER}] PASSED",
        "::test_all[pico2/mcp4922-8/randles-500-profiles/high.yaml] PASSED",
        "::test_all[pico/mcp4922-8/cpe-500-my.yaml] PASSED",
    )


def test_a_profile_named_on_the_command_line_is_tested_without_a_test_file(
    project: Project,
) -> None:
    project.run("my.yaml").assert_outcomes(passed=3)
    project.profile("sync.yaml", more="output: sync\n")
    project.run("sync.yaml", "-v").assert_outcomes(passed=1, skipped=2)
    project.profile("high.yaml", "3 mA")
    result = project.run("high.yaml", "-v", "--scs-board", LADDER)
    result.assert_outcomes(failed=3)
    printed(
        result,
        f"high.yaml::within_limits[{LADDER}] FAILED",
        "high.yaml:9: programs[0].amplitude: the amplitude is above the stage's maximum: 3 mA",
    )
    project.profile("bad.yaml", "3 mV")
    text = printed(project.run("bad.yaml"), "bad.yaml:9: programs[0].amplitude: 3 mV is a voltage")
    assert "Traceback" not in text
    project.test("def test_a(): pass")
    project.run().assert_outcomes(passed=1)  # only what is named is collected
    (project.path / "other.yaml").write_text("jobs: {}\n", encoding="utf-8")
    assert project.run("other.yaml").ret == pytest.ExitCode.USAGE_ERROR


def test_a_served_board_is_tested_over_its_port(project: Project) -> None:
    project.test("def test_a(scs_bench): assert scs_bench.status().state == 'OFF'")
    with serving(sim_bridge.listen(sim_bridge.make())) as server:
        project.run("--scs-port", server.address).assert_outcomes(passed=1)
    text = printed(
        project.run("--scs-port", server.address), "cannot open", server.address, "refused"
    )
    assert "Traceback" not in text


def test_the_page_shows_tests_that_run_and_what_they_print(project: Project) -> None:
    here = [block for block in blocks() if block.page == "docs/howto/test-in-ci.md"]
    (project.path / "my.yaml").write_text(presets.text("tonic_50hz"), encoding="utf-8")
    project.run("my.yaml").assert_outcomes(passed=3)
    code = here[1].text
    (project.path / "test_my.py").write_text(code, encoding="utf-8")
    project.run().assert_outcomes(passed=3)
    wrong = code.replace("200 us", "210 us")
    (project.path / "test_my.py").write_text(wrong, encoding="utf-8")
    text = project.run("-k", "minute").stdout.str().replace(f"{project.path}/", "")
    assert shows(here[2].text.splitlines(), text.splitlines(), part=True) == "", text


# --- what goes wrong -------------------------------------------------------------------------
def test_bad_input_is_one_line_each(project: Project) -> None:
    project.test(
        "@pytest.mark.scs(board='picoo')",
        "def test_board(scs_bench): pass",
        "@pytest.mark.scs(bord='pico')",
        "def test_word(scs_bench): pass",
        "@pytest.mark.scs('pico')",
        "def test_unnamed(scs_bench): pass",
        "@pytest.mark.scs(fault='open_led')",
        "def test_fault(scs_bench): pass",
        "@pytest.fixture(scope='module')",
        "def mine(scs_bench): return scs_bench",
        "def test_shared(mine): pass",
        "def test_left(scs_bench): scs_bench.run('my.yaml')",
        "def test_closed(scs_bench): scs_bench.close()",
        "benches = []",
        "def test_first(scs_bench): benches.append(scs_bench)",
        "def test_second(): benches[0].status()",
        "def test_none(scs_trace): scs_trace('none.yaml', 1)",
        "def test_long(scs_trace): scs_trace('my.yaml', 4000)",
        "def test_text(scs_trace): scs_trace('my.yaml', '1 s')",
        "def test_golden(scs_trace): assert_matches(scs_trace('my.yaml', 0.1), 'g.yaml')",
        "def test_refused(scs_bench): scs_bench.start()",
    )
    result = project.run()
    result.assert_outcomes(passed=3, failed=6, errors=7)
    text = printed(
        result,
        "no board is called picoo; did you mean pico?; there are pico, pico2",
        "scs(bord=…): unknown; did you mean board?; there are board, stage, load, fault, port",
        "scs('pico'): name it: board, stage, load, fault, port; e.g. board='pico'",
        "no fault 'open_led': did you mean open_lead",
        "two tests cannot share a board: a fixture of module scope asks for scs_bench",
        "the test left the board running; it was halted: end with scs_bench.stop()",
        "the test closed its board: leave that to scs_bench",
        "the board of test_mine.py::test_first is closed: a board serves one test",
        "none.yaml: there is no such file",
        "seconds: 4000 is not above 0 and up to 3600",
        "seconds: '1 s' is not a number of seconds; e.g. 1.0",
        "g.yaml: there is no such golden; write it with `pytest --scs-update`",
        "starting is not allowed while the device is OFF: load a profile first",
    )
    assert "Traceback" not in text
    assert "During handling" not in text
    assert "host/scs" not in text.replace(str(project.path), "")  # no line of ours is shown


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            ("@pytest.mark.scs_profiles('profiles/*.yaml')", "def test_a(scs_profile): pass"),
            "no profile found: profiles/*.yaml in ",
        ),
        (("def test_a(scs_profile): pass",), "mark the test with scs_profiles('profiles/*.yaml')"),
        (
            ("@pytest.mark.scs_boards()", "def test_a(scs_board): pass"),
            "test_a: name boards: scs_b",
        ),
        (
            (
                f"@pytest.mark.scs_boards('{LADDER}')",
                "@pytest.mark.scs(stage='r2r-1')",
                "def test_a(scs_board): pass",
            ),
            "scs(board=…) and scs_boards(…) contradict each other; keep one",
        ),
    ],
)
def test_what_cannot_be_collected_is_one_line(
    project: Project, lines: tuple[str, ...], message: str
) -> None:
    project.test(*lines)
    result = project.run()
    result.assert_outcomes(errors=1)
    assert "Traceback" not in printed(result, message)


def test_an_unknown_board_on_the_command_line_ends_the_run(project: Project) -> None:
    project.test("def test_a(scs_board): pass")
    before = list(state.stack)
    result = project.run("--scs-board", "pico")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    printed(
        result, "--scs-board pico: pico is not BOARD/STAGE/LOAD, such as pico/mcp4922-8/randles"
    )
    assert state.stack == before  # what assertions know of a run ends with it


def test_a_failed_test_that_left_its_board_running_fails_once(project: Project) -> None:
    project.test("def test_a(scs_bench):", "    scs_bench.run('my.yaml')", "    assert 1 == 2")
    project.run().assert_outcomes(failed=1)


# --- artefacts -------------------------------------------------------------------------------
def test_a_failure_keeps_its_traces_and_says_where(project: Project) -> None:
    project.test(
        "def test_model(scs_trace):",
        "    scs_trace('my.yaml', 0.1)",
        "    assert_pulse(scs_trace('my.yaml', 2), width='300 us')",
        "def test_fault(scs_bench):",
        "    scs_bench.run('my.yaml')",
        "    scs_bench.inject('short')",
        "    assert_fault(scs_bench, 'open_load')",
        "def test_fine(scs_trace): scs_trace('my.yaml', 0.1)",
        "@pytest.mark.xfail",
        "def test_expected(scs_trace): assert_pulse(scs_trace('my.yaml', 0.1), width='300 us')",
    )
    result = project.run("--scs-artifacts", "kept")
    result.assert_outcomes(failed=2, passed=1, xfailed=1)
    files = sorted(str(path.relative_to(project.path)) for path in project.path.glob("kept/*/*"))
    assert files == [
        "kept/test_mine.py-test_fault/bench.csv",
        "kept/test_mine.py-test_fault/bench.html",
        "kept/test_mine.py-test_model/trace-1.csv",
        "kept/test_mine.py-test_model/trace-1.html",
        "kept/test_mine.py-test_model/trace-2.csv",
        "kept/test_mine.py-test_model/trace-2.html",
    ]
    printed(result, "kept by scs", *(str(project.path / name) for name in files))
    text = (project.path / files[2]).read_text(encoding="utf-8")
    assert text.startswith("time_s,current_a,voltage_v\n0.0000000000,")
    page = (project.path / files[5]).read_text(encoding="utf-8")
    assert "<b>1 s</b><span>traced</span>" in page  # of a run of the board, not of the model
    page = (project.path / files[1]).read_text(encoding="utf-8")
    assert "short_load" in page
    assert "short@" in page


def test_a_long_trace_is_kept_around_its_failure(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(artefacts, "MOST_ROWS", 30)
    monkeypatch.setattr(artefacts, "AROUND_S", 0.01)
    project.test(
        "def test_a(scs_trace):",
        "    trace = scs_trace('my.yaml', 1)",
        "    raise WaveformMismatch('here', 0.5)",
    )
    printed(project.run(), "trace-1.csv (0.49", " of it)")
    csv = project.path / "scs-artifacts/test_mine.py-test_a/trace-1.csv"
    assert len(csv.read_text(encoding="utf-8").splitlines()) <= 31 + 2


def test_artefacts_that_cannot_be_written_do_not_hide_the_failure(project: Project) -> None:
    (project.path / "kept").write_text("a file in the way", encoding="utf-8")
    project.test("def test_a(scs_trace):", "    scs_trace('my.yaml', 0.1)", "    assert 1 == 2")
    result = project.run("--scs-artifacts", "kept")
    result.assert_outcomes(failed=1)
    printed(result, "assert 1 == 2", "the trace could not be kept in")


# --- goldens, several workers ----------------------------------------------------------------
def test_goldens_are_renewed_and_held_by_several_workers_too(
    project: Project, pytester: pytest.Pytester
) -> None:
    project.test(
        "import pytest",
        "@pytest.mark.parametrize('name', ['a', 'b'])",
        "def test_golden(scs_trace, name):",
        "    assert_matches(scs_trace('my.yaml', 0.1), f'goldens/{name}.yaml')",
        "def test_bad(scs_trace):",
        "    assert_pulse(scs_trace('my.yaml', 0.1), width='300 us')",
    )
    result = project.run("--scs-update", "--junitxml=junit.xml")
    text = (project.path / "junit.xml").read_text(encoding="utf-8")
    assert text.count("scs_golden_renewed") == 2  # each told by its own test alone
    printed(result, *(f"golden renewed: {project.path}/goldens/{name}.yaml" for name in "ab"))
    command = [sys.executable, "-m", "pytest", "-n", "2", *PLUGIN]
    done = subprocess.run(command, cwd=project.path, capture_output=True, text=True, check=False)
    assert "1 failed, 2 passed" in done.stdout, done.stdout
    assert "scs-artifacts/test_mine.py-test_bad/trace-1.html" in done.stdout
    result = project.run("--lf")
    result.assert_outcomes(failed=1)
    project.profile("my.yaml", "1.5 mA")
    result = project.run("-k", "golden")
    result.assert_outcomes(failed=2, deselected=1)
    printed(result, "goldens/a.yaml: the profile was changed: the golden is of hash ")


def test_one_port_does_not_serve_several_workers() -> None:
    config = SimpleNamespace(workerinput={"workercount": 4})
    node = SimpleNamespace(config=config, nodeid="a", get_closest_marker=lambda _name: None)
    with pytest.raises(WrongUsage) as caught:
        fixtures.opened(node, LADDER, "/dev/ttyACM0")
    assert str(caught.value) == (
        "/dev/ttyACM0: a board serves one test at a time, not 4: run with -n 0"
    )
