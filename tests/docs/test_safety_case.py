"""Check that loose ends of the safety case are found, and results that speak against it."""

import json
from pathlib import Path

import pytest

from safety_case import interlocks, links, matrix, results

WHOLE = """
| H1 | too much | a bug | REQ-01, REQ-02 |
| H2 | too long | a bug | REQ-02 |
| REQ-01 | refuse more | H1 | limits |
| REQ-02 | refuse longer | H1, H2 | limits |
"""
TESTS = {"REQ-01": ["tests/a.py::test_req_01_x"], "REQ-02": ["tests/a.py::test_req_02_x"]}
PLACES = {"REQ-01": ["firmware/a.py::limit"], "REQ-02": ["firmware/a.py"]}
RAN = {"tests/a.py::test_req_01_x": ["passed"], "tests/a.py::test_req_02_x": ["passed", "skipped"]}


def case(**changes: object) -> links.Case:
    return links.Case(links.tables(WHOLE), TESTS, PLACES, [], [], {})._replace(**changes)


def interlock(**changes: str) -> interlocks.Interlock:
    row = interlocks.Interlock(
        what="the lease",
        req="REQ-01",
        at="device.py::Device._run_lease",
        call="device.py::Device.step",
        test="docs/test_safety_case.py::test_a_case_without_loose_ends",
    )
    return row._replace(**changes)


# --- the tables ------------------------------------------------------------------------------
def test_whole_tables_have_no_loose_end() -> None:
    both = links.tables(WHOLE)
    assert both.hazards == {"H1": ["REQ-01", "REQ-02"], "H2": ["REQ-02"]}
    assert both.requirements == {"REQ-01": ["H1"], "REQ-02": ["H1", "H2"]}
    assert both.cells["H2"] == ["too long", "a bug", "REQ-02"]
    assert links.loose_ends(both, TESTS) == []


def test_a_requirement_without_a_test_is_found() -> None:
    ends = links.loose_ends(links.tables(WHOLE), {"REQ-01": TESTS["REQ-01"]})
    assert ends == ["REQ-02 has no live test"]


def test_a_test_of_no_requirement_is_found() -> None:
    both = links.tables(WHOLE)
    ends = links.loose_ends(both, {**TESTS, "REQ-77": ["tests/a.py::test_req_77_x"]})
    assert ends == [f"REQ-77 is not in {links.PAGE}, but tests/a.py::test_req_77_x names it"]


def test_a_hazard_and_a_requirement_must_name_each_other() -> None:
    one_way = WHOLE.replace("| refuse longer | H1, H2 |", "| refuse longer | H2 |")
    ends = links.loose_ends(links.tables(one_way), TESTS)
    assert ends == ["H1 names REQ-02, whose row does not name H1"]
    other_way = WHOLE.replace("| REQ-01, REQ-02 |", "| REQ-01 |")
    ends = links.loose_ends(links.tables(other_way), TESTS)
    assert ends == ["REQ-02 names H1, whose row does not name REQ-02"]


def test_only_live_tests_count(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_a.py").write_text(
        "import pytest\n"
        "def test_req_01_and_req_02_hold(): pass\n"
        "@pytest.mark.skip(reason='later')\n"
        "def test_req_03_later(): pass\n"
        "@pytest.mark.xfail\n"
        "def test_req_04_never(): pass\n"
        "@pytest.mark.skipif(False, reason='not here')\n"
        "def test_req_05_here(): pass\n"
        "class TestReq:\n"
        "    async def test_req_06_in_a_class(self): pass\n"
        "def helper_req_07(): pass\n"
    )
    tests = links.shown(links.every_test(tmp_path / "tests"))
    assert sorted(tests) == ["REQ-01", "REQ-02", "REQ-05", "REQ-06"]
    assert tests["REQ-01"] == ["tests/test_a.py::test_req_01_and_req_02_hold"]


def test_requirements_named_by_sources_are_found_with_their_functions(tmp_path: Path) -> None:
    (tmp_path / "firmware").mkdir()
    (tmp_path / "firmware" / "kernel.py").write_text(
        '"""Requirements: REQ-01 to REQ-03, REQ-77."""\n'
        "class Table:\n"
        "    def judge(self):\n"
        '        """REQ-77: of a table."""\n'
    )
    places = links.named(tmp_path, ("firmware",))
    assert sorted(places) == ["REQ-01", "REQ-02", "REQ-03", "REQ-77"]
    assert places["REQ-02"] == ["firmware/kernel.py"]
    assert places["REQ-77"] == ["firmware/kernel.py", "firmware/kernel.py::Table.judge"]


def test_the_real_tables_agree_with_each_other() -> None:
    text = (results.ROOT / links.PAGE).read_text(encoding="utf-8")
    both = links.tables(text)
    every = {name: ["a test"] for name in both.requirements}
    assert len(both.requirements) == 61
    assert links.loose_ends(both, every) == []


# --- the whole case --------------------------------------------------------------------------
def ends_of(monkeypatch: pytest.MonkeyPatch, **changes: object) -> list[str]:
    monkeypatch.setattr(interlocks, "unnamed", lambda _table: [])
    return links.all_loose_ends(case(**changes))


