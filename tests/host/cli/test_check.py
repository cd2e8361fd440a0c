"""`scs check`: figures beside limits, and a refusal that names the line."""

import re
from pathlib import Path

import pytest
from tests.host.cli.support import ALONE, GOOD, REFUSED, TONIC, USAGE, as_json, scs

from scs import resources


def test_check_shows_figures_beside_limits() -> None:
    done = scs("check", TONIC)
    assert done.exit_code == GOOD
    assert re.search(r"charge density.*E\d, low back.*3\.216 µC/cm².*≤.*30 µC/cm².*ok", done.stdout)
    assert re.search(r"low back.*amplitude.*2 mA.*2 mA", done.stdout)
    assert "will accept this profile" in done.stdout


def test_check_json_has_the_promised_form() -> None:
    answer = as_json("check", TONIC)
    assert answer["ok"] is True
    assert answer["errors"] == []
    density = next(row for row in answer["figures"] if row["name"] == "density")
    assert set(density) >= {"name", "program", "contact", "value", "unit", "limit", "ok"}
    assert density["value"] == 3.216
    assert density["limit"] == 30.0
    assert density["unit"] == "uC/cm2"
    assert {"program", "name", "requested", "actual", "unit"} == set(answer["actual"][0])


def test_check_tells_requested_from_actual(tmp_path: Path) -> None:
    path = tmp_path / "odd.yaml"
    path.write_text(ALONE.replace("1 mA", "1.003 mA").replace("200 us", "200.003 us"))
    answer = as_json("check", str(path))
    actual = {row["name"]: row for row in answer["actual"]}
    assert actual["amplitude"]["requested"] == 1.003
    assert actual["amplitude"]["actual"] == pytest.approx(1.0)  # 160.48 codes of 6.25 uA
    assert actual["pulse_width"]["requested"] == 200.003
    assert actual["pulse_width"]["actual"] == pytest.approx(200.0)  # 25000.375 ticks of 8 ns


def test_req_60_check_names_file_line_and_field(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(ALONE.replace("50 Hz", "50 s").replace("anodes", "anode"))
    done = scs("check", str(path))
    assert done.exit_code == REFUSED
    assert done.stdout == ""
    assert f"{path}:7: programs[0].rate: " in done.stderr
    assert f"{path}:6: programs[0].anode: " in done.stderr
    answer = as_json("check", str(path))
    assert answer["ok"] is False
    assert {"rate", "anodes", "anode"} <= {row["path"].split(".")[-1] for row in answer["errors"]}
    assert set(answer["errors"][0]) >= {"id", "path", "line", "message"}


def test_req_60_check_refuses_what_the_kernel_would(tmp_path: Path) -> None:
    path = tmp_path / "much.yaml"
    path.write_text(ALONE.replace("1 mA", "12 mA").replace("3 mA", "12 mA"))
    done = scs("check", str(path))
    assert done.exit_code == REFUSED
    assert re.search(r"Shannon k.*1\.66\d.*≤.*1\.5.*FAIL", done.stdout)
    assert f"{path}:9: programs[0].amplitude: the phase exceeds Shannon k" in done.stderr
    errors = as_json("check", str(path))["errors"]
    assert "shannon" in {row["id"] for row in errors}


@pytest.mark.parametrize(
    ("text", "message"), [(None, "no such file"), ("", "empty"), (b"\xff\xfe", "UTF-8")]
)
def test_check_of_no_profile(tmp_path: Path, text: str | bytes | None, message: str) -> None:
    path = tmp_path / "x.yaml"
    if text is not None:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    done = scs("check", str(path))
    assert done.exit_code == REFUSED
    assert message in done.stderr
    assert as_json("check", str(path))["ok"] is False


def test_check_of_a_directory(tmp_path: Path) -> None:
    done = scs("check", str(tmp_path))
    assert done.exit_code == REFUSED
    assert "directory" in done.stderr


def test_an_unknown_board_is_wrong_usage_with_a_hint() -> None:
    for option in ("--board", "--stage", "--load"):
        done = scs("check", TONIC, option, "mcp4922-9")
        assert done.exit_code == USAGE
        assert "is called mcp4922-9" in done.stderr
    assert "did you mean mcp4922-8?" in scs("check", TONIC, "--stage", "mcp4922-9").stderr


def test_marks_without_output_have_no_current_to_tell_of() -> None:
    file = str(resources.path("profiles/ctbs_sync.yaml"))
    answer = as_json("check", file)
    assert {row["name"] for row in answer["actual"]} == {"pulse_width", "rate", "intra_rate"}
