"""Check the generated pages: complete, and reported as stale when they are."""

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

import generate
from scs.messages import error_texts
from sim_validation import chipfigures, chipspeed
from stimcore import commands, limits, packing, states


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(generate, "HERE", tmp_path)
    assert generate.main([]) == 0
    return tmp_path


def test_what_was_just_written_is_current(elsewhere: Path) -> None:
    assert generate.main(["--check"]) == 0


@pytest.mark.parametrize(
    "name",
    [
        "reference/boards.md",
        "reference/cli.md",
        "reference/protocol.md",
        "reference/states.md",
        "reference/wiring.md",
        "reference/limits.md",
        "reference/python-api.md",
    ],
)
def test_a_page_edited_by_hand_is_stale(
    elsewhere: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    page = elsewhere / name
    page.write_text(page.read_text() + "by hand\n")
    assert generate.main(["--check"]) == 1
    assert f"stale: docs/{name}" in capsys.readouterr().out
    assert page.read_text().endswith("by hand\n"), "--check must not write"


def test_a_generated_part_edited_by_hand_is_stale_and_the_rest_is_not(elsewhere: Path) -> None:
    page = elsewhere / "explain/chip.md"
    text = page.read_text()
    page.write_text(text + "by hand\n")
    assert generate.main(["--check"]) == 0
    page.write_text(text.replace("| `wfi-masked` | 2.4 |", "| `wfi-masked` | 2.5 |"))
    assert generate.main(["--check"]) == 1
    assert generate.main([]) == 0
    assert page.read_text() == text


def test_measured_tables_are_quoted_where_there_are_any(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(chipfigures, "FIGURES", tmp_path / "none.jsonl")
    monkeypatch.setattr(chipspeed, "SPEEDS", tmp_path / "none.txt")
    page = elsewhere / "explain/chip.md"
    before = page.read_text()
    assert generate.main(["--figures"]) == 0
    assert page.read_text() == before
    (tmp_path / "none.txt").write_text("speeds\nidle  7\n")
    chipfigures.record("boot to HELLO", 812.3, "ms", "<=", 1500)
    assert generate.main(["--figures"]) == 0
    assert "<!-- speeds -->\n```\nspeeds\nidle  7\n```\n<!-- end of speeds -->" in page.read_text()
    assert "boot to HELLO       812  ms  <= 1,500  good\n```\n<!-- end" in page.read_text()


def test_the_example_of_a_measurement_prints_what_the_page_says(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = Path(__file__).parents[2]
    page = (root / "docs/howto/record-and-compare.md").read_text(encoding="utf-8")
    part = page.partition("<!-- measured -->")[2].partition("<!-- end of measured -->")[0]
    code, printed = re.findall(r"```(?:python)?\n(.+?)```", part, re.DOTALL)
    monkeypatch.chdir(root)
    exec(code, {})
    assert capsys.readouterr().out == printed


def test_a_missing_page_is_stale(elsewhere: Path) -> None:
    (elsewhere / "reference/states.md").unlink()
    assert generate.main(["--check"]) == 1


def test_the_protocol_page_has_every_command_field_and_error(elsewhere: Path) -> None:
    text = (elsewhere / "reference/protocol.md").read_text()
    for row in commands.TABLE:
        assert f"| `0x{row[0]:02x}` | {row[1].upper()} |" in text
        for name, kind in packing.columns(row[2]) + packing.columns(row[3]):
            assert f"`{name}: {kind}`" in text
    for code, kind in error_texts.ERRORS.items():
        assert f"| {code} | `{kind.name}` |" in text
        assert kind.text in text


def test_the_diagram_shows_every_state_and_every_move_once(elsewhere: Path) -> None:
    text = (elsewhere / "reference/states.md").read_text()
    arrows = re.findall(r"^  (\w+) --> (\w+): (.+)$", text, re.MULTILINE)
    assert {name for before, after, _events in arrows for name in (before, after)} == set(
        states.NAMES
    )
    shown = [
        (before, event, after) for before, after, events in arrows for event in events.split(", ")
    ]
    names = states.NAMES
    assert sorted(shown) == sorted((names[a], event, names[b]) for a, event, b in states.MOVES)
    assert len(arrows) == len({(before, after) for before, _event, after in states.MOVES})


def test_the_page_of_the_limits_has_every_limit_and_its_source(elsewhere: Path) -> None:
    text = (elsewhere / "reference/limits.md").read_text(encoding="utf-8")
    for name, value in limits.rows():
        assert f"| `{name}` | {value:,}" in text
    assert "| `AMPLITUDE_UA` | 25,500 µA | per contact; the highest of the published" in text
    assert "| 100,000 pA | Above 0.1 uA of net current cochlear ganglion cells were lost" in text


def test_the_page_of_the_wiring_says_what_a_profile_looks_like(elsewhere: Path) -> None:
    text = (elsewhere / "reference/wiring.md").read_text()
    # tonic_50hz at 2 mA into 500 ohm: 320 codes of 6.25 uA; 2 mA / 12.5 uA = 160 codes of 0.806 mV
    assert (
        "| 0 ns | 200 us | drive | -2.000 mA | -1.000 V | 1.521 V | 1.549 V | high | high |" in text
    )
    # r2r_tonic: 58 codes of 8.594 uA, and as much voltage as 500 ohm make of it
    assert (
        "| 300 us | 300 us | drive | 0.498 mA | 0.249 V | 2.052 V | 1.851 V | high | low |" in text
    )
    assert text.count("GP9") == 2


@pytest.mark.parametrize(
    ("stage", "values"),
    [
        ("mcp4922-8", ("R6 80 ohm 0.1 %", "U1 MCP4922-E/P")),
        ("r2r-1", ("R17 806 ohm 0.1 %", "data7")),
    ],
)
def test_a_schematic_is_svg_and_has_the_parts_values(
    elsewhere: Path, stage: str, values: tuple[str, ...]
) -> None:
    root = ElementTree.parse(elsewhere / f"reference/stage-{stage}.svg").getroot()
    nodes = root.iter("{http://www.w3.org/2000/svg}text")
    texts = ["".join(node.itertext()).strip() for node in nodes]
    assert set(values) <= set(texts)
