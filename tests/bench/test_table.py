"""The bench's table says what was missed, and the exit code says so too."""

from pathlib import Path
from types import ModuleType

import pytest

BENCH = Path(__file__).resolve().parents[2] / "bench"

FAKE = """
from sim_validation.rows import Row

def measure():
    return [
        Row("quick enough", 0.123456, "s", ("<", 0.3)),
        Row("for comparison", 1234567.0, "cycles/s"),
        Row("times faster", {faster}, "", (">", 300000)),
    ]
"""


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """run.py, looking for modules in an empty folder."""
    monkeypatch.syspath_prepend(str(BENCH))
    monkeypatch.syspath_prepend(str(tmp_path))
    import run

    monkeypatch.setattr(run, "HERE", tmp_path)
    return run


@pytest.mark.parametrize(
    ("name", "faster", "code", "verdict"),
    [
        ("above", 300_001, 0, "good"),
        ("at", 300_000, 1, "MISSED"),
        ("below", 299_999, 1, "MISSED"),
    ],
)
def test_a_missed_target_is_told_and_exits_1(
    bench: ModuleType,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    faster: int,
    code: int,
    verdict: str,
) -> None:
    (tmp_path / f"bench_{name}.py").write_text(FAKE.format(faster=faster))
    assert bench.main([name]) == code
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["quick", "enough", "0.123", "s", "<", "0.3", "good"]
    assert lines[2].split() == ["for", "comparison", "1,234,567", "cycles/s"]
    assert lines[3].split()[-1] == verdict
    assert any("1 missed: times faster" in line for line in lines) == bool(code)


def test_an_unknown_name_exits_2(bench: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.main(["no_such"]) == 2
    assert "no such bench" in capsys.readouterr().err