def test_a_case_without_loose_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    recall = links.Recall("it went on", "REQ-01", "the lease", [interlock().test])
    assert ends_of(monkeypatch, interlocks=[interlock()], recalls=[recall]) == []


@pytest.mark.parametrize(
    ("changes", "end"),
    [
        ({"places": {"REQ-01": ["firmware/a.py"]}}, "REQ-02 is enforced nowhere"),
        (
            {"places": {**PLACES, "REQ-77": ["firmware/a.py"]}},
            f"REQ-77 is not in {links.PAGE}, but firmware/a.py names it",
        ),
        (
            {"interlocks": [interlock(test="docs/test_safety_case.py::test_gone[1]")]},
            "interlocks.yaml: the lease: there is no live test "
            "tests/docs/test_safety_case.py::test_gone[1]",
        ),
        (
            {"recalls": [links.Recall("it went on", "REQ-01", "", ["docs/gone.py::test_x"])]},
            "recalls.yaml: it went on: there is no live test tests/docs/gone.py::test_x",
        ),
        (
            {"interlocks": [interlock(at="device.py::Device._gone")]},
            "interlocks.yaml: the lease: device.py::Device._gone: there is no _gone",
        ),
        (
            {"interlocks": [interlock(call="device.py::Device.halt")]},
            "interlocks.yaml: the lease: _run_lease is not called there",
        ),
        (
            {"interlocks": [interlock(drop="if nothing")]},
            "interlocks.yaml: the lease: `if nothing` is there 0 times",
        ),
    ],
)
def test_a_link_that_leads_nowhere_is_found(
    changes: dict[str, object], end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ends_of(monkeypatch, **changes) == [end]


def test_an_interlock_whose_file_is_gone_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    (end,) = ends_of(monkeypatch, interlocks=[interlock(at="gone.py::limit")])
    assert end.startswith("interlocks.yaml: the lease: ") and "gone.py" in end


def test_a_refusal_that_no_row_names_is_found() -> None:
    rows = interlocks.rows()
    assert interlocks.unnamed(rows) == []
    without = [row for row in rows if "retarget" not in row.at + row.call]
    assert interlocks.unnamed(without) == ["output.py::Output.retarget"]


# --- results ---------------------------------------------------------------------------------
@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    monkeypatch.setattr(matrix, "XML", tmp_path / "tests.xml")
    monkeypatch.setattr(matrix, "HTML", tmp_path / "case.html")
    monkeypatch.setattr(results, "ROOT", tmp_path)
    monkeypatch.setattr(links, "read", case)
    monkeypatch.setattr(interlocks, "unnamed", lambda _table: [])
    return tmp_path


def junit(*cases: tuple[str, str]) -> str:
    rows = [
        f'<testcase classname="tests.a" name="{name}">{inner}</testcase>' for name, inner in cases
    ]
    return f"<testsuites><testsuite>{''.join(rows)}</testsuite></testsuites>"


BOTH = (("test_req_01_x", ""), ("test_req_02_x[1]", ""), ("test_req_02_x[2]", "<skipped/>"))


def test_outcomes_are_read_by_test(build: Path) -> None:
    (build / "tests.xml").write_text(junit(*BOTH))
    assert matrix.outcomes(build / "tests.xml") == RAN
    assert matrix.outcomes(build / "none.xml") == {}


def test_a_case_that_holds_ends_with_0(build: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (build / "tests.xml").write_text(junit(*BOTH))
    assert matrix.main([]) == 0
    assert "0 against it" in capsys.readouterr().out
    page = (build / "case.html").read_text(encoding="utf-8")
    assert "It holds." in page and "1 passed, 1 skipped" in page
    assert page.count("never ran here") == len(matrix.CAMPAIGNS)


@pytest.mark.parametrize(
    ("last", "sentence"),
    [
        ("<failure/>", "REQ-02: 1 failed in the last run"),
        ("<error/>", "REQ-02: 1 failed in the last run"),
        ("<skipped/>", "REQ-02: all of its tests were skipped in the last run"),
    ],
)
def test_a_result_against_the_case_ends_with_1(
    last: str, sentence: str, build: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (build / "tests.xml").write_text(junit(BOTH[0], ("test_req_02_x", last)))
    assert matrix.main([]) == 1
    assert f"safety case: {sentence}\n" in capsys.readouterr().out
    assert sentence in (build / "case.html").read_text(encoding="utf-8")
    assert matrix.main(["--links"]) == 0


def test_a_failed_campaign_ends_with_1(build: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = results.Result("fuzz", "python -m x", {"frames": 7}, ["byte 3 <hangs>"], "abc", "now")
    (build / "fuzz.json").write_text(json.dumps(result._asdict()))
    assert matrix.main([]) == 1
    assert "safety case: fuzz: byte 3 <hangs>\n" in capsys.readouterr().out
    page = (build / "case.html").read_text(encoding="utf-8")
    assert "frames 7" in page and "byte 3 &lt;hangs&gt;" in page
