"""The demonstration measures what was programmed, and says so when it is not."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scs import boards, demo, resources
from scs.cli import app as cli
from scs.cli import demo as command
from scs.profile import Profile

BOARD = boards.board()
LEAK_OHM = 100_000.0  # of the load randles-500


@pytest.fixture(scope="module")
def tonic() -> demo.Shown:
    return demo.show(Profile.read(resources.path(demo.PROFILES[0])), BOARD, LEAK_OHM)


@pytest.fixture(scope="module")
def burst() -> demo.Shown:
    return demo.show(Profile.read(resources.path(demo.PROFILES[1])), BOARD, LEAK_OHM)


def rows(shown: demo.Shown) -> dict[str, demo.Comparison]:
    return {row.name.strip(): row for row in shown.rows}


def test_tonic_is_measured_as_programmed(tonic: demo.Shown) -> None:
    assert tonic.ok
    found = rows(tonic)
    # 2 mA less half of half of 0.5 % gain mismatch, plus half of 2 uA offset: -1.9965 mA
    assert found["amplitude"].programmed == -2.0
    assert found["amplitude"].measured == pytest.approx(-1.9965, abs=1e-4)
    assert found["pulse width"].measured == pytest.approx(200.0, abs=1e-6)
    assert found["rate"].measured == pytest.approx(50.0, abs=1e-6)
    assert found["charge per phase"].measured == pytest.approx(-0.3993, abs=1e-4)
    # 0.3993 uC on 0.1244 cm2; k = log10(0.3993^2 / 0.1244)
    assert found["density, of a phase"].measured == pytest.approx(3.2098, abs=1e-3)
    assert found["Shannon k, of a phase"].measured == pytest.approx(0.1078, abs=1e-3)


def test_a_burst_adds_up_to_what_is_not_recovered(burst: demo.Shown) -> None:
    assert burst.ok
    found = rows(burst)
    assert found["rate"].measured == pytest.approx(40.0, abs=1e-6)
    assert found["rate within a burst"].measured == pytest.approx(500.0, abs=1e-5)
    # five times 0.34856 uC on 0.1244 cm2; k = log10(1.7428^2 / 0.1244)
    assert found["density, unrecovered"].measured == pytest.approx(14.01, abs=0.01)
    assert found["Shannon k, unrecovered"].measured == pytest.approx(1.388, abs=1e-3)


def test_what_leaks_in_the_load_is_told_from_what_the_stimulator_leaves(
    burst: demo.Shown,
) -> None:
    found = rows(burst)
    leaked = found["leaked within the load"].measured
    # 5 pulses of 1 ms every 2 ms: the capacitor stands at 0.14 V, then at 0.28, 0.42, 0.55 V
    # and 0.69 V at the end; its mean over 25 ms is about -0.17 V, on 100 kohm -1.7 uA
    assert leaked == pytest.approx(-1650, abs=60)
    assert found["net DC"].measured == pytest.approx(leaked, abs=5)
    assert abs(found["left by the stimulator"].measured) < 5


def test_every_comparison_can_fail(tonic: demo.Shown) -> None:
    profile, trace, found = tonic.profile, tonic.trace, tonic.measured
    good = {row.name for row in tonic.rows if row.ok}
    other = profile.group.programs[0]._replace(amplitude_ua=2050, width_ns=200_100, rate_mhz=50_010)
    group = profile.group._replace(programs=(other,), areas_um2=(60_000,) * 8)
    wrong = Profile(
        profile.name, profile.file, profile.lead, profile.program_names, group, profile.document
    )
    failed = {
        row.name for row in demo._rows(wrong, BOARD, trace, found, 10_000.0) if row.ok is False
    }
    assert failed == good


def test_the_command_prints_writes_and_says_where(tmp_path: Path) -> None:
    done = CliRunner().invoke(cli.app, ["demo", "-o", str(tmp_path / "out")])
    assert done.exit_code == 0
    assert re.search(r"amplitude +│ +-2 mA │ +-1.99\d mA │ +│ ok", done.output)
    assert re.search(r"Shannon k, unrecovered +│ +│ +1.388 │ +≤ 1.5 │ ok", done.output)
    written = {path.name: path.stat().st_size for path in (tmp_path / "out").iterdir()}
    assert set(written) == {"demo.png", "tonic_50hz.csv", "burst_dr.csv"}
    assert min(written.values()) > 10_000
    for name in written:
        assert str(tmp_path / "out" / name) in done.output


def test_the_command_fails_when_a_comparison_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "CURRENT_TOLERANCE", 1e-4)
    monkeypatch.setattr(command, "_write", lambda *_: None)
    done = CliRunner().invoke(cli.app, ["demo", "-o", str(tmp_path)])
    assert done.exit_code == 1
    assert "TOO FAR" in done.output
    assert "not what was programmed" in done.output


def test_a_folder_that_cannot_be_made_is_wrong_usage(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = CliRunner().invoke(cli.app, ["demo", "-o", str(tmp_path / "file" / "below")])
    assert done.exit_code == 2
    assert "cannot write into" in done.stderr
