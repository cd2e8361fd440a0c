"""A row's verdict and figures are those of `scs check` on the profile with its values."""

from pathlib import Path

import pytest
import yaml
from tests.host.cli.support import as_json
from tests.host.sweeps.support import TONIC, spec_file

from scs.profile.profile import Profile
from scs.sweeps import rows
from scs.sweeps.spec import Spec

VARIED = f"""\
profile: {TONIC}
sample: {{kind: grid}}
vary:
  programs[0].amplitude: {{list: [1 mA, 3.9 mA, 60 mA]}}
  programs[0].contacts:
    list: [{{cathodes: [E1], anodes: [E2]}}, {{cathodes: [E6], anodes: [E3]}}]
  programs.low back.recharge: {{list: [passive, {{active: {{ratio: 2}}}}]}}
  lead: {{list: [octrode-3mm, quad-3mm]}}
  load: {{list: [randles-500, resistor-1k]}}
"""
FIGURES = {"phase_charge_uC": "phase_charge", "rate_Hz": "rate", "shannon": "shannon"}


def table(place: Path, text: str) -> list[dict[str, object]]:
    spec = Spec.read(spec_file(place, text))
    listed: list[dict[str, object]] = rows.chunk(spec, 0, spec.rows).to_pylist()
    return listed


def test_each_row_is_what_scs_check_says_of_its_profile(tmp_path: Path) -> None:
    seen = table(tmp_path, VARIED)
    assert len(seen) == 48
    for row in seen[::5]:
        value = yaml.safe_load(TONIC.read_text())
        program = value["programs"][0]
        program |= yaml.safe_load(str(row["programs[0].contacts"]))
        program["recharge"] = yaml.safe_load(str(row["programs.low back.recharge"]))
        program["amplitude"] = f"{row['programs[0].amplitude_uA']} uA"
        value["lead"] = row["lead"]
        file = tmp_path / "row.yaml"
        file.write_text(yaml.safe_dump(value))
        checked = as_json("check", str(file), "--load", str(row["load"]))
        assert row["admitted"] == checked["ok"]
        ids = {problem["id"] for problem in checked["errors"]}
        assert set(str(row["problems"] or "").split()) == ids
        if not checked["ok"]:
            first = next(p for p in checked["errors"] if p["id"] == row["problem"])
            assert row["field"] == first["path"]
        figures = {figure["name"]: figure for figure in checked["figures"]}
        for column, name in FIGURES.items():
            figure = figures.get(name, {"value": None, "limit": None})
            assert row[column] == figure["value"]
            assert row[f"{column}_limit"] == figure["limit"]
    assert {row["admitted"] for row in seen} == {True, False}


def test_every_metric_of_a_check_has_its_column(tmp_path: Path) -> None:
    names = {figure["name"] for figure in as_json("check", str(TONIC))["figures"]}
    columns = rows.columns(Spec.read(spec_file(tmp_path, VARIED)))
    limits = [column.removesuffix("_limit") for column in columns if column.endswith("_limit")]
    assert names == {name for name in names if any(limit.startswith(name) for limit in limits)}


def test_a_trace_is_measured_of_admitted_rows_alone(tmp_path: Path) -> None:
    seen = table(tmp_path, VARIED.replace("vary:", "trace: true\nvary:"))
    admitted = next(row for row in seen if row["admitted"])
    refused = next(row for row in seen if not row["admitted"])
    # 1 mA for 200 us into 500 ohm: the stage's own error is 0.1 % at most
    assert admitted["programs[0].amplitude_uA"] == 1000
    assert admitted["trace_programs[0]_peak_a"] == pytest.approx(-1e-3, rel=0.005)
    assert admitted["trace_programs[0]_width_s"] == pytest.approx(200e-6, rel=1e-3)
    assert admitted["trace_programs[0]_charge_c"] == pytest.approx(-200e-9, rel=0.005)
    assert admitted["trace_programs[0]_rate_hz"] == pytest.approx(50)
    assert refused["trace_programs[0]_peak_a"] is None


def test_the_shipped_example_sweeps(tmp_path: Path) -> None:
    root = Path(__file__).parents[3]
    spec = Spec.read(root / "examples/amplitude_width.yaml")
    assert spec.rows == 512
    seen = rows.chunk(spec, 506, 512).to_pylist()
    assert [row["row"] for row in seen] == list(range(506, 512))
    assert Profile.read(TONIC).name == spec.profile["name"]
