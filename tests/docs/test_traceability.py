"""Check that every loose end between hazards, requirements and tests is found."""

from pathlib import Path

import traceability

WHOLE = """
| H1 | too much | a bug | REQ-01, REQ-02 |
| H2 | too long | a bug | REQ-02 |
| REQ-01 | refuse more | H1 | limits |
| REQ-02 | refuse longer | H1, H2 | limits |
"""
TESTS = {"REQ-01": ["tests/a.py::test_req_01_x"], "REQ-02": ["tests/a.py::test_req_02_x"]}


def test_whole_tables_have_no_loose_end() -> None:
    both = traceability.tables(WHOLE)
    assert both.hazards == {"H1": ["REQ-01", "REQ-02"], "H2": ["REQ-02"]}
    assert both.requirements == {"REQ-01": ["H1"], "REQ-02": ["H1", "H2"]}
    assert traceability.loose_ends(both, TESTS) == []


def test_a_requirement_without_a_test_is_found() -> None:
    both = traceability.tables(WHOLE)
    ends = traceability.loose_ends(both, {"REQ-01": TESTS["REQ-01"]})
    assert ends == ["REQ-02 has no live test"]


def test_a_test_of_no_requirement_is_found() -> None:
    both = traceability.tables(WHOLE)
    ends = traceability.loose_ends(both, {**TESTS, "REQ-77": ["tests/a.py::test_req_77_x"]})
    assert ends == [f"REQ-77 is not in {traceability.PAGE}, but tests/a.py::test_req_77_x names it"]


def test_a_hazard_and_a_requirement_must_name_each_other() -> None:
    one_way = WHOLE.replace("| refuse longer | H1, H2 |", "| refuse longer | H2 |")
    ends = traceability.loose_ends(traceability.tables(one_way), TESTS)
    assert ends == ["H1 names REQ-02, whose row does not name H1"]
    other_way = WHOLE.replace("| REQ-01, REQ-02 |", "| REQ-01 |")
    ends = traceability.loose_ends(traceability.tables(other_way), TESTS)
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
    tests = traceability.shown(tmp_path / "tests")
    assert sorted(tests) == ["REQ-01", "REQ-02", "REQ-05", "REQ-06"]
    assert tests["REQ-01"] == ["tests/test_a.py::test_req_01_and_req_02_hold"]


def test_requirements_named_by_sources_are_found(tmp_path: Path) -> None:
    (tmp_path / "kernel.py").write_text('"""Requirements: REQ-01 to REQ-77."""\n')
    assert traceability.named([tmp_path]) == {"REQ-01": ["kernel.py"], "REQ-77": ["kernel.py"]}


def test_the_real_tables_agree_with_each_other() -> None:
    text = (traceability.ROOT / traceability.PAGE).read_text(encoding="utf-8")
    both = traceability.tables(text)
    every = {name: ["a test"] for name in both.requirements}
    assert len(both.requirements) == 59
    assert traceability.loose_ends(both, every) == []
